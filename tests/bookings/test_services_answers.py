"""Accept, decline, cancel: who may, when, what becomes of the credit, who is told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from redis import Redis

from tests.bookings.world import SATURDAY_10, World, accept, book, cancel, decline, mails, make_world
from tests.factories import NOW, make_counsellor, make_session
from webapp.availability.rules import BookingMode
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import can_answer, can_cancel, possible_events, visible_link
from webapp.bookings.queries import history_of
from webapp.bookings.rules import SessionEvent, SessionStatus
from webapp.core import live
from webapp.core.db import db
from webapp.core.errors import BookingExpired, Forbidden, InvalidState, NotFound, ValidationFailed

pytestmark = pytest.mark.usefixtures("db_session")
DEADLINE = SATURDAY_10 - dt.timedelta(hours=24)
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def asked() -> tuple[World, CounsellingSession]:
    world = make_world(mode=BookingMode.APPROVAL)
    return world, book(world)


@pytest.fixture
def booked() -> tuple[World, CounsellingSession]:
    world = make_world()
    return world, book(world)


def test_accepting_confirms_with_a_room_and_a_new_version(asked: tuple[World, CounsellingSession]) -> None:
    world, session = asked
    accept(session, world.counsellor_user, NOW + dt.timedelta(hours=1))
    assert session.status is SessionStatus.SCHEDULED
    assert session.confirmed_at == NOW + dt.timedelta(hours=1)
    assert session.expires_at is None
    assert session.version == 1
    assert "/disha-" in (session.meeting_link or "")
    assert world.enrolment.sessions_used == 1
    assert [mail.template for mail in mails()[2:]] == ["session_confirmed", "session_confirmed_counsellor"]
    assert [(change.event, change.from_status, change.to_status) for change in history_of(session)] == [
        ("book", None, "requested"),
        ("accept", "requested", "scheduled"),
    ]


def test_an_admin_may_answer_too(asked: tuple[World, CounsellingSession]) -> None:
    world, session = asked
    assert accept(session, world.admin).status is SessionStatus.SCHEDULED


def test_a_link_typed_before_is_kept(asked: tuple[World, CounsellingSession]) -> None:
    world, session = asked
    session.meeting_link = "https://meet.google.com/abc-defg-hij"
    db.session.commit()
    assert accept(session, world.counsellor_user).meeting_link == "https://meet.google.com/abc-defg-hij"


def test_declining_needs_a_reason_and_gives_the_credit_back(asked: tuple[World, CounsellingSession]) -> None:
    world, session = asked
    for reason in ("", "  \r\n ", "x" * 501):
        with pytest.raises(ValidationFailed) as refusal:
            decline(session, world.counsellor_user, reason)
        assert "reason" in refusal.value.fields
    assert world.enrolment.sessions_used == 1
    decline(session, world.counsellor_user, "  I am travelling. ")
    assert session.status is SessionStatus.DECLINED
    assert session.reason == "I am travelling."
    assert session.credit_returned
    assert world.enrolment.sessions_used == 0
    assert [(mail.template, mail.recipient) for mail in mails()[2:]] == [("session_declined", world.student.email)]


def test_a_declined_time_is_free_again(asked: tuple[World, CounsellingSession]) -> None:
    world, session = asked
    decline(session, world.counsellor_user)
    assert book(world).status is SessionStatus.REQUESTED


@pytest.mark.parametrize("act", [accept, decline, cancel])
def test_an_outsider_does_not_find_it(act: Callable[..., object], asked: tuple[World, CounsellingSession]) -> None:
    world, session = asked
    other = make_counsellor()
    db.session.commit()
    for actor in (world.outsider, other.user):
        with pytest.raises(NotFound):
            act(session, actor)
    assert session.status is SessionStatus.REQUESTED


@pytest.mark.parametrize("act", [accept, decline])
def test_its_student_cannot_answer_it(act: Callable[..., object], asked: tuple[World, CounsellingSession]) -> None:
    world, session = asked
    with pytest.raises(Forbidden):
        act(session, world.student)
    assert session.status is SessionStatus.REQUESTED


@pytest.mark.parametrize("act", [accept, decline, cancel])
def test_a_request_that_ran_out_takes_no_step_even_before_the_sweep(
    act: Callable[..., object], asked: tuple[World, CounsellingSession]
) -> None:
    world, session = asked
    assert session.expires_at is not None
    with pytest.raises(BookingExpired):
        act(session, world.admin, now=session.expires_at)
    assert session.status is SessionStatus.REQUESTED


@pytest.mark.parametrize("act", [accept, decline])
def test_only_a_request_is_answered(act: Callable[..., object], booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    with pytest.raises(InvalidState, match="already confirmed"):
        act(session, world.counsellor_user)
    cancel(session, world.student)
    with pytest.raises(InvalidState, match="already cancelled"):
        act(session, world.counsellor_user)


@pytest.mark.parametrize(
    ("now", "comes_back"),
    [(NOW, True), (DEADLINE, True), (DEADLINE + SECOND, False), (SATURDAY_10 - SECOND, False)],
)
def test_the_student_gets_the_credit_back_until_the_deadline(
    now: dt.datetime, comes_back: bool, booked: tuple[World, CounsellingSession]
) -> None:
    world, session = booked
    cancel(session, world.student, "Exam that day", now)
    assert session.status is SessionStatus.CANCELLED
    assert session.reason == "Exam that day"
    assert session.credit_returned is comes_back
    assert world.enrolment.sessions_used == (0 if comes_back else 1)


@pytest.mark.parametrize("who", ["counsellor_user", "admin"])
def test_counsellor_and_admin_always_give_it_back(who: str, booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    cancel(session, getattr(world, who), now=SATURDAY_10 - SECOND)
    assert world.enrolment.sessions_used == 0


def test_a_counsellors_own_deadline_counts() -> None:
    world = make_world(rules={"cancel_deadline_hours": 2})
    session = book(world)
    cancel(session, world.student, now=SATURDAY_10 - dt.timedelta(hours=2))
    assert world.enrolment.sessions_used == 0


@pytest.mark.parametrize("who", ["student", "counsellor_user", "admin"])
def test_nobody_cancels_once_it_has_begun(who: str, booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    with pytest.raises(InvalidState, match="has begun"):
        cancel(session, getattr(world, who), now=SATURDAY_10)
    assert session.status is SessionStatus.SCHEDULED
    assert world.enrolment.sessions_used == 1


def test_cancelling_twice_gives_back_once(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    cancel(session, world.student)
    with pytest.raises(InvalidState):
        cancel(session, world.student)
    assert world.enrolment.sessions_used == 0
    assert session.version == 1


def test_too_long_a_reason_cancels_nothing(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    with pytest.raises(ValidationFailed):
        cancel(session, world.student, "x" * 501)
    assert session.status is SessionStatus.SCHEDULED


def test_what_is_over_is_not_cancelled(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    session.status = SessionStatus.COMPLETED
    db.session.commit()
    with pytest.raises(InvalidState, match="is over"):
        cancel(session, world.admin)


def test_open_pages_hear_of_every_step(redis: Redis) -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    key = f"slots:{world.counsellor.public_id}"
    seen = [live.version(key)]
    session = book(world)
    seen.append(live.version(key))
    accept(session, world.counsellor_user)
    seen.append(live.version(key))
    cancel(session, world.student)
    seen.append(live.version(key))
    assert len(set(seen)) == 4


def test_a_step_taken_back_is_not_announced(redis: Redis, booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    before = live.version(f"slots:{world.counsellor.public_id}")
    with pytest.raises(InvalidState):
        cancel(session, world.student, now=SATURDAY_10)
    assert live.version(f"slots:{world.counsellor.public_id}") == before


def test_buttons_follow_part_state_and_time(asked: tuple[World, CounsellingSession]) -> None:
    world, session = asked
    answers = {SessionEvent.ACCEPT, SessionEvent.DECLINE}
    assert possible_events(world.student, session, NOW) == {SessionEvent.CANCEL}
    assert possible_events(world.counsellor_user, session, NOW) == {*answers, SessionEvent.CANCEL}
    assert possible_events(world.outsider, session, NOW) == frozenset()
    assert session.expires_at is not None
    assert not possible_events(world.admin, session, session.expires_at)
    accept(session, world.counsellor_user)
    assert not can_answer(world.counsellor_user, session, NOW)
    assert can_cancel(world.student, session, SATURDAY_10 - SECOND)
    assert not can_cancel(world.student, session, SATURDAY_10)


def test_the_link_is_for_the_two_people_and_admins_and_only_once_confirmed(
    asked: tuple[World, CounsellingSession],
) -> None:
    world, session = asked
    session.meeting_link = "https://meet.example/typed-early"
    assert visible_link(world.student, session) is None
    accept(session, world.counsellor_user)
    for reader in (world.student, world.counsellor_user, world.admin):
        assert visible_link(reader, session) == "https://meet.example/typed-early"
    assert visible_link(world.outsider, session) is None
    cancel(session, world.student)
    assert visible_link(world.student, session) is None


def test_a_session_of_a_cancelled_enrolment_still_returns_its_credit(
    booked: tuple[World, CounsellingSession],
) -> None:
    world, session = booked
    world.enrolment.expires_at = NOW
    db.session.commit()
    cancel(session, world.admin)
    assert world.enrolment.sessions_used == 0


def test_an_earlier_session_is_left_alone(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    other = make_session(world.enrolment, world.counsellor, SATURDAY_10 + dt.timedelta(days=1))
    db.session.commit()
    cancel(session, world.student)
    db.session.refresh(other)
    assert other.status is SessionStatus.SCHEDULED
    assert world.enrolment.sessions_used == 1
