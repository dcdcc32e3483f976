"""Giving an order up, and what must not change one: other people, forged returns, wrong amounts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW
from tests.payments.student_desk import Desk, page_of, plain
from tests.payments.world import (
    SATURDAY_10,
    Shop,
    buy,
    gateway_id,
    pay,
    place,
    place_timed,
    record,
)
from tests.queries import count_queries
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db
from webapp.enrolments.models import Enrolment
from webapp.payments.models import Match, Order, OrderStatus, Payment


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def desk(app: Flask, shop: Shop) -> Desk:
    return Desk(app, shop)


# ── giving up ──


def test_giving_up_ends_the_order_and_frees_the_time(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    answer = desk.student.submit(f"{page_of(order)}/abandon", page=page_of(order))
    assert answer.location == "/payments"
    assert "The order is ended. Nothing was taken." in plain(desk.student.get("/payments"))
    assert order.status is OrderStatus.EXPIRED
    assert db.session.scalar(select(CounsellingSession.id)) is None


def test_giving_up_what_is_paid_meanwhile_leads_to_it(desk: Desk, shop: Shop) -> None:
    order = place(shop)
    pay(shop, order)
    answer = desk.student.submit(f"{page_of(order)}/abandon", page=page_of(order))
    assert answer.location == f"{page_of(order)}/done"


def test_giving_up_while_the_gateway_is_away_ends_nothing(desk: Desk, shop: Shop) -> None:
    order = place(shop)
    shop.gateway.away = 1
    answer = desk.student.submit(f"{page_of(order)}/abandon", page=page_of(order))
    assert answer.location == page_of(order)
    assert order.status is OrderStatus.PENDING


# ── bad input ──


def test_somebody_elses_order_is_not_there(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    paid = buy(shop)
    url = page_of(order)
    for address in (url, f"{page_of(paid)}/done", f"{url}?waiting=1"):
        assert desk.outsider.get(address).status_code == 404
    for act in ("pay", "time", "coupon", "check", "abandon", "verify"):
        assert desk.outsider.submit(f"{url}/{act}", {"later": "1"}, page="/payments").status_code == 404
    assert order.wanted_starts_at == SATURDAY_10
    assert order.status is OrderStatus.PENDING


def test_a_replayed_signature_of_another_order_enrols_nobody(desk: Desk, shop: Shop) -> None:
    paid, order = place(shop), place(shop, service_id=shop.service.public_id, starts_at=SATURDAY_10)
    report = pay(shop, paid)
    stolen = shop.gateway.sign_return(gateway_id(paid), report.id)
    answer = desk.come_back(order, report, razorpay_signature=stolen)
    assert answer.status_code == 422
    assert "We could not confirm this payment" in plain(answer)
    theirs = desk.come_back(order, report, razorpay_order_id=gateway_id(paid), razorpay_signature=stolen)
    assert theirs.status_code == 422
    assert db.session.scalar(select(Enrolment.id)) is None
    assert order.status is OrderStatus.PENDING


@pytest.mark.parametrize("missing", ["razorpay_payment_id", "razorpay_signature"])
def test_a_return_without_its_fields_changes_nothing(desk: Desk, shop: Shop, missing: str) -> None:
    order = place(shop)
    answer = desk.come_back(order, pay(shop, order), **{missing: ""})
    assert answer.status_code == 422
    assert db.session.scalar(select(Enrolment.id)) is None


def test_an_order_the_gateway_does_not_know_yet_cannot_be_returned_to(desk: Desk, shop: Shop) -> None:
    order = place(shop, gateway=False)
    answer = desk.student.submit(f"{page_of(order)}/verify", {"razorpay_payment_id": "pay_1"}, page="/payments")
    assert answer.status_code == 404


def test_a_tampered_amount_is_kept_apart_and_said(desk: Desk, shop: Shop) -> None:
    order = place(shop)
    answer = desk.come_back(order, pay(shop, order, amount=100))
    assert answer.location == f"{page_of(order)}?waiting=1"
    page = desk.student.get(page_of(order))
    assert "Money came that does not fit this order." in plain(page)
    assert db.session.scalars(select(Payment.match)).one() is Match.WRONG_AMOUNT
    assert db.session.scalar(select(Enrolment.id)) is None


def test_razorpays_script_may_run_on_the_order_page_alone(desk: Desk, shop: Shop) -> None:
    shop.gateway.name = "razorpay"
    order = place(shop)
    order.gateway = "razorpay"
    db.session.commit()
    page = desk.student.get(page_of(order), pay="1")
    assert "data-razorpay data-open" in page.text
    assert "https://checkout.razorpay.com" in page.headers["Content-Security-Policy"]
    assert "data-open" not in desk.student.get(page_of(order)).text
    assert "razorpay.com" not in desk.student.get("/payments").headers["Content-Security-Policy"]
    assert desk.student.submit(f"{page_of(order)}/pay", page="/payments").location == f"{page_of(order)}?pay=1"


def test_an_order_costs_the_same_whatever_was_tried(desk: Desk, shop: Shop) -> None:
    def cost(order: Order) -> int:
        with count_queries() as statements:
            assert desk.student.get(page_of(order)).status_code == 200
        return len(statements)

    order = place_timed(shop)
    desk.student.get(page_of(order))
    before = cost(order)
    for _ in range(4):
        record(pay(shop, order, status="failed"))
    db.session.commit()
    desk.student.get(page_of(order))
    assert cost(order) <= before + 1  # their refunds
    assert before <= 9


def test_a_session_taken_back_leaves_the_success_page_true(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    record(pay(shop, order))
    assert order.session is not None
    order.session.status = SessionStatus.CANCELLED
    db.session.commit()
    assert "JEE Complete is yours" in plain(desk.student.get(f"{page_of(order)}/done"))
