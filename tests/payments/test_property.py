"""Any order of returns, webhooks, failures, sweeps, refunds and kills: nobody is enrolled twice, no paisa is lost."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection, func, select
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.payments.gateway_double import GatewayDouble
from tests.payments.world import DAY, MINUTE, SATURDAY_10, Shop, make_coupon, make_shop
from webapp.core.crashpoints import VARIABLE
from webapp.core.db import db, transaction
from webapp.core.errors import DomainError
from webapp.enrolments.models import Enrolment
from webapp.notifications.models import OutboxMail
from webapp.payments import flows
from webapp.payments.gateways import EXTENSION, GatewayPayment
from webapp.payments.models import (
    Account,
    Coupon,
    CouponUse,
    LedgerEntry,
    LedgerTransaction,
    Match,
    Order,
    OrderStatus,
    Payment,
    Receipt,
    Refund,
    RefundStatus,
)
from webapp.payments.rules import PROMISED_REFUNDS
from webapp.payments.services import checkout, refunds

ORDERS = 3
RUN_DOWN_DAYS = 2  # one for the orders to end, one for what the refunds of the first still move
SETTLING = ("settle.captured", "settle.enrolled", "settle.before_commit", "settle.duplicate")
which = st.integers(0, 20)


def kills(*places: str) -> st.SearchStrategy[str | None]:
    """Half of the time nothing happens; else the process dies at one of these places."""
    return st.one_of(st.none(), st.sampled_from(places))


class Killed(BaseException):
    """The process died here."""


def _die(_status: int) -> None:
    raise Killed


class Money(RuleBasedStateMachine):
    """One student buys, pays, comes back or not; the gateway tells or not; the process dies anywhere."""

    app: Flask
    patch: pytest.MonkeyPatch

    def __init__(self) -> None:
        super().__init__()
        # What one run leaves is taken back: the reconciler of the next would ask about its orders, too.
        db.session.remove()
        self.savepoint = cast(Connection, cast(object, db.engines[None])).begin_nested()
        self.gateway = GatewayDouble()
        self.app.extensions[EXTENSION] = self.gateway
        self.shop: Shop = make_shop(self.gateway)
        self.coupon = make_coupon(f"C{self.shop.student.id}", usage_limit=2).code
        self.student, self.admin = self.shop.student.id, self.shop.admin.id
        self.package, self.counsellor = self.shop.package.public_id, self.shop.counsellor.public_id
        self.now = NOW
        self.first_payment = db.session.scalar(select(func.max(Payment.id))) or 0
        self.first_posting = db.session.scalar(select(func.max(LedgerTransaction.id))) or 0

    def attempt(self, work: Callable[[], object], kill: str | None = None) -> None:
        """Do it as a door would, and die at ``kill`` if the way leads past it; refusals are answers."""
        self.patch.setenv(VARIABLE, kill or "")
        try:
            work()
        except (DomainError, Killed):
            pass
        finally:
            self.patch.setenv(VARIABLE, "")
            db.session.rollback()
            db.session.expire_all()

    @property
    def orders(self) -> list[Order]:
        return list(db.session.scalars(select(Order).where(Order.user_id == self.student).order_by(Order.id)))

    @property
    def payments(self) -> list[Payment]:
        return list(db.session.scalars(select(Payment).where(Payment.id > self.first_payment).order_by(Payment.id)))

    def order_at_gateway(self, number: int) -> str | None:
        known = [row.gateway_order_id for row in self.orders if row.gateway_order_id]
        return known[number % len(known)] if known else None

    def payment_at_gateway(self, number: int) -> GatewayPayment | None:
        known = list(self.gateway.payments.values())
        return known[number % len(known)] if known else None

    # what people do

    @precondition(lambda self: len(self.orders) < ORDERS)
    @rule(
        timed=st.booleans(),
        with_coupon=st.booleans(),
        kill=kills("checkout.placed", "checkout.gateway_order_made", "settle.enrolled"),
    )
    def place(self, timed: bool, with_coupon: bool, kill: str | None) -> None:
        self._place(timed, with_coupon, kill)

    @initialize(timed=st.booleans(), with_coupon=st.booleans())
    def begin(self, timed: bool, with_coupon: bool) -> None:
        """Every run begins with an order that is being paid."""
        self._place(timed, with_coupon, None)
        self.pay(0, "captured")

    def _place(self, timed: bool, with_coupon: bool, kill: str | None) -> None:
        wish: dict[str, Any] = {"counsellor_id": self.counsellor, "starts_at": SATURDAY_10} if timed else {}

        def work() -> None:
            with transaction():
                order = checkout.place_order(
                    student=self.shop.student,
                    package_id=self.package,
                    coupon_code=self.coupon if with_coupon else None,
                    now=self.now,
                    **wish,
                )
            flows.ensure_gateway_order(order.public_id)

        self.attempt(work, kill)

    @rule(number=which, kill=kills("checkout.placed", "checkout.gateway_order_made"))
    def open_again(self, number: int, kill: str | None) -> None:
        orders = [row.public_id for row in self.orders]
        if orders:
            self.attempt(lambda: flows.ensure_gateway_order(orders[number % len(orders)]), kill)

    @rule(number=which, status=st.sampled_from(["captured", "captured", "authorized", "failed", "created"]))
    def pay(self, number: int, status: Any) -> None:
        if order_id := self.order_at_gateway(number):
            self.gateway.pay(order_id, status)

    @rule(number=which, way=st.sampled_from(["return", "webhook", "reconciler"]), kill=kills(*SETTLING))
    def pay_and_news(self, number: int, way: str, kill: str | None) -> None:
        """A payment whose news comes at once, by one of the three ways."""
        self.pay(number, "captured")
        last = len(self.gateway.payments) - 1
        if way == "return" and last >= 0:
            self.come_back(last, kill)
        elif way == "webhook" and self.gateway.events:
            self.webhook(len(self.gateway.events) - 1, 1, None)
            self.worker(kill)
        else:
            self.reconciler(kill, 0)

    @rule(number=which)
    def pay_wrong(self, number: int) -> None:
        if order_id := self.order_at_gateway(number):
            self.gateway.pay(order_id, amount=12345)

    @rule(number=which)
    def bank_says_yes_after_all(self, number: int) -> None:
        payment = self.payment_at_gateway(number)
        if payment is not None and payment.status in ("created", "failed", "authorized"):
            self.gateway.change(payment.id, "captured")

    @rule(number=which, kill=kills("return.verified", "return.captured", *SETTLING))
    def come_back(self, number: int, kill: str | None) -> None:
        payment = self.payment_at_gateway(number)
        if payment is None or payment.order_id is None:
            return
        order_id = payment.order_id
        self.attempt(
            lambda: flows.verify_return(
                user=self.shop.student,
                gateway_order_id=order_id,
                gateway_payment_id=payment.id,
                signature=self.gateway.sign_return(order_id, payment.id),
                now=self.now,
            ),
            kill,
        )

    @rule(number=which, times=st.integers(1, 3), kill=kills("webhook.stored"))
    def webhook(self, number: int, times: int, kill: str | None) -> None:
        if not self.gateway.events:
            return
        body, event_id = self.gateway.events[number % len(self.gateway.events)]
        for _ in range(times):
            self.attempt(
                lambda: flows.receive_event(
                    raw_body=body, signature=self.gateway.sign_webhook(body), event_id=event_id, now=self.now
                ),
                kill,
            )

    @rule(kill=kills("webhook.captured", "webhook.before_commit", *SETTLING, "refund.before_commit"))
    def worker(self, kill: str | None) -> None:
        self.attempt(lambda: flows.process_due_events(self.now), kill)

    @rule(kill=kills("reconcile.asked", "expire.before_commit", *SETTLING), away=st.integers(0, 2))
    def reconciler(self, kill: str | None, away: int) -> None:
        self.gateway.away = away
        self.attempt(lambda: flows.reconcile_due(self.now), kill)
        self.gateway.away = 0

    @rule(minutes=st.sampled_from([1, 1, 11, 70, 1500]))
    def time_goes_by(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    @rule(number=which, amount=st.sampled_from([None, 1000, 100000]))
    def admin_refunds(self, number: int, amount: int | None) -> None:
        known = [row.public_id for row in self.payments]
        if known:
            self.attempt(lambda: self._refund(known[number % len(known)], amount))

    def _refund(self, payment_id: str, amount: int | None) -> None:
        with transaction():
            refunds.refund_payment(
                actor=self.shop.admin, payment_id=payment_id, reason="Goodwill", amount=amount, now=self.now
            )

    @rule(kill=kills("refund.before_sending", "refund.sent", "refund.before_commit"), away=st.integers(0, 1))
    def send_refunds(self, kill: str | None, away: int) -> None:
        self.gateway.away = away
        self.attempt(lambda: flows.send_refunds(self.now), kill)
        self.gateway.away = 0

    @rule(number=which, status=st.sampled_from(["processed", "processed", "failed"]))
    def bank_finishes_refund(self, number: int, status: Any) -> None:
        open_ones = [row.id for row in self.gateway.refunds.values() if row.status == "pending"]
        if open_ones:
            self.gateway.finish_refund(open_ones[number % len(open_ones)], status)

    # what always holds

    @invariant()
    def nobody_is_enrolled_twice(self) -> None:
        mine = db.session.scalar(select(func.count()).where(Enrolment.user_id == self.student))
        paid = [order for order in self.orders if order.status is OrderStatus.PAID]
        assert mine == len(paid) == len({order.enrolment_id for order in paid})

    @invariant()
    def money_is_where_the_books_say(self) -> None:
        rows = self.payments
        taken = sum(row.amount for row in rows if row.captured_at)
        by_match: Counter[Match] = Counter()
        for row in rows:
            by_match[row.match] += row.amount if row.captured_at else 0
        assert by_match[Match.OPEN] == 0
        assert taken == sum(by_match.values())
        back = sum(refund.amount for row in rows for refund in row.refunds if refund.status is RefundStatus.PROCESSED)
        sums = self.ledger()
        assert sums[Account.GATEWAY] == taken - back
        assert sum(sums.values()) == 0
        assert sums[Account.UNEARNED] <= 0
        assert sums[Account.UNMATCHED] <= 0

    def ledger(self) -> Counter[Account]:
        rows = db.session.execute(
            select(LedgerEntry.account, func.sum(LedgerEntry.amount))
            .where(LedgerEntry.transaction_id > self.first_posting)
            .group_by(LedgerEntry.account)
        )
        return Counter({account: int(total) for account, total in rows})

    @invariant()
    def never_more_goes_back_than_was_paid(self) -> None:
        for row in self.payments:
            promised = sum(refund.amount for refund in row.refunds if refund.status in PROMISED_REFUNDS)
            assert promised == row.refunded <= row.amount
        for payment in self.gateway.payments.values():
            assert 0 <= payment.amount_refunded <= payment.amount

    @invariant()
    def a_coupons_uses_are_counted(self) -> None:
        used = db.session.scalar(select(Coupon.used).where(Coupon.code == self.coupon))
        live = select(func.count(CouponUse.id)).join(Coupon, Coupon.id == CouponUse.coupon_id)
        assert used == db.session.scalar(live.where(Coupon.code == self.coupon, CouponUse.released_at.is_(None)))

    def teardown(self) -> None:
        """Let everything run down, and look whether anything was lost."""
        try:
            for _ in range(RUN_DOWN_DAYS):
                self.now += DAY
                self.attempt(self._everything)
                for refund in list(self.gateway.refunds.values()):
                    if refund.status == "pending":
                        self.gateway.finish_refund(refund.id)
            self.attempt(self._everything)
            self._nothing_was_lost()
            self._everybody_was_told_once()
        finally:
            db.session.remove()
            self.savepoint.rollback()

    def _everything(self) -> None:
        for body, event_id in list(self.gateway.events):
            flows.receive_event(
                raw_body=body, signature=self.gateway.sign_webhook(body), event_id=event_id, now=self.now
            )
        flows.process_due_events(self.now)
        flows.reconcile_due(self.now)
        flows.send_refunds(dt.datetime.now(dt.UTC) + 365 * DAY)
        flows.follow_refunds(dt.datetime.now(dt.UTC) + 365 * DAY)

    def _nothing_was_lost(self) -> None:
        at_gateway = {row.id: row for row in self.gateway.payments.values() if row.status in ("captured", "refunded")}
        ours = {row.gateway_payment_id: row for row in self.payments if row.captured_at}
        assert set(ours) == set(at_gateway)
        for order in self.orders:
            asked = [row for row in at_gateway.values() if row.order_id == order.gateway_order_id]
            right = [row for row in asked if row.amount == order.amount]
            if right and order.gateway_order_id:
                assert order.status is OrderStatus.PAID
                assert [ours[row.id].match for row in right].count(Match.ENROLLED) == 1
            else:
                assert order.status is OrderStatus.EXPIRED
        for payment in at_gateway.values():
            assert ours[payment.id].refunded == payment.amount_refunded

    def _everybody_was_told_once(self) -> None:
        paid = [order for order in self.orders if order.status is OrderStatus.PAID]
        told = Counter(
            db.session.scalars(select(OutboxMail.template).where(OutboxMail.recipient == self.shop.student.email))
        )
        assert told["receipt"] == len(paid)
        assert told["late_payment"] == sum(bool(row.wanted_starts_at) and row.session_id is None for row in paid)
        assert told["duplicate_payment"] == sum(row.match is Match.DUPLICATE for row in self.payments)
        numbers = sorted(db.session.scalars(select(Receipt.number)))
        assert numbers == list(range(1, len(numbers) + 1))
        open_ones = db.session.scalars(select(Refund.status).where(Refund.payment_id > self.first_payment)).all()
        assert set(open_ones) <= {RefundStatus.PROCESSED, RefundStatus.FAILED}


def test_no_order_of_events_loses_money(app: Flask, db_session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    before = app.extensions.pop(EXTENSION, None)
    monkeypatch.setattr("webapp.core.crashpoints.os._exit", _die)
    Money.app, Money.patch = app, monkeypatch
    rules = settings(
        max_examples=15,
        stateful_step_count=30,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        database=None,
    )
    try:
        run_state_machine_as_test(Money, settings=rules)
    finally:
        app.extensions[EXTENSION] = before
        if before is None:
            app.extensions.pop(EXTENSION)
