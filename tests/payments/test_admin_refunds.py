"""Refunds at the desk: deciding requests, sending failed ones again, the list and its file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import NOW
from tests.payments.desk import at_desk, many_payments, many_refunds, rows, statements, words
from tests.payments.world import Shop, buy, mails, payment_of, place_timed, record
from tests.payments.world import pay as pay_order
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.enrolments.models import EnrolmentStatus
from webapp.payments.models import Order, Refund, RefundStatus
from webapp.payments.services import refunds

LIST = "/admin/refunds"


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def ask(shop: Shop, order: Order | None = None, amount: int | None = None) -> Refund:
    payment = payment_of(order or buy(shop))
    with transaction():
        return refunds.request_refund(
            student=shop.student, payment_id=payment.public_id, reason="We moved away.", amount=amount, now=NOW
        )


def decide(app: Flask, shop: Shop, refund: Refund, **data: str) -> tuple[int, str]:
    answer = at_desk(app, shop).submit(f"{LIST}/{refund.public_id}", data, page=LIST)
    return answer.status_code, " ".join(answer.get_data(as_text=True).split())


def test_nothing_yet(app: Flask, shop: Shop) -> None:
    page = words(at_desk(app, shop).get(LIST))
    assert "No refunds yet" in page
    assert "Waiting for you" not in page


def test_a_request_waits_with_its_one_action(app: Flask, shop: Shop) -> None:
    refund = ask(shop)
    page = words(at_desk(app, shop).get(LIST))
    assert "Ananya Chatterjee asks for ₹4,999 back" in page
    assert "We moved away." in page
    assert f'href="{LIST}/{refund.public_id}"' in page


def test_a_decision_sees_what_was_bought_and_used(app: Flask, shop: Shop) -> None:
    order = place_timed(shop)
    record(pay_order(shop, order))
    refund = ask(shop, order)
    page = words(at_desk(app, shop).get(f"{LIST}/{refund.public_id}"))
    assert "<dt>Sessions used</dt><dd>1 of 4</dd>" in page
    assert "JEE Complete ends and 1 session ahead is freed." in page
    assert 'value="4,999"' in page


def test_approved_in_part(app: Flask, shop: Shop) -> None:
    order = buy(shop)
    refund = ask(shop, order)
    assert decide(app, shop, refund, decision="approve", amount="2,500.50", answer="One session was held.")[0] == 303
    db.session.expire_all()
    assert (refund.status, refund.amount, refund.answer) == (RefundStatus.APPROVED, 250050, "One session was held.")
    assert refund.estimated_at is not None
    assert order.enrolment is not None
    assert order.enrolment.status is EnrolmentStatus.ACTIVE
    page = words(at_desk(app, shop).get(LIST))
    assert "Fri, 18 Dec 2026" in page
    assert mails("refund_decided")


def test_approved_whole_ends_the_package(app: Flask, shop: Shop) -> None:
    order = buy(shop)
    assert decide(app, shop, ask(shop, order), decision="approve", amount="4999")[0] == 303
    db.session.expire_all()
    assert order.enrolment is not None
    assert order.enrolment.status is EnrolmentStatus.REFUNDED


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"decision": "approve", "amount": "5000"}, "At most ₹4,999 is left"),
        ({"decision": "approve", "amount": "-5"}, "zero or more"),
        ({"decision": "approve", "amount": "1.005"}, "at most two decimals"),
        ({"decision": "approve", "amount": ""}, "Enter how much goes back."),
        ({"decision": "approve", "amount": "0"}, "Enter ₹1 or more"),
        ({"decision": "decline", "answer": ""}, "Say why not; the student reads it."),
        ({"decision": "decline", "answer": "x" * 501}, "within 500 characters"),
        ({"decision": "perhaps", "amount": "10"}, "Choose to approve or to decline."),
        ({"amount": "10"}, "Choose to approve or to decline."),
    ],
)
def test_a_bad_decision_is_said_and_changes_nothing(app: Flask, shop: Shop, data: dict[str, str], message: str) -> None:
    refund = ask(shop)
    status, page = decide(app, shop, refund, **data)
    assert status == 422
    assert message in page
    db.session.expire_all()
    assert refund.status is RefundStatus.REQUESTED
    assert refund.payment.refunded == 0


def test_declined_with_an_answer_whatever_the_amount_says(app: Flask, shop: Shop) -> None:
    refund = ask(shop)
    assert (
        decide(app, shop, refund, decision="decline", amount="nonsense", answer="Three sessions were held.")[0] == 303
    )
    db.session.expire_all()
    assert (refund.status, refund.answer) == (RefundStatus.DECLINED, "Three sessions were held.")
    assert mails("refund_decided")


def test_decided_twice_the_second_is_told(app: Flask, shop: Shop) -> None:
    refund = ask(shop)
    decide(app, shop, refund, decision="decline", answer="No.")
    admin = at_desk(app, shop)
    answer = admin.submit(f"{LIST}/{refund.public_id}", {"decision": "approve", "amount": "10"}, page=LIST)
    assert answer.status_code == 303
    assert "This request has been decided already." in words(admin.get(answer.headers["Location"]))
    assert admin.get(f"{LIST}/{refund.public_id}").status_code == 303
    db.session.expire_all()
    assert refund.status is RefundStatus.DECLINED


def _fail(shop: Shop) -> Refund:
    payment = payment_of(buy(shop))
    with transaction():
        refund = refunds.refund_payment(
            actor=shop.admin, payment_id=payment.public_id, reason="Goodwill", amount=100000, now=NOW
        )
    with transaction():
        refunds.fail_refund(refund.id, error="The bank account is closed.", now=NOW)
    return refund


def test_a_refund_that_failed_is_sent_again(app: Flask, shop: Shop) -> None:
    refund = _fail(shop)
    admin = at_desk(app, shop)
    page = words(admin.get(LIST))
    assert "₹1,000 could not go back to Ananya Chatterjee" in page
    assert "The bank account is closed." in page
    assert admin.submit(f"{LIST}/{refund.public_id}/retry", page=LIST).status_code == 303
    db.session.expire_all()
    assert refund.status is RefundStatus.APPROVED
    assert admin.submit(f"{LIST}/{refund.public_id}/retry", page=LIST).status_code == 303
    assert "Only a refund that failed can be sent again." in words(admin.get(LIST))


def test_one_that_failed_and_was_paid_otherwise_offers_no_retry(app: Flask, shop: Shop) -> None:
    refund = _fail(shop)
    with transaction():
        refunds.refund_payment(actor=shop.admin, payment_id=refund.payment.public_id, reason="All", now=NOW)
    admin = at_desk(app, shop)
    assert f"{refund.public_id}/retry" not in words(admin.get(LIST))
    assert admin.submit(f"{LIST}/{refund.public_id}/retry", page=LIST).status_code == 303
    assert "more than what is left" in words(admin.get(LIST))


def test_the_list_and_its_file_by_state(app: Flask, shop: Shop) -> None:
    shop.student.name = "@SUM(A1)"
    ask(shop)
    many_refunds(many_payments(shop, 3), RefundStatus.PENDING)
    admin = at_desk(app, shop)
    for status, number in {"": 4, "requested": 1, "pending": 3, "failed": 0, "nonsense": 4}.items():
        found = rows(admin.export("refunds", status=status))
        assert len(found) == number, status
    assert rows(admin.export("refunds", status="requested"))[0]["Student"] == "'@SUM(A1)"
    assert rows(admin.export("refunds", status="requested"))[0]["Amount"] == "4999.00"
    assert words(admin.get(LIST, htmx=True, status="pending")).startswith('<div id="refund-list">')


def test_ten_rows_cost_what_five_hundred_cost(app: Flask, shop: Shop) -> None:
    admin = at_desk(app, shop)
    many_refunds(many_payments(shop, 10), RefundStatus.REQUESTED)
    before = statements(admin, LIST)
    many_refunds(many_payments(shop, 500), RefundStatus.REQUESTED)
    assert statements(admin, LIST) == before <= 8


def test_unknown_requests_are_not_found(app: Flask, shop: Shop) -> None:
    admin = at_desk(app, shop)
    assert admin.get(f"{LIST}/refund_unknown").status_code == 404
    for path in ("", "/retry"):
        assert admin.submit(f"{LIST}/refund_unknown{path}", page=LIST).status_code == 404
    assert db.session.scalars(select(Refund)).all() == []
