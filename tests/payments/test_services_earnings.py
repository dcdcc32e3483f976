"""What completed sessions earn: paid ÷ sessions, the share, booked once; payouts; the command."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from tests.factories import NOW, make_enrolment, make_session
from tests.payments.world import DAY, SATURDAY_10, Shop, buy, make_coupon, pay, payment_of, place, place_timed, record
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db, transaction
from webapp.core.errors import Forbidden, NotFound, ValidationFailed
from webapp.enrolments.models import Enrolment
from webapp.payments import flows, jobs, queries
from webapp.payments.models import Account, LedgerEntry, Order, Payout
from webapp.payments.services import ledger, refunds

PAID = 499900


def balance(account: Account) -> int:
    return int(db.session.scalar(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.account == account)) or 0)


def enrolment_of(order: Order) -> Enrolment:
    assert order.enrolment is not None
    return order.enrolment


def hold_sessions(shop: Shop, enrolment: Enrolment, number: int) -> None:
    """Make sessions of the past that were held."""
    for back in range(1, number + 1):
        make_session(enrolment, shop.counsellor, NOW - back * DAY, status=SessionStatus.COMPLETED)
    db.session.commit()


def test_each_session_earns_its_part_once_and_the_last_the_rest(shop: Shop) -> None:
    enrolment = enrolment_of(buy(shop))
    enrolment.amount_paid = PAID
    hold_sessions(shop, enrolment, 3)
    assert jobs.post_due_earnings(NOW) == 3
    assert jobs.post_due_earnings(NOW) == 0
    value = PAID // 4
    share = (value * 70 + 50) // 100
    assert balance(Account.COUNSELLOR) == -3 * share
    assert balance(Account.UNEARNED) == -(PAID - 3 * value)
    hold_sessions_last = make_session(enrolment, shop.counsellor, NOW - 9 * DAY, status=SessionStatus.COMPLETED)
    db.session.commit()
    assert hold_sessions_last.status is SessionStatus.COMPLETED
    assert jobs.post_due_earnings(NOW) == 1
    assert balance(Account.UNEARNED) == 0
    assert ledger.check().is_sound
    assert ledger.balance_of(shop.counsellor.id) == -balance(Account.COUNSELLOR)


def test_only_what_was_paid_and_completed_earns(shop: Shop) -> None:
    granted = make_enrolment(shop.outsider, shop.package)
    hold_sessions(shop, granted, 1)
    order = place_timed(shop)
    record(pay(shop, order))
    assert jobs.post_due_earnings(NOW) == 0


def test_a_service_earns_of_its_price_though_a_coupon_paid_part(shop: Shop) -> None:
    make_coupon(discount_value=50)
    order = place(shop, service_id=shop.service.public_id, starts_at=SATURDAY_10, coupon_code="EARLY10")
    record(pay(shop, order))
    assert order.session is not None
    order.session.status = SessionStatus.COMPLETED
    db.session.commit()
    assert jobs.post_due_earnings(NOW + 9 * DAY) == 1
    assert ledger.balance_of(shop.counsellor.id) == 69930  # 70 % of ₹999
    assert (balance(Account.UNEARNED), balance(Account.REVENUE)) == (0, 69930 - 49950)


def test_after_a_partial_refund_the_house_bears_what_is_missing(shop: Shop) -> None:
    order = buy(shop)
    with transaction():
        refund = refunds.refund_payment(
            actor=shop.admin, payment_id=payment_of(order).public_id, reason="Goodwill", amount=PAID - 1000, now=NOW
        )
    flows.send_refunds(NOW)
    shop.gateway.finish_refund(str(refund.gateway_refund_id))
    flows.follow_refunds(refund.updated_at + DAY)
    assert balance(Account.UNEARNED) == -1000
    hold_sessions(shop, enrolment_of(order), 1)
    jobs.post_due_earnings(NOW)
    assert balance(Account.UNEARNED) == 0
    assert ledger.balance_of(shop.counsellor.id) == 87483
    assert ledger.check().is_sound


def test_a_refund_after_sessions_were_held_takes_the_rest_from_the_house(shop: Shop) -> None:
    order = buy(shop)
    hold_sessions(shop, enrolment_of(order), 2)
    jobs.post_due_earnings(NOW)
    with transaction():
        refund = refunds.refund_payment(
            actor=shop.admin, payment_id=payment_of(order).public_id, reason="Goodwill", now=NOW
        )
    flows.send_refunds(NOW)
    shop.gateway.finish_refund(str(refund.gateway_refund_id))
    flows.follow_refunds(refund.updated_at + DAY)
    assert (balance(Account.GATEWAY), balance(Account.UNEARNED)) == (0, 0)
    assert ledger.check().is_sound


def pay_out(shop: Shop, amount: int, **changes: object) -> Payout:
    arguments: dict[str, object] = {
        "actor": shop.admin,
        "counsellor_id": shop.counsellor.public_id,
        "amount": amount,
        "bank_reference": "NEFT 4711",
        "paid_at": NOW,
        "now": NOW,
    }
    with transaction():
        return ledger.record_payout(**{**arguments, **changes})  # type: ignore[arg-type]


def test_payouts_are_at_most_what_is_owed(shop: Shop) -> None:
    hold_sessions(shop, enrolment_of(buy(shop)), 1)
    jobs.post_due_earnings(NOW)
    pay_out(shop, 80000)
    (row,) = queries.balances()
    assert (row.counsellor, row.earned, row.paid_out, row.owed) == (shop.counsellor, 87483, 80000, 7483)
    assert balance(Account.BANK) == -80000
    with pytest.raises(ValidationFailed, match="check"):
        pay_out(shop, 7484)
    with pytest.raises(ValidationFailed) as refusal:
        pay_out(shop, 0, bank_reference=" ", note="x" * 301, paid_at=NOW + DAY)
    assert set(refusal.value.fields) == {"amount", "bank_reference", "note", "paid_at"}
    with pytest.raises(Forbidden):
        pay_out(shop, 1, actor=shop.student)
    with pytest.raises(NotFound):
        pay_out(shop, 1, counsellor_id="counsellor_none")
    assert len(queries.payouts_page().items) == 1
    (earning,) = queries.earnings_of(shop.counsellor.id)
    assert (earning.amount, earning.session.counsellor) == (87483, shop.counsellor)
    assert queries.earnings_of(shop.counsellor.id, since=NOW) == []


def test_the_command_adds_the_ledger_up(app: Flask, shop: Shop) -> None:
    buy(shop)
    result = app.test_cli_runner().invoke(args=["ledger", "check"])
    assert (result.exit_code, result.output.splitlines()[-1]) == (0, "The ledger sums to zero.")
    db.session.execute(text("update ledger_entries set amount = amount + 1 where amount > 0"))
    crooked = app.test_cli_runner().invoke(args=["ledger", "check"])
    assert crooked.exit_code == 1
    assert "off by ₹0.01" in crooked.output


def test_the_command_reconciles(app: Flask, shop: Shop) -> None:
    order = place(shop)
    pay(shop, order)
    result = app.test_cli_runner().invoke(args=["reconcile", "--order", order.public_id])
    assert result.stdout == "Asked about 1 order.\n"
    assert order.enrolment is not None
    missing = app.test_cli_runner().invoke(args=["reconcile", "--order", "order_none"])
    assert missing.exit_code == 1


def test_expiry_dates_of_what_was_bought(shop: Shop) -> None:
    far = SATURDAY_10 + dt.timedelta(days=60)
    order = place(shop, service_id=shop.service.public_id, starts_at=far)
    record(pay(shop, order))
    assert enrolment_of(order).expires_at == NOW + 180 * DAY
