"""A counsellor's sessions in numbers; all counting is the database's. Names as in api.md "Stats".

A time that was only held, and the row a moved session leaves behind, are no sessions and not counted.
Minutes are the booked length of sessions that were held.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Date, Integer, and_, cast, extract, func, select

from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.sessions import ENDED, is_live
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.times import zone_info

S = CounsellingSession
NO_SESSION = (SessionStatus.HELD, SessionStatus.RESCHEDULED)
TAKES_PLACE = (SessionStatus.SCHEDULED, *ENDED)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Figures:
    """The numbers. ``past`` and ``upcoming`` count what took or takes its time, requests that wait included.

    ``this_month`` counts sessions that stand or were held or missed in the month of the zone; the
    ``month_…`` and ``last_…`` numbers count sessions that were held (completed).
    """

    total: int
    past: int
    upcoming: int
    this_month: int
    confirmed: int
    completed: int
    cancelled: int
    no_show: int
    minutes: int
    unique_students: int
    month_consultations: int
    month_minutes: int
    month_students: int
    last_7_days: int
    last_30_days: int
    last_90_days: int


@dataclass(frozen=True, slots=True)
class WeekFigures:
    """Sessions held in one week."""

    sessions: int
    minutes: int


def figures_of(counsellor_id: int, *, zone: str, now: dt.datetime) -> Figures:
    """Return a counsellor's figures as of ``now``, months being those of ``zone``; one statement."""
    month, after = _month(now, zone)
    done, ended = S.status == SessionStatus.COMPLETED, S.ends_at <= now
    in_month = and_(S.starts_at >= month, S.starts_at < after)
    student = S.student_id
    row = db.session.execute(
        select(
            _count(S.status.not_in(NO_SESSION)),
            _count(S.status.in_(TAKES_PLACE), ended),
            _count(is_live(now), S.ends_at > now),
            _count(S.status.in_(TAKES_PLACE), in_month),
            _count(S.status == SessionStatus.SCHEDULED),
            _count(done),
            _count(S.status == SessionStatus.CANCELLED),
            _count(S.status == SessionStatus.NO_SHOW),
            _minutes(done),
            func.count(student.distinct()).filter(done),
            _count(done, in_month),
            _minutes(done, in_month),
            func.count(student.distinct()).filter(done, in_month),
            *(_count(done, S.starts_at > now - days * DAY, S.starts_at <= now) for days in (7, 30, 90)),
        ).where(S.counsellor_id == counsellor_id)
    ).one()
    return Figures(*(int(value) for value in row))


def held_by_week(
    counsellor_id: int, *, since: dt.datetime, until: dt.datetime, zone: str
) -> dict[dt.date, WeekFigures]:
    """Return by Monday (of ``zone``) what was held of sessions starting in the span; one statement."""
    week = monday_of(zone)
    done = S.status == SessionStatus.COMPLETED
    rows = db.session.execute(
        select(week, _count(done), _minutes(done))
        .where(S.counsellor_id == counsellor_id, done, S.starts_at >= since, S.starts_at < until)
        .group_by(week)
    )
    return {monday: WeekFigures(int(sessions), int(minutes)) for monday, sessions, minutes in rows}


def monday_of(zone: str) -> ColumnElement[dt.date]:
    """Return the Monday of the week in which a session starts, on the calendar of ``zone``."""
    return cast(func.date_trunc("week", func.timezone(zone, S.starts_at)), Date)


def _count(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    return func.count().filter(*conditions)


def _minutes(*conditions: ColumnElement[bool]) -> ColumnElement[int]:
    seconds = func.sum(extract("epoch", S.ends_at - S.starts_at)).filter(*conditions)
    return cast(func.coalesce(seconds, 0) / 60, Integer)


def _month(now: dt.datetime, zone: str) -> tuple[dt.datetime, dt.datetime]:
    """First instants of this month and the next on the calendar of ``zone``."""
    info = zone_info(zone)
    first = now.astimezone(info).date().replace(day=1)
    later = (first + 31 * DAY).replace(day=1)
    start, end = (dt.datetime.combine(date, dt.time(), info).astimezone(dt.UTC) for date in (first, later))
    return start, end
