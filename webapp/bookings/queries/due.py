"""What has fallen due, found through partial indexes: the work grows with what is due, not with what exists.

Rows are read in the index's own order; whoever is done with the last goes on behind it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from sqlalchemy import Row, Select, and_, func, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.enrolments.models import Enrolment

S = CounsellingSession
BATCH = 200
START = (dt.datetime.min.replace(tzinfo=dt.UTC), 0)
Place = tuple[dt.datetime, int]


def waiting_statement(status: SessionStatus, now: dt.datetime, after: Place, limit: int = BATCH) -> Select[Any]:
    """Return the query of requests or holds that have run out, the first to do so first: (instant, id)."""
    return _due(S.expires_at, S.id, now, after, limit).where(S.status == status)


def reminders_statement(now: dt.datetime, after: Place, limit: int = BATCH) -> Select[Any]:
    """Return the query of sessions about which somebody is to be written to: (instant, id)."""
    return _due(S.remind_at, S.id, now, after, limit)


def nudges_statement(now: dt.datetime, after: Place, limit: int = BATCH) -> Select[Any]:
    """Return the query of enrolments to look at for unused sessions: (instant, id, student's id)."""
    return _due(Enrolment.nudge_at, Enrolment.id, now, after, limit).add_columns(Enrolment.user_id)


def _due(
    at: InstrumentedAttribute[dt.datetime | None],
    pk: InstrumentedAttribute[int],
    now: dt.datetime,
    after: Place,
    limit: int,
) -> Select[Any]:
    due = select(at, pk).where(at <= now, tuple_(at, pk) > tuple_(*after)).order_by(at, pk).limit(limit)
    return cast(Select[Any], due)


def read_due(statement: Select[Any]) -> list[Row[Any]]:
    """Return the rows of one of these queries."""
    return list(db.session.execute(statement).all())


def has_session_ahead(student_id: int, now: dt.datetime) -> bool:
    """Whether a student has a confirmed session or an open request that has not ended."""
    waiting = and_(S.status == SessionStatus.REQUESTED, S.expires_at > now)
    wanted = select(S.id).where(
        S.student_id == student_id, S.ends_at > now, or_(S.status == SessionStatus.SCHEDULED, waiting)
    )
    return db.session.scalar(wanted.limit(1)) is not None


def last_activity(student_id: int) -> dt.datetime | None:
    """Return when a student's latest session that stood, or still stands, ends; None: there never was one."""
    stood = (SessionStatus.REQUESTED, SessionStatus.SCHEDULED, SessionStatus.COMPLETED, SessionStatus.NO_SHOW)
    return db.session.scalar(select(func.max(S.ends_at)).where(S.student_id == student_id, S.status.in_(stood)))
