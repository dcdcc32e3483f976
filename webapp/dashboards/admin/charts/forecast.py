"""Sessions people have paid for and not used, against the hours that are open for them: the next four weeks."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import extract, func, select

from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.times import zone_info
from webapp.dashboards.admin.charts.hours import open_minutes
from webapp.dashboards.admin.charts.weeks import DAY, WEEK
from webapp.enrolments.models import Enrolment, EnrolmentStatus

WEEKS = 4
TAKES_TIME = (SessionStatus.HELD, SessionStatus.REQUESTED, SessionStatus.SCHEDULED)


@dataclass(frozen=True, slots=True)
class ForecastWeek:
    """Seven days from ``first``, in minutes: open hours, what of them is booked, and what credits will ask for."""

    first: dt.date
    open: int
    booked: int
    wanted: int

    @property
    def free(self) -> int:
        """Open and not booked."""
        return max(0, self.open - self.booked)

    @property
    def short(self) -> int:
        """What will be asked for and is not there."""
        return max(0, self.wanted - self.free)


def forecast(zone: str, now: dt.datetime) -> list[ForecastWeek]:
    """Return the next four weeks from today; four statements.

    Unused credits of an enrolment are taken to be asked for evenly from now until it ends.
    """
    today = now.astimezone(zone_info(zone)).date()
    firsts = [today + number * WEEK for number in range(WEEKS)]
    hours = open_minutes([today + day * DAY for day in range(WEEKS * 7)])
    open_by_week = [
        sum(minutes for days in hours.values() for date, minutes in days.items() if first <= date < first + WEEK)
        for first in firsts
    ]
    booked, wanted = _booked(now), _wanted(now)
    return [ForecastWeek(*row) for row in zip(firsts, open_by_week, booked, wanted, strict=True)]


def _booked(now: dt.datetime) -> list[int]:
    number = func.floor(extract("epoch", CounsellingSession.starts_at - now) / (7 * 86400))
    length = func.sum(extract("epoch", CounsellingSession.ends_at - CounsellingSession.starts_at) / 60)
    rows = db.session.execute(
        select(number, length)
        .where(
            CounsellingSession.status.in_(TAKES_TIME),
            CounsellingSession.starts_at >= now,
            CounsellingSession.starts_at < now + WEEKS * WEEK,
        )
        .group_by(number)
    )
    found = {int(row[0]): int(row[1]) for row in rows}
    return [found.get(week, 0) for week in range(WEEKS)]


def _wanted(now: dt.datetime) -> list[int]:
    """Spread the unused minutes of each enrolment evenly over the time it has left; one statement."""
    left = (Enrolment.sessions_total - Enrolment.sessions_used) * Enrolment.session_minutes
    lasts = extract("epoch", Enrolment.expires_at - now)
    parts = []
    for week in range(WEEKS):
        until = extract("epoch", func.least(Enrolment.expires_at, now + (week + 1) * WEEK) - now)
        falls_in = func.greatest(until - week * 7 * 86400, 0)
        parts.append(func.coalesce(func.sum(left * falls_in / lasts), 0))
    row = db.session.execute(
        select(*parts).where(
            Enrolment.status == EnrolmentStatus.ACTIVE,
            Enrolment.expires_at > now,
            Enrolment.sessions_used < Enrolment.sessions_total,
        )
    ).one()
    return [round(float(value)) for value in row]
