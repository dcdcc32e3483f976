"""The demo's money: every figure agrees with every other."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import current_app
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tests.demo.test_seed import MOMENTS, seed, user_at
from tests.queries import count_queries
from webapp.core.db import db
from webapp.demo.seed.payments import remember_at_sandbox
from webapp.enrolments.models import Enrolment, EnrolmentSource
from webapp.payments.gateways import get_gateway
from webapp.payments.jobs import post_due_earnings
from webapp.payments.models import Coupon, CouponUse, Match, Order, OrderStatus, Payment, Receipt, ReceiptCounter
from webapp.payments.queries import money_of
from webapp.payments.services import ledger


@pytest.mark.parametrize("now", MOMENTS)
def test_money_of_the_demo_agrees(db_session: Session, now: dt.datetime) -> None:
    seed(now)
    bought = select(func.count()).where(Enrolment.source == EnrolmentSource.PURCHASE)
    paid = list(db.session.scalars(select(Order).where(Order.status == OrderStatus.PAID)))
    assert len(paid) == db.session.scalar(bought)
    assert len(paid) > 20
    for order in paid:
        payment = next(one for one in order.payments if one.match is Match.ENROLLED)
        assert order.enrolment is not None
        assert order.enrolment.amount_paid == order.amount == payment.amount
        assert order.paid_at == order.enrolment.enrolled_at == payment.captured_at
    for coupon in db.session.scalars(select(Coupon)):
        assert coupon.used == db.session.scalar(select(func.count()).where(CouponUse.coupon_id == coupon.id))
    post_due_earnings(now)
    assert ledger.check().is_sound


def test_receipts_run_without_gaps_in_the_order_they_were_paid(db_session: Session) -> None:
    seed(MOMENTS[3])
    for year, last in db.session.execute(select(ReceiptCounter.financial_year, ReceiptCounter.last_number)):
        wanted = select(Receipt).where(Receipt.financial_year == year).order_by(Receipt.number)
        rows = list(db.session.scalars(wanted))
        assert [row.number for row in rows] == list(range(1, last + 1))
        assert [row.issued_at for row in rows] == sorted(row.issued_at for row in rows)


def test_the_demo_student_has_every_kind_of_event(db_session: Session) -> None:
    seed(MOMENTS[0])
    money = money_of(user_at("student@demo.test"), MOMENTS[0])
    headlines = " · ".join(event.headline for event in money.events)
    for words in ("received", "A try did not go through", "You asked for ₹500 back", "₹500 refunded"):
        assert words in headlines
    assert money.receipts == 3
    assert money.refunded == 500_00
    assert {line.status for line in money.orders} == {"succeeded", "partially_refunded"}


def test_a_second_run_writes_no_money_and_a_later_one_only_what_was_bought(db_session: Session) -> None:
    now = MOMENTS[0]
    seed(now)
    before = _money()
    with count_queries() as statements:
        seed(now + dt.timedelta(hours=1))
    assert not [line for line in statements if line.startswith(("INSERT", "UPDATE", "DELETE"))]
    seed(now + dt.timedelta(days=10))
    assert _money()["refunds"] == before["refunds"]
    assert _money()["orders"] > before["orders"]
    assert ledger.check().is_sound


def _money() -> dict[str, int]:
    tables = ("orders", "payments", "refunds", "coupons", "ledger_transactions")
    return {name: db.session.execute(text(f"select count(*) from {name}")).scalar_one() for name in tables}


def test_the_sandbox_knows_the_payments_and_can_refund_them(db_session: Session) -> None:
    seed(MOMENTS[0])
    settings = current_app.config["SETTINGS"]
    for _ in range(2):
        remember_at_sandbox(db_session, ["student@demo.test"], settings)
    payment = db.session.scalars(
        select(Payment).where(Payment.match == Match.ENROLLED, Payment.order.has(Order.title == "JEE Complete"),
                              Payment.order.has(Order.user_id == user_at("student@demo.test").id))
    ).one()  # fmt: skip
    report = get_gateway().fetch_payment(payment.gateway_payment_id)
    assert (report.status, report.amount) == ("captured", payment.amount)
