"""Many threads on one thing, on committed data, each with a connection of its own."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import pytest
from sqlalchemy import func, select

from tests.bookings.world import HALF_HOUR, SATURDAY_10
from tests.crowd import CLIENTS, Outcome, Rush, Work
from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_session, make_user
from tests.pace import patience
from webapp.accounts.models import User
from webapp.availability.rules import BookingMode
from webapp.bookings import jobs, services
from webapp.bookings.models import CounsellingSession, SessionChange
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.notifications.models import OutboxMail

pytestmark = pytest.mark.race
LONGEST = 10.0  # seconds: far from the half minute after which a statement ends that waits in a circle


@dataclass(frozen=True, slots=True)
class Asker:
    """A student and what they book with, as ids that any thread may use."""

    user_id: int
    enrolment: str


def askers(number: int, *, sessions: int = 4, minutes: int = 30) -> list[Asker]:
    """Make students with an enrolment each."""
    package = make_package(max_sessions=sessions, session_minutes=minutes)
    found = []
    for _ in range(number):
        user = make_user()
        found.append(Asker(user.id, make_enrolment(user, package).public_id))
    return found


def booking(asker: Asker, counsellor: str, start: dt.datetime = SATURDAY_10) -> Work:
    """Return the work of booking one start."""
    return lambda: services.book_session(
        student=_user(asker.user_id),
        counsellor_id=counsellor,
        enrolment_id=asker.enrolment,
        starts_at=start,
        agenda="",
        meeting_mode="video",
        now=NOW,
    )


def _user(user_id: int) -> User:
    user = db.session.get(User, user_id)
    assert user is not None
    return user


def used_credits() -> int:
    return db.session.scalar(select(func.coalesce(func.sum(Enrolment.sessions_used), 0))) or 0


def statuses() -> Counter[SessionStatus]:
    return Counter(db.session.scalars(select(CounsellingSession.status)))


def templates() -> Counter[str]:
    return Counter(db.session.scalars(select(OutboxMail.template)))


def counts(outcomes: list[Outcome]) -> Counter[str]:
    return Counter(outcome.answer for outcome in outcomes)


@pytest.mark.parametrize("mode", list(BookingMode))
def test_many_on_one_slot_have_one_winner_and_friendly_losers(rush: Rush, mode: BookingMode) -> None:
    counsellor, people = make_counsellor(mode=mode).public_id, askers(CLIENTS)
    db.session.commit()
    outcomes = rush([booking(person, counsellor) for person in people])
    assert counts(outcomes) == {"done": 1, "SlotTaken": CLIENTS - 1}
    assert all(outcome.nearest == 4 for outcome in outcomes if outcome.answer == "SlotTaken")
    assert used_credits() == 1
    assert statuses().total() == 1
    assert sum(templates().values()) == 2
    assert max(outcome.seconds for outcome in outcomes) < patience(LONGEST)


def test_overlapping_lengths_and_starts_leave_no_overlap(rush: Rush) -> None:
    counsellor = make_counsellor(rules={"step_minutes": 15}).public_id
    people = [*askers(16, minutes=30), *askers(16, minutes=60)]
    db.session.commit()
    works = [
        booking(person, counsellor, SATURDAY_10 + dt.timedelta(minutes=15 * (n % 4))) for n, person in enumerate(people)
    ]
    outcomes = rush(works)
    times = db.session.execute(
        select(CounsellingSession.starts_at, CounsellingSession.ends_at).order_by(CounsellingSession.starts_at)
    ).all()
    assert all(earlier.ends_at <= later.starts_at for earlier, later in pairwise(times))
    assert counts(outcomes)["done"] == len(times) == used_credits() >= 1
    assert set(counts(outcomes)) == {"done", "SlotTaken"}


def test_one_student_is_in_one_place_at_a_time(rush: Rush) -> None:
    counsellors = [make_counsellor().public_id for _ in range(8)]
    (person,) = askers(1, sessions=32)
    db.session.commit()
    outcomes = rush([booking(person, counsellors[n % 8], SATURDAY_10) for n in range(32)])
    assert counts(outcomes)["done"] == 1
    assert set(counts(outcomes)) <= {"done", "StudentBusy", "SlotTaken"}
    assert used_credits() == 1


def test_one_credit_buys_one_session_however_many_ask(rush: Rush) -> None:
    counsellors = [make_counsellor().public_id for _ in range(4)]
    (person,) = askers(1, sessions=1)
    db.session.commit()
    starts = [SATURDAY_10 + n * HALF_HOUR for n in range(4)]
    outcomes = rush([booking(person, counsellor, start) for counsellor in counsellors for start in starts])
    answers = counts(outcomes)
    assert answers["done"] == 1
    # a late one may already see the winner's time in its first look, before it gets to the credit
    assert set(answers) <= {"done", "NoSessionsLeft", "SlotTaken", "StudentBusy"}
    assert used_credits() == 1


def test_students_and_counsellors_crosswise_never_wait_in_a_circle(rush: Rush) -> None:
    counsellors = [make_counsellor() for _ in range(4)]
    people = askers(4, sessions=32)
    for n, person in enumerate(people):  # stale rows of everybody with everybody
        enrolment = db.session.scalars(select(Enrolment).where(Enrolment.public_id == person.enrolment)).one()
        for m, counsellor in enumerate(counsellors):
            start = SATURDAY_10 + dt.timedelta(days=1) + ((n + m) % 4) * HALF_HOUR
            make_session(enrolment, counsellor, start, status="requested", expires_at=NOW)
    ids = [counsellor.public_id for counsellor in counsellors]
    db.session.commit()
    works = [
        booking(people[n % 4], ids[(n + n // 4) % 4], SATURDAY_10 + dt.timedelta(days=1) + (n % 6) * HALF_HOUR)
        for n in range(32)
    ]
    outcomes = rush(works)
    done = counts(outcomes)["done"]
    assert done >= 4
    assert set(counts(outcomes)) <= {"done", "SlotTaken", "StudentBusy"}
    assert statuses() == {SessionStatus.SCHEDULED: done, SessionStatus.EXPIRED: 16}
    assert used_credits() == done
    assert templates()["session_expired"] == 16
    assert max(outcome.seconds for outcome in outcomes) < patience(LONGEST)


def test_holds_race_like_bookings_and_one_student_keeps_one(rush: Rush) -> None:
    counsellor, people = make_counsellor().public_id, askers(16)
    db.session.commit()

    def holding(person: Asker, start: dt.datetime) -> Work:
        return lambda: services.hold_slot(
            student=_user(person.user_id), counsellor_id=counsellor, starts_at=start, duration=30, now=NOW
        )

    outcomes = rush([holding(person, SATURDAY_10) for person in people])
    assert counts(outcomes) == {"done": 1, "SlotTaken": 15}
    free = [SATURDAY_10 + n * HALF_HOUR for n in range(1, 6)]
    rush([holding(people[-1], start) for start in free for _ in range(3)])
    mine = select(func.count()).where(CounsellingSession.student_id == people[-1].user_id)
    assert db.session.scalar(mine) == 1


@dataclass(frozen=True, slots=True)
class Request:
    """A request, as ids that any thread may use."""

    session: str
    pk: int
    student: int
    counsellor: int
    counsellor_id: str
    ends: dt.datetime


def one_request() -> Request:
    """Make a request and its people, committed."""
    counsellor: Counsellor = make_counsellor(mode="approval")
    user = make_user()
    session = make_session(make_enrolment(user), counsellor, SATURDAY_10, status="requested")
    assert session.expires_at is not None
    assert counsellor.user_id is not None
    ids = Request(session.public_id, session.id, user.id, counsellor.user_id, counsellor.public_id, session.expires_at)
    db.session.commit()
    return ids


def answers(request: Request, now: dt.datetime) -> dict[str, Work]:
    """Return every step that can meet another one, as work."""
    session = request.session
    return {
        "accept": lambda: services.accept_session(actor=_user(request.counsellor), session_id=session, now=now),
        "decline": lambda: services.decline_session(
            actor=_user(request.counsellor), session_id=session, reason="No", now=now
        ),
        "cancel": lambda: services.cancel_session(actor=_user(request.student), session_id=session, reason="", now=now),
    }


@pytest.mark.parametrize("names", [("accept",), ("decline",), ("cancel",), ("decline", "cancel")])
def test_the_same_or_rival_steps_happen_once(rush: Rush, names: tuple[str, ...]) -> None:
    request = one_request()
    steps = answers(request, NOW)
    outcomes = rush([steps[name] for name in names for _ in range(8)])
    assert counts(outcomes) == {"done": 1, "InvalidState": 8 * len(names) - 1}
    assert db.session.scalar(select(func.count()).select_from(SessionChange)) == 1
    _credit_matches_status()


def test_accept_against_cancel_ends_well_in_either_order(rush: Rush) -> None:
    request = one_request()
    steps = answers(request, NOW)
    outcomes = rush([steps[name] for name in ("accept", "cancel") for _ in range(8)])
    assert statuses() == {SessionStatus.CANCELLED: 1}  # accepted first or not: a cancel always finds a live session
    assert counts(outcomes)["done"] in {1, 2}
    _credit_matches_status()


def test_a_late_answer_against_the_sweep_ends_in_one_of_the_two(rush: Rush) -> None:
    request = one_request()
    late, just_in_time = answers(request, request.ends), answers(request, request.ends - dt.timedelta(seconds=1))
    works: list[Work] = [late["accept"], just_in_time["accept"], just_in_time["decline"]] * 4
    works += [lambda: services.expire_session(request.pk, now=request.ends)] * 8
    rush(works)
    (status,) = statuses()
    assert status in {SessionStatus.SCHEDULED, SessionStatus.DECLINED, SessionStatus.EXPIRED}
    assert db.session.scalar(select(func.count()).select_from(SessionChange)) == 1
    _credit_matches_status()


def test_sweeps_on_several_machines_do_each_thing_once(rush: Rush) -> None:
    people, counsellor = [make_user() for _ in range(24)], make_counsellor()
    for n, person in enumerate(people):
        start = SATURDAY_10 + dt.timedelta(days=n)
        make_session(make_enrolment(person), counsellor, start, status="requested", expires_at=NOW)
    db.session.commit()
    done: list[int] = []

    def sweep() -> None:
        with rush.app.app_context():
            done.append(jobs.expire_due(NOW))

    threads = [threading.Thread(target=sweep) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    jobs.expire_due(NOW)
    assert sum(done) <= 24
    assert statuses() == {SessionStatus.EXPIRED: 24}
    assert used_credits() == 0
    assert templates() == {"session_expired": 24, "session_expired_counsellor": 24}


def _credit_matches_status() -> None:
    """One credit is used exactly while the session stands."""
    (status,) = statuses()
    assert used_credits() == (1 if status is SessionStatus.SCHEDULED else 0)
