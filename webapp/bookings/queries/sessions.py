"""Reads of sessions for pages: one, and lists of them. A held time is no session and is never listed as one."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from typing import Any

from flask import current_app
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Select, and_, bindparam, func, or_, select
from sqlalchemy.orm import joinedload

from webapp.accounts.models import Role, User
from webapp.availability.models import Calendar
from webapp.bookings.models import CounsellingSession, SessionChange
from webapp.bookings.rules import SessionStatus, cancel_deadline
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import DEFAULT_LIMIT, Page, paginate
from webapp.counsellors.models import Counsellor

S = CounsellingSession
ENDED = (SessionStatus.COMPLETED, SessionStatus.NO_SHOW)
USES_CREDIT = (SessionStatus.REQUESTED, SessionStatus.SCHEDULED, *ENDED)


class SessionFilter(enum.StrEnum):
    """Which part of a list of sessions is shown."""

    UPCOMING = "upcoming"
    PAST = "past"
    ALL = "all"


def loaded_session() -> Select[CounsellingSession]:
    """Return a query of sessions with counsellor (and their user), student and enrolment, in one statement."""
    return (
        select(S)
        .options(joinedload(S.counsellor).joinedload(Counsellor.user), joinedload(S.student), joinedload(S.enrolment))
        .where(S.status != SessionStatus.HELD)
    )


def get_session_for(user: User, public_id: str) -> CounsellingSession:
    """Return a session to its student, its counsellor or an admin, with both people and the enrolment.

    Raises:
        NotFound: there is none, or ``user`` has no part in it.
    """
    wanted = loaded_session().where(S.public_id == public_id)
    if user.role is not Role.ADMIN:
        wanted = wanted.where(or_(S.student_id == user.id, S.counsellor.has(Counsellor.user_id == user.id)))
    session = db.session.scalar(wanted)
    if session is None:
        raise NotFound
    return session


def is_live(now: dt.datetime | ColumnElement[dt.datetime]) -> ColumnElement[bool]:
    """Return the condition of a session that stands: scheduled, or a request that has not run out."""
    waiting = and_(S.status == SessionStatus.REQUESTED, S.expires_at > now)
    return or_(S.status == SessionStatus.SCHEDULED, waiting)


def upcoming_sessions(student_id: int, now: dt.datetime) -> list[CounsellingSession]:
    """Return a student's sessions and open requests that have not ended, the next first; one statement."""
    wanted = loaded_session().where(S.student_id == student_id, is_live(now), S.ends_at > now)
    return list(db.session.scalars(wanted.order_by(S.starts_at, S.id)))


def booked_already(student_id: int, counsellor_id: int, starts_at: dt.datetime, now: dt.datetime) -> str | None:
    """Return the public id of the session (or open request) a student has with this counsellor from this start on."""
    mine = (S.student_id == student_id, S.counsellor_id == counsellor_id, S.starts_at == starts_at, is_live(now))
    return db.session.scalar(select(S.public_id).where(*mine))


def sessions_of_counsellor(
    counsellor: Counsellor,
    filter: SessionFilter | str = SessionFilter.ALL,  # noqa: A002  the word of the URL
    page: int = 1,
    *,
    now: dt.datetime,
    limit: int = DEFAULT_LIMIT,
) -> Page[CounsellingSession]:
    """Return one page of a counsellor's sessions; two statements. Upcoming: next first; else latest first."""
    return _page(loaded_session().where(S.counsellor_id == counsellor.id), filter, page, now, limit)


def all_sessions(
    filter: SessionFilter | str = SessionFilter.ALL,  # noqa: A002  the word of the URL
    page: int = 1,
    *,
    now: dt.datetime,
    limit: int = DEFAULT_LIMIT,
) -> Page[CounsellingSession]:
    """Return one page of everybody's sessions, for admins; two statements."""
    return _page(loaded_session(), filter, page, now, limit)


def _page(
    query: Select[Any], part: SessionFilter | str, page: int, now: dt.datetime, limit: int
) -> Page[CounsellingSession]:
    upcoming = and_(is_live(now), S.ends_at > now)
    if part == SessionFilter.UPCOMING:
        query = query.where(upcoming).order_by(S.starts_at, S.id)
    elif part == SessionFilter.PAST:
        query = query.where(~upcoming).order_by(S.starts_at.desc(), S.id.desc())
    else:
        query = query.order_by(S.starts_at.desc(), S.id.desc())
    return paginate(db.session(), query, page=page, limit=limit)


def movable_sessions(counsellor_id: int, now: dt.datetime, limit: int = 100) -> list[CounsellingSession]:
    """Return a counsellor's confirmed sessions that have not begun, the next first; one statement."""
    wanted = loaded_session().where(
        S.counsellor_id == counsellor_id, S.status == SessionStatus.SCHEDULED, S.starts_at > now
    )
    return list(db.session.scalars(wanted.order_by(S.starts_at, S.id).limit(limit)))


def history_of(session: CounsellingSession) -> list[SessionChange]:
    """Return what happened to a session, the earliest first."""
    wanted = select(SessionChange).where(SessionChange.session_id == session.id)
    return list(db.session.scalars(wanted.order_by(SessionChange.at, SessionChange.id)))


def session_numbers(sessions: Sequence[CounsellingSession]) -> dict[int, int]:
    """Return by session id which of its enrolment's sessions it is, in order of time; one statement.

    Only sessions that use a credit are counted and numbered ("3rd of 6").
    """
    enrolments = {session.enrolment_id for session in sessions if session.enrolment_id is not None}
    if not enrolments:
        return {}
    rows = db.session.execute(_NUMBERS, {"enrolments": sorted(enrolments)})
    wanted = {session.id for session in sessions}
    return {session_id: place for session_id, place in rows if session_id in wanted}


_NUMBERS = select(  # built once: lists and homes ask it
    S.id, func.row_number().over(partition_by=S.enrolment_id, order_by=(S.starts_at, S.id))
).where(
    S.enrolment_id == func.any(bindparam("enrolments", type_=ARRAY(BigInteger))),
    or_(S.status.in_(USES_CREDIT), and_(S.status == SessionStatus.CANCELLED, ~S.credit_returned)),
)


def chain_of(session: CounsellingSession) -> str:
    """Return the public id of the first session of a chain of moves: its own unless it was moved."""
    if session.calendar_uid is not None or session.rescheduled_from_id is None:
        return session.calendar_uid or session.public_id
    before = select(S.public_id, S.rescheduled_from_id).where(S.id == session.rescheduled_from_id).cte(recursive=True)
    before = before.union_all(
        select(S.public_id, S.rescheduled_from_id).join(before, S.id == before.c.rescheduled_from_id)
    )
    first = db.session.scalar(select(before.c.public_id).where(before.c.rescheduled_from_id.is_(None)))
    return first or session.public_id


def deadline_hours_of(counsellor_id: int) -> int:
    """Return how many hours before the start a student cancels with the session back: theirs, else the house's."""
    own = db.session.scalar(select(Calendar.cancel_deadline_hours).where(Calendar.counsellor_id == counsellor_id))
    return house_deadline_hours() if own is None else own


def house_deadline_hours() -> int:
    """Return the setting for counsellors who have no deadline of their own."""
    hours: int = current_app.config["SETTINGS"].cancellation_deadline_hours
    return hours


def cancel_deadline_of(session: CounsellingSession) -> dt.datetime:
    """Return the last moment at which its student cancels this session with the credit back."""
    return cancel_deadline(session.starts_at, deadline_hours_of(session.counsellor_id))


def count_by_status(counsellor_id: int, since: dt.datetime, until: dt.datetime) -> dict[SessionStatus, int]:
    """Return how many sessions of a counsellor start between two instants, by status (holds left out)."""
    rows = db.session.execute(
        select(S.status, func.count())
        .where(
            S.counsellor_id == counsellor_id, S.starts_at >= since, S.starts_at < until, S.status != SessionStatus.HELD
        )
        .group_by(S.status)
    )
    return {row[0]: row[1] for row in rows}


def house_hold_minutes() -> int:
    """Return how long a time is kept for somebody who is paying."""
    minutes: int = current_app.config["SETTINGS"].hold_minutes
    return minutes
