"""One payment's page: what happened in words, refunds, settling by hand, asking the gateway."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import NOW
from tests.pages import Browser
from tests.payments.desk import at_desk, statements, words
from tests.payments.world import (
    DAY,
    HOUR,
    Shop,
    buy,
    come_back,
    deliver_all,
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
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.enrolments.models import EnrolmentStatus
from webapp.payments import flows
from webapp.payments.gateways import GatewayPayment
from webapp.payments.models import GatewayEvent, Match, Order, OrderStatus, Payment, Refund, RefundStatus
from webapp.payments.services import refunds


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def page_of(payment: Payment) -> str:
    return f"/admin/payments/{payment.public_id}"


def refund_form(app: Flask, shop: Shop, payment: Payment, **data: str) -> tuple[int, str]:
    answer = at_desk(app, shop).submit(
        f"{page_of(payment)}/refund", {"reason": "Goodwill.", **data}, page="/admin/payments"
    )
    return answer.status_code, " ".join(answer.get_data(as_text=True).split())


# ── what happened ──────────────────────────────────────────────────────────────────────────────


def test_everything_about_a_paid_order_in_plain_words(app: Flask, shop: Shop) -> None:
    make_coupon()
    order = place_timed(shop, coupon_code="EARLY10", now=NOW - HOUR / 10)
    come_back(shop, order, pay(shop, order))
    deliver_all(shop, now=NOW)
    payment = payment_of(order)
    page = words(at_desk(app, shop).get(page_of(payment)))
    steps = [
        "Ananya Chatterjee:</b> ordered JEE Complete for ₹4,499.10; the coupon EARLY10 took ₹499.90; wanted Sat",
        f"₹4,499.10 by UPI was taken ({payment.gateway_payment_id})",
        "enrolled in JEE Complete, 4 sessions, and booked the wanted time; receipt 2026-27/000001",
    ]
    for step in steps:
        assert step in page, step
    assert page.index(steps[0]) < page.index(steps[1]) < page.index(steps[2])
    assert "Receipt 2026-27/000001" in page
    assert order.enrolment is not None
    assert f"/admin/enrolments/{order.enrolment.public_id}" in page
    assert str(order.gateway_order_id) in page


def _event(number: int, event: str, entity: dict[str, str], at: dt.datetime, outcome: str = "") -> None:
    row = GatewayEvent(
        event_id=f"evt_{number}",
        gateway="double",
        event=event,
        payload={"payload": {event.partition(".")[0]: {"entity": entity}}},
        received_at=at,
        processed_at=at if outcome else None,
        outcome=outcome,
    )
    db.session.add(row)
    db.session.flush()


def test_webhooks_that_name_it_are_told_in_words(app: Flask, shop: Shop) -> None:
    order = buy(shop)
    payment, order_id = payment_of(order), str(order.gateway_order_id)
    _event(1, "payment.captured", {"id": payment.gateway_payment_id, "order_id": order_id}, NOW, "already")
    _event(2, "order.paid", {"id": order_id}, NOW, "already")
    _event(3, "payment.captured", {"id": "pay_other", "order_id": "order_other"}, NOW, "wrong_amount")
    _event(4, "refund.created", {"id": "rfnd_1", "payment_id": payment.gateway_payment_id}, NOW)
    page = words(at_desk(app, shop).get(page_of(payment)))
    assert "webhook, the money was taken: nothing new" in page
    assert "webhook, the order is paid: nothing new" in page
    assert "webhook, a refund was begun; not worked on yet (0 tries)" in page
    assert "the amount is wrong" not in page


def test_an_order_nobody_paid_has_its_page_too(app: Flask, shop: Shop) -> None:
    order = place(shop, now=NOW - 25 * HOUR)
    page = words(at_desk(app, shop).get(f"/admin/payments/{order.public_id}"))
    assert "Nothing was tried yet" in page
    assert "its time was over; it ends once the gateway has been asked" in page
    assert "Refund…" not in page


def test_a_refused_try_and_a_late_payment(app: Flask, shop: Shop) -> None:
    order = place_timed(shop, now=NOW - HOUR)
    record(pay(shop, order, status="failed"), now=NOW - HOUR / 2)
    record(pay(shop, order))
    page = words(at_desk(app, shop).get(f"/admin/payments/{order.public_id}"))
    assert "was refused" in page
    assert "the wanted time was gone; the credit is kept, times were offered" in page


def test_money_of_an_unknown_order(app: Flask, shop: Shop) -> None:
    report = GatewayPayment("gw_lost", "order_elsewhere", 1749900, "INR", "captured", "upi", "", 0)
    payment = record(report).payment
    assert payment is not None
    page = words(at_desk(app, shop).get(page_of(payment)))
    assert "Payment without an order" in page
    assert "It names order order_elsewhere." in page
    assert "Ask the gateway" not in page


def test_money_of_another_currency_is_named_as_such(app: Flask, shop: Shop) -> None:
    order = place(shop)
    payment = record(pay(shop, order, currency="USD")).payment
    assert payment is not None
    page = words(at_desk(app, shop).get(page_of(payment)))
    assert "USD 4,999.00" in page
    assert "₹4,999 left" not in page


def test_the_page_costs_the_same_however_much_happened(app: Flask, shop: Shop) -> None:
    order = buy(shop)
    admin, url = at_desk(app, shop), page_of(payment_of(order))
    before = statements(admin, url)
    for amount in (100000, 50000, 20000):
        with transaction():
            refunds.refund_payment(
                actor=shop.admin, payment_id=payment_of(order).public_id, reason="Part", amount=amount, now=NOW
            )
    flows.send_refunds(NOW)
    deliver_all(shop)
    assert statements(admin, url) == before <= 20


@pytest.mark.parametrize("public_id", ["pay_unknown", "order_unknown", "nonsense", "%00", "pay_" + "x" * 500])
def test_unknown_ids_are_not_found(app: Flask, shop: Shop, public_id: str) -> None:
    admin = at_desk(app, shop)
    for path in ("", "/refund", "/settle"):
        assert admin.get(f"/admin/payments/{public_id}{path}").status_code == 404
    for path in ("/refund", "/settle", "/reconcile"):
        assert admin.submit(f"/admin/payments/{public_id}{path}", page="/admin/payments").status_code == 404


# ── refunds ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("5000", "At most ₹4,999 is left of this payment."),
        ("4999.01", "At most ₹4,999 is left of this payment."),
        ("-1", "Enter an amount of zero or more."),
        ("12.345", "Use at most two decimals."),
        ("0", "Enter ₹1 or more: banks send no less."),
        ("0.50", "Enter ₹1 or more: banks send no less."),
        ("", "Enter how much goes back."),
        ("a lot", "Enter an amount in rupees, like 499 or 499.50."),
        ("1e999999", "Enter at most ₹9,99,99,999.99."),
        ("9" * 400, "Enter at most"),
        ("NaN", "Enter an amount of zero or more."),
    ],
)
def test_a_wrong_amount_is_said_at_the_field_and_nothing_changes(
    app: Flask, shop: Shop, amount: str, message: str
) -> None:
    payment = payment_of(buy(shop))
    status, page = refund_form(app, shop, payment, amount=amount)
    assert status == 422
    assert message in page
    assert 'aria-invalid="true"' in page
    assert "Goodwill." in page  # what was typed is still there
    db.session.expire_all()
    assert payment.refunded == 0
    assert db.session.scalars(select(Refund)).all() == []


@pytest.mark.parametrize("reason", ["", "   ", "x" * 501])
def test_a_refund_wants_a_reason(app: Flask, shop: Shop, reason: str) -> None:
    payment = payment_of(buy(shop))
    status, page = refund_form(app, shop, payment, amount="100", reason=reason)
    assert status == 422
    assert 'value="100"' in page
    assert db.session.scalars(select(Refund)).all() == []


def test_a_part_goes_back_and_the_package_stays(app: Flask, shop: Shop) -> None:
    order = buy(shop)
    payment = payment_of(order)
    status, _ = refund_form(app, shop, payment, amount="1,000.50")
    assert status == 303
    admin = at_desk(app, shop)
    page = words(admin.get(page_of(payment)))
    refund = db.session.scalars(select(Refund)).one()
    assert (refund.amount, refund.status, refund.decided_by_id) == (100050, RefundStatus.APPROVED, shop.admin.id)
    assert "₹1,000.50" in page
    assert "arrives by" in page
    assert "Rohan Mehta:</b> gives ₹1,000.50 back; it arrives by Fri, 18 Dec 2026: Goodwill." in page
    assert order.enrolment is not None
    assert order.enrolment.status is EnrolmentStatus.ACTIVE
    status, page = refund_form(app, shop, payment, amount="4000")
    assert "At most ₹3,998.50 is left of this payment." in page


def test_all_of_it_ends_the_package_and_frees_what_is_ahead(app: Flask, shop: Shop) -> None:
    order = place_timed(shop)
    record(pay(shop, order))
    payment = payment_of(order)
    ask = words(at_desk(app, shop).get(f"{page_of(payment)}/refund"))
    assert "All of it ends JEE Complete and frees 1 session ahead" in ask
    assert 'value="4,999"' in ask
    status, _ = refund_form(app, shop, payment, amount="4999")
    assert status == 303
    db.session.expire_all()
    assert order.enrolment is not None
    assert order.enrolment.status is EnrolmentStatus.REFUNDED
    assert db.session.scalars(select(CounsellingSession.status)).all() == [SessionStatus.CANCELLED]
    assert mails("refund_decided")
    page = words(at_desk(app, shop).get(f"{page_of(payment)}/refund"), 409)
    assert "Nothing of this payment can go back." in page
    assert refund_form(app, shop, payment, amount="1")[0] == 409


def test_what_somebody_else_gave_back_meanwhile_is_said(app: Flask, shop: Shop) -> None:
    payment = payment_of(buy(shop))
    admin = at_desk(app, shop)
    token = admin.token(f"{page_of(payment)}/refund")
    with transaction():
        refunds.refund_payment(actor=shop.admin, payment_id=payment.public_id, reason="Other", amount=400000, now=NOW)
    answer = admin.client.post(
        f"{page_of(payment)}/refund", data={"csrf_token": token, "amount": "4999", "reason": "Mine"}
    )
    assert "At most ₹999 is left of this payment." in words(answer, 422)


def test_a_refund_here_answers_the_students_request(app: Flask, shop: Shop) -> None:
    payment = payment_of(buy(shop))
    with transaction():
        refunds.request_refund(student=shop.student, payment_id=payment.public_id, reason="Moved", now=NOW)
    assert "The student asked for ₹4,999; this answers the request." in words(
        at_desk(app, shop).get(f"{page_of(payment)}/refund")
    )
    assert refund_form(app, shop, payment, amount="2000")[0] == 303
    assert [(row.amount, row.status) for row in db.session.scalars(select(Refund))] == [(200000, RefundStatus.APPROVED)]


def test_a_payment_that_failed_has_nothing_to_give(app: Flask, shop: Shop) -> None:
    order = place(shop)
    record(pay(shop, order, status="failed"))
    assert refund_form(app, shop, payment_of(order), amount="10")[0] == 409


# ── unmatched money ────────────────────────────────────────────────────────────────────────────


def _wrong(shop: Shop) -> Payment:
    payment = record(pay(shop, place(shop), amount=400000)).payment
    assert payment is not None
    return payment


def test_unmatched_money_is_settled_with_a_note(app: Flask, shop: Shop) -> None:
    payment = _wrong(shop)
    admin = at_desk(app, shop)
    form = words(admin.get(f"{page_of(payment)}/settle"))
    assert f"/admin/enrolments/new?student={shop.student.public_id}&amp;package={shop.package.public_id}" in form
    assert admin.submit(f"{page_of(payment)}/settle", {"note": " "}).status_code == 422
    assert db.session.scalars(select(Payment.match)).one() == "wrong_amount"
    assert admin.submit(f"{page_of(payment)}/settle", {"note": "Granted by hand."}).status_code == 303
    db.session.expire_all()
    assert payment.match is Match.SETTLED
    page = words(admin.get(page_of(payment)))
    assert "settled by hand: Granted by hand. (Rohan Mehta)" in page
    assert "Settle…" not in page
    assert "Everything matches" in words(admin.get("/admin/payments/unmatched"))
    assert admin.get(f"{page_of(payment)}/settle").status_code == 409
    assert admin.submit(f"{page_of(payment)}/settle", {"note": "Again"}, page="/admin").status_code == 409


def test_unmatched_money_goes_back(app: Flask, shop: Shop) -> None:
    payment = _wrong(shop)
    assert refund_form(app, shop, payment, amount="4000")[0] == 303
    assert "Everything matches" in words(at_desk(app, shop).get("/admin/payments/unmatched"))


def test_what_enrolled_needs_no_settling(app: Flask, shop: Shop) -> None:
    payment = payment_of(buy(shop))
    answer = at_desk(app, shop).submit(f"{page_of(payment)}/settle", {"note": "x"}, page="/admin")
    assert "needs no settling" in words(answer, 409)
    assert payment.match is Match.ENROLLED


# ── asking the gateway about one ───────────────────────────────────────────────────────────────


def _ask(browser: Browser, order: Order) -> str:
    url = f"/admin/payments/{order.public_id}"
    assert browser.submit(f"{url}/reconcile", page=url).status_code == 303
    return words(browser.get(url))


def test_asking_about_one_order_says_what_it_brought(app: Flask, shop: Shop) -> None:
    admin = at_desk(app, shop)
    order = place(shop)
    assert "The gateway knows nothing new." in _ask(admin, order)
    pay(shop, order)
    assert "It was paid: Ananya Chatterjee has JEE Complete." in _ask(admin, order)
    ended = place(shop, now=NOW - 2 * DAY)
    assert "Nobody paid the ₹4,999; the order has ended." in _ask(admin, ended)
    db.session.expire_all()
    assert (order.status, ended.status) == (OrderStatus.PAID, OrderStatus.EXPIRED)
    tried = place(shop, now=NOW - HOUR / 2)
    pay(shop, tried, status="failed")
    assert "The gateway told us something new" in _ask(admin, tried)


def test_a_gateway_that_is_away_is_said_in_place(app: Flask, shop: Shop) -> None:
    order = place(shop)
    shop.gateway.away = 1
    url = f"/admin/payments/{order.public_id}"
    page = words(at_desk(app, shop).submit(f"{url}/reconcile", page=url), 503)
    assert "The payment gateway is not answering." in page
    assert order.title in page


def test_an_order_of_nothing_has_no_gateway_to_ask(app: Flask, shop: Shop) -> None:
    make_coupon("ALL", discount_value=100)
    order = place(shop, coupon_code="ALL")
    url = f"/admin/payments/{order.public_id}"
    admin = at_desk(app, shop)
    page = words(admin.get(url))
    assert "There was nothing to pay: the coupon took all of it." in page
    assert "Ask the gateway" not in page
    assert admin.submit(f"{url}/reconcile", page="/admin").status_code == 409


def test_times_are_shown_on_the_readers_clock(app: Flask, shop: Shop) -> None:
    payment = payment_of(buy(shop))
    shop.admin.zone = "Asia/Dubai"
    db.session.flush()
    local = NOW + dt.timedelta(hours=4)
    assert f"{local:%-I:%M %p} UTC+4" in words(at_desk(app, shop).get(page_of(payment)))
