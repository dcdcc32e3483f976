"""What falls due: requests without an answer, holds nobody paid for."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.bookings.world import SATURDAY_10, accept, all_sessions, book, hold, mails, make_world
from tests.factories import NOW, make_enrolment, make_session, make_user
from webapp.availability.rules import BookingMode
from webapp.bookings import jobs, services
from webapp.bookings.queries import history_of
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db, transaction
from webapp.core.due import run_due_work

pytestmark = pytest.mark.usefixtures("db_session")


def test_a_request_expires_at_its_moment_and_not_before() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    ends = SATURDAY_10 - dt.timedelta(hours=3)
    assert jobs.expire_due(ends - dt.timedelta(seconds=1)) == 0
    assert jobs.expire_due(ends) == 1
    assert session.status is SessionStatus.EXPIRED
    assert session.credit_returned
    assert world.enrolment.sessions_used == 0
    assert session.expires_at is None
    assert [mail.template for mail in mails()[2:]] == ["session_expired", "session_expired_counsellor"]
    assert history_of(session)[-1].actor_id is None


def test_sweeping_again_does_nothing() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    book(world)
    assert jobs.expire_due(SATURDAY_10) == 1
    assert jobs.expire_due(SATURDAY_10) == 0
    assert world.enrolment.sessions_used == 0
    assert len(mails()) == 4


def test_an_accepted_request_does_not_expire() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    accept(session, world.counsellor_user)
    assert jobs.expire_due(SATURDAY_10) == 0
    assert session.status is SessionStatus.SCHEDULED


def test_a_hold_goes_when_its_minutes_are_over() -> None:
    world = make_world()
    held = hold(world)
    assert held.expires_at == NOW + dt.timedelta(minutes=10)
    assert jobs.drop_due_holds(NOW + dt.timedelta(minutes=9, seconds=59)) == 0
    assert jobs.drop_due_holds(NOW + dt.timedelta(minutes=10)) == 1
    assert not all_sessions()
    assert not mails()


def test_many_are_done_in_one_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 3)
    world = make_world()
    for day in range(8):
        start = SATURDAY_10 + dt.timedelta(days=day)
        make_session(make_enrolment(make_user()), world.counsellor, start, status="requested", expires_at=NOW)
    db.session.commit()
    assert jobs.expire_due(NOW) == 8


def test_one_that_is_gone_in_the_meantime_is_passed_over() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    with transaction():
        assert not services.expire_session(session.id, now=NOW)
        assert not services.expire_session(987654321, now=NOW)
        assert not services.drop_hold(987654321, now=NOW)


def test_both_are_part_of_the_sweep() -> None:
    make_world()
    counts = run_due_work(NOW)
    assert {"expired_requests", "expired_holds"} <= set(counts)
