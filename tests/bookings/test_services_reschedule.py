"""Moving a session: who may, until when, what comes along, who is told; and cancelling with a new booking."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from icalendar import Calendar

from tests.bookings.world import (
    HALF_HOUR,
    SATURDAY_10,
    World,
    accept,
    book,
    cancel,
    hold,
    mails,
    make_world,
    move,
    rebook,
)
from tests.factories import NOW, make_counsellor, make_enrolment, make_exception, make_session, make_user
from webapp.availability.rules import BookingMode
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import history_of
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.errors import (
    DomainError,
    EnrolmentExpired,
    Forbidden,
    InvalidState,
    NoSessionsLeft,
    NotFound,
    SlotTaken,
    StudentBusy,
    ValidationFailed,
)
from webapp.enrolments.models import EnrolmentStatus
from webapp.notifications.guards import still_true

pytestmark = pytest.mark.usefixtures("db_session")
SUNDAY_11 = dt.datetime(2026, 12, 13, 5, 30, tzinfo=dt.UTC)
DEADLINE = SATURDAY_10 - dt.timedelta(hours=24)
SECOND = dt.timedelta(seconds=1)


def _booked(**world: Any) -> tuple[World, CounsellingSession]:
    scene = make_world(**world)
    return scene, book(scene)


def _event(mail_number: int, template: str) -> Any:
    text = mails(template)[mail_number].attachments[0]["text"]
    (event,) = Calendar.from_ical(text).walk("VEVENT")
    return event


def test_a_move_carries_everything_on() -> None:
    world, old = _booked(mode=BookingMode.INSTANT)
    old.private_notes = "Ask about the certificate."
    db.session.commit()
    new = move(old, world.student, SUNDAY_11, reason="  Exam that day. ")
    assert (old.status, new.status) == (SessionStatus.RESCHEDULED, SessionStatus.SCHEDULED)
    assert (new.starts_at, new.minutes) == (SUNDAY_11, 30)
    assert new.rescheduled_from_id == old.id
    assert new.calendar_uid == old.public_id
    assert (old.version, new.version) == (1, 1)
    assert new.meeting_link == old.meeting_link
    assert new.agenda == "Which NITs are realistic?"
    assert new.private_notes == "Ask about the certificate."
    assert old.reason == "Exam that day."
    assert world.enrolment.sessions_used == 1
    assert not old.credit_returned
    assert [line.event for line in history_of(old)] == ["book", "reschedule"]
    assert [(line.event, line.detail["from"]) for line in history_of(new)] == [("carry_on", SATURDAY_10.isoformat())]


def test_both_are_told_with_the_same_uid_and_a_higher_sequence() -> None:
    world, old = _booked()
    new = move(old, world.student, SUNDAY_11)
    again = move(new, world.counsellor_user, SUNDAY_11 + HALF_HOUR)
    first, moved, last = (
        _event(0, "session_confirmed"),
        _event(0, "session_rescheduled"),
        _event(1, "session_rescheduled"),
    )
    assert first["uid"] == moved["uid"] == last["uid"]
    assert [int(event["sequence"]) for event in (first, moved, last)] == [0, 1, 2]
    assert last["dtstart"].dt == SUNDAY_11 + HALF_HOUR
    assert again.calendar_uid == old.public_id
    assert [mail.recipient for mail in mails()[2:4]] == [world.student.email, world.counsellor_user.email]
    words = mails("session_rescheduled")[1].context
    assert words["by"] == "Dr. Meera Krishnan"
    assert words["was"] == "Sun, 13 Dec 2026, 11:00 AM IST"
    assert mails("session_rescheduled_counsellor")[1].context["by"] == "You"
    assert [still_true(mail) for mail in mails()] == [False] * 4 + [True] * 2


@pytest.mark.parametrize("mode", list(BookingMode))
def test_a_confirmed_session_stays_confirmed_whoever_moves_it(mode: BookingMode) -> None:
    world = make_world(mode=mode)
    session = book(world)
    if mode is BookingMode.APPROVAL:
        accept(session, world.counsellor_user)
    for n, actor in enumerate((world.student, world.counsellor_user, world.admin)):
        session = move(session, actor, SUNDAY_11 + n * HALF_HOUR)
        assert session.status is SessionStatus.SCHEDULED
        assert session.expires_at is None
    assert world.enrolment.sessions_used == 1


def test_a_student_moves_until_the_deadline_and_staff_until_the_start() -> None:
    world, session = _booked()
    session = move(session, world.student, SUNDAY_11, now=DEADLINE)
    deadline = SUNDAY_11 - dt.timedelta(hours=24)
    monday = SUNDAY_11 + dt.timedelta(days=1)
    with pytest.raises(Forbidden, match="24 h before"):
        move(session, world.student, monday, now=deadline + SECOND)
    assert session.status is SessionStatus.SCHEDULED
    moved = move(session, world.counsellor_user, SUNDAY_11 + HALF_HOUR, now=SUNDAY_11 - SECOND)  # no notice for staff
    assert moved.status is SessionStatus.SCHEDULED
    with pytest.raises(InvalidState, match="has begun"):
        move(moved, world.admin, monday, now=moved.starts_at)


def test_another_time_asked_for_waives_the_deadline() -> None:
    world, session = _booked()
    session.move_offered_at = NOW
    db.session.commit()
    moved = move(session, world.student, SUNDAY_11 + dt.timedelta(days=2), now=SATURDAY_10 - SECOND)
    assert moved.move_offered_at is None
    with pytest.raises(Forbidden):
        move(moved, world.student, SUNDAY_11 + dt.timedelta(days=4), now=moved.starts_at - dt.timedelta(hours=1))


def test_its_own_time_is_free_for_the_move() -> None:
    world = make_world(rules={"step_minutes": 15, "buffer_after": 15, "max_per_day": 1})
    session = book(world)
    moved = move(session, world.student, SATURDAY_10 + dt.timedelta(minutes=15))
    assert moved.starts_at == SATURDAY_10 + dt.timedelta(minutes=15)


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (SATURDAY_10, "at that time already"),
        (NOW - HALF_HOUR, "has passed"),
        (NOW + dt.timedelta(hours=2), "notice"),
        (NOW + dt.timedelta(days=200), "ahead"),
        (SUNDAY_11.replace(tzinfo=None), "needs its zone"),
    ],
)
def test_times_that_nobody_moves_to(start: dt.datetime, words: str) -> None:
    world, session = _booked()
    with pytest.raises(ValidationFailed, match=words):
        move(session, world.student, start)
    assert session.status is SessionStatus.SCHEDULED
    assert len(mails()) == 2


def test_a_taken_time_is_refused_with_the_nearest() -> None:
    world, session = _booked()
    other = make_user()
    make_session(make_enrolment(other), world.counsellor, SUNDAY_11)
    make_exception(world.counsellor, dt.date(2026, 12, 15))
    db.session.commit()
    for start in (SUNDAY_11, SUNDAY_11 + dt.timedelta(days=2), SUNDAY_11 + dt.timedelta(minutes=7)):
        with pytest.raises(SlotTaken) as refusal:
            move(session, world.student, start)
        assert len(refusal.value.nearest) == 4
    with pytest.raises(SlotTaken):
        move(session, world.counsellor_user, SUNDAY_11)
    assert session.status is SessionStatus.SCHEDULED


def test_the_students_own_calendar_counts() -> None:
    world, session = _booked()
    make_session(world.enrolment, make_counsellor(), SUNDAY_11)
    db.session.commit()
    with pytest.raises(StudentBusy):
        move(session, world.student, SUNDAY_11)


def test_the_students_own_hold_gives_way_to_the_student_only() -> None:
    world, session = _booked()
    hold(world, SUNDAY_11)
    with pytest.raises(SlotTaken):
        move(session, world.counsellor_user, SUNDAY_11)
    assert move(session, world.student, SUNDAY_11).starts_at == SUNDAY_11


def test_the_package_bounds_the_move() -> None:
    world, session = _booked(expires_at=SUNDAY_11)
    with pytest.raises(EnrolmentExpired, match="before that"):
        move(session, world.student, SUNDAY_11)
    world.enrolment.status = EnrolmentStatus.REFUNDED
    db.session.commit()
    with pytest.raises(EnrolmentExpired, match="refunded"):
        move(session, world.admin, SATURDAY_10 + HALF_HOUR)


def test_a_package_with_all_sessions_used_still_moves_them() -> None:
    world, session = _booked(sessions_total=1)
    assert move(session, world.student, SUNDAY_11).status is SessionStatus.SCHEDULED
    assert world.enrolment.sessions_used == 1


@pytest.mark.parametrize(
    "status", ["requested", "completed", "no_show", "cancelled", "declined", "expired", "rescheduled"]
)
def test_only_a_confirmed_session_moves(status: str) -> None:
    world = make_world()
    session = make_session(world.enrolment, world.counsellor, SATURDAY_10, status=status)
    db.session.commit()
    with pytest.raises(InvalidState):
        move(session, world.admin, SUNDAY_11)
    assert session.status == status


def test_outsiders_find_nothing() -> None:
    world, session = _booked()
    other = make_counsellor().user
    assert other is not None
    db.session.commit()
    for outsider in (world.outsider, other):
        for act in (move, rebook):
            with pytest.raises(DomainError) as refusal:
                act(session, outsider, SUNDAY_11)
            assert isinstance(refusal.value, NotFound)


def test_a_long_reason_changes_nothing() -> None:
    world, session = _booked()
    with pytest.raises(ValidationFailed) as refusal:
        move(session, world.student, SUNDAY_11, reason="x" * 501)
    assert "reason" in refusal.value.fields
    assert session.status is SessionStatus.SCHEDULED


# ── cancel and book again, in one step ──


def test_a_request_is_taken_back_and_asked_anew() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    again = rebook(session, world.student, SATURDAY_10 + dt.timedelta(minutes=30), reason="Later is better.")
    assert (session.status, again.status) == (SessionStatus.CANCELLED, SessionStatus.REQUESTED)
    assert session.credit_returned
    assert again.agenda == session.agenda
    assert again.rescheduled_from_id is None
    assert world.enrolment.sessions_used == 1
    assert [mail.template for mail in mails()[2:]] == [
        "session_cancelled",
        "session_cancelled_counsellor",
        "session_requested",
        "session_request_received",
    ]


def test_after_the_deadline_the_new_one_uses_another_session() -> None:
    world, session = _booked()
    again = rebook(session, world.student, SUNDAY_11 + dt.timedelta(days=1), now=DEADLINE + SECOND)
    assert again.status is SessionStatus.SCHEDULED
    assert not session.credit_returned
    assert world.enrolment.sessions_used == 2


def test_neither_happens_when_the_other_cannot() -> None:
    world, session = _booked(sessions_total=1)
    with pytest.raises(NoSessionsLeft):
        rebook(session, world.student, SUNDAY_11 + dt.timedelta(days=1), now=DEADLINE + SECOND)
    world.enrolment.sessions_total = 4
    make_session(world.enrolment, make_counsellor(), SUNDAY_11)
    db.session.commit()
    with pytest.raises(StudentBusy):
        rebook(session, world.student, SUNDAY_11)
    db.session.refresh(session)
    assert session.status is SessionStatus.SCHEDULED
    assert not mails("session_cancelled")


def test_only_students_rebook() -> None:
    world, session = _booked()
    with pytest.raises(Forbidden):
        rebook(session, world.counsellor_user, SUNDAY_11)
    cancel(session, world.student)
    with pytest.raises(InvalidState):
        rebook(session, world.student, SUNDAY_11)
