"""Choosing a time for something that is bought along: the picker keeps it and leads to the checkout."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_session, make_user
from tests.pages import Browser
from tests.payments.student_desk import Desk, Visitor, instant, page_of, plain
from tests.payments.world import MINUTE, SATURDAY_10, Shop, make_coupon, place_timed
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db
from webapp.payments.models import Order, OrderStatus

AT = instant(SATURDAY_10)
NEXT = dt.timedelta(minutes=45)  # the next start of a package with sessions of 45 minutes


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def desk(app: Flask, shop: Shop) -> Desk:
    shop.package.session_minutes = 45
    shop.package.counsellors = [shop.counsellor]
    db.session.commit()
    return Desk(app, shop)


def keep(desk: Desk, at: str = AT, *, agenda: str = "", htmx: bool = False, **by: str) -> str:
    """Keep a time and return where it leads."""
    by = by or {"package": desk.shop.package.slug}
    (name, value), *_ = by.items()
    url = f"{desk.picker}?at={at}&{name}={value}"
    answer = desk.student.submit(url, {"at": at, "agenda": agenda, "mode": "video"}, htmx=htmx)
    return answer.headers.get("HX-Redirect") or answer.location or str(answer.status_code)


def leads_back(page: TestResponse, form: str) -> str:
    """Return where a form's link on the page says to go on to."""
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', page.text)]
    return next(parse_qs(urlsplit(link).query)["next"][0] for link in links if link.startswith(f"{form}?next=/book"))


def held() -> CounsellingSession:
    wanted = select(CounsellingSession).where(CounsellingSession.status == SessionStatus.HELD)
    return db.session.scalars(wanted).one()


def test_the_panel_says_what_is_bought_and_how_long_it_is_kept(desk: Desk, shop: Shop) -> None:
    words = plain(desk.student.get(desk.picker, package=shop.package.slug, at=AT))
    assert "Sat, 12 Dec 2026 10:00 – 10:45 AM IST" in words
    assert "JEE Complete, 4 sessions of 45 minutes: ₹4,999 , GST included" in words
    assert "Kept for you for 10 minutes while you pay" in words
    assert "Keep this time and go on" in words


@pytest.mark.parametrize("htmx", [False, True])
def test_keeping_a_time_makes_an_order_that_holds_it(desk: Desk, htmx: bool) -> None:
    url = keep(desk, agenda="Which NITs?", htmx=htmx)
    order = desk.order()
    assert url == page_of(order)
    assert (order.status, order.wanted_starts_at, order.agenda) == (OrderStatus.CREATED, SATURDAY_10, "Which NITs?")
    assert held().expires_at == NOW + 10 * MINUTE
    assert held().minutes == 45


def test_another_time_moves_the_same_order_and_its_coupon(desk: Desk, shop: Shop) -> None:
    make_coupon("EARLY10")
    order = place_timed(shop, coupon_code="EARLY10")
    assert keep(desk, instant(SATURDAY_10 + NEXT)) == page_of(order)
    assert desk.orders() == 1
    assert order.wanted_starts_at == SATURDAY_10 + NEXT
    assert held().starts_at == SATURDAY_10 + NEXT
    assert order.amount == 4_499_10


def test_an_order_at_an_old_price_is_left_alone(desk: Desk, shop: Shop) -> None:
    old = place_timed(shop)
    shop.package.price += 100
    db.session.commit()
    assert keep(desk, instant(SATURDAY_10 + NEXT)) != page_of(old)
    assert desk.order().amount == old.amount + 100


def test_a_time_taken_at_the_same_moment_is_said_in_place(desk: Desk, shop: Shop) -> None:
    make_session(make_enrolment(make_user()), shop.counsellor, SATURDAY_10)
    url = f"{desk.picker}?at={AT}&package={shop.package.slug}"
    answer = desk.student.submit(url, {"at": AT, "agenda": "My words", "mode": "phone"}, page=desk.picker)
    assert answer.status_code == 409
    words = plain(answer)
    assert "10:00 AM was taken just now. Nothing is lost: your agenda is still here and nothing was paid." in words
    assert "My words" in answer.text
    assert desk.orders() == 0


def test_a_service_has_its_own_length_and_price(desk: Desk, shop: Shop) -> None:
    page = desk.student.get(desk.picker, service=shop.service.public_id, at=AT)
    assert "Choice list check, 1 session of 30 minutes: ₹999 , GST included" in plain(page)
    assert "10:00 – 10:30 AM IST" in plain(page)
    url = keep(desk, service=shop.service.public_id)
    order = desk.order()
    assert url == page_of(order)
    assert (order.service_id, order.package_id, order.amount) == (shop.service.id, None, 99900)


def test_a_visitor_signs_in_and_comes_back_to_exactly_that_time(app: Flask, desk: Desk, shop: Shop) -> None:
    page = Browser(app).get(desk.picker, package=shop.package.slug, at=AT)
    assert "Sign in to keep this time" in plain(page)
    back = f"{desk.picker}?at={AT}&package={shop.package.slug}"
    assert leads_back(page, "/login") == leads_back(page, "/signup") == back


def test_an_unverified_student_comes_back_too(app: Flask, desk: Desk, shop: Shop) -> None:
    newcomer = Visitor(app, make_user(verified=False))
    url = f"{desk.picker}?at={AT}&package={shop.package.slug}"
    page = newcomer.get(url)
    assert "Confirm your mail address first" in plain(page)
    assert leads_back(page, "/verify") == url
    assert newcomer.submit(url, {"at": AT, "mode": "video"}, page="/student").status_code == 403
    assert db.session.scalar(select(Order.id)) is None


def test_who_has_sessions_left_is_shown_the_free_way(desk: Desk, shop: Shop) -> None:
    mine = make_enrolment(shop.student, shop.package)
    db.session.commit()
    page = desk.student.get(desk.picker, package=shop.package.slug, at=AT)
    assert "You have 4 sessions left in JEE Complete" in plain(page)
    assert f"at={AT}&amp;enrolment={mine.public_id}" in page.text
    assert "Keep this time and go on" in plain(page)


def test_who_has_nothing_is_offered_packages_at_the_same_time(desk: Desk, shop: Shop) -> None:
    page = desk.student.get(desk.picker, at=AT)
    assert "A package comes first" in plain(page)
    assert "JEE Complete, ₹4,999" in plain(page)
    assert f"{desk.picker}?at={AT}&amp;package={shop.package.slug}" in page.text


def test_a_counsellor_of_something_else_is_not_sold(desk: Desk, shop: Shop) -> None:
    other = make_package(name="NEET Desk", counsellors=[make_counsellor()])
    db.session.commit()
    page = desk.student.get(desk.picker, package=other.slug, at=AT)
    assert "Dr. Meera is not in NEET Desk" in plain(page)
    assert f"/book?package={other.slug}" in page.text
    url = f"{desk.picker}?at={AT}&package={other.slug}"
    assert desk.student.submit(url, {"at": AT, "mode": "video"}, page="/payments").status_code == 409
    foreign = f"/book/{other.counsellors[0].public_id}?service={shop.service.public_id}"
    assert "does not sell this" in plain(desk.student.get(foreign))


@pytest.mark.parametrize("query", ["package=nothing-here", "service=service_nothing", "package=../etc"])
def test_what_is_not_on_sale_is_not_there(desk: Desk, query: str) -> None:
    assert desk.student.get(f"{desk.picker}?{query}").status_code == 404


def test_a_time_after_the_package_would_end_is_not_sold(desk: Desk, shop: Shop) -> None:
    shop.package.validity_days = 2
    db.session.commit()
    page = desk.student.get(desk.picker, package=shop.package.slug, at=AT)
    assert "cannot be booked" in plain(page)
    url = f"{desk.picker}?at={AT}&package={shop.package.slug}"
    answer = desk.student.submit(url, {"at": AT, "mode": "video"}, page=desk.picker)
    assert answer.status_code == 409
    assert desk.orders() == 0


def test_choosing_a_counsellor_keeps_the_package(desk: Desk, shop: Shop) -> None:
    page = desk.student.get("/book", package=shop.package.slug)
    words = plain(page)
    assert "Pick a time first" in words
    assert "JEE Complete , 4 sessions of 45 minutes, ₹4,999" in words
    assert f"{desk.picker}?package={shop.package.slug}" in page.text
    on = desk.student.get("/book", package=shop.package.slug, date="2026-12-12")
    assert f"at={AT}&amp;package={shop.package.slug}" in on.text
    assert desk.student.get("/book", package="nothing").status_code == 404


def test_zone_and_days_keep_what_is_bought(desk: Desk, shop: Shop) -> None:
    page = desk.student.get(desk.picker, package=shop.package.slug, month="2026-12")
    assert f'name="package" value="{shop.package.slug}"' in page.text
    assert f"?date=2026-12-14&amp;package={shop.package.slug}" in page.text


def test_nobody_keeps_a_time_for_staff(app: Flask, desk: Desk, shop: Shop) -> None:
    page = Browser(app, shop.admin).get(desk.picker, package=shop.package.slug, at=AT)
    assert "Students book here" in plain(page)
