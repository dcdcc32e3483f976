"""Two steps of one session's life at the same moment: one of them happens, whole."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from tests.bookings.world import HALF_HOUR, SATURDAY_10
from tests.crowd import Outcome, Rush, Work
from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_session, make_user
from tests.pace import patience
from webapp.accounts.models import User
from webapp.bookings import jobs, services
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.notifications.models import OutboxMail

pytestmark = pytest.mark.race
SUNDAY_10 = SATURDAY_10 + dt.timedelta(days=1)
LONGEST = 10.0


@dataclass(frozen=True, slots=True)
class Booked:
    """A confirmed session, as ids that any thread may use."""

    session: str
    student: int
    counsellor: int
    counsellor_id: str
    enrolment: str


def booked(start: dt.datetime = SATURDAY_10, counsellor: str = "") -> Booked:
    """Make a confirmed session and its people, committed."""
    known = select(Counsellor).where(Counsellor.public_id == counsellor)
    person = db.session.scalars(known).one() if counsellor else make_counsellor()
    user = make_user()
    enrolment = make_enrolment(user, make_package())
    session = make_session(enrolment, person, start)
    assert person.user_id is not None
    ids = Booked(session.public_id, user.id, person.user_id, person.public_id, enrolment.public_id)
    db.session.commit()
    return ids


def _user(user_id: int) -> User:
    user = db.session.get(User, user_id)
    assert user is not None
    return user


def moving(one: Booked, start: dt.datetime, actor: int | None = None) -> Work:
    return lambda: services.reschedule_session(
        actor=_user(actor or one.student), session_id=one.session, starts_at=start, reason="", now=NOW
    )


def cancelling(one: Booked) -> Work:
    return lambda: services.cancel_session(actor=_user(one.student), session_id=one.session, reason="", now=NOW)


def counts(outcomes: list[Outcome]) -> Counter[str]:
    assert max(outcome.seconds for outcome in outcomes) < patience(LONGEST)
    return Counter(outcome.answer for outcome in outcomes)


def statuses() -> Counter[SessionStatus]:
    return Counter(db.session.scalars(select(CounsellingSession.status)))


def templates() -> Counter[str]:
    return Counter(db.session.scalars(select(OutboxMail.template)))


def used_credits() -> int:
    return db.session.scalar(select(func.coalesce(func.sum(Enrolment.sessions_used), 0))) or 0


def test_one_session_moved_many_times_at_once_moves_once(rush: Rush) -> None:
    one = booked()
    works = [moving(one, SUNDAY_10 + (n % 6) * HALF_HOUR, one.counsellor if n % 2 else None) for n in range(16)]
    assert counts(rush(works)) == {"done": 1, "InvalidState": 15}
    assert statuses() == {SessionStatus.RESCHEDULED: 1, SessionStatus.SCHEDULED: 1}
    assert templates() == {"session_rescheduled": 1, "session_rescheduled_counsellor": 1}
    assert used_credits() == 1


def test_many_sessions_moved_to_one_time_have_one_winner(rush: Rush) -> None:
    first = booked()
    others = [booked(SATURDAY_10 + dt.timedelta(days=2 + n), first.counsellor_id) for n in range(7)]
    outcomes = rush([moving(one, SUNDAY_10) for one in (first, *others) for _ in range(2)])
    found = counts(outcomes)
    assert found["done"] == 1
    assert set(found) <= {"done", "SlotTaken", "InvalidState"}
    assert all(outcome.nearest == 4 for outcome in outcomes if outcome.answer == "SlotTaken")
    assert statuses() == {SessionStatus.RESCHEDULED: 1, SessionStatus.SCHEDULED: 8}
    assert used_credits() == 8


def test_two_sessions_that_change_places_never_wait_in_a_circle(rush: Rush) -> None:
    first = booked()
    second = booked(SUNDAY_10, first.counsellor_id)
    found = counts(rush([moving(first, SUNDAY_10), moving(second, SATURDAY_10)] * 4))
    assert found == {"SlotTaken": 8}  # each one's time is free for itself only
    assert statuses() == {SessionStatus.SCHEDULED: 2}


def test_a_move_against_a_cancel_ends_in_one_of_the_two(rush: Rush) -> None:
    one = booked()
    found = counts(
        rush([work for n in range(8) for work in (moving(one, SUNDAY_10 + n % 6 * HALF_HOUR), cancelling(one))])
    )
    assert found == {"done": 1, "InvalidState": 15}
    if statuses() == {SessionStatus.CANCELLED: 1}:
        assert used_credits() == 0
        assert set(templates()) == {"session_cancelled", "session_cancelled_counsellor"}
    else:
        assert statuses() == {SessionStatus.RESCHEDULED: 1, SessionStatus.SCHEDULED: 1}
        assert used_credits() == 1
    assert set(templates().values()) == {1}


def test_a_move_against_a_booking_of_the_same_time(rush: Rush) -> None:
    one = booked()
    user = make_user()
    enrolment = make_enrolment(user, make_package()).public_id
    user_id = user.id
    db.session.commit()

    def booking() -> object:
        return services.book_session(
            student=_user(user_id),
            counsellor_id=one.counsellor_id,
            enrolment_id=enrolment,
            starts_at=SUNDAY_10,
            agenda="",
            meeting_mode="video",
            now=NOW,
        )

    found = counts(rush([moving(one, SUNDAY_10), booking] * 6))
    assert found["done"] == 1
    wanted = select(func.count()).where(CounsellingSession.starts_at == SUNDAY_10)
    assert db.session.scalar(wanted) == 1


def test_cancel_and_rebook_many_times_at_once_happens_once(rush: Rush) -> None:
    one = booked()

    def rebooking(start: dt.datetime) -> Work:
        return lambda: services.rebook_session(
            actor=_user(one.student), session_id=one.session, starts_at=start, reason="", now=NOW
        )

    found = counts(rush([rebooking(SUNDAY_10 + n % 6 * HALF_HOUR) for n in range(8)] + [moving(one, SUNDAY_10)] * 4))
    assert found["done"] == 1
    assert set(found) == {"done", "InvalidState"}
    assert statuses()[SessionStatus.SCHEDULED] == 1
    assert used_credits() == 1


def test_complete_against_no_show_ends_in_one_of_the_two(rush: Rush) -> None:
    one = booked()

    def completing() -> object:
        return services.complete_session(
            actor=_user(one.counsellor), session_id=one.session, notes="x", now=SATURDAY_10
        )

    def missing() -> object:
        return services.mark_no_show(actor=_user(one.counsellor), session_id=one.session, now=SATURDAY_10)

    assert counts(rush([completing, missing] * 8)) == {"done": 1, "InvalidState": 15}
    (status,) = statuses()
    assert status in {SessionStatus.COMPLETED, SessionStatus.NO_SHOW}
    assert templates() == ({"session_no_show": 1} if status is SessionStatus.NO_SHOW else {})


def test_sweeps_on_several_machines_remind_each_once(rush: Rush) -> None:
    first = booked()
    for n in range(1, 20):
        booked(SATURDAY_10 + dt.timedelta(hours=n), first.counsellor_id)
    due = SATURDAY_10 - HALF_HOUR
    done: list[int] = []

    def sweep() -> None:
        with rush.app.app_context():
            done.append(jobs.remind_due(due))

    threads = [threading.Thread(target=sweep) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs.remind_due(due)
    assert templates() == {"session_reminder": 20, "session_reminder_counsellor": 20}


def test_a_reminder_against_a_move_never_tells_the_old_time_anew(rush: Rush) -> None:
    one = booked()
    due = SATURDAY_10 - dt.timedelta(hours=24)
    with rush.app.app_context():
        pk = db.session.scalars(select(CounsellingSession.id)).one()
    rush([moving(one, SUNDAY_10), *([lambda: services.remind_of(pk, now=due)] * 8)])
    reminded = db.session.scalars(select(OutboxMail).where(OutboxMail.template == "session_reminder")).all()
    assert len(reminded) <= 1
    assert statuses() == {SessionStatus.RESCHEDULED: 1, SessionStatus.SCHEDULED: 1}
    planned = select(CounsellingSession.remind_at).where(CounsellingSession.status == SessionStatus.SCHEDULED)
    assert db.session.scalar(planned) == SUNDAY_10 - dt.timedelta(hours=24)
