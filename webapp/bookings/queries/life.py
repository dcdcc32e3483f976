"""Reads of what happens in and after sessions: recordings, next steps, notes and promises of earlier ones."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import BigInteger, DateTime, bindparam, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.bookings.models import CounsellingSession, NextStep
from webapp.bookings.queries.sessions import ENDED
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.counsellors.models import Counsellor

S = CounsellingSession
HISTORY = 10
LINGER = dt.timedelta(hours=1)  # a step just ticked stays in sight, so that the tick can be taken back


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that may be shown now; ``downloadable``: the page offers to keep it."""

    link: str
    expires_at: dt.datetime
    downloadable: bool


def recordings(sessions: Iterable[CounsellingSession], now: dt.datetime) -> dict[int, Recording]:
    """Return by session id the recordings that have not expired; the database leaves out the others. One statement."""
    ids = [session.id for session in sessions]
    if not ids:
        return {}
    rows = db.session.execute(
        select(S.id, S.recording_link, S.recording_expires_at, S.recording_downloadable).where(
            S.id.in_(ids), S.recording_link.is_not(None), S.recording_expires_at > now
        )
    )
    return {pk: Recording(link or "", expires_at or now, downloadable) for pk, link, expires_at, downloadable in rows}


@dataclass(frozen=True, slots=True)
class OpenStep:
    """A next step that is open or was ticked lately: of a session that started then, with whom."""

    public_id: str
    text: str
    done_at: dt.datetime | None
    starts_at: dt.datetime
    counsellor: str


def open_steps(student_id: int, now: dt.datetime, limit: int = 20) -> list[OpenStep]:
    """Return a student's steps that are not ticked off, or were in the last hour.

    The latest session's first; one statement.
    """
    rows = db.session.execute(_OPEN_STEPS, {"student": student_id, "lately": now - LINGER, "limit": limit})
    return [OpenStep(*row) for row in rows]


_OPEN_STEPS = (
    select(NextStep.public_id, NextStep.text, NextStep.done_at, S.starts_at, Counsellor.name)
    .join(S, S.id == NextStep.session_id)
    .join(S.counsellor)
    .where(
        S.student_id == bindparam("student", type_=BigInteger),
        S.status == SessionStatus.COMPLETED,
        or_(NextStep.done_at.is_(None), NextStep.done_at > bindparam("lately", type_=DateTime(timezone=True))),
    )
    .order_by(S.starts_at.desc(), NextStep.position, NextStep.id)
    .limit(bindparam("limit"))
)


def earlier_sessions(session: CounsellingSession, limit: int = HISTORY) -> list[CounsellingSession]:
    """Return the same student's sessions before this one that were held or missed, with whoever, and their steps.

    The latest first; two statements.
    """
    wanted = (
        select(S)
        .options(joinedload(S.counsellor), selectinload(S.next_steps))
        .where(S.student_id == session.student_id, S.status.in_(ENDED), S.starts_at < session.starts_at)
        .order_by(S.starts_at.desc(), S.id.desc())
        .limit(limit)
    )
    return list(db.session.scalars(wanted))


def follower_of(session: CounsellingSession) -> CounsellingSession | None:
    """Return the session that carries on where this one was moved to another time."""
    if session.status is not SessionStatus.RESCHEDULED:
        return None
    return db.session.scalar(select(S).where(S.rescheduled_from_id == session.id))
