"""A student's payments page, asking for a refund, and the receipt as PDF."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from flask import Flask
from pypdf import PdfReader
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_user
from tests.pages import Browser
from tests.payments.student_desk import Desk, page_of, plain
from tests.payments.world import DAY, SATURDAY_10, Shop, buy, make_coupon, pay, payment_of, place, place_timed, record
from tests.queries import count_queries
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.payments.models import Order, Receipt, Refund, RefundStatus
from webapp.payments.services import refunds


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def desk(app: Flask, shop: Shop) -> Desk:
    return Desk(app, shop)


def receipt_of(order: Order) -> str:
    found = db.session.scalars(select(Receipt).where(Receipt.order_id == order.id)).one()
    return f"/receipts/{found.public_id}.pdf"


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


# ── the page ──


def test_with_nothing_paid_it_says_what_will_stand_here(desk: Desk) -> None:
    assert "Nothing paid yet" in plain(desk.student.get("/payments"))


def test_every_event_is_a_plain_sentence(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    record(pay(shop, order, status="failed", error="The bank said no."))
    record(pay(shop, order))
    open_one = place(shop, service_id=shop.service.public_id, starts_at=SATURDAY_10 + DAY)
    page = desk.student.get("/payments")
    words = plain(page)
    assert "Paid so far ₹4,999" in words
    assert "₹4,999 received UPI. JEE Complete is active, 4 sessions added." in words
    assert "A try did not go through The bank said no. If ₹4,999 left your account" in words
    assert "₹999 to pay for Choice list check with Dr. Meera Krishnan" in words
    assert "Not paid yet" in words
    assert page_of(open_one) in page.text
    assert receipt_of(order) in page.text
    assert "2026-27/000001" in words


def test_an_order_that_ended_unpaid_says_that_nothing_was_taken(desk: Desk, shop: Shop) -> None:
    order = place(shop)
    with clock.frozen(NOW + 2 * DAY):
        page = desk.student.get("/payments")
        assert "Nothing was taken" in plain(page)
        assert page_of(order) not in page.text


def test_nobody_sees_another_students_money(desk: Desk, shop: Shop) -> None:
    buy(shop)
    assert "Nothing paid yet" in plain(desk.outsider.get("/payments"))


def test_the_page_costs_the_same_whatever_was_bought(desk: Desk, shop: Shop) -> None:
    def cost() -> int:
        db.session.commit()
        desk.student.get("/payments")
        with count_queries() as statements:
            assert desk.student.get("/payments").status_code == 200
        return len(statements)

    buy(shop)
    before = cost()
    for _ in range(4):
        record(pay(shop, buy(shop)))
    assert cost() == before <= 7


# ── refunds ──


def test_asking_needs_a_reason_and_says_what_happens(desk: Desk, shop: Shop) -> None:
    payment = payment_of(buy(shop))
    url = f"/payments/{payment.public_id}/refund"
    assert url in desk.student.get("/payments").text
    words = plain(desk.student.get(url))
    assert "You ask for ₹4,999" in words
    assert "approved today, it is there by Fri, 18 Dec 2026" in words
    refused = desk.student.submit(url, {"reason": "  "})
    assert refused.status_code == 422
    assert "Say in a few words why" in plain(refused)
    long = desk.student.submit(url, {"reason": "x" * 501}, htmx=True)
    assert long.status_code == 422
    assert "x" * 501 in long.text
    assert "<html" not in long.text
    done = desk.student.submit(url, {"reason": "We moved abroad."})
    assert done.location == "/payments"
    page = desk.student.get("/payments")
    words = plain(page)
    assert "We have your request." in words
    assert "Refund asked for" in words
    assert "You asked for ₹4,999 back We moved abroad." in words
    assert url not in page.text
    assert desk.student.get(url).location == "/payments"
    again = desk.student.submit(url, {"reason": "Please"}, page="/payments")
    assert again.status_code == 409
    assert "You have asked already." in plain(again)
    assert len(db.session.scalars(select(Refund)).all()) == 1


def test_the_answer_and_the_estimated_day_are_shown(desk: Desk, shop: Shop) -> None:
    payment = payment_of(buy(shop))
    desk.student.submit(f"/payments/{payment.public_id}/refund", {"reason": "We moved."})
    refund = db.session.scalars(select(Refund)).one()
    with transaction():
        refunds.decide(actor=shop.admin, refund_id=refund.public_id, approve=True, amount=200000, now=NOW)
    words = plain(desk.student.get("/payments"))
    assert "On its way to you ₹2,000 by Fri, 18 Dec" in words
    assert "₹2,000 refund on its way Reaches your account by Fri, 18 Dec 2026." in words
    assert f"/payments/{payment.public_id}/refund" in desk.student.get("/payments").text
    assert "You ask for ₹2,999" in plain(desk.student.get(f"/payments/{payment.public_id}/refund"))


def test_somebody_elses_payment_cannot_be_asked_back(desk: Desk, shop: Shop) -> None:
    url = f"/payments/{payment_of(buy(shop)).public_id}/refund"
    assert desk.outsider.get(url).status_code == 404
    assert desk.outsider.submit(url, {"reason": "Mine"}, page="/payments").status_code == 404
    assert db.session.scalar(select(Refund.id)) is None


# ── the receipt ──


def test_the_receipt_says_everything_with_the_rupee_sign(desk: Desk, shop: Shop) -> None:
    shop.package.price, shop.package.discount_price = 19_999_00, 14_999_00
    make_coupon("EARLY10")
    order = buy(shop, coupon_code="EARLY10")
    answer = desk.student.get(receipt_of(order))
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Content-Disposition"] == 'inline; filename="receipt-2026-27-000001.pdf"'
    assert answer.headers["Cache-Control"] == "private, no-store"
    words = text_of(answer.data)
    for part in (
        "No. 2026-27/000001", "Wed, 9 Dec 2026", "Disha Counselling", "Ananya Chatterjee", shop.student.email,
        "JEE Complete", "4 sessions of 30 min, valid until Mon, 7 Jun 2027", "Price ₹19,999", "Discount − ₹5,000",
        "Coupon EARLY10 − ₹1,499.90", "Total paid ₹13,499.10",
        "Rupees Thirteen Thousand Four Hundred Ninety-Nine and Ten Paise Only",
        "Value before GST ₹11,439.92", "GST 18 %, included ₹2,059.18", "Method UPI", order.public_id,
    ):  # fmt: skip
        assert part in words
    fonts = PdfReader(io.BytesIO(answer.data)).pages[0]["/Resources"]["/Font"]  # type: ignore[index]
    for font in fonts.values():
        family = font.get_object()["/DescendantFonts"][0].get_object()
        assert "/FontFile2" in family["/FontDescriptor"].get_object()


def test_a_free_order_and_a_refunded_one_have_true_receipts(desk: Desk, shop: Shop) -> None:
    make_coupon("FREE100", discount_value=100)
    free = place(shop, coupon_code="FREE100", gateway=False)
    words = text_of(desk.student.get(receipt_of(free)).data)
    assert "Total paid ₹0" in words
    assert "Rupees Zero Only" in words
    assert "GST" not in words
    paid = buy(shop)
    with transaction():
        refunds.refund_payment(
            actor=shop.admin, payment_id=payment_of(paid).public_id, amount=100_00, reason="Late", now=NOW
        )
    refund = db.session.scalars(select(Refund)).one()
    refund.status, refund.processed_at = RefundStatus.PROCESSED, NOW + DAY
    db.session.commit()
    assert "Refunded ₹100 on Thu, 10 Dec 2026." in text_of(desk.student.get(receipt_of(paid)).data)


@pytest.mark.parametrize("name", ["Łucja Çelik-Nguyễn", "অনন্যা চট্টোপাধ্যায়", "x" * 120, "A (B) \\ % ₹"])
def test_any_name_makes_a_readable_receipt(desk: Desk, shop: Shop, name: str) -> None:
    shop.student.name = name
    words = text_of(desk.student.get(receipt_of(buy(shop))).data)
    assert shop.student.email in words
    if name.startswith(("Ł", "A")):
        assert name.split(maxsplit=1)[0] in words


def test_only_the_owner_and_admins_get_a_receipt(app: Flask, desk: Desk, shop: Shop) -> None:
    url = receipt_of(buy(shop))
    assert desk.outsider.get(url).status_code == 404
    assert Browser(app, shop.admin).get(url).status_code == 200
    assert Browser(app, make_user(role=Role.COUNSELLOR)).get(url).status_code == 403
    assert Browser(app).get(url).status_code == 302
    assert desk.student.get("/receipts/receipt_nothing.pdf").status_code == 404
