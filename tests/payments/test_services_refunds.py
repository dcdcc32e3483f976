"""Refunds: asked for, decided, sent once, never more than was paid; what a full one ends."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import IntegrityError

from tests.factories import NOW
from tests.payments.world import (
    DAY,
    HOUR,
    MINUTE,
    Shop,
    buy,
    deliver_all,
    mails,
    make_coupon,
    pay,
    payment_of,
    place,
    place_timed,
    record,
)
from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db, transaction
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.enrolments.models import EnrolmentStatus
from webapp.payments import flows, queries
from webapp.payments.errors import RefundNotAllowed
from webapp.payments.models import Account, LedgerEntry, Match, Order, Payment, PaymentStatus, Refund, RefundStatus
from webapp.payments.services import by_hand, ledger, refunds


def ask(shop: Shop, payment: Payment, *, amount: int | None = None, by: User | None = None) -> Refund:
    with transaction():
        return refunds.request_refund(
            student=by or shop.student,
            payment_id=payment.public_id,
            reason="I moved away.",
            amount=amount,
            now=NOW,
        )


def decide(shop: Shop, refund: Refund, *, approve: bool = True, amount: int | None = None, answer: str = "") -> Refund:
    with transaction():
        return refunds.decide(
            actor=shop.admin, refund_id=refund.public_id, approve=approve, amount=amount, answer=answer, now=NOW
        )


def give(shop: Shop, payment: Payment, amount: int | None = None) -> Refund:
    with transaction():
        return refunds.refund_payment(
            actor=shop.admin, payment_id=payment.public_id, reason="Goodwill", amount=amount, now=NOW
        )


def finish(shop: Shop, refund: Refund) -> None:
    """Send it and let the bank do it."""
    flows.send_refunds(NOW)
    db.session.refresh(refund)
    shop.gateway.finish_refund(str(refund.gateway_refund_id))
    deliver_all(shop)


def balance(account: Account) -> int:
    return int(db.session.scalar(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.account == account)) or 0)


def test_a_request_is_decided_sent_and_followed_to_its_end(shop: Shop) -> None:
    payment = payment_of(buy(shop))
    refund = ask(shop, payment)
    assert (refund.status, refund.amount, payment.status) == (
        RefundStatus.REQUESTED, 499900, PaymentStatus.REFUND_PENDING,
    )  # fmt: skip
    assert payment.refunded == 0
    assert queries.refunds_waiting() == [refund]
    assert len(mails("refund_requested")) == len(mails("money_alert")) == 1
    assert flows.send_refunds(NOW) == 0
    decide(shop, refund, answer="Sorry to see you go.")
    assert (refund.status, payment.refunded) == (RefundStatus.APPROVED, 499900)
    assert refund.estimated_at == dt.datetime(2026, 12, 18, 4, 0, tzinfo=dt.UTC)
    (mail,) = mails("refund_decided")
    assert (mail.context["by_day"], mail.context["ended"]) == ("Fri, 18 Dec 2026", True)
    assert flows.send_refunds(NOW) == 1
    assert refund.status is RefundStatus.PENDING
    shop.gateway.finish_refund(str(refund.gateway_refund_id))
    deliver_all(shop)
    deliver_all(shop)
    assert (refund.status, payment.status) == (RefundStatus.PROCESSED, PaymentStatus.REFUNDED)
    assert len(mails("refund_processed")) == 1
    assert [balance(account) for account in Account] == [0] * len(Account)


def test_a_full_refund_ends_the_package_and_frees_its_sessions(shop: Shop) -> None:
    order = place_timed(shop)
    record(pay(shop, order))
    session = order.session
    assert session is not None
    give(shop, payment_of(order))
    assert order.enrolment is not None
    assert order.enrolment.status is EnrolmentStatus.REFUNDED
    assert session.status is SessionStatus.CANCELLED
    (to_student,), (to_counsellor,) = mails("session_cancelled"), mails("session_cancelled_counsellor")
    assert (to_student.recipient, to_counsellor.recipient) == (shop.student.email, shop.counsellor.email)
    assert to_student.context["ended"] == "refunded"
    place_timed(shop, student=shop.outsider)  # the time is free again


def test_a_partial_refund_ends_nothing_and_several_add_up(shop: Shop) -> None:
    order = buy(shop)
    payment = payment_of(order)
    first = give(shop, payment, 100000)
    assert order.enrolment is not None
    finish(shop, first)
    assert payment.status is PaymentStatus.PARTIALLY_REFUNDED
    second = give(shop, payment, 200000)
    finish(shop, second)
    assert (order.enrolment.status, payment.refunded) == (EnrolmentStatus.ACTIVE, 300000)
    with pytest.raises(RefundNotAllowed):
        give(shop, payment, 199901)
    last = give(shop, payment)
    assert last.amount == 199900
    finish(shop, last)
    assert [payment.status, order.enrolment.status] == [PaymentStatus.REFUNDED, EnrolmentStatus.REFUNDED]
    with pytest.raises(RefundNotAllowed):
        give(shop, payment)
    assert balance(Account.GATEWAY) == 0


@pytest.mark.parametrize("amount", [0, -1, 499901])
def test_amounts_that_can_not_go_back(shop: Shop, amount: int) -> None:
    payment = payment_of(buy(shop))
    with pytest.raises(RefundNotAllowed):
        give(shop, payment, amount)
    with pytest.raises(RefundNotAllowed):
        ask(shop, payment, amount=amount)
    assert db.session.scalar(select(func.count()).select_from(Refund)) == 0


def test_behind_it_stands_the_constraint(shop: Shop) -> None:
    payment = payment_of(buy(shop))
    with pytest.raises(IntegrityError, match="ck_payments_refunded"):
        db.session.execute(update(Payment).where(Payment.id == payment.id).values(refunded=499901))


def test_a_declined_request_leaves_everything(shop: Shop) -> None:
    payment = payment_of(buy(shop))
    refund = ask(shop, payment)
    with pytest.raises(ValidationFailed):
        decide(shop, refund, approve=False)
    decide(shop, refund, approve=False, answer="Two sessions were held.")
    assert (refund.status, payment.status, payment.refunded) == (RefundStatus.DECLINED, PaymentStatus.SUCCEEDED, 0)
    with pytest.raises(InvalidState):
        decide(shop, refund)
    assert mails("refund_decided")[0].context["approved"] is False
    assert ask(shop, payment).status is RefundStatus.REQUESTED


def test_an_admin_may_approve_less_but_not_more(shop: Shop) -> None:
    payment = payment_of(buy(shop))
    refund = ask(shop, payment, amount=300000)
    with pytest.raises(InvalidState, match="asked already"):
        ask(shop, payment)
    with pytest.raises(RefundNotAllowed):
        decide(shop, refund, amount=500000)
    assert decide(shop, refund, amount=100000).amount == 100000
    assert payment.refunded == 100000


def test_the_admins_refund_carries_an_open_request_out(shop: Shop) -> None:
    payment = payment_of(buy(shop))
    refund = ask(shop, payment)
    assert give(shop, payment).id == refund.id
    assert refund.status is RefundStatus.APPROVED


def test_outsiders_and_students(shop: Shop) -> None:
    payment = payment_of(buy(shop))
    with pytest.raises(NotFound):
        ask(shop, payment, by=shop.outsider)
    with pytest.raises(ValidationFailed), transaction():
        refunds.request_refund(student=shop.student, payment_id=payment.public_id, reason=" ", now=NOW)
    refund = ask(shop, payment)
    with pytest.raises(Forbidden), transaction():
        refunds.decide(actor=shop.student, refund_id=refund.public_id, approve=True, now=NOW)
    with pytest.raises(Forbidden), transaction():
        refunds.refund_payment(actor=shop.student, payment_id=payment.public_id, reason="x", now=NOW)


def test_a_payment_that_was_not_taken_can_not_go_back(shop: Shop) -> None:
    order = place(shop)
    record(pay(shop, order, status="failed"))
    with pytest.raises(RefundNotAllowed):
        give(shop, payment_of(order), 100)


def test_no_answer_is_tried_again_later_with_the_same_key(shop: Shop) -> None:
    refund = give(shop, payment_of(buy(shop)))
    shop.gateway.away = 1
    assert flows.send_refunds(NOW) == 0
    assert (refund.status, refund.attempts) == (RefundStatus.APPROVED, 1)
    soon = refund.updated_at + 10 * dt.timedelta(seconds=1)
    assert flows.send_refunds(soon) == 0
    assert flows.send_refunds(soon + MINUTE) == 1
    assert list(shop.gateway.keys) == [refund.idempotency_key]


def test_a_refused_refund_is_free_again_told_and_sent_anew(shop: Shop) -> None:
    payment = payment_of(buy(shop))
    refund = give(shop, payment, 1000)
    shop.gateway.refuses = "Your account does not have enough balance"
    flows.send_refunds(NOW)
    assert (refund.status, payment.refunded, payment.status) == (RefundStatus.FAILED, 0, PaymentStatus.SUCCEEDED)
    assert mails("money_alert")[-1].context["lines"][0].startswith("Your account")
    shop.gateway.refuses, first_key = "", refund.idempotency_key
    with transaction():
        refunds.retry_refund(actor=shop.admin, refund_id=refund.public_id, now=NOW)
    finish(shop, refund)
    assert refund.status is RefundStatus.PROCESSED
    assert refund.idempotency_key != first_key
    with pytest.raises(InvalidState), transaction():
        refunds.retry_refund(actor=shop.admin, refund_id=refund.public_id, now=NOW)


def test_a_refund_the_bank_could_not_do(shop: Shop) -> None:
    payment = payment_of(buy(shop))
    refund = give(shop, payment, 1000)
    flows.send_refunds(NOW)
    shop.gateway.finish_refund(str(refund.gateway_refund_id), "failed")
    deliver_all(shop)
    assert (refund.status, payment.refunded) == (RefundStatus.FAILED, 0)
    assert queries.refunds_waiting() == [refund]


def test_a_silent_gateway_is_asked_after_half_a_day(shop: Shop) -> None:
    refund = give(shop, payment_of(buy(shop)), 1000)
    flows.send_refunds(NOW)
    shop.gateway.finish_refund(str(refund.gateway_refund_id))
    db.session.refresh(refund)
    assert flows.follow_refunds(refund.updated_at + HOUR) == 0
    assert flows.follow_refunds(refund.updated_at + DAY) == 1
    assert refund.status is RefundStatus.PROCESSED


def test_a_refund_made_at_the_gateway_is_noted(shop: Shop) -> None:
    order = buy(shop)
    payment = payment_of(order)
    made = shop.gateway.refund_outside(payment.gateway_payment_id, 499900)
    for _ in range(2):
        with transaction():
            refunds.record_refund(made, now=NOW)
    assert payment.status is PaymentStatus.REFUNDED
    assert order.enrolment is not None
    assert order.enrolment.status is EnrolmentStatus.REFUNDED
    assert db.session.scalar(select(func.count()).select_from(Refund)) == 1
    extra = shop.gateway.refund_outside(payment.gateway_payment_id, 1)
    with transaction():
        assert refunds.record_refund(extra, now=NOW) is None
    assert balance(Account.GATEWAY) == 0


def test_unmatched_money_is_refunded_or_settled(shop: Shop) -> None:
    first, second = place(shop), place(shop)
    record(pay(shop, first, amount=700))
    record(pay(shop, second, amount=500))
    finish(shop, give(shop, payment_of(first)))
    with transaction():
        by_hand.settle_payment(
            actor=shop.admin, payment_id=payment_of(second).public_id, note="Enrolled by hand", now=NOW
        )
    assert queries.unmatched_payments() == []
    assert payment_of(second).match is Match.SETTLED
    assert (balance(Account.UNMATCHED), balance(Account.REVENUE)) == (0, -500)
    with pytest.raises(InvalidState), transaction():
        by_hand.settle_payment(actor=shop.admin, payment_id=payment_of(second).public_id, note="x", now=NOW)
    assert mails("refund_decided") == []  # nothing was promised to a student


def test_cancelling_a_package_frees_its_sessions_and_tells_both(shop: Shop) -> None:
    order = place_timed(shop)
    record(pay(shop, order))
    assert order.enrolment is not None
    enrolment_id = order.enrolment.public_id
    with transaction():
        by_hand.cancel_enrolment(actor=shop.admin, enrolment_id=enrolment_id, reason="Wrong package", now=NOW)
    assert order.enrolment.status is EnrolmentStatus.CANCELLED
    assert db.session.scalars(select(CounsellingSession.status)).one() is SessionStatus.CANCELLED
    assert len(mails("session_cancelled")) == len(mails("session_cancelled_counsellor")) == 1
    assert mails("enrolment_cancelled")[0].context["freed"] == 1
    with pytest.raises(InvalidState), transaction():
        by_hand.cancel_enrolment(actor=shop.admin, enrolment_id=enrolment_id, reason="Again", now=NOW)
    with pytest.raises(Forbidden), transaction():
        by_hand.cancel_enrolment(actor=shop.student, enrolment_id=enrolment_id, reason="x", now=NOW)
    give(shop, payment_of(order))  # its money may still go back
    db.session.refresh(order.enrolment)
    assert [order.enrolment.status] == [EnrolmentStatus.REFUNDED]


def test_the_students_timeline_says_it_in_plain_words(shop: Shop) -> None:
    make_coupon("FREE", discount_value=100)
    order = buy(shop)
    record(pay(shop, order, status="failed", error="The bank said no."))
    refund = give(shop, payment_of_enrolled(order), 100000)
    place(shop, coupon_code="FREE")
    place(shop, now=NOW + HOUR)
    money = queries.money_of(shop.student, NOW + 2 * HOUR)
    assert (money.paid, money.refunded, money.on_its_way, money.receipts) == (499900, 0, 100000, 2)
    assert money.on_its_way_by == refund.estimated_at
    said = {event.headline: event for event in money.events}
    assert set(said) == {
        "₹4,999 to pay for JEE Complete",
        "JEE Complete is yours",
        "₹1,000 refund on its way",
        "A try did not go through",
        "₹4,999 received",
    }
    assert said["₹4,999 received"].text == "UPI. JEE Complete is active, 4 sessions added."
    assert said["A try did not go through"].text.startswith("The bank said no. If ₹4,999 left your account")
    assert [line.status for line in money.orders] == ["created", "succeeded", "refund_pending"]
    assert queries.money_of(shop.outsider, NOW).events == []


def payment_of_enrolled(order: Order) -> Payment:
    db.session.expire(order, ["payments"])
    payment = queries.paying_payment(order)
    assert payment is not None
    return payment


def test_the_ledger_refuses_a_crooked_booking(shop: Shop) -> None:
    with pytest.raises(ValueError, match="sum to zero"):
        ledger.post(
            reference="test:1",
            description="",
            entries=[ledger.Entry(Account.GATEWAY, 5), ledger.Entry(Account.BANK, -4)],
            now=NOW,
        )
    record(pay(shop, place(shop)))
    db.session.execute(text("set constraints all immediate"))
    with pytest.raises(IntegrityError, match="does not sum to zero"):
        db.session.execute(update(LedgerEntry).where(LedgerEntry.amount > 0).values(amount=1))
