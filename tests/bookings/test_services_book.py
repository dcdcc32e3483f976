"""Booking: what it does, and every way in which it says no without changing anything."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from redis import Redis
from sqlalchemy.orm import Session

from tests.bookings.world import HALF_HOUR, SATURDAY_10, all_sessions, book, hold, mails, make_world
from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_exception,
    make_package,
    make_service,
    make_session,
    make_user,
)
from tests.queries import count_queries
from webapp.availability.rules import BookingMode
from webapp.bookings.models import MeetingMode
from webapp.bookings.queries import history_of
from webapp.bookings.rules import SessionStatus
from webapp.core import live
from webapp.core.db import db, transaction
from webapp.core.errors import (
    Conflict,
    DomainError,
    EnrolmentExpired,
    Forbidden,
    NoSessionsLeft,
    NotFound,
    SlotTaken,
    StudentBusy,
    ValidationFailed,
)
from webapp.enrolments.models import EnrolmentStatus

pytestmark = pytest.mark.usefixtures("db_session")


def test_an_instant_booking_is_confirmed_at_once_and_uses_one_credit() -> None:
    world = make_world()
    session = book(world, agenda="  Which NITs?\r\nAnd WBJEE?  ")
    assert session.status is SessionStatus.SCHEDULED
    assert (session.starts_at, session.ends_at) == (SATURDAY_10, SATURDAY_10 + HALF_HOUR)
    assert session.agenda == "Which NITs?\nAnd WBJEE?"
    assert session.confirmed_at == NOW
    assert session.expires_at is None
    assert session.meeting_platform == "Jitsi"
    assert (session.meeting_link or "").startswith("https://meet.jit.si/disha-")
    assert len((session.meeting_link or "").rpartition("disha-")[2]) >= 32
    assert world.enrolment.sessions_used == 1
    assert [(change.event, change.to_status, change.actor_id) for change in history_of(session)] == [
        ("book", "scheduled", world.student.id)
    ]
    assert [mail.template for mail in mails()] == ["session_confirmed", "session_confirmed_counsellor"]


def test_with_approval_it_is_a_request_that_lapses_three_hours_before() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    assert session.status is SessionStatus.REQUESTED
    assert session.expires_at == SATURDAY_10 - dt.timedelta(hours=3)
    assert session.meeting_link is None
    assert session.confirmed_at is None
    assert world.enrolment.sessions_used == 1
    assert [mail.template for mail in mails()] == ["session_requested", "session_request_received"]


def test_a_late_request_leaves_an_hour_to_answer_but_never_beyond_the_start() -> None:
    world = make_world(mode=BookingMode.APPROVAL, rules={"notice_hours": 0})
    assert book(world, now=SATURDAY_10 - dt.timedelta(hours=2)).expires_at == SATURDAY_10 - dt.timedelta(hours=1)
    soon = SATURDAY_10 + HALF_HOUR
    assert book(world, soon, now=soon - dt.timedelta(minutes=20)).expires_at == soon


def test_the_length_is_the_enrolments() -> None:
    world = make_world(session_minutes=90)
    assert book(world).minutes == 90


def test_a_phone_session_needs_no_room() -> None:
    assert book(make_world(), meeting_mode="phone").meeting_link is None


def test_open_pages_hear_of_it(redis: Redis) -> None:
    world = make_world()
    keys = [
        f"slots:{world.counsellor.public_id}",
        f"user:{world.student.public_id}",
        f"user:{world.counsellor_user.public_id}",
    ]
    before = [live.version(key) for key in keys]
    book(world)
    assert all(live.version(key) != old for key, old in zip(keys, before, strict=True))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"starts_at": NOW - dt.timedelta(days=1)}, "starts_at"),
        ({"starts_at": NOW}, "starts_at"),
        ({"starts_at": dt.datetime(2026, 12, 12, 10, 0)}, "starts_at"),  # noqa: DTZ001  the point of it
        ({"starts_at": dt.datetime(9999, 12, 31, 23, 30, tzinfo=dt.UTC)}, "starts_at"),
        ({"starts_at": dt.datetime(1, 1, 1, tzinfo=dt.UTC)}, "starts_at"),
        ({"starts_at": NOW + dt.timedelta(hours=1)}, "starts_at"),  # nearer than the notice
        ({"starts_at": SATURDAY_10 + dt.timedelta(days=120)}, "starts_at"),  # beyond the horizon
        ({"agenda": "x" * 1001}, "agenda"),
        ({"meeting_mode": "pigeon"}, "meeting_mode"),
        ({"meeting_mode": ""}, "meeting_mode"),
    ],
)
def test_wrong_input_is_named_and_changes_nothing(change: dict[str, Any], field: str) -> None:
    world = make_world(expires_at=NOW + dt.timedelta(days=400))
    with pytest.raises(ValidationFailed) as refusal:
        book(world, **change)
    assert field in refusal.value.fields
    _nothing_changed(world.enrolment.sessions_used)


def test_every_wrong_field_is_named_at_once() -> None:
    world = make_world()
    with pytest.raises(ValidationFailed) as refusal:
        book(world, starts_at=NOW - HALF_HOUR, agenda="x" * 1001, meeting_mode="pigeon")
    assert set(refusal.value.fields) == {"starts_at", "agenda", "meeting_mode"}


def test_an_agenda_of_exactly_a_thousand_characters_is_fine() -> None:
    assert len(book(make_world(), agenda="ঘ" * 1000).agenda) == 1000


@pytest.mark.parametrize("offset", [dt.timedelta(minutes=7), dt.timedelta(seconds=1), dt.timedelta(hours=4)])
def test_a_time_that_is_no_start_names_the_nearest_that_are(offset: dt.timedelta) -> None:
    world = make_world()
    with pytest.raises(SlotTaken) as refusal:
        book(world, SATURDAY_10 + offset)
    assert "not among the times on offer" in refusal.value.message
    assert len(refusal.value.nearest) == 4
    _nothing_changed(world.enrolment.sessions_used)
    for start in refusal.value.nearest[:1]:
        book(world, start)


def test_a_day_off_is_not_on_offer() -> None:
    world = make_world()
    make_exception(world.counsellor, dt.date(2026, 12, 12), reason="Wedding")
    db.session.commit()
    with pytest.raises(SlotTaken) as refusal:
        book(world)
    assert "Wedding" not in refusal.value.message


def test_a_closed_calendar_takes_no_bookings() -> None:
    world = make_world(rules={"is_open": False})
    with pytest.raises(SlotTaken, match="no bookings at the moment"):
        book(world)


def test_a_counsellor_without_a_calendar_takes_no_bookings() -> None:
    world = make_world()
    other = make_counsellor(calendar=False)
    db.session.commit()
    with pytest.raises(SlotTaken, match="no bookings at the moment"):
        book(world, counsellor_id=other.public_id)


def test_a_taken_time_is_refused_with_alternatives_on_the_same_day() -> None:
    world, other = make_world(), make_user()
    make_session(make_enrolment(other), world.counsellor, SATURDAY_10)
    db.session.commit()
    with pytest.raises(SlotTaken, match="10:00 AM IST was taken just now") as refusal:
        book(world)
    assert refusal.value.http_status == 409
    assert refusal.value.code == "SLOT_NOT_AVAILABLE"
    assert refusal.value.nearest == [SATURDAY_10 + n * HALF_HOUR for n in (1, 2, 3, 4)]
    _nothing_changed(world.enrolment.sessions_used, sessions=1)


def test_who_is_late_waits_for_no_lock_and_who_is_not_takes_them_in_the_houses_order(db_session: Session) -> None:
    world = make_world()
    make_session(make_enrolment(make_user()), world.counsellor, SATURDAY_10)
    db_session.commit()
    with count_queries() as late, pytest.raises(SlotTaken):
        book(world)
    assert not [statement for statement in late if "FOR NO KEY UPDATE" in statement]
    with count_queries() as first:
        book(world, SATURDAY_10 + HALF_HOUR)
    (locking,) = (statement for statement in first if "FOR NO KEY UPDATE" in statement)
    assert locking.endswith("FOR NO KEY UPDATE OF counsellors, users, enrolments")


def test_alternatives_are_free_for_this_length_and_this_student() -> None:
    world = make_world(session_minutes=60, rules={"step_minutes": 30})
    elsewhere = make_counsellor()
    make_session(make_enrolment(make_user()), world.counsellor, SATURDAY_10)
    make_session(world.enrolment, elsewhere, SATURDAY_10 + 2 * HALF_HOUR, minutes=30)
    db.session.commit()
    with pytest.raises(SlotTaken) as refusal:
        book(world)
    assert SATURDAY_10 + HALF_HOUR not in refusal.value.nearest  # would run into the student's own
    assert SATURDAY_10 + 3 * HALF_HOUR in refusal.value.nearest


def test_the_students_own_calendar_counts() -> None:
    world, elsewhere = make_world(), make_counsellor()
    make_session(world.enrolment, elsewhere, SATURDAY_10 + dt.timedelta(minutes=15))
    db.session.commit()
    with pytest.raises(StudentBusy) as refusal:
        book(world)
    assert refusal.value.nearest
    assert world.enrolment.sessions_used == 1


def test_buffers_and_the_cap_count() -> None:
    world = make_world(rules={"buffer_after": 15})
    make_session(make_enrolment(make_user()), world.counsellor, SATURDAY_10)
    db.session.commit()
    with pytest.raises(SlotTaken):
        book(world, SATURDAY_10 + HALF_HOUR)
    capped = make_world(rules={"max_per_day": 1})
    make_session(make_enrolment(make_user()), capped.counsellor, SATURDAY_10)
    db.session.commit()
    with pytest.raises(SlotTaken, match="filled up"):
        book(capped, SATURDAY_10 + 4 * HALF_HOUR)


def test_unverified_mail_may_not_book() -> None:
    world = make_world(student={"verified": False})
    with pytest.raises(Forbidden, match="Confirm your mail address first"):
        book(world)
    _nothing_changed(world.enrolment.sessions_used)


def test_only_active_students_book() -> None:
    world = make_world()
    with pytest.raises(Forbidden):
        book(world, student=world.admin)
    world.student.active = False
    db.session.commit()
    with pytest.raises(Forbidden):
        book(world)


def test_somebody_elses_enrolment_is_not_found() -> None:
    world = make_world()
    with pytest.raises(NotFound):
        book(world, student=world.outsider)
    with pytest.raises(NotFound):
        book(world, enrolment_id="enroll_unknown")
    with pytest.raises(NotFound):
        book(world, counsellor_id="counsellor_unknown")
    _nothing_changed(world.enrolment.sessions_used)


def test_an_inactive_counsellor_takes_no_bookings() -> None:
    world = make_world(counsellor={"is_active": False})
    with pytest.raises(Conflict, match="no bookings any more"):
        book(world)
    _nothing_changed(world.enrolment.sessions_used)


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        ({"expires_at": NOW}, EnrolmentExpired),
        ({"expires_at": SATURDAY_10}, EnrolmentExpired),  # the session must start before the end
        ({"status": EnrolmentStatus.EXPIRED}, EnrolmentExpired),
        ({"status": EnrolmentStatus.CANCELLED}, EnrolmentExpired),
        ({"status": EnrolmentStatus.REFUNDED}, EnrolmentExpired),
        ({"sessions_used": 4}, NoSessionsLeft),
    ],
)
def test_an_enrolment_that_cannot_book(columns: dict[str, Any], error: type[DomainError]) -> None:
    world = make_world(**columns)
    used = world.enrolment.sessions_used
    with pytest.raises(error):
        book(world)
    assert world.enrolment.sessions_used == used
    assert not all_sessions()


def test_the_last_moment_before_an_enrolment_ends_is_good() -> None:
    assert book(make_world(expires_at=SATURDAY_10 + dt.timedelta(seconds=1))).status is SessionStatus.SCHEDULED


def test_only_the_packages_counsellors_may_be_booked() -> None:
    world, other = make_world(), make_counsellor()
    world.enrolment.package = make_package(counsellors=[other])
    db.session.commit()
    with pytest.raises(ValidationFailed, match="does not counsel in") as refusal:
        book(world)
    assert "counsellor_id" in refusal.value.fields
    assert book(world, counsellor_id=other.public_id).counsellor_id == other.id


def test_only_the_assigned_counsellor_may_be_booked() -> None:
    world, other = make_world(), make_counsellor()
    world.enrolment.assigned_counsellor_id = other.id
    db.session.commit()
    with pytest.raises(ValidationFailed, match="does not counsel in"):
        book(world)
    assert book(world, counsellor_id=other.public_id).counsellor_id == other.id


def test_a_single_service_is_its_sellers() -> None:
    world, other = make_world(), make_counsellor()
    world.enrolment.package_id, world.enrolment.service_id = None, make_service(other).id
    db.session.commit()
    with pytest.raises(ValidationFailed):
        book(world)
    assert book(world, counsellor_id=other.public_id).counsellor_id == other.id


def test_what_ran_out_is_ended_by_the_booking_that_wants_its_time() -> None:
    world = make_world()
    late = make_enrolment(make_user())
    request = make_session(
        late, world.counsellor, SATURDAY_10, status="requested", expires_at=NOW - dt.timedelta(minutes=1)
    )
    db.session.commit()
    session = book(world)
    assert session.status is SessionStatus.SCHEDULED
    db.session.refresh(request)
    db.session.refresh(late)
    assert request.status is SessionStatus.EXPIRED
    assert request.credit_returned
    assert late.sessions_used == 0
    assert [mail.template for mail in mails()][:2] == ["session_expired", "session_expired_counsellor"]


def test_an_abandoned_hold_does_not_block_and_a_live_one_does() -> None:
    world, rival = make_world(), make_world()
    held = hold(world, student=rival.student, counsellor_id=world.counsellor.public_id)
    with pytest.raises(SlotTaken):
        book(world)
    later = (held.expires_at or NOW) + dt.timedelta(seconds=1)
    assert book(world, now=later).status is SessionStatus.SCHEDULED
    assert len(all_sessions()) == 1


def test_the_credit_of_an_own_lapsed_request_is_there_for_the_next_booking() -> None:
    world = make_world(sessions_total=1)
    elsewhere = make_counsellor()
    make_session(world.enrolment, elsewhere, SATURDAY_10, status="requested", expires_at=NOW)
    db.session.commit()
    assert book(world).status is SessionStatus.SCHEDULED
    assert world.enrolment.sessions_used == 1


def test_my_own_hold_does_not_keep_me_from_booking() -> None:
    world = make_world()
    hold(world)
    session = book(world)
    assert [row.status for row in all_sessions()] == [SessionStatus.SCHEDULED]
    assert session.meeting_mode is MeetingMode.VIDEO


def _nothing_changed(used: int, *, sessions: int = 0) -> None:
    assert used == 0
    assert len(all_sessions()) == sessions
    assert not mails()


def test_statements_do_not_grow_with_the_calendar(db_session: Session) -> None:
    world = make_world(sessions_total=30)
    with count_queries() as few:
        book(world)
    for day in range(1, 15):
        make_session(make_enrolment(make_user()), world.counsellor, SATURDAY_10 + dt.timedelta(days=day))
    db_session.commit()
    with count_queries() as many:
        book(world, SATURDAY_10 + HALF_HOUR)
    assert len(many) <= len(few) <= 14


def test_behind_the_checks_stand_the_constraints(monkeypatch: pytest.MonkeyPatch) -> None:
    world, elsewhere = make_world(), make_counsellor()
    make_session(make_enrolment(make_user()), world.counsellor, SATURDAY_10)
    make_session(world.enrolment, elsewhere, SATURDAY_10 + HALF_HOUR)
    db.session.commit()
    monkeypatch.setattr("webapp.bookings.services.booking.require_free", lambda *_, **__: None)
    with pytest.raises(SlotTaken) as taken:
        book(world)
    assert not isinstance(taken.value, StudentBusy)
    with pytest.raises(StudentBusy):
        book(world, SATURDAY_10 + HALF_HOUR)
    with pytest.raises(NoSessionsLeft), transaction():
        make_enrolment(world.student, sessions_used=99)
    assert world.enrolment.sessions_used == 1
    assert not mails()
