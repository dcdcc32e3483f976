"""The mails of money as they arrive: every template is filled by real events."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from tests.factories import NOW
from tests.payments.world import (
    HOUR,
    MINUTE,
    SATURDAY_10,
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
from webapp.core.db import db, transaction
from webapp.enrolments import jobs as enrolment_jobs
from webapp.enrolments.models import Enrolment
from webapp.notifications.guards import still_true
from webapp.notifications.models import OutboxMail
from webapp.notifications.render import Letter, compose
from webapp.payments import flows
from webapp.payments.services import by_hand, refunds


def letter(mail: OutboxMail) -> tuple[str, str, str]:
    """Return subject, text and HTML of a mail."""
    message = compose(
        Letter(mail.public_id, mail.recipient, mail.recipient_name, mail.template, mail.context, mail.attachments, NOW)
    )
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    assert "{" not in text.get_content()
    return str(message["Subject"]), text.get_content(), html.get_content()


def only(template: str) -> tuple[str, str, str]:
    (mail,) = mails(template)
    return letter(mail)


def test_the_receipt(shop: Shop) -> None:
    make_coupon()
    record(pay(shop, place_timed(shop, coupon_code="EARLY10")))
    subject, text, html = only("receipt")
    assert subject == "Payment received: ₹4,499.10 for JEE Complete, receipt 2026-27/000001"
    for words in (
        "by UPI",
        "Coupon EARLY10: − ₹499.90",
        "GST included: ₹686.30",
        "/receipts/receipt_",
        "4 sessions of 30",
    ):
        assert words in text
    assert "Sat, 12 Dec 2026, 10:00 AM IST" in text
    assert "Receipt as PDF" in html


def test_the_receipt_of_nothing_and_without_a_time(shop: Shop) -> None:
    make_coupon("FREE", discount_value=100)
    place(shop, coupon_code="FREE")
    subject, text, _ = only("receipt")
    assert subject.startswith("JEE Complete is yours")
    assert "There was nothing to pay" in text
    assert "Choose your first time: http://localhost/book?enrolment=enroll_" in text


def test_the_late_one_offers_times(shop: Shop) -> None:
    record(pay(shop, place_timed(shop)), now=NOW + HOUR)
    subject, text, html = only("late_payment")
    assert subject == "Paid, but Sat, 12 Dec 2026, 10:00 AM IST is gone: choose another time"
    assert "Nothing is lost" in text
    assert text.count("/book/counsellor_") == 5
    assert html.count("10:00 AM IST") >= 2
    assert "Choose your first time" not in only("receipt")[1]


def test_the_nudge_is_dropped_once_it_is_paid(shop: Shop) -> None:
    order = place(shop)
    record(pay(shop, order, status="failed", error="The bank said no"))
    subject, text, _ = only("payment_failed")
    assert subject == "Your payment for JEE Complete did not go through"
    assert "The bank said no" in text
    assert "kept until Thu, 10 Dec 2026, 9:30 AM IST" in text
    (mail,) = mails("payment_failed")
    assert still_true(mail)
    record(pay(shop, order), now=NOW + MINUTE)
    assert not still_true(mail)


def test_paid_twice_and_its_way_back(shop: Shop) -> None:
    order = buy(shop)
    pay(shop, order)
    deliver_all(shop)
    flows.send_refunds(NOW)
    for refund in list(shop.gateway.refunds):
        shop.gateway.finish_refund(refund)
    deliver_all(shop)
    assert only("duplicate_payment")[0] == "Paid twice for JEE Complete: ₹4,999 goes back to you"
    assert only("refund_processed")[0] == "₹4,999 for JEE Complete has been sent back"
    assert only("money_alert")[0] == "Money: ₹4,999 paid twice; it goes back by itself"


@pytest.mark.parametrize("approve", [True, False])
def test_a_request_and_its_answer(shop: Shop, approve: bool) -> None:
    payment = payment_of(buy(shop))
    with transaction():
        refund = refunds.request_refund(
            student=shop.student, payment_id=payment.public_id, reason="I moved.\n<b>Far</b>", now=NOW
        )
    with transaction():
        refunds.decide(actor=shop.admin, refund_id=refund.public_id, approve=approve, answer="All the best.", now=NOW)
    subject, text, html = only("refund_requested")
    assert subject == "We have your refund request for JEE Complete"
    assert "&lt;b&gt;Far&lt;/b&gt;" in html
    assert "I moved." in text
    subject, text, _ = only("refund_decided")
    assert "All the best." in text
    if approve:
        assert subject == "Refund of ₹4,999 for JEE Complete is on its way"
        assert "It reaches you by Fri, 18 Dec 2026" in text
        assert "has ended with it" in text
    else:
        assert "Your package stays as it is" in text


def test_a_cancelled_package_and_its_session(shop: Shop) -> None:
    order = place(shop, service_id=shop.service.public_id, starts_at=SATURDAY_10)
    record(pay(shop, order))
    assert order.enrolment is not None
    with transaction():
        by_hand.cancel_enrolment(
            actor=shop.admin, enrolment_id=order.enrolment.public_id, reason="Booked by mistake", now=NOW
        )
    _, text, _ = only("enrolment_cancelled")
    assert "1 session ahead is cancelled with it" in text
    assert "Booked by mistake" in text
    _, text, html = only("session_cancelled")
    assert "was cancelled, so no session of it can be booked any more" in text
    assert "Choose another time" not in html


def test_a_package_that_ends_soon(shop: Shop) -> None:
    buy(shop)
    enrolment = db.session.scalars(select(Enrolment)).one()
    enrolment_jobs.warn_due(enrolment.expires_at - 13 * 24 * HOUR)
    subject, text, _ = only("enrolment_expiring")
    assert subject == "JEE Complete ends in 14 days: 4 sessions left"
    assert "ends on Mon, 7 Jun 2027, 9:30 AM IST" in text
