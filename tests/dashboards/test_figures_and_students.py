"""A counsellor's figures and students: exact numbers, other counsellors left out, outsiders kept out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_review, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.bookings.models import CounsellingSession, NextStep
from webapp.bookings.queries.figures import WeekFigures, figures_of, held_by_week
from webapp.core import clock
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.payments.models import Account
from webapp.payments.queries.weeks import earnings_by_week
from webapp.payments.services.ledger import Entry, post, session_reference

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
IST = "Asia/Kolkata"
pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):  # Wed, 9 Dec 2026, 9:30 AM IST
        yield


def owner(counsellor: Counsellor) -> User:
    assert counsellor.user is not None
    return counsellor.user


def page(app: Flask, user: User, url: str) -> str:
    answer = Browser(app, user).get(url)
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).split())


def meet(
    counsellor: Counsellor, student: User, start: dt.datetime, status: str = "completed", **columns: Any
) -> CounsellingSession:
    package = make_package(max_sessions=9)
    return make_session(make_enrolment(student, package), counsellor, start, status=status, **columns)


def test_every_number(app: Flask) -> None:
    meera, other = make_counsellor(), make_counsellor()
    ira, zoya = make_user(), make_user()
    meet(meera, ira, NOW - DAY, minutes=60)
    meet(meera, ira, NOW - 6 * DAY, minutes=45)
    meet(meera, zoya, NOW - 20 * DAY)
    meet(meera, zoya, NOW - 80 * DAY, minutes=90)
    meet(meera, zoya, NOW - 200 * DAY)
    meet(meera, zoya, NOW - 2 * DAY, "no_show")
    meet(meera, ira, NOW - 2 * HOUR, "scheduled")  # over, nobody said how it went
    meet(meera, ira, NOW + DAY, "scheduled")
    meet(meera, zoya, NOW + 2 * DAY, "requested")
    meet(meera, zoya, NOW + 3 * DAY, "requested", expires_at=NOW)  # has lapsed
    meet(meera, ira, NOW + 4 * DAY, "cancelled")
    meet(meera, ira, NOW + 4 * DAY, "declined")
    meet(meera, ira, NOW + 4 * DAY, "expired")
    meet(meera, ira, NOW + 4 * DAY, "rescheduled")
    meet(meera, ira, NOW + 5 * DAY, "held", expires_at=NOW + HOUR)
    meet(other, ira, NOW - DAY)
    found = figures_of(meera.id, zone=IST, now=NOW)
    assert (found.total, found.past, found.upcoming, found.this_month) == (13, 7, 2, 5)
    assert (found.confirmed, found.completed, found.cancelled, found.no_show) == (2, 5, 1, 1)
    assert (found.minutes, found.unique_students) == (60 + 45 + 30 + 90 + 30, 2)
    assert (found.month_consultations, found.month_minutes, found.month_students) == (2, 105, 1)
    assert (found.last_7_days, found.last_30_days, found.last_90_days) == (2, 3, 4)
    empty = figures_of(make_counsellor().id, zone=IST, now=NOW)
    assert {getattr(empty, name) for name in empty.__slots__} == {0}
    text = page(app, owner(meera), "/counsellor/figures")
    assert "<dt>Completed</dt><dd>5</dd>" in text
    assert "<dt>Hours held</dt><dd>4 h 15 min</dd>" in text
    assert "<dt>Last 90 days</dt><dd>4</dd>" in text


def test_months_and_weeks_are_those_of_the_viewers_zone() -> None:
    meera, ira = make_counsellor(), make_user()
    start = dt.datetime(2026, 11, 29, 19, 0, tzinfo=dt.UTC)  # Mon, 30 Nov, 12:30 AM IST; Sunday in New York
    meet(meera, ira, start)
    span: Any = {"since": NOW - 30 * DAY, "until": NOW}
    assert held_by_week(meera.id, **span, zone=IST) == {dt.date(2026, 11, 30): WeekFigures(1, 30)}
    assert held_by_week(meera.id, **span, zone="America/New_York") == {dt.date(2026, 11, 23): WeekFigures(1, 30)}
    later = dt.datetime(2026, 11, 30, 19, 0, tzinfo=dt.UTC)  # 1 Dec in India
    meet(meera, ira, later)
    assert figures_of(meera.id, zone=IST, now=NOW).month_consultations == 1
    assert figures_of(meera.id, zone="UTC", now=NOW).month_consultations == 0


def test_earnings_stand_in_the_week_of_their_session(app: Flask) -> None:
    meera, share = make_counsellor(), 87483
    for start in (NOW - DAY, NOW - 2 * DAY, NOW - 9 * DAY):
        session = meet(meera, make_user(), start)
        entries = [Entry(Account.UNEARNED, share), Entry(Account.COUNSELLOR, -share, meera.id)]
        assert post(reference=session_reference(session.id), description="Session", entries=entries, now=NOW)
    db.session.commit()
    span: Any = {"since": NOW - 60 * DAY, "until": NOW + DAY, "zone": IST}
    assert earnings_by_week(meera.id, **span) == {
        dt.date(2026, 12, 7): 2 * share,
        dt.date(2026, 11, 30): share,
    }
    assert earnings_by_week(make_counsellor().id, **span) == {}
    text = page(app, owner(meera), "/counsellor/figures")
    assert f'<tr data-label="7 Dec" data-values="{2 * share / 100}">' in text
    assert text.count("<tr data-label=") == 12
    assert "vendor/chart.umd" in text


def test_the_chart_is_loaded_by_its_page_only(app: Flask) -> None:
    meera = make_counsellor()
    for url in ("/counsellor", "/counsellor/week", "/counsellor/students", "/account"):
        assert "chart.umd" not in page(app, owner(meera), url)


def test_rating_with_its_distribution(app: Flask) -> None:
    meera = make_counsellor(rating=4.5, review_count=2)
    for stars, published in ((5, True), (4, True), (1, False)):
        make_review(meet(meera, make_user(), NOW - stars * DAY), rating=stars, published=published)
    text = page(app, owner(meera), "/counsellor/figures")
    assert 'aria-label="5 stars: 1 of 2"' in text
    assert 'aria-label="1 star: 0 of 2"' in text
    assert "2 ratings" in text


def test_figures_cost_the_same_however_much_there_is(app: Flask, db_session: Session) -> None:
    meera = make_counsellor()

    browser = Browser(app, owner(meera))

    def cost(url: str) -> int:
        with count_queries() as seen:
            assert browser.get(url).status_code == 200
        return len(seen)

    meet(meera, make_user(), NOW - DAY)
    urls = ("/counsellor/figures", "/counsellor/students")
    for url in urls:
        cost(url)
    before = [cost(url) for url in urls]
    for days in range(2, 12):
        session = meet(meera, make_user(), NOW - days * DAY)
        db_session.add(NextStep(session_id=session.id, text="Write the list"))
    db_session.flush()
    assert [cost(url) for url in urls] == before
    assert max(before) <= 10


def test_who_counts_as_a_student(app: Flask) -> None:
    meera, other = make_counsellor(), make_counsellor()
    ira = make_user(name="Ira Sen")
    session = meet(meera, ira, NOW - DAY)
    db.session.add(NextStep(session_id=session.id, text="Write the list"))
    db.session.add(NextStep(session_id=session.id, text="Ask the school", done_at=NOW))
    meet(meera, make_user(name="Zoya Khan"), NOW + DAY, "scheduled")
    meet(meera, make_user(name="Dropped Later"), NOW + DAY, "cancelled", confirmed_at=NOW - DAY)
    strangers = [
        meet(meera, make_user(name="Only Asked"), NOW + 3 * DAY, "requested"),
        meet(meera, make_user(name="Was Declined"), NOW + DAY, "declined"),
        meet(meera, make_user(name="Just Paying"), NOW + 2 * DAY, "held", expires_at=NOW + HOUR),
        meet(other, make_user(name="Not Mine"), NOW - DAY),
    ]
    text = page(app, owner(meera), "/counsellor/students")
    for name in ("Ira Sen", "Zoya Khan", "Dropped Later"):
        assert name in text
    assert "1 session held · last Tue, 8 Dec 2026" in text
    assert "next Thu, 10 Dec 2026" in text
    assert "1 step open" in text
    browser = Browser(app, owner(meera))
    for stranger in strangers:
        assert stranger.student.name not in text
        assert browser.get(f"/counsellor/students/{stranger.student.public_id}").status_code == 404
    assert browser.get("/counsellor/students/user_nobody").status_code == 404
    assert browser.get(f"/counsellor/students/{owner(other).public_id}").status_code == 404
    assert Browser(app, ira).get(f"/counsellor/students/{ira.public_id}").status_code == 403


def test_finding_by_name(app: Flask) -> None:
    meera = make_counsellor()
    for name in ("Ira Sen", "Per%cent O'Neil"):
        meet(meera, make_user(name=name), NOW - DAY)
    look = "/counsellor/students?q="
    assert "Per%cent" not in page(app, owner(meera), look + "ira")
    assert "Ira Sen" not in page(app, owner(meera), look + "%25")
    assert "O&#39;Neil" in page(app, owner(meera), look + "o'n")
    nobody = page(app, owner(meera), look + "<script>")
    assert "Nobody found" in nobody
    assert "<script>”" not in nobody
    assert "Nobody found" in page(app, owner(meera), look + "_")
    assert Browser(app, owner(meera)).get("/counsellor/students?page=999").status_code == 200
    assert Browser(app, owner(meera)).get("/counsellor/students?q=%00&page=-1").status_code == 200


def test_a_students_page_has_ones_own_sessions_only(app: Flask) -> None:
    meera, other = make_counsellor(), make_counsellor()
    ira = make_user(name="Ira Sen")
    mine = meet(
        meera, ira, NOW - DAY, agenda="NITs", shared_notes="Aim at Rourkela", private_notes="Parents push <i>hard</i>"
    )
    theirs = meet(other, ira, NOW - 3 * DAY, shared_notes="Their notes", private_notes="Their secret")
    for session, text in ((mine, "Write the list"), (theirs, "Promise of another")):
        db.session.add(NextStep(session_id=session.id, text=text))
    db.session.flush()
    text = page(app, owner(meera), f"/counsellor/students/{ira.public_id}")
    assert "1 session booked with you" in text
    for words in ("NITs", "Aim at Rourkela", "Parents push &lt;i&gt;hard&lt;/i&gt;", "Write the list"):
        assert words in text
    for words in ("Their notes", "Their secret", "Promise of another", ira.email):
        assert words not in text
    assert f"/sessions/{mine.public_id}" in text


def test_others_are_kept_out(app: Flask) -> None:
    for url in ("/counsellor/figures", "/counsellor/students", "/counsellor/students/user_x"):
        assert "/login" in Browser(app).get(url).headers["Location"]
        for role in (Role.STUDENT, Role.ADMIN):
            assert Browser(app, make_user(role=role)).get(url).status_code == 403
