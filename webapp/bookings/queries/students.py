"""The students a counsellor has had sessions with. Somebody who only asked for a time is not one of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession, NextStep
from webapp.bookings.queries.sessions import ENDED
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import DEFAULT_LIMIT, Page, paginate
from webapp.counsellors.models import Counsellor

S = CounsellingSession
HISTORY = 10


@dataclass(frozen=True, slots=True)
class StudentLine:
    """A student in the list; ``promises`` are next steps not ticked off yet."""

    user: User
    held: int
    last_at: dt.datetime | None
    next_at: dt.datetime | None
    promises: int


def students_of(
    counsellor_id: int, *, search: str = "", page: int = 1, limit: int = DEFAULT_LIMIT, now: dt.datetime
) -> Page[StudentLine]:
    """Return one page of a counsellor's students, whose session was or is latest first; two statements.

    ``search`` narrows by a part of the name, whatever its case.
    """
    theirs = _theirs(counsellor_id, now)
    wanted = select(User).join(theirs, theirs.c.student_id == User.id)
    if words := search.strip().replace("\x00", ""):
        escaped = words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        wanted = wanted.where(User.name.ilike(f"%{escaped}%", escape="\\"))
    total = db.session.scalar(select(func.count()).select_from(wanted.subquery())) or 0
    rows = db.session.execute(
        wanted.add_columns(theirs.c.held, theirs.c.last_at, theirs.c.next_at, _open_promises(counsellor_id))
        .order_by(func.greatest(theirs.c.last_at, theirs.c.next_at).desc(), User.id)
        .limit(limit)
        .offset((page - 1) * limit)
    )
    return Page([StudentLine(*row) for row in rows], total, page, limit)


def student_of_counsellor(counsellor: Counsellor, public_id: str) -> User:
    """Return a student of this counsellor.

    Raises:
        NotFound: no such student, or they never had a session together.
    """
    had = select(S.id).where(S.student_id == User.id, S.counsellor_id == counsellor.id, _had()).exists()
    user = db.session.scalar(select(User).where(User.public_id == public_id, had))
    if user is None:
        raise NotFound("You have no student here.")
    return user


def history_with(
    counsellor_id: int, student_id: int, page: int = 1, *, limit: int = HISTORY
) -> Page[CounsellingSession]:
    """Return one page of what the two had, asked for or dropped, with notes and steps, the latest first."""
    wanted = (
        select(S)
        .options(joinedload(S.enrolment), joinedload(S.counsellor), joinedload(S.student), selectinload(S.next_steps))
        .where(S.counsellor_id == counsellor_id, S.student_id == student_id, S.status != SessionStatus.HELD)
        .order_by(S.starts_at.desc(), S.id.desc())
    )
    return paginate(db.session(), wanted, page=page, limit=limit)


def promises_with(counsellor_id: int, student_id: int) -> list[tuple[NextStep, CounsellingSession]]:
    """Return the student's steps of sessions with this counsellor that are not ticked off, the latest first."""
    rows = db.session.execute(
        select(NextStep, S)
        .join(S, S.id == NextStep.session_id)
        .where(S.counsellor_id == counsellor_id, S.student_id == student_id, NextStep.done_at.is_(None))
        .order_by(S.starts_at.desc(), NextStep.position, NextStep.id)
    )
    return [(step, session) for step, session in rows]


def _had() -> ColumnElement[bool]:
    """Whether a session stands, was held or missed, or once stood."""
    return or_(S.status.in_((SessionStatus.SCHEDULED, *ENDED)), S.confirmed_at.is_not(None))


def _theirs(counsellor_id: int, now: dt.datetime) -> Any:
    """By student: sessions held, the latest past one, the next one."""
    takes_place = S.status.in_((SessionStatus.SCHEDULED, *ENDED))
    ahead = and_(S.status == SessionStatus.SCHEDULED, S.ends_at > now)
    return (
        select(
            S.student_id,
            func.count().filter(S.status == SessionStatus.COMPLETED).label("held"),
            func.max(S.starts_at).filter(takes_place, S.ends_at <= now).label("last_at"),
            func.min(S.starts_at).filter(ahead).label("next_at"),
        )
        .where(S.counsellor_id == counsellor_id, _had())
        .group_by(S.student_id)
        .subquery()
    )


def _open_promises(counsellor_id: int) -> Any:
    return (
        select(func.count())
        .select_from(NextStep)
        .join(S, S.id == NextStep.session_id)
        .where(S.counsellor_id == counsellor_id, S.student_id == User.id, NextStep.done_at.is_(None))
        .correlate(User)
        .scalar_subquery()
    )
