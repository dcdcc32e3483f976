"""Holds: a time kept for somebody who is paying."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from redis import Redis

from tests.bookings.world import HALF_HOUR, SATURDAY_10, World, all_sessions, hold, mails, make_world
from tests.factories import NOW, make_counsellor, make_enrolment, make_session, make_user
from webapp.availability.rules import BookingMode
from webapp.bookings import services
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import calendar_data, free_starts_for, get_session_for, upcoming_sessions
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services import HoldLost
from webapp.core import live
from webapp.core.db import db, transaction
from webapp.core.errors import Conflict, Forbidden, NoSessionsLeft, NotFound, SlotTaken, ValidationFailed

pytestmark = pytest.mark.usefixtures("db_session")
DAY = SATURDAY_10.date()
RUN_OUT = NOW + dt.timedelta(minutes=10)


def pay(world: World, held: CounsellingSession, now: dt.datetime = NOW, **changes: Any) -> CounsellingSession:
    arguments: dict[str, Any] = {
        "student": world.student,
        "hold_id": held.public_id,
        "enrolment": world.enrolment,
        "agenda": "Choice list",
        "meeting_mode": "video",
        "now": now,
    }
    with transaction():
        return services.book_held(**{**arguments, **changes})


def test_a_hold_keeps_the_time_without_a_credit_and_tells_nobody() -> None:
    world = make_world()
    held = hold(world)
    assert held.status is SessionStatus.HELD
    assert held.enrolment_id is None
    assert world.enrolment.sessions_used == 0
    assert not mails()
    with pytest.raises(SlotTaken):
        hold(world, student=world.outsider)


def test_a_hold_is_no_session_and_never_listed_as_one() -> None:
    world = make_world()
    held = hold(world)
    assert upcoming_sessions(world.student.id, NOW) == []
    with pytest.raises(NotFound):
        get_session_for(world.student, held.public_id)


def test_the_holder_sees_it_as_theirs_and_others_as_taken() -> None:
    world = make_world()
    held = hold(world)

    def free(student_id: int | None, now: dt.datetime = NOW) -> bool:
        starts = free_starts_for(world.counsellor, student_id=student_id, duration=30, first=DAY, last=DAY, now=now)
        return SATURDAY_10 in starts

    assert free(world.student.id)
    assert not free(world.outsider.id)
    assert not free(None)
    data = calendar_data([world.counsellor.id], DAY, DAY, student_id=world.student.id, now=NOW)
    assert [(taken.start, taken.until) for taken in data[world.counsellor.id].held] == [(SATURDAY_10, held.expires_at)]
    assert free(world.outsider.id, RUN_OUT)  # without any sweep


def test_a_new_hold_replaces_the_earlier_one_wherever_it_was(redis: Redis) -> None:
    world, other = make_world(), make_counsellor()
    db.session.commit()
    hold(world)
    before = live.version(f"slots:{world.counsellor.public_id}")
    second = hold(world, SATURDAY_10 + HALF_HOUR, counsellor_id=other.public_id)
    assert [row.id for row in all_sessions()] == [second.id]
    assert live.version(f"slots:{world.counsellor.public_id}") != before


def test_holding_the_same_time_again_starts_its_minutes_anew() -> None:
    world = make_world()
    hold(world)
    again = hold(world, now=NOW + dt.timedelta(minutes=5))
    assert again.expires_at == NOW + dt.timedelta(minutes=15)
    assert len(all_sessions()) == 1


def test_a_refused_hold_keeps_the_earlier_one() -> None:
    world = make_world()
    kept = hold(world)
    with pytest.raises(SlotTaken):
        hold(world, SATURDAY_10 + dt.timedelta(minutes=7))
    assert [row.id for row in all_sessions()] == [kept.id]


@pytest.mark.parametrize(
    ("change", "field"),
    [({"duration": 25}, "duration"), ({"starts_at": NOW}, "starts_at"), ({"starts_at": NOW + HALF_HOUR}, "starts_at")],
)
def test_wrong_input_holds_nothing(change: dict[str, Any], field: str) -> None:
    world = make_world()
    with pytest.raises(ValidationFailed) as refusal:
        hold(world, **change)
    assert field in refusal.value.fields
    assert not all_sessions()


def test_who_may_not_book_may_not_hold() -> None:
    with pytest.raises(Forbidden):
        hold(make_world(student={"verified": False}))
    with pytest.raises(Conflict):
        hold(make_world(counsellor={"is_active": False}))
    with pytest.raises(NotFound):
        hold(make_world(), counsellor_id="counsellor_unknown")


def test_releasing_frees_the_time_and_only_ones_own() -> None:
    world = make_world()
    held = hold(world)
    with transaction():
        services.release_hold(student=world.outsider, hold_id=held.public_id)
    assert len(all_sessions()) == 1
    with transaction():
        services.release_hold(student=world.student, hold_id=held.public_id)
    assert not all_sessions()
    with transaction():
        services.release_hold(student=world.student, hold_id=held.public_id)


def test_a_paid_hold_becomes_the_session_with_the_same_id() -> None:
    world = make_world()
    held = hold(world)
    session = pay(world, held)
    assert session.public_id == held.public_id
    assert session.status is SessionStatus.SCHEDULED
    assert session.expires_at is None
    assert session.meeting_link
    assert world.enrolment.sessions_used == 1
    assert [mail.template for mail in mails()] == ["session_confirmed", "session_confirmed_counsellor"]


def test_with_approval_a_paid_hold_becomes_a_request() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = pay(world, hold(world))
    assert session.status is SessionStatus.REQUESTED
    assert session.expires_at == SATURDAY_10 - dt.timedelta(hours=3)


def test_paying_late_still_works_while_nobody_took_the_time() -> None:
    world = make_world()
    assert pay(world, hold(world), RUN_OUT + HALF_HOUR).status is SessionStatus.SCHEDULED


def test_paying_late_for_a_time_that_stopped_being_on_offer_names_the_nearest() -> None:
    world = make_world(rules={"buffer_after": 30})
    held = hold(world)
    make_session(make_enrolment(make_user()), world.counsellor, SATURDAY_10 + HALF_HOUR)  # too close now
    db.session.commit()
    with pytest.raises(HoldLost) as refusal:
        pay(world, held, RUN_OUT)
    assert refusal.value.code == "BOOKING_EXPIRED"
    assert refusal.value.nearest
    assert world.enrolment.sessions_used == 0


def test_a_hold_that_is_gone_is_lost_and_the_credit_stays() -> None:
    world = make_world()
    held = hold(world)
    hold(world, student=world.outsider, now=RUN_OUT)
    with pytest.raises(HoldLost):
        pay(world, held, RUN_OUT)
    with pytest.raises(HoldLost):
        pay(world, held, RUN_OUT, student=world.outsider)
    assert world.enrolment.sessions_used == 0


def test_a_hold_is_paid_once() -> None:
    world = make_world()
    held = hold(world)
    pay(world, held)
    with pytest.raises(HoldLost):
        pay(world, held)
    assert world.enrolment.sessions_used == 1


def test_a_credit_must_stand_behind_it() -> None:
    world = make_world(sessions_used=4)
    held = hold(world)
    with pytest.raises(NoSessionsLeft):
        pay(world, held)
    assert [row.status for row in all_sessions()] == [SessionStatus.HELD]


def test_the_length_held_is_the_length_paid_for() -> None:
    world = make_world()
    with pytest.raises(ValidationFailed):
        pay(world, hold(world, duration=60))


def test_one_finds_ones_own_hold_only() -> None:
    world = make_world()
    held = hold(world)
    assert services.get_hold_for(world.student, held.public_id).id == held.id
    with pytest.raises(NotFound):
        services.get_hold_for(world.outsider, held.public_id)
