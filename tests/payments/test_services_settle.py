"""What becomes of a payment: exactly one enrolment, whoever brings the news, and wrong money enrols nobody."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from tests.factories import NOW
from tests.payments.world import (
    DAY,
    HOUR,
    MINUTE,
    SATURDAY_10,
    Shop,
    buy,
    come_back,
    deliver,
    deliver_all,
    gateway_id,
    mails,
    make_coupon,
    pay,
    payment_of,
    place,
    place_timed,
    record,
)
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.enrolments.models import Enrolment, EnrolmentSource
from webapp.notifications.models import Notification
from webapp.payments import flows, queries
from webapp.payments.errors import WebhookRefused, WrongSignature
from webapp.payments.models import (
    Account,
    GatewayEvent,
    LedgerEntry,
    Match,
    OrderStatus,
    Payment,
    PaymentStatus,
    Receipt,
    Refund,
    RefundStatus,
)
from webapp.payments.services import ledger
from webapp.payments.services.settle import Outcome


def enrolments() -> list[Enrolment]:
    return list(db.session.scalars(select(Enrolment).order_by(Enrolment.id)))


def balance(account: Account) -> int:
    return int(db.session.scalar(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.account == account)) or 0)


def test_the_return_enrols_and_tells(shop: Shop) -> None:
    order = place(shop)
    settlement = come_back(shop, order, pay(shop, order))
    assert (settlement.outcome, settlement.is_paid, settlement.is_late) == (Outcome.ENROLLED, True, False)
    (enrolment,) = enrolments()
    assert (enrolment.source, enrolment.amount_paid, enrolment.sessions_total) == (
        EnrolmentSource.PURCHASE, 499900, 4,
    )  # fmt: skip
    assert enrolment.expires_at == NOW + dt.timedelta(days=180)
    db.session.refresh(shop.package)
    assert shop.package.total_enrolments == 1
    payment = payment_of(order)
    assert (payment.status, payment.match, payment.method) == (PaymentStatus.SUCCEEDED, Match.ENROLLED, "upi")
    receipt = db.session.scalars(select(Receipt)).one()
    assert receipt.receipt_number == "2026-27/000001"
    (mail,) = mails("receipt")
    assert mail.recipient == shop.student.email
    assert mail.context["number"] == receipt.receipt_number
    assert balance(Account.GATEWAY) == 499900 == -balance(Account.UNEARNED)


@pytest.mark.parametrize("first", ["return", "webhook", "reconciler"])
def test_the_news_may_come_from_all_sides_in_any_order(shop: Shop, first: str) -> None:
    order = place(shop)
    report = pay(shop, order)
    ways: dict[str, Callable[[], object]] = {
        "return": lambda: come_back(shop, order, report),
        "webhook": lambda: deliver_all(shop),
        "reconciler": lambda: flows.reconcile_order(order.id, NOW),
    }
    for name in [first, *(name for name in ways if name != first), first]:
        ways[name]()
    assert len(enrolments()) == 1
    assert len(mails("receipt")) == 1
    assert db.session.scalars(select(func.count()).select_from(Receipt)).one() == 1
    assert balance(Account.GATEWAY) == 499900
    assert come_back(shop, order, report).outcome is Outcome.ALREADY


def test_an_authorized_payment_is_captured_first(shop: Shop) -> None:
    order = place(shop)
    report = pay(shop, order, status="authorized")
    assert come_back(shop, order, report).outcome is Outcome.ENROLLED
    assert shop.gateway.payments[report.id].status == "captured"


def test_a_webhook_of_an_authorized_payment_captures_too(shop: Shop) -> None:
    order = place(shop)
    pay(shop, order, status="authorized")
    deliver_all(shop)
    assert order.status is OrderStatus.PAID
    assert len(enrolments()) == 1


def test_the_failure_webhook_that_comes_last_takes_nothing_back(shop: Shop) -> None:
    order = place(shop)
    report = pay(shop, order, status="failed", error="The bank said no")
    shop.gateway.change(report.id, "captured")
    deliver(shop, shop.gateway.events[1])
    deliver(shop, shop.gateway.events[0])
    flows.process_due_events(NOW)
    assert payment_of(order).status is PaymentStatus.SUCCEEDED
    assert len(enrolments()) == 1


def test_a_failed_try_is_kept_and_the_nudge_waits(shop: Shop) -> None:
    order = place(shop)
    report = pay(shop, order, status="failed", error="The bank said no")
    assert come_back(shop, order, report).outcome is Outcome.FAILED
    payment = payment_of(order)
    assert (payment.status, payment.failure) == (PaymentStatus.FAILED, "The bank said no")
    assert order.status is OrderStatus.PENDING
    (mail,) = mails("payment_failed")
    assert mail.due_at == NOW + 15 * MINUTE
    assert mail.guard == f"order_unpaid:{order.public_id}"
    line = db.session.scalars(select(Notification).where(Notification.kind == "payment_failed")).one()
    assert (line.user_id, line.url) == (shop.student.id, f"/orders/{order.public_id}")
    assert "The bank said no" in line.body
    assert enrolments() == []


@pytest.mark.parametrize(("amount", "currency"), [(499899, "INR"), (1, "INR"), (499901, "INR"), (499900, "USD")])
def test_wrong_money_enrols_nobody_and_is_told_once(shop: Shop, amount: int, currency: str) -> None:
    order = place(shop)
    report = pay(shop, order, amount=amount, currency=currency)
    for _ in range(2):
        come_back(shop, order, report)
        deliver_all(shop)
    assert enrolments() == []
    assert order.status is not OrderStatus.PAID
    assert payment_of(order).match is Match.WRONG_AMOUNT
    assert len(mails("money_alert")) == 1
    assert queries.unmatched_payments() == [payment_of(order)]
    assert balance(Account.UNMATCHED) == -amount
    right = pay(shop, order)
    assert come_back(shop, order, right).outcome is Outcome.ENROLLED


def test_an_authorized_wrong_amount_is_never_taken(shop: Shop) -> None:
    order = place(shop)
    report = pay(shop, order, status="authorized", amount=100)
    assert come_back(shop, order, report).outcome is Outcome.PENDING
    flows.reconcile_order(order.id, NOW)
    assert "capture" not in shop.gateway.calls
    assert enrolments() == []


def test_a_wrong_signature_changes_nothing_and_is_told_once(shop: Shop) -> None:
    order = place(shop)
    report = pay(shop, order)
    for _ in range(2):
        with pytest.raises(WrongSignature):
            come_back(shop, order, report, signature="0" * 64)
    assert enrolments() == []
    assert len(mails("money_alert")) == 1
    assert "fetch_payment" not in shop.gateway.calls


def test_a_signature_of_another_order_is_refused(shop: Shop) -> None:
    cheap, dear = place(shop), place(shop)
    report = pay(shop, cheap)
    stolen = shop.gateway.sign_return(gateway_id(cheap), report.id)
    with pytest.raises(WrongSignature):
        come_back(shop, dear, report, signature=stolen)
    with pytest.raises(WrongSignature):  # rightly signed for this order, but the gateway knows better
        come_back(shop, dear, report)
    assert enrolments() == []
    assert len(mails("money_alert")) == 1


def test_somebody_elses_order_is_not_found(shop: Shop) -> None:
    order = place(shop)
    report = pay(shop, order)
    with pytest.raises(NotFound):
        come_back(shop, order, report, user=shop.outsider)
    with pytest.raises(NotFound):
        queries.order_for(shop.outsider, order.public_id)
    come_back(shop, order, report)
    receipt = queries.receipt_of(order)
    assert receipt is not None
    with pytest.raises(NotFound):
        queries.receipt_for(shop.outsider, receipt.public_id)
    with pytest.raises(NotFound):
        queries.payment_for(shop.outsider, payment_of(order).public_id)
    assert queries.receipt_for(shop.student, receipt.public_id) == receipt
    assert queries.receipt_for(shop.admin, receipt.public_id) == receipt


def test_a_payment_that_changes_its_order_is_refused(shop: Shop) -> None:
    first, second = place(shop), place(shop)
    report = pay(shop, first)
    record(report)
    forged = shop.gateway.payments[report.id].__class__(
        report.id, gateway_id(second), report.amount, "INR", "captured", captured=True
    )
    assert record(forged).outcome is Outcome.WRONG_ORDER
    assert second.status is not OrderStatus.PAID
    assert len(mails("money_alert")) == 1


def test_money_for_an_unknown_order_is_kept_apart(shop: Shop) -> None:
    report = shop.gateway.pay("order_of_nobody", amount=5000)
    for _ in range(2):
        deliver_all(shop)
    payment = db.session.scalars(select(Payment)).one()
    assert (payment.order_id, payment.match, payment.gateway_payment_id) == (None, Match.UNKNOWN_ORDER, report.id)
    assert len(mails("money_alert")) == 1
    assert balance(Account.UNMATCHED) == -5000


def test_the_second_payment_goes_back_by_itself(shop: Shop) -> None:
    order = buy(shop)
    second = pay(shop, order)
    deliver_all(shop)
    payment = db.session.scalars(select(Payment).where(Payment.gateway_payment_id == second.id)).one()
    assert (payment.match, payment.status) == (Match.DUPLICATE, PaymentStatus.REFUND_PENDING)
    refund = db.session.scalars(select(Refund)).one()
    assert (refund.status, refund.amount, refund.payment_id) == (RefundStatus.APPROVED, 499900, payment.id)
    assert flows.send_refunds(NOW) == 1
    shop.gateway.finish_refund(str(refund.gateway_refund_id))
    deliver_all(shop)
    assert (refund.status, payment.status) == (RefundStatus.PROCESSED, PaymentStatus.REFUNDED)
    assert len(enrolments()) == 1
    assert len(mails("duplicate_payment")) == len(mails("refund_processed")) == 1
    assert queries.unmatched_payments() == []
    assert (balance(Account.GATEWAY), balance(Account.UNMATCHED)) == (499900, 0)


def test_the_wanted_time_is_booked(shop: Shop) -> None:
    order = place_timed(shop, agenda="Which NITs are realistic?")
    settlement = record(pay(shop, order), now=NOW + 9 * MINUTE)
    session = settlement.session
    assert session is not None
    assert (session.status, session.starts_at, session.agenda) == (
        SessionStatus.SCHEDULED, SATURDAY_10, "Which NITs are realistic?",
    )  # fmt: skip
    assert order.session_id == session.id
    assert session.enrolment == order.enrolment
    assert enrolments()[0].sessions_used == 1
    assert len(mails("session_confirmed")) == 1
    assert not settlement.is_late


@pytest.mark.parametrize("swept", [True, False])
def test_late_money_keeps_the_credit_and_is_offered_the_nearest(shop: Shop, swept: bool) -> None:
    order = place_timed(shop)
    report = pay(shop, order)
    later = NOW + 11 * MINUTE
    if swept:
        db.session.delete(db.session.get_one(CounsellingSession, order.hold_id))
        db.session.commit()
    settlement = come_back(shop, order, report, now=later)
    assert settlement.is_late
    assert settlement.nearest[0] == SATURDAY_10
    assert len(settlement.nearest) == 4
    (enrolment,) = enrolments()
    assert enrolment.sessions_left == 4
    assert db.session.scalar(select(func.count()).select_from(CounsellingSession)) == 0
    (mail,) = mails("late_payment")
    assert len(mail.context["times"]) == 4
    again = queries.order_for(shop.student, order.public_id)
    assert queries.late_offer(again, later) == list(settlement.nearest)


def test_money_for_an_expired_order_is_not_lost(shop: Shop) -> None:
    make_coupon(usage_limit=1)
    order = place_timed(shop, coupon_code="early10")
    flows.reconcile_due(NOW + 25 * HOUR)
    assert order.status is OrderStatus.EXPIRED
    assert order.coupon is not None
    assert order.coupon.used == 0
    settlement = record(pay(shop, order), now=NOW + 26 * HOUR)
    db.session.refresh(order.coupon)
    assert settlement.is_late
    assert (order.status, order.coupon.used) == (OrderStatus.PAID, 1)
    assert len(enrolments()) == 1


def test_late_money_keeps_its_price_though_the_coupon_is_gone(shop: Shop) -> None:
    make_coupon(usage_limit=1)
    order = place(shop, coupon_code="EARLY10")
    flows.reconcile_due(NOW + 25 * HOUR)
    other = place(shop, coupon_code="EARLY10", student=shop.outsider, now=NOW + 25 * HOUR)
    assert record(pay(shop, order), now=NOW + 26 * HOUR).outcome is Outcome.ENROLLED
    assert other.coupon is not None
    db.session.refresh(other.coupon)
    assert other.coupon.used == 1
    assert "coupon" in payment_of(order).note


def test_money_that_had_gone_back_enrols_nobody(shop: Shop) -> None:
    order = place(shop)
    report = pay(shop, order)
    shop.gateway.refund_outside(report.id, report.amount)
    flows.reconcile_order(order.id, NOW)
    assert (payment_of(order).status, payment_of(order).match) == (PaymentStatus.REFUNDED, Match.SETTLED)
    assert enrolments() == []
    assert [balance(account) for account in Account] == [0] * len(Account)


def test_a_service_becomes_an_enrolment_of_one_session(shop: Shop) -> None:
    order = place(shop, service_id=shop.service.public_id, starts_at=SATURDAY_10)
    record(pay(shop, order))
    (enrolment,) = enrolments()
    assert (enrolment.service_id, enrolment.sessions_total, enrolment.sessions_used) == (shop.service.id, 1, 1)
    assert enrolment.expires_at > SATURDAY_10
    assert order.session is not None


def test_a_webhook_is_stored_once_and_refused_when_unsigned(shop: Shop) -> None:
    order = place(shop)
    pay(shop, order)
    assert deliver(shop, shop.gateway.events[0])
    assert not deliver(shop, shop.gateway.events[0])
    body, event_id = shop.gateway.events[0]
    with pytest.raises(WebhookRefused):
        flows.receive_event(raw_body=body + b" ", signature="00", event_id=event_id + "x", now=NOW)
    assert db.session.scalar(select(func.count()).select_from(GatewayEvent)) == 1


def test_an_unknown_event_is_worked_off(shop: Shop) -> None:
    deliver(shop, (b'{"event": "settlement.processed"}', "evt_settlement"))
    flows.process_due_events(NOW)
    row = db.session.scalars(select(GatewayEvent)).one()
    assert (row.outcome, row.processed_at) == ("ignored", NOW)


def test_a_webhook_that_fails_is_tried_again_and_then_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    order = place(shop)
    pay(shop, order)
    deliver(shop, shop.gateway.events[0])
    with monkeypatch.context() as patch:
        patch.setattr("webapp.payments.services.settle.record_payment", lambda *_, **__: 1 / 0)
        for _ in range(10):
            flows.process_due_events(NOW)
    row = db.session.scalars(select(GatewayEvent)).one()
    assert (row.attempts, row.processed_at) == (8, None)
    assert len(mails("money_alert")) == 1
    flows.reconcile_order(order.id, NOW)
    assert len(enrolments()) == 1


def test_a_gateway_that_is_away_leaves_the_return_pending(shop: Shop) -> None:
    order = place(shop)
    report = pay(shop, order)
    shop.gateway.away = 1
    assert come_back(shop, order, report).outcome is Outcome.PENDING
    assert flows.reconcile_due(NOW + 2 * HOUR) == 1
    assert len(enrolments()) == 1


def test_the_ledger_sums_to_zero_after_all_this(shop: Shop) -> None:
    buy(shop)
    order = place(shop)
    record(pay(shop, order, amount=7))
    audit = ledger.check()
    assert audit.is_sound
    assert audit.by_account == {Account.GATEWAY: 499907, Account.UNEARNED: -499900, Account.UNMATCHED: -7}


def test_the_banner_shows_when_webhooks_stay_away(shop: Shop) -> None:
    place(shop)
    assert not queries.webhook_health(NOW + HOUR).quiet
    assert queries.webhook_health(NOW + 4 * HOUR).quiet
    deliver(shop, (b'{"event": "payment.downtime"}', "evt_1"), now=NOW + 3 * HOUR)
    assert not queries.webhook_health(NOW + 4 * HOUR).quiet
    assert queries.webhook_health(NOW + DAY).quiet
