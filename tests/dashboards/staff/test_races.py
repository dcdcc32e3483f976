"""Deactivating while students book: either the session is on the list, or it is not booked."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import select

from tests.crowd import Rush, Work
from tests.factories import NOW, make_counsellor, make_enrolment, make_session, make_user
from webapp.accounts.models import Role, User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services import book_session, cancel_session
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.dashboards.staff.removing import remove_counsellor
from webapp.dashboards.staff.services import deactivate_counsellor
from webapp.enrolments.models import Enrolment

pytestmark = pytest.mark.race
TEN = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)  # Sat, 10 AM IST
HALF = dt.timedelta(minutes=30)


def closing(admin: int, counsellor: str, listed: list[str]) -> Work:
    def work() -> None:
        deactivate_counsellor(
            actor=db.session.get_one(User, admin), counsellor_id=counsellor, reason="Stops.", message="Sorry.",
            listed=listed, decisions=dict.fromkeys(listed, "cancel"), now=NOW,
        )  # fmt: skip

    return work


def booking(enrolment: int, counsellor: str, start: dt.datetime) -> Work:
    def work() -> None:
        bought = db.session.get_one(Enrolment, enrolment)
        book_session(
            student=bought.user, counsellor_id=counsellor, enrolment_id=bought.public_id, starts_at=start, agenda="",
            meeting_mode="video", now=NOW,
        )  # fmt: skip

    return work


def cancelling(session: str, student: int) -> Work:
    def work() -> None:
        cancel_session(actor=db.session.get_one(User, student), session_id=session, reason="", now=NOW)

    return work


def test_no_session_is_booked_past_the_decision(rush: Rush) -> None:
    admin, counsellor = make_user(role=Role.ADMIN), make_counsellor()
    bought = [make_enrolment(make_user()) for _ in range(5)]
    db.session.commit()
    key, admin_id, ids = counsellor.public_id, admin.id, [one.id for one in bought]
    works = [booking(one, key, TEN + number * HALF) for number, one in enumerate(ids)]
    outcomes = [outcome.answer for outcome in rush([*works, closing(admin_id, key, []), closing(admin_id, key, [])])]
    db.session.rollback()
    row = db.session.scalars(select(Counsellor)).one()
    live = list(db.session.scalars(select(CounsellingSession.status)))
    if row.is_active:  # students were first: the admin sees the fresh list
        assert set(outcomes[-2:]) == {"ListChanged"}
        assert live
    else:
        assert live == []
        assert sorted(outcomes[-2:]) == ["InvalidState", "done"]
    assert all(one in ("done", "Conflict", "SlotTaken") for one in outcomes[:5])


def test_nobody_books_with_who_is_deleted_meanwhile(rush: Rush) -> None:
    admin, counsellor = make_user(role=Role.ADMIN), make_counsellor()
    bought = [make_enrolment(make_user()) for _ in range(5)]
    db.session.commit()
    key, admin_id, ids = counsellor.public_id, admin.id, [one.id for one in bought]

    def removing() -> None:
        remove_counsellor(actor=db.session.get_one(User, admin_id), counsellor_id=key, now=NOW)

    works = [booking(one, key, TEN + number * HALF) for number, one in enumerate(ids)]
    outcomes = [outcome.answer for outcome in rush([*works, removing, removing])]
    db.session.rollback()
    live = list(db.session.scalars(select(CounsellingSession.status)))
    if db.session.scalars(select(Counsellor)).one_or_none() is None:
        assert live == []
        assert sorted(outcomes[-2:]) == ["NotFound", "done"]
    else:  # students were first
        assert live
        assert set(outcomes[-2:]) == {"Conflict"}
    assert all(one in ("done", "NotFound", "Conflict", "SlotTaken") for one in outcomes[:5])


def test_a_student_who_cancels_at_the_same_moment_gets_the_credit_once(rush: Rush) -> None:
    admin, counsellor = make_user(role=Role.ADMIN), make_counsellor()
    sessions = [make_session(make_enrolment(make_user()), counsellor, TEN + n * HALF) for n in range(4)]
    db.session.commit()
    ids, admin_id, key = [one.public_id for one in sessions], admin.id, counsellor.public_id
    works = [cancelling(one.public_id, one.student_id) for one in sessions[::-1]]
    outcomes = [outcome.answer for outcome in rush([*works, closing(admin_id, key, ids)])]
    db.session.rollback()
    assert set(db.session.scalars(select(Enrolment.sessions_used))) == {0}
    assert set(db.session.scalars(select(CounsellingSession.status))) == {SessionStatus.CANCELLED}
    assert set(outcomes[:4]) <= {"done", "InvalidState"}
    assert outcomes[-1] in ("done", "ListChanged")
    assert (outcomes[-1] == "done") == (not db.session.scalars(select(Counsellor)).one().is_active)
