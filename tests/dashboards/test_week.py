"""The counsellor's week: where things stand on it, whose it is, and what it costs."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_exception,
    make_session,
    make_user,
)
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.counsellors.models import Counsellor
from webapp.dashboards.counsellor.week import read_week, write_week

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
TODAY = dt.date(2026, 12, 9)
WEEK = "/counsellor/week"
pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):  # Wed, 9 Dec 2026, 9:30 AM IST
        yield


def owner(counsellor: Counsellor) -> User:
    assert counsellor.user is not None
    return counsellor.user


def page(app: Flask, user: User, url: str = WEEK, *, htmx: bool = False) -> str:
    answer = Browser(app, user).get(url, htmx=htmx)
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).split())


def column(text: str, date: str) -> str:
    """The list of one day."""
    found = re.search(rf'<ol class="day-col[^"]*" aria-labelledby="day-{date}">.*?</ol>', text)
    assert found
    return found.group()


def test_hours_sessions_requests_and_holds(app: Flask) -> None:
    meera = make_counsellor(windows=[(2, 600, 780), (2, 840, 900)])
    student = make_user(name="Ananya Chatterjee")
    enrolment = make_enrolment(student, sessions_total=9, session_minutes=45)
    booked = make_session(enrolment, meera, NOW + HOUR)  # 10:30 AM
    make_session(make_enrolment(make_user(name="Tanvi Joshi")), meera, NOW - HOUR, status=SessionStatus.COMPLETED)
    make_session(
        make_enrolment(make_user(name="Rahul Nair")), meera, NOW + 2 * HOUR, status="requested", expires_at=NOW + HOUR
    )
    soon = NOW + dt.timedelta(minutes=8)
    held: Any = {"status": "held", "minutes": 30, "debit": False, "enrolment_id": None, "expires_at": soon}
    make_session(make_enrolment(make_user(name="Secret Payer")), meera, NOW + 5 * HOUR, **held)
    gone = {**held, "expires_at": NOW}
    make_session(make_enrolment(make_user()), meera, NOW + 6 * HOUR, **gone)
    text = page(app, owner(meera))
    assert "7 – 13 December 2026</h1><p>2 sessions, 1 request, 1 time held. All times IST." in text
    day = column(text, "2026-12-09")
    assert 'win-bg at-9 len-12"><span><span class="visually-hidden">Open </span>10 AM – 1 PM' in day  # from 8 AM on
    assert "2 – 3 PM" in day
    assert f'<li class="wev at-11 len-3"><a href="/sessions/{booked.public_id}"><b>Ananya Chatterjee</b>' in day
    assert 'len-2 short" data-tone="done"' in day
    assert 'data-tone="req"' in day
    assert "request, 1 h left" in day
    assert 'data-tone="held"><span><b>Held</b>8 min left<span class="visually-hidden">, from 2:30 PM' in day
    assert day.count("<b>Held</b>") == 1
    assert "Secret Payer" not in text
    assert '<li class="nowline at-7">' in day
    assert "No hours and nothing booked" in column(text, "2026-12-10")


def test_days_that_differ(app: Flask) -> None:
    meera = make_counsellor()
    make_exception(meera, TODAY + DAY, reason="Family function")
    make_exception(meera, TODAY + 2 * DAY, [[900, 960]], reason="Late <b>start</b>")
    text = page(app, owner(meera))
    off = column(text, "2026-12-10")
    assert 'class="day-col offday"' in off
    assert "<b>Day off</b>Family function" in off
    assert "win-bg" not in off
    special = column(text, "2026-12-11")
    assert "3 – 4 PM" in special
    assert "Late &lt;b&gt;start&lt;/b&gt;" in special
    assert "10 AM" not in special


def test_the_week_and_the_day_stand_in_the_address(app: Flask) -> None:
    meera = make_counsellor()
    text = page(app, owner(meera), f"{WEEK}?week=2026-W53&day=2027-01-02")
    assert "28 December 2026 – 3 January 2027" in text
    assert f'href="{WEEK}?week=2026-W52"' in text
    assert f'href="{WEEK}?week=2027-W01"' in text
    assert '<ol class="day-col shown" aria-labelledby="day-2027-01-02">' in text
    assert f'href="{WEEK}?week=2026-W53&amp;day=2026-12-31"' in text
    assert text.count('aria-current="date"') == 1
    part = page(app, owner(meera), f"{WEEK}?week=2026-W49", htmx=True)
    assert part.startswith('<div id="week-view"')
    assert "30 November – 6 December 2026" in part
    assert '<ol class="day-col shown" aria-labelledby="day-2026-11-30">' in part


@pytest.mark.parametrize("bad", ["", "2026", "2026-W54", "2026-W00", "0000-W01", "9999-W52", "x" * 300, "2026-W50\x00"])
def test_a_week_that_is_none_is_this_one(app: Flask, bad: str) -> None:
    assert read_week(bad, TODAY) == dt.date(2026, 12, 7)
    assert "7 – 13 December 2026" in page(app, owner(make_counsellor()), f"{WEEK}?week={bad}&day={bad}")


def test_weeks_are_read_as_written() -> None:
    for date in (dt.date(2026, 12, 9), dt.date(2027, 1, 1), dt.date(2020, 12, 31)):
        assert read_week(write_week(date), TODAY) == date - date.weekday() * DAY


def test_a_session_across_midnight_stands_on_both_days_in_the_viewers_zone(app: Flask) -> None:
    meera = make_counsellor(user=make_user(role=Role.COUNSELLOR, zone="America/New_York"))
    start = dt.datetime(2026, 12, 10, 4, 30, tzinfo=dt.UTC)  # Wed 11:30 PM in New York
    make_session(make_enrolment(make_user(name="Ira Sen")), meera, start, minutes=60)
    text = page(app, owner(meera))
    assert "All times EST." in text
    first, second = column(text, "2026-12-09"), column(text, "2026-12-10")
    assert 'class="wev at-95 len-2 short"' in first
    assert 'class="wev at-1 len-2 short"' in second
    assert "11:30 PM – 12 AM" in first  # 10 AM to 1 PM in India
    assert "12 – 2:30 AM" in second


def test_the_hour_a_clock_change_takes_moves_nothing_else(app: Flask) -> None:
    meera = make_counsellor(user=make_user(role=Role.COUNSELLOR, zone="Europe/London"), calendar=False)
    start = dt.datetime(2027, 3, 28, 9, 0, tzinfo=dt.UTC)  # 10 AM BST on the day the clocks go forward
    make_session(make_enrolment(make_user()), meera, start)
    day = column(page(app, owner(meera), f"{WEEK}?week=2027-W12"), "2027-03-28")
    assert 'class="wev at-5 len-2 short"' in day  # from 9 AM on
    assert "10:00 AM" in day


def test_a_closed_calendar_says_so(app: Flask) -> None:
    meera = make_counsellor(rules={"is_open": False})
    text = page(app, owner(meera))
    assert "No hours are open." in text
    assert "win-bg" not in text


def test_nobody_sees_anothers_week(app: Flask) -> None:
    meera, other = make_counsellor(), make_counsellor()
    make_session(make_enrolment(make_user(name="Ira Sen")), meera, NOW + HOUR)
    assert "Ira Sen" not in page(app, owner(other))
    assert Browser(app, make_user()).get(WEEK).status_code == 403
    assert "/login" in Browser(app).get(WEEK).headers["Location"]
    theirs = f"/admin/counsellors/{meera.public_id}/week"
    assert Browser(app, owner(other)).get(theirs).status_code == 403
    admin = make_user(role=Role.ADMIN)
    assert "Ira Sen" in page(app, admin, theirs)
    assert Browser(app, admin).get("/admin/counsellors/counsellor_nobody/week").status_code == 404


def test_an_account_without_a_profile_is_told(app: Flask) -> None:
    nobody = make_user(role=Role.COUNSELLOR)
    for url in (WEEK, "/counsellor/figures", "/counsellor/students"):
        assert "Your profile is not set up yet" in page(app, nobody, url)
    assert Browser(app, nobody).get("/counsellor/students/user_x").status_code == 404


def test_a_full_week_costs_what_an_empty_one_does(app: Flask, db_session: Session) -> None:
    meera = make_counsellor()

    browser = Browser(app, owner(meera))

    def cost() -> int:
        with count_queries() as seen:
            assert browser.get(WEEK).status_code == 200
        return len(seen)

    cost()
    before = cost()
    for hour in range(1, 12):
        waits = hour % 2
        status, until = ("requested", NOW + HOUR) if waits else ("scheduled", None)
        make_session(make_enrolment(make_user()), meera, NOW + hour * HOUR, status=status, expires_at=until)
    db_session.flush()
    assert cost() == before <= 8
