"""One order on its page: kept time, coupon, failure, resuming, late money, waiting, and other people's orders."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_enrolment, make_session, make_user
from tests.payments.student_desk import Desk, instant, page_of, plain
from tests.payments.world import (
    DAY,
    HOUR,
    MINUTE,
    SATURDAY_10,
    Shop,
    buy,
    gateway_id,
    make_coupon,
    pay,
    place,
    place_timed,
    record,
)
from webapp.availability.models import Calendar
from webapp.availability.rules import BookingMode
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db

HALF = dt.timedelta(minutes=30)


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def desk(app: Flask, shop: Shop) -> Desk:
    return Desk(app, shop)


def take(shop: Shop, start: dt.datetime) -> CounsellingSession:
    """Let somebody else book a time; whoever kept it too long has lost it."""
    for held in db.session.scalars(select(CounsellingSession).where(CounsellingSession.status == SessionStatus.HELD)):
        db.session.delete(held)
    session = make_session(make_enrolment(make_user()), shop.counsellor, start)
    db.session.commit()
    return session


# ── the kept time ──


def test_the_page_counts_down_the_kept_time(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop, gateway=False)
    answer = desk.student.get(page_of(order))
    words = plain(answer)
    assert "Yours: Sat, 12 Dec 2026, 10:00 AM IST" in words
    assert 'data-countdown="2026-12-09T04:10:00+00:00"' in answer.text
    assert "First session: Sat, 12 Dec 2026, 10:00 AM IST 30 minutes by video with Dr. Meera Krishnan" in words
    assert "Free to cancel or move until Fri, 11 Dec, 10:00 AM IST" in words


def test_the_home_leads_back_while_the_order_lives(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop, gateway=False)
    home = desk.student.get("/student")
    assert page_of(order) in home.text
    assert 'data-countdown="2026-12-09T04:10:00+00:00"' in home.text
    with clock.frozen(NOW + HOUR):
        assert "JEE Complete is not paid yet" in plain(desk.student.get("/student"))
    with clock.frozen(NOW + 2 * DAY):
        assert page_of(order) not in desk.student.get("/student").text


def test_paying_keeps_a_time_that_ran_out_if_it_is_still_free(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    with clock.frozen(NOW + 11 * MINUTE):
        assert "We no longer keep Sat, 12 Dec 2026, 10:00 AM IST" in plain(desk.student.get(page_of(order)))
        answer = desk.student.submit(f"{page_of(order)}/pay", page=page_of(order))
        assert answer.location == f"/sandbox/checkout/{gateway_id(order)}"
        assert "Yours: Sat, 12 Dec 2026" in plain(desk.student.get(page_of(order)))


def test_a_time_taken_meanwhile_is_said_with_the_nearest_and_can_be_changed(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    with clock.frozen(NOW + 11 * MINUTE):
        take(shop, SATURDAY_10)
        answer = desk.student.submit(f"{page_of(order)}/pay", page=page_of(order))
        assert answer.status_code == 409
        words = plain(answer)
        assert "10:00 AM was taken meanwhile. Nothing is lost" in words
        assert "Sat, 12 Dec, 10:30 AM IST" in words
        other = desk.student.submit(f"{page_of(order)}/time", {"at": instant(SATURDAY_10 + HALF)}, page=page_of(order))
        assert other.location == page_of(order)
        assert "Yours: Sat, 12 Dec 2026, 10:30 AM IST" in plain(desk.student.get(page_of(order)))


def test_the_time_can_be_left_for_later(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    desk.student.submit(f"{page_of(order)}/time", {"later": "1"}, page=page_of(order))
    assert "You choose your first time after paying" in plain(desk.student.get(page_of(order)))
    assert db.session.scalar(select(CounsellingSession.id)) is None


@pytest.mark.parametrize("at", ["", "tomorrow", "2026-12-12T04:30"])
def test_a_time_that_cannot_be_read_changes_nothing(desk: Desk, shop: Shop, at: str) -> None:
    order = place_timed(shop)
    answer = desk.student.submit(f"{page_of(order)}/time", {"at": at}, page=page_of(order))
    assert answer.status_code == 422
    assert order.wanted_starts_at == SATURDAY_10


def test_a_service_is_not_bought_without_its_time(desk: Desk, shop: Shop) -> None:
    order = place(shop, service_id=shop.service.public_id, starts_at=SATURDAY_10)
    page = desk.student.get(page_of(order))
    assert "Choice list check with Dr. Meera Krishnan" in plain(page)
    answer = desk.student.submit(f"{page_of(order)}/time", {"later": "1"}, page=page_of(order))
    assert answer.status_code == 422
    assert "bought with its time" in plain(answer)


# ── the coupon of an open order ──


def test_a_coupon_makes_a_new_order_with_the_time_still_kept(desk: Desk, shop: Shop) -> None:
    make_coupon("EARLY10")
    order = place_timed(shop)
    answer = desk.student.submit(f"{page_of(order)}/coupon", {"coupon_code": "early10"}, page=page_of(order))
    changed = desk.order()
    assert answer.location == page_of(changed) != page_of(order)
    words = plain(desk.student.get(answer.location))
    assert "EARLY10 takes off ₹499.90" in words
    assert "Yours: Sat, 12 Dec 2026, 10:00 AM IST" in words
    assert "This order has ended" in plain(desk.student.get(page_of(order)))
    back = desk.student.submit(f"{page_of(changed)}/coupon", {"coupon_code": ""}, page=page_of(changed))
    assert "Pay ₹4,999" in plain(desk.student.get(back.location))


@pytest.mark.parametrize("htmx", [False, True])
def test_a_wrong_coupon_keeps_order_time_and_input(desk: Desk, shop: Shop, htmx: bool) -> None:
    order = place_timed(shop)
    answer = desk.student.submit(f"{page_of(order)}/coupon", {"coupon_code": "NOPE"}, page=page_of(order), htmx=htmx)
    assert answer.status_code == 422
    assert ("<html" in answer.text) is not htmx
    assert 'value="NOPE"' in answer.text
    assert "We don't know this coupon" in plain(answer)
    assert "Yours: Sat, 12 Dec 2026" in plain(answer)


def test_a_full_coupon_on_an_open_order_books_at_once(desk: Desk, shop: Shop) -> None:
    make_coupon("FREE100", discount_value=100)
    order = place_timed(shop)
    answer = desk.student.submit(f"{page_of(order)}/coupon", {"coupon_code": "FREE100"}, page=page_of(order))
    done = desk.student.get(answer.location)
    assert done.location == f"{page_of(desk.order())}/done"
    assert "All set, Ananya. See you on Saturday." in plain(desk.student.get(done.location))


# ── coming back ──


def test_success_leads_to_the_session_with_the_receipt_beside_it(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    answer = desk.come_back(order, pay(shop, order))
    assert (answer.status_code, answer.location) == (303, f"{page_of(order)}/done")
    page = desk.student.get(answer.location)
    words = plain(page)
    assert "All set, Ananya. See you on Saturday. ₹4,999 received by UPI." in words
    assert "Session 1 of 4" in words
    assert "Number 2026-27/000001" in words
    assert order.session is not None
    assert f"/sessions/{order.session.public_id}" in page.text
    assert f"/sessions/{order.session.public_id}/calendar.ics" in page.text
    assert desk.student.get(page_of(order)).location == f"{page_of(order)}/done"
    assert desk.come_back(order, next(iter(shop.gateway.payments.values()))).status_code == 303


def test_without_a_time_success_leads_to_the_first_one(desk: Desk, shop: Shop) -> None:
    order = buy(shop)
    page = desk.student.get(f"{page_of(order)}/done")
    assert "Choose your first time" in plain(page)
    assert order.enrolment is not None
    assert f"/book?enrolment={order.enrolment.public_id}" in page.text


def test_a_request_says_who_answers_next(desk: Desk, shop: Shop) -> None:
    db.session.get_one(Calendar, shop.counsellor.id).mode = BookingMode.APPROVAL
    db.session.commit()
    order = place_timed(shop)
    record(pay(shop, order))
    words = plain(desk.student.get(f"{page_of(order)}/done"))
    assert "Paid, Ananya. Dr. Meera answers next." in words
    assert "Requested" in words


def test_a_declined_payment_says_why_and_the_same_order_is_paid_again(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    failed = pay(shop, order, status="failed", error="The bank said no.")
    record(failed)
    page = desk.student.get(page_of(order), failed="1")
    words = plain(page)
    assert "The payment did not go through. The bank said no. Nothing is lost" in words
    assert "Try again" in words
    answer = desk.student.submit(f"{page_of(order)}/pay", page=page_of(order))
    assert answer.location == f"/sandbox/checkout/{gateway_id(order)}"
    assert desk.come_back(order, pay(shop, order)).location == f"{page_of(order)}/done"
    assert desk.orders() == 1


def test_before_the_webhook_the_failure_is_said_too(desk: Desk, shop: Shop) -> None:
    order = place(shop)
    assert "The payment did not go through." in plain(desk.student.get(page_of(order), failed="1"))
    assert "The payment did not go through." not in plain(desk.student.get(page_of(order)))


def test_a_bank_that_has_not_answered_is_waited_for(desk: Desk, shop: Shop) -> None:
    order = place(shop)
    report = pay(shop, order)
    shop.gateway.away = 1
    answer = desk.come_back(order, report)
    assert answer.location == f"{page_of(order)}?waiting=1"
    page = desk.student.get(answer.location)
    assert "The bank has not answered yet" in plain(page)
    assert 'hx-trigger="every 5s"' in page.text
    assert '<noscript><meta http-equiv="refresh"' in page.text
    quiet = desk.student.get(answer.location, htmx=True)
    assert "<html" not in quiet.text
    asked = desk.student.submit(f"{page_of(order)}/check", page=answer.location)
    assert desk.student.get(asked.location).location == f"{page_of(order)}/done"
    then = desk.student.get(answer.location, htmx=True)
    assert (then.status_code, then.headers["HX-Redirect"]) == (204, f"{page_of(order)}/done")


def test_asking_the_bank_when_there_is_nothing_says_so(desk: Desk, shop: Shop) -> None:
    order = place(shop)
    answer = desk.student.submit(f"{page_of(order)}/check", page=page_of(order))
    assert "The bank knows of no payment of this order" in plain(desk.student.get(answer.location))
    shop.gateway.away = 1
    away = desk.student.submit(f"{page_of(order)}/check", page=page_of(order))
    assert "not answering" in plain(desk.student.get(away.location))


# ── late ──


def test_late_money_keeps_the_credit_and_offers_the_nearest_times(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    with clock.frozen(NOW + 20 * MINUTE):
        take(shop, SATURDAY_10)
        record(pay(shop, order), now=NOW + 20 * MINUTE)
        page = desk.student.get(f"{page_of(order)}/done")
        words = plain(page)
        assert "Paid, Ananya. Choose another time." in words
        assert "4 sessions are in your account" in words
        assert "Sat, 12 Dec, 10:30 AM IST" in words
        assert order.enrolment is not None
        assert f"enrolment={order.enrolment.public_id}&amp;at=2026-12-12T05:00Z" in page.text
        make_session(order.enrolment, shop.counsellor, SATURDAY_10 + HALF)
        db.session.commit()
        assert "All set, Ananya. JEE Complete is yours." in plain(desk.student.get(f"{page_of(order)}/done"))


def test_money_for_an_ended_order_still_gives_what_was_bought(desk: Desk, shop: Shop) -> None:
    order = place(shop)
    with clock.frozen(NOW + 2 * DAY):
        assert "This order has ended" in plain(desk.student.get(page_of(order)))
        record(pay(shop, order), now=NOW + 2 * DAY)
        assert desk.student.get(page_of(order)).location == f"{page_of(order)}/done"


def test_paid_twice_is_said_with_the_day_it_comes_back(desk: Desk, shop: Shop) -> None:
    order = buy(shop)
    record(pay(shop, order))
    words = plain(desk.student.get(f"{page_of(order)}/done"))
    assert "You paid twice. The second ₹4,999 goes back by itself and reaches your account by" in words
