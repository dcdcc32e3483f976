"""The demo must make sense on whatever day and hour it is started, and again days later."""

from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from flask import current_app
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from tests.queries import count_queries
from webapp.accounts.models import User
from webapp.availability.models import AvailabilityWindow, Calendar
from webapp.bookings.models import CounsellingSession, SessionChange
from webapp.bookings.queries import requests_of_counsellor, soonest_free, upcoming_sessions
from webapp.bookings.queries.life import earlier_sessions, open_steps, recordings
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.demo.seed import Seeded, seed_demo
from webapp.enrolments.models import Enrolment
from webapp.enrolments.queries import usable_enrolments
from webapp.notifications.kinds import kind_of
from webapp.notifications.models import Notification
from webapp.notifications.queries import count_unread, list_notes
from webapp.packages.models import Package
from webapp.reviews.models import Review

COMPLETED = SessionStatus.COMPLETED
IST = dt.timezone(dt.timedelta(hours=5, minutes=30))
MOMENTS = [
    dt.datetime(2026, 12, 9, 16, 20, tzinfo=IST),  # a Wednesday afternoon
    dt.datetime(2026, 12, 13, 0, 5, tzinfo=IST),  # just after midnight, a Sunday
    dt.datetime(2027, 3, 28, 23, 50, tzinfo=IST),  # London changes its clocks that day
    dt.datetime(2026, 12, 31, 6, 30, tzinfo=IST),  # before anybody works, at the turn of the year
]


def seed(now: dt.datetime) -> Seeded:
    settings = current_app.config["SETTINGS"]
    return seed_demo(db.session(), hash_password=lambda: "one hash for all", settings=settings, now=now)


def counsellor_named(name: str) -> Counsellor:
    return db.session.scalars(select(Counsellor).where(Counsellor.name == name)).one()


def user_at(email: str) -> User:
    return db.session.scalars(select(User).where(User.email == email)).one()


@pytest.mark.parametrize("now", MOMENTS)
def test_a_fresh_house_is_believable_at_any_hour(db_session: Session, now: dt.datetime) -> None:
    seed(now)
    _credits_add_up()
    _ratings_add_up()
    _times_are_in_order(now)
    student = user_at("student@demo.test")
    coming = upcoming_sessions(student.id, now)
    assert now < coming[0].starts_at < now + dt.timedelta(hours=12)
    assert {row.status for row in coming} == {SessionStatus.SCHEDULED, SessionStatus.REQUESTED}
    assert len(usable_enrolments(student.id, now)) == 2
    assert len(requests_of_counsellor(counsellor_named("Dr. Meera Krishnan").id, now)) == 4
    ids = list(db.session.scalars(select(Counsellor.id).where(Counsellor.is_active)))
    soonest = soonest_free(ids, now=now)
    assert set(soonest) == set(ids)
    assert max(soonest.values()) < now + dt.timedelta(days=7)


@pytest.mark.parametrize("now", [MOMENTS[0], MOMENTS[3]])
def test_held_sessions_leave_notes_steps_and_recordings(db_session: Session, now: dt.datetime) -> None:
    seed(now)
    held = list(db.session.scalars(select(CounsellingSession).where(CounsellingSession.status == COMPLETED)))
    for row in held:
        assert row.started_at is not None
        assert row.finished_at is not None
        assert row.starts_at <= row.started_at <= row.finished_at <= now
        assert row.shared_notes
        assert row.private_notes
        assert row.remind_at is None  # nobody is asked about a session of weeks ago
    student = user_at("student@demo.test")
    mine = [row for row in held if row.student_id == student.id]
    shown, all_of_them = recordings(mine, now), recordings(mine, now - dt.timedelta(days=90))
    assert 0 < len(shown) < len(all_of_them) == len(mine)  # the oldest is not shown any more
    steps = [step for row in mine for step in row.next_steps]
    assert 3 <= sum(step.done_at is None for step in steps) < len(steps)
    assert all(step.done_at is None or step.done_at < now for step in steps)
    assert open_steps(student.id, now)
    soon = upcoming_sessions(student.id, now)[0]
    assert len([row for row in earlier_sessions(soon) if row.private_notes]) >= 3  # the counsellor's brief


@pytest.mark.parametrize("email", ["student@demo.test", "counsellor@demo.test"])
def test_inboxes_hold_read_and_unread_lines_in_order(db_session: Session, email: str) -> None:
    now = MOMENTS[0]
    seed(now)
    reader = user_at(email)
    lines = list_notes(reader.id, unread_only=False, group=None, page=1)
    assert lines.total > 8
    assert 1 <= count_unread(reader.id) < lines.total / 2
    told = [line.created_at for line in lines.items]
    assert told == sorted(told, reverse=True)
    assert told[0] <= now
    for line in lines.items:
        assert reader.role in kind_of(line.kind).audience
        assert line.read_at is None or line.created_at < line.read_at < now


def test_days_later_what_was_held_since_is_written_up_and_told(db_session: Session) -> None:
    now = MOMENTS[0]
    seed(now)
    student = user_at("student@demo.test")
    soon = upcoming_sessions(student.id, now)[0]
    seed(now + dt.timedelta(days=2))
    assert soon.shared_notes
    url = f"/sessions/{soon.public_id}"
    told = select(Notification.kind).where(Notification.user_id == student.id, Notification.url.startswith(url))
    assert {"session_notes", "review_prompt"} <= set(db.session.scalars(told))


def _credits_add_up() -> None:
    wrong = text(
        "select count(*) from enrolments e where sessions_used <> (select count(*) from counselling_sessions s "
        "where s.enrolment_id = e.id and not s.credit_returned)"
    )
    assert db.session.scalar(wrong) == 0
    for package in db.session.scalars(select(Package)):
        sold = db.session.scalar(select(func.count()).where(Enrolment.package_id == package.id))
        assert package.total_enrolments == sold


def _ratings_add_up() -> None:
    for counsellor in db.session.scalars(select(Counsellor).where(Counsellor.is_active)):
        stars = list(
            db.session.scalars(
                select(Review.rating).where(Review.counsellor_id == counsellor.id, Review.published_at.is_not(None))
            )
        )
        assert len(stars) >= 2
        assert counsellor.review_count == counsellor.reviews_start + len(stars)
        exact = (counsellor.rating_start * counsellor.reviews_start + sum(stars)) / counsellor.review_count
        assert abs(counsellor.rating - exact) < 0.01


def _times_are_in_order(now: dt.datetime) -> None:
    rows = list(db.session.scalars(select(CounsellingSession)))
    assert {SessionStatus.COMPLETED, SessionStatus.NO_SHOW, SessionStatus.CANCELLED, SessionStatus.DECLINED} < {
        row.status for row in rows
    }
    for row in rows:
        assert row.enrolment is not None
        assert row.enrolment.enrolled_at <= row.requested_at < row.starts_at < row.enrolment.expires_at
        assert row.requested_at < now
        if row.status in (SessionStatus.COMPLETED, SessionStatus.NO_SHOW):
            assert row.ends_at <= now + dt.timedelta(minutes=5)
        history = list(
            db.session.scalars(
                select(SessionChange).where(SessionChange.session_id == row.id).order_by(SessionChange.at)
            )
        )
        assert history[-1].to_status == row.status
        assert row.version == len(history) - 1
    for review in db.session.scalars(select(Review)):
        assert review.created_at <= now
        assert review.published_at is None or review.published_at <= now


def test_a_second_run_on_the_same_day_changes_nothing(db_session: Session) -> None:
    now = MOMENTS[0]
    seed(now)
    waiting = requests_of_counsellor(counsellor_named("Dr. Meera Krishnan").id, now)
    waiting[0].status = SessionStatus.DECLINED
    waiting[0].expires_at = None
    db_session.flush()
    before = _everything()
    with count_queries() as statements:
        assert seed(now + dt.timedelta(hours=3)) == Seeded(0, 0, 0)
    assert _everything() == before
    assert not [line for line in statements if line.startswith(("INSERT", "UPDATE", "DELETE"))]


def _everything() -> dict[str, list[tuple[object, ...]]]:
    tables = (
        "users",
        "counsellors",
        "calendars",
        "packages",
        "enrolments",
        "counselling_sessions",
        "session_changes",
        "next_steps",
        "notifications",
    )
    return {
        name: [tuple(row) for row in db.session.execute(text(f"select * from {name} order by 1"))] for name in tables
    }


def test_what_people_changed_stays_changed(db_session: Session) -> None:
    now = MOMENTS[0]
    seed(now)
    meera = counsellor_named("Dr. Meera Krishnan")
    calendar = db_session.get_one(Calendar, meera.id)
    calendar.notice_hours = 48
    meera.title = "On leave in May"
    windows = select(func.count()).where(AvailabilityWindow.counsellor_id == meera.id)
    db_session.execute(
        delete(AvailabilityWindow).where(AvailabilityWindow.counsellor_id == meera.id, AvailabilityWindow.weekday == 0)
    )
    left = db_session.scalar(windows)
    seed(now + dt.timedelta(days=2))
    assert (calendar.notice_hours, meera.title) == (48, "On leave in May")
    assert db_session.scalar(windows) == left


@pytest.mark.parametrize("days", [1, 4, 10, 40])
def test_days_later_the_week_is_full_again(db_session: Session, days: int) -> None:
    now = MOMENTS[0]
    seed(now)
    later = now + dt.timedelta(days=days)
    added = seed(later)
    assert added.users == added.counsellors == 0
    assert added.sessions > 0
    student = user_at("student@demo.test")
    coming = upcoming_sessions(student.id, later)
    assert coming[0].status is SessionStatus.SCHEDULED
    assert coming[0].starts_at < later + dt.timedelta(days=1)
    meera = counsellor_named("Dr. Meera Krishnan")
    assert len(requests_of_counsellor(meera.id, later)) >= 3
    today = later.astimezone(IST).date()
    agenda = Counter(
        row.starts_at.astimezone(IST).date()
        for row in db_session.scalars(select(CounsellingSession).where(CounsellingSession.counsellor_id == meera.id))
    )
    assert agenda[today] >= 1
    stale = select(func.count()).where(
        CounsellingSession.status == SessionStatus.SCHEDULED, CounsellingSession.ends_at < later
    )
    assert db_session.scalar(stale) == 0
    _credits_add_up()
