"""A student's own list of sessions, each part of it by statements that are built once."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, DateTime, Select, and_, bindparam, func, select, true
from sqlalchemy.orm import defer, joinedload

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.sessions import SessionFilter, is_live
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.pagination import DEFAULT_LIMIT, Page
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment

S = CounsellingSession


def sessions_of_student(
    student: User,
    filter: SessionFilter | str = SessionFilter.ALL,  # noqa: A002  the word of the URL
    page: int = 1,
    *,
    now: dt.datetime,
    limit: int = DEFAULT_LIMIT,
) -> Page[CounsellingSession]:
    """Return one page of a student's sessions; two statements. Upcoming: next first; else latest first.

    Of counsellors and enrolments only what a list shows is read; whose sessions they are is known.
    """
    rows, count = _STATEMENTS[SessionFilter(filter)]
    values = {"student": student.id, "now": now}
    total = db.session.scalar(count, values) or 0
    items = db.session.scalars(rows, {**values, "most": limit, "skip": (page - 1) * limit}).all()
    return Page(items=items, total=total, page=page, limit=limit)


_NOW = bindparam("now", type_=DateTime(timezone=True))
_MINE = and_(S.student_id == bindparam("student", type_=BigInteger), S.status != SessionStatus.HELD)
_AHEAD = and_(is_live(_NOW), S.ends_at > _NOW)
_LATEST_FIRST = (S.starts_at.desc(), S.id.desc())
_ROWS = (
    select(S)
    .options(
        joinedload(S.counsellor).load_only(Counsellor.user_id, Counsellor.name, Counsellor.photo),
        joinedload(S.enrolment).load_only(Enrolment.title, Enrolment.sessions_total),
        defer(S.private_notes),
        defer(S.shared_notes),
        defer(S.student_notes),
    )
    .limit(bindparam("most", type_=BigInteger))
    .offset(bindparam("skip", type_=BigInteger))
)


def _of(part: ColumnElement[bool], order: tuple[ColumnElement[Any], ...]) -> tuple[Select[Any], Select[Any]]:
    """The statements of a part: its rows, and how many there are."""
    return _ROWS.where(_MINE, part).order_by(*order), select(func.count()).select_from(S).where(_MINE, part)


_STATEMENTS = {
    SessionFilter.UPCOMING: _of(_AHEAD, (S.starts_at.asc(), S.id.asc())),
    SessionFilter.PAST: _of(~_AHEAD, _LATEST_FIRST),
    SessionFilter.ALL: _of(true(), _LATEST_FIRST),
}
