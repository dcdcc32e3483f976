"""Reads of bookings: calendars in one statement, free times, lists of sessions, no statement per row."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.bookings.world import HALF_HOUR, SATURDAY_10, World, book, cancel, hold, make_world
from tests.factories import NOW, make_counsellor, make_enrolment, make_exception, make_session, make_user
from tests.queries import count_queries
from webapp.availability.rules import BookingMode, ExceptionDay, Window, local_date
from webapp.bookings import queries
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import SessionFilter
from webapp.bookings.rules import Blocker, BlockerKind, Busy, BusyKind, SessionStatus
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.counsellors.models import Counsellor

pytestmark = pytest.mark.usefixtures("db_session")
DATE = dt.date(2026, 12, 12)
DAY = dt.timedelta(days=1)
SLOTS = [SATURDAY_10 + n * HALF_HOUR for n in range(6)]


def free(counsellor: Counsellor, **changes: Any) -> list[dt.datetime]:
    arguments = {"student_id": None, "duration": 30, "first": DATE, "last": DATE, "now": NOW}
    return queries.free_starts_for(counsellor, **{**arguments, **changes})


def taken(world: World, start: dt.datetime, **columns: Any) -> CounsellingSession:
    return make_session(make_enrolment(make_user()), world.counsellor, start, **columns)


def test_a_free_day_and_what_takes_time_from_it() -> None:
    world = make_world()
    assert free(world.counsellor) == SLOTS
    taken(world, SLOTS[0])
    taken(world, SLOTS[1], status="requested")
    for status in ("cancelled", "declined", "expired", "rescheduled"):
        taken(world, SLOTS[2], status=status)
    taken(world, SLOTS[3], status="requested", expires_at=NOW)  # ran out, no sweep yet
    assert free(world.counsellor) == SLOTS[2:]


def test_everything_a_calendar_holds_comes_in_one_statement() -> None:
    world = make_world(
        mode=BookingMode.APPROVAL,
        rules={
            "zone": "Europe/London",
            "session_minutes": 45,
            "step_minutes": 15,
            "buffer_before": 5,
            "buffer_after": 10,
            "notice_hours": 12,
            "horizon_days": 30,
            "max_per_day": 7,
            "cancel_deadline_hours": 6,
        },
    )
    make_exception(world.counsellor, DATE, [[600, 660], [700, 730]])
    make_exception(world.counsellor, DATE + 9 * DAY)
    past = taken(world, NOW - dt.timedelta(hours=3), status="completed")
    taken(world, NOW - 5 * DAY, status="completed")
    request = taken(world, SATURDAY_10, status="requested")
    mine = make_session(world.enrolment, make_counsellor(), SATURDAY_10 + DAY)
    ids, student_id = [world.counsellor.id], world.student.id
    with count_queries() as statements:
        data = queries.calendar_data(ids, NOW.date(), DATE, student_id=student_id, now=NOW)[ids[0]]
    assert len(statements) == 1
    assert data.rules.zone == "Europe/London"
    assert (data.rules.session_minutes, data.rules.step_minutes, data.rules.notice_minutes) == (45, 15, 720)
    assert (data.rules.buffer_before, data.rules.buffer_after) == (5, 10)
    assert (data.rules.horizon_days, data.rules.max_per_day) == (30, 7)
    assert data.rules.mode is BookingMode.APPROVAL
    assert (data.deadline_hours, data.is_open) == (6, True)
    assert data.exceptions == [ExceptionDay(DATE, ((600, 660), (700, 730)))]
    assert {window.weekday for window in data.windows} == {2, 3, 4, 5}  # only the days asked about
    assert sorted(data.busy, key=lambda busy: busy.start) == [
        Busy(past.starts_at, past.ends_at, BusyKind.SESSION),
        Busy(request.starts_at, request.ends_at, BusyKind.REQUEST, request.expires_at),
    ]
    assert data.own == [Busy(mine.starts_at, mine.ends_at, BusyKind.OWN)]


def test_today_counts_what_is_over_for_the_cap() -> None:
    world = make_world(rules={"max_per_day": 1, "notice_hours": 0})
    today = NOW.date()
    assert free(world.counsellor, first=today, last=today)
    taken(world, NOW - HALF_HOUR, status="completed")
    assert free(world.counsellor, first=today, last=today) == []


def test_one_statement_whatever_the_number_of_counsellors_and_rows() -> None:
    world = make_world()
    others = [make_counsellor() for _ in range(6)]
    for other in others:
        make_session(make_enrolment(make_user()), other, SATURDAY_10)
    ids = [world.counsellor.id, *(other.id for other in others)]
    with count_queries() as statements:
        found = queries.calendar_data(ids, DATE, DATE, student_id=None, now=NOW)
    assert len(statements) == 1
    assert [len(found[key].busy) for key in ids] == [0, 1, 1, 1, 1, 1, 1]
    with count_queries() as statements:
        assert queries.calendar_data([], DATE, DATE, student_id=None, now=NOW) == {}
    assert not statements


def test_no_calendar_or_a_closed_one_has_no_free_time() -> None:
    closed = make_counsellor(rules={"is_open": False})
    bare = make_counsellor(calendar=False)
    assert free(closed) == free(bare) == []
    reasons = queries.explain_time(closed, SATURDAY_10, duration=30, now=NOW)
    assert [reason.message for reason in reasons] == ["The calendar is closed: no bookings are taken at the moment."]


def test_dates_of_the_viewers_zone() -> None:
    world = make_world()
    here = free(world.counsellor, zone="America/Los_Angeles", first=DATE, last=DATE)
    assert here == [start + DAY for start in SLOTS]  # Friday night in California is the day before
    assert free(world.counsellor, zone="Asia/Kolkata") == SLOTS


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Asia/Kathmandu", "America/New_York"])
def test_the_viewers_dates_put_together_are_all_dates(zone: str) -> None:
    world = make_world(rules={"zone": "Australia/Sydney", "max_per_day": 3, "buffer_after": 20})
    make_exception(world.counsellor, DATE + DAY, [[0, 1440]])
    for n in range(9):
        taken(world, SATURDAY_10 + n * dt.timedelta(hours=7))
    begin, end = DATE - 2 * DAY, DATE + 5 * DAY
    whole = free(world.counsellor, first=begin - 2 * DAY, last=end + 2 * DAY)
    days = [begin + n * DAY for n in range((end - begin).days + 1)]
    pieces = [free(world.counsellor, zone=zone, first=day, last=day) for day in days]
    for day, piece in zip(days, pieces, strict=True):
        assert piece == [start for start in whole if local_date(start, zone) == day]
        found = queries.free_on_date(day, zone=zone, duration=30, student_id=None, now=NOW)
        assert found == ([(world.counsellor.id, piece)] if piece else [])
    together = free(world.counsellor, zone=zone, first=begin, last=end)
    assert together == [start for piece in pieces for start in piece]


def test_the_enrolments_end_and_the_length_count() -> None:
    world = make_world()
    assert free(world.counsellor, expires_at=SLOTS[2]) == SLOTS[:2]
    assert free(world.counsellor, duration=90) == [SLOTS[0], SLOTS[3]]
    assert free(world.counsellor, duration=None) == SLOTS


def test_who_is_free_on_a_date() -> None:
    early, late = make_counsellor(windows=[(5, 540, 600)]), make_counsellor(windows=[(5, 600, 660)])
    make_counsellor(windows=[(4, 540, 600)])
    make_counsellor(is_active=False)
    make_counsellor(calendar=False)
    busy_student = make_user()
    make_session(make_enrolment(busy_student), late, SATURDAY_10)
    with count_queries() as statements:
        found = queries.free_on_date(DATE, zone="Asia/Kolkata", duration=30, student_id=None, now=NOW)
    assert len(statements) == 2
    assert found == [
        (early.id, [SATURDAY_10 - 2 * HALF_HOUR, SATURDAY_10 - HALF_HOUR]),
        (late.id, [SATURDAY_10 + HALF_HOUR]),
    ]
    only = queries.free_on_date(
        DATE, zone="Asia/Kolkata", duration=None, student_id=busy_student.id, now=NOW, counsellor_ids=[late.id]
    )
    assert [one for one, _ in only] == [late.id]


def test_the_soonest_free_time_looks_further_only_for_those_without_one() -> None:
    soon, later, never = make_counsellor(), make_counsellor(), make_counsellor(windows=[])
    for day in range(10):
        make_exception(later, NOW.date() + day * DAY)
    ids = [soon.id, later.id, never.id]
    with count_queries() as statements:
        found = queries.soonest_free(ids, now=NOW)
    assert len(statements) == 2
    assert found == {
        soon.id: dt.datetime(2026, 12, 10, 4, 30, tzinfo=dt.UTC),
        later.id: dt.datetime(2026, 12, 19, 4, 30, tzinfo=dt.UTC),
    }
    assert queries.soonest_free([later.id], now=NOW, days=7) == {}
    assert queries.soonest_free([], now=NOW) == {}


def test_the_nearest_free_times_and_the_first_when_none_is_near() -> None:
    world = make_world()
    taken(world, SATURDAY_10)
    near = queries.nearest_free(world.counsellor, SATURDAY_10, duration=30, student_id=None, now=NOW)
    assert near == SLOTS[1:5]
    rare = make_counsellor(windows=[])
    make_exception(rare, DATE + 40 * DAY, [[600, 630]])
    found = queries.nearest_free(rare, SATURDAY_10, duration=30, student_id=None, now=NOW)
    assert found == [SATURDAY_10 + 40 * DAY]


def test_why_a_time_is_not_free() -> None:
    world = make_world()
    taken(world, SATURDAY_10)

    def why(instant: dt.datetime, **more: Any) -> list[BlockerKind]:
        reasons: list[Blocker] = queries.explain_time(world.counsellor, instant, **{"duration": 30, "now": NOW, **more})
        return [reason.kind for reason in reasons]

    assert why(SATURDAY_10) == [BlockerKind.SESSION]
    assert why(SLOTS[1]) == []
    assert why(SLOTS[1] + dt.timedelta(minutes=5)) == [BlockerKind.STEP]
    assert BlockerKind.PAST in why(NOW - DAY)
    assert why(dt.datetime.min.replace(tzinfo=dt.UTC)) == [BlockerKind.PAST]
    assert why(dt.datetime.max.replace(tzinfo=dt.UTC)) == [BlockerKind.HORIZON]


def test_sessions_that_new_hours_would_leave_outside() -> None:
    world = make_world()
    inside, outside = taken(world, SLOTS[1]), taken(world, SLOTS[5])
    request = taken(world, SLOTS[4] + DAY, status="requested")
    taken(world, SLOTS[5] + 2 * DAY, status="cancelled")
    taken(world, SLOTS[5] + 3 * DAY, status="requested", expires_at=NOW)
    taken(world, NOW - DAY, status="completed")
    hold(world, SLOTS[3] + 4 * DAY)

    def affected(**hours: Any) -> list[int]:
        plan = {"windows": [Window(day, 600, 690) for day in range(7)], "exceptions": [], "zone": "Asia/Kolkata"}
        found = queries.affected_sessions(world.counsellor.id, **{**plan, **hours}, now=NOW)
        return [row.id for row in found]

    assert affected() == [outside.id, request.id]
    assert affected(exceptions=[ExceptionDay(DATE, ())]) == [inside.id, outside.id, request.id]
    assert affected(exceptions=[ExceptionDay(DATE, ((600, 780),))]) == [request.id]
    with count_queries() as statements:
        rows = queries.affected_sessions(world.counsellor.id, windows=[], exceptions=[], zone="Asia/Kolkata", now=NOW)
        assert all(row.student.name for row in rows)
    assert len(statements) == 1


def test_a_session_is_found_by_its_people_and_admins_only() -> None:
    world = make_world()
    session = book(world)
    stranger = make_counsellor()
    db.session.commit()
    for reader in (world.student, world.counsellor_user, world.admin):
        assert queries.get_session_for(reader, session.public_id).id == session.id
    for outsider in (world.outsider, stranger.user):
        assert outsider is not None
        with pytest.raises(NotFound):
            queries.get_session_for(outsider, session.public_id)


def test_one_session_comes_whole_in_one_statement() -> None:
    world = make_world()
    public_id = book(world).public_id
    reader = world.student
    db.session.expire_all()
    assert reader.role
    with count_queries() as statements:
        found = queries.get_session_for(reader, public_id)
        assert found.counsellor.user
        assert found.student.name
        assert found.enrolment
        assert found.enrolment.title
    assert len(statements) == 1


def test_lists_of_a_student() -> None:
    world = make_world(sessions_total=20)
    soon, later = book(world), book(world, SATURDAY_10 + DAY)
    over = make_session(world.enrolment, world.counsellor, NOW - DAY, status="completed")
    gone = book(world, SATURDAY_10 + 2 * DAY)
    cancel(gone, world.student)
    lapsed = make_session(world.enrolment, world.counsellor, SATURDAY_10 + 3 * DAY, status="requested", expires_at=NOW)
    taken(world, SATURDAY_10 + 4 * DAY)
    db.session.commit()

    def listed(part: SessionFilter) -> list[int]:
        return [row.id for row in queries.sessions_of_student(world.student, part, now=NOW).items]

    assert [row.id for row in queries.upcoming_sessions(world.student.id, NOW)] == [soon.id, later.id]
    assert listed(SessionFilter.UPCOMING) == [soon.id, later.id]
    assert listed(SessionFilter.PAST) == [lapsed.id, gone.id, over.id]
    assert listed(SessionFilter.ALL) == [lapsed.id, gone.id, later.id, soon.id, over.id]
    page = queries.sessions_of_student(world.student, SessionFilter.ALL, 2, now=NOW, limit=2)
    assert [row.id for row in page.items] == [later.id, soon.id]
    assert (page.total, page.pages) == (5, 3)


def test_a_session_is_upcoming_until_it_ends() -> None:
    world = make_world()
    session = book(world)
    during = SATURDAY_10 + dt.timedelta(minutes=29)
    assert [row.id for row in queries.upcoming_sessions(world.student.id, during)] == [session.id]
    assert queries.upcoming_sessions(world.student.id, SATURDAY_10 + HALF_HOUR) == []


def test_lists_of_a_counsellor() -> None:
    world = make_world(mode=BookingMode.APPROVAL, sessions_total=20)
    second = book(world, SATURDAY_10 + DAY)
    first = book(world)
    taken(world, SATURDAY_10 + 2 * DAY, status="requested", expires_at=NOW)
    fixed = taken(world, SLOTS[3])
    missed = taken(world, SLOTS[4], status="no_show")
    taken(world, SLOTS[5], status="cancelled")
    counsellor_id = world.counsellor.id
    assert [row.id for row in queries.requests_of_counsellor(counsellor_id, NOW)] == [first.id, second.id]
    assert first.expires_at is not None
    assert [row.id for row in queries.requests_of_counsellor(counsellor_id, first.expires_at)] == [second.id]
    start = SATURDAY_10 - dt.timedelta(hours=10)
    firm = queries.agenda_of_counsellor(counsellor_id, start, start + DAY)
    assert [row.id for row in firm] == [fixed.id, missed.id]
    whole = queries.agenda_of_counsellor(counsellor_id, start, start + DAY, now=NOW)
    assert [row.id for row in whole] == [first.id, fixed.id, missed.id]
    upcoming = queries.sessions_of_counsellor(world.counsellor, "upcoming", now=NOW)
    assert [row.id for row in upcoming.items] == [first.id, fixed.id, second.id]
    assert queries.count_by_status(counsellor_id, start, start + DAY) == {
        SessionStatus.REQUESTED: 1,
        SessionStatus.SCHEDULED: 1,
        SessionStatus.NO_SHOW: 1,
        SessionStatus.CANCELLED: 1,
    }


def test_lists_do_not_ask_per_row() -> None:
    world = make_world(sessions_total=20)
    for n in range(5):
        book(world, SLOTS[n])
    db.session.expire_all()
    student = world.student
    assert student.id
    with count_queries() as statements:
        page = queries.sessions_of_student(student, now=NOW)
        for row in page.items:
            assert row.counsellor.name
            assert row.counsellor.photo is None
            assert row.enrolment
            assert row.enrolment.title
    assert len(page.items) == 5
    assert len(statements) == 2


def test_sessions_are_numbered_by_the_credits_they_use() -> None:
    world = make_world(sessions_total=20)
    dates = [SATURDAY_10 + n * DAY for n in range(5)]
    second, first, late, returned, lost = (book(world, dates[n]) for n in (1, 0, 4, 2, 3))
    cancel(returned, world.admin)
    cancel(lost, world.student, now=dates[3] - HALF_HOUR)
    rows = [first, second, late, returned, lost]
    assert all(row.id for row in rows)
    with count_queries() as statements:
        numbers = queries.session_numbers(rows)
    assert len(statements) == 1
    assert numbers == {first.id: 1, second.id: 2, lost.id: 3, late.id: 4}
    assert queries.session_numbers([]) == {}


def test_the_deadline_is_the_counsellors_else_the_houses() -> None:
    world, strict = make_world(), make_world(rules={"cancel_deadline_hours": 48})
    assert queries.deadline_hours_of(world.counsellor.id) == 24
    assert queries.cancel_deadline_of(book(strict)) == SATURDAY_10 - 2 * DAY
