"""What a booking asks of the database: once before its locks, and once under them.

Statements are built once; putting one together takes longer than the database needs to answer it.
"""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from sqlalchemy import BigInteger, DateTime, Interval, String, and_, bindparam, exists, func, or_, select, true
from sqlalchemy.orm import aliased

from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.enrolments.queries import books_with

S = CounsellingSession
WAITING = (SessionStatus.HELD, SessionStatus.REQUESTED)
LONGEST = dt.timedelta(hours=6)  # of any session: what began earlier than that is over


class Wish(NamedTuple):
    """A start that a student wants to book, with the outside ids of counsellor and enrolment."""

    counsellor_id: str
    enrolment_id: str
    starts_at: dt.datetime


class Wanted(NamedTuple):
    """What a wish to book is about, as it looked before anything was locked.

    ``fits``: the counsellor still counsels, and in this enrolment. ``is_taken``: somebody else has the time.
    ``lapses``: something on the two calendars has run out and was not ended yet.
    """

    counsellor_id: int
    enrolment_id: int
    fits: bool
    is_taken: bool
    lapses: bool


class Own(NamedTuple):
    """What of the student's own matters for a booking: which of the package's sessions it will be, holds it ends."""

    number: int
    holds: list[int]


def find_wanted(*, student_id: int, wish: Wish, now: dt.datetime) -> Wanted | None:
    """Return what a student's wish is about; None: no such counsellor or enrolment. One statement."""
    values = {
        "student": student_id,
        "counsellor": wish.counsellor_id,
        "enrolment": wish.enrolment_id,
        "start": wish.starts_at,
        "since": wish.starts_at - LONGEST,
        "now": now,
    }
    row = db.session.execute(_WANTED, values).one_or_none()
    return None if row is None else Wanted(*row)


def own_of_booking(*, student_id: int, enrolment_id: int, starts_at: dt.datetime, ends_at: dt.datetime) -> Own:
    """Return what of the student's own a booking of this time touches; ask it under the locks. One statement."""
    values = {
        "student": student_id,
        "enrolment": enrolment_id,
        "start": starts_at,
        "since": starts_at - LONGEST,
        "end": ends_at,
    }
    number, holds = db.session.connection().exec_driver_sql(_OWN, values).one()
    return Own(number, holds)


_STUDENT, _SINCE = bindparam("student", type_=BigInteger), bindparam("since", type_=DateTime(timezone=True))
_START, _NOW = bindparam("start", type_=DateTime(timezone=True)), bindparam("now", type_=DateTime(timezone=True))
_END = _START + func.make_interval(0, 0, 0, 0, 0, Enrolment.session_minutes, type_=Interval)
_WHO = aliased(Counsellor)
_LIVE = or_(
    S.status == SessionStatus.SCHEDULED,
    and_(
        S.status.in_(WAITING),
        S.expires_at > _NOW,
        or_(S.status != SessionStatus.HELD, S.student_id != _STUDENT),  # a time that one keeps, one may book
    ),
)
_TAKEN = exists().where(S.counsellor_id == _WHO.id, S.starts_at > _SINCE, S.starts_at < _END, S.ends_at > _START, _LIVE)
_LAPSES = exists().where(
    S.expires_at <= _NOW, S.status.in_(WAITING), or_(S.counsellor_id == _WHO.id, S.student_id == _STUDENT)
)
_WANTED = (
    select(_WHO.id, Enrolment.id, books_with(_WHO.id), _TAKEN, _LAPSES)
    .select_from(_WHO)
    .join(Enrolment, true())
    .where(
        _WHO.public_id == bindparam("counsellor", type_=String),
        Enrolment.public_id == bindparam("enrolment", type_=String),
        Enrolment.user_id == _STUDENT,
    )
)
# What uses a credit is counted as `session_numbers` does: at the same start the newer one comes later.
_OWN = """
select (select 1 + count(*) from counselling_sessions
         where enrolment_id = %(enrolment)s and starts_at <= %(start)s
           and (status in ('requested', 'scheduled', 'completed', 'no_show')
                or status = 'cancelled' and not credit_returned)),
       array(select id from counselling_sessions
              where student_id = %(student)s and status = 'held'
                and starts_at > %(since)s and starts_at < %(end)s and ends_at > %(start)s)
"""
