"""How much of their open hours counsellors spend in sessions, by weekday: a heat map."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Date, Integer, cast, extract, func, select

from webapp.availability.models import Calendar
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.times import zone_info
from webapp.counsellors.models import Counsellor
from webapp.dashboards.admin.charts.hours import OpenMinutes, open_minutes
from webapp.dashboards.admin.charts.weeks import DAY

DAYS = 28
SHOWN = 12
TOOK_TIME = (SessionStatus.SCHEDULED, SessionStatus.COMPLETED, SessionStatus.NO_SHOW)
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True, slots=True)
class Cell:
    """Minutes open and minutes booked; ``share`` in per cent, None where nothing was open."""

    open: int
    booked: int

    @property
    def share(self) -> int | None:
        """Booked of open in per cent."""
        return min(100, round(self.booked * 100 / self.open)) if self.open else None

    @property
    def heat(self) -> int:
        """The share as one of ten steps; 0 where nothing was booked or open."""
        return -(-(self.share or 0) // 10)


@dataclass(frozen=True, slots=True)
class HeatRow:
    """A counsellor's four weeks: Monday … Sunday, and all of it."""

    counsellor: str
    days: tuple[Cell, ...]
    total: Cell


def utilisation(zone: str, now: dt.datetime) -> list[HeatRow]:
    """Return the four weeks before today, the busiest counsellor first; four statements for any number of them.

    Open hours are those the calendar shows now: a window that was changed meanwhile counts as it is today.
    """
    today = now.astimezone(zone_info(zone)).date()
    dates = [today - back * DAY for back in range(DAYS, 0, -1)]
    hours, booked = open_minutes(dates), _booked(dates)
    names = {
        row[0]: row[1] for row in db.session.execute(select(Counsellor.id, Counsellor.name).where(Counsellor.is_active))
    }
    rows = [_row(name, pk, hours, booked) for pk, name in names.items() if pk in hours or pk in booked]
    return sorted(rows, key=lambda row: (-(row.total.share or 0), row.counsellor))


def _booked(dates: list[dt.date]) -> dict[int, list[int]]:
    """Return counsellor → minutes by weekday of the counsellor's own calendar; one statement."""
    local = func.timezone(Calendar.zone, CounsellingSession.starts_at)
    weekday = cast(extract("isodow", local), Integer)
    minutes = func.sum(extract("epoch", CounsellingSession.ends_at - CounsellingSession.starts_at) / 60)
    first, last = dates[0], dates[-1]
    found: dict[int, list[int]] = {}
    for counsellor_id, day, booked in db.session.execute(
        select(CounsellingSession.counsellor_id, weekday, minutes)
        .join(Calendar, Calendar.counsellor_id == CounsellingSession.counsellor_id)
        .where(
            CounsellingSession.status.in_(TOOK_TIME),
            CounsellingSession.starts_at >= dt.datetime.combine(first - DAY, dt.time(), dt.UTC),
            CounsellingSession.starts_at < dt.datetime.combine(last + 2 * DAY, dt.time(), dt.UTC),
            cast(local, Date).between(first, last),
        )
        .group_by(CounsellingSession.counsellor_id, weekday)
    ):
        found.setdefault(counsellor_id, [0] * 7)[day - 1] += int(booked)
    return found


def _row(name: str, pk: int, hours: OpenMinutes, booked: dict[int, list[int]]) -> HeatRow:
    open_by_day = [0] * 7
    for date, minutes in hours.get(pk, {}).items():
        open_by_day[date.weekday()] += minutes
    days = tuple(Cell(*pair) for pair in zip(open_by_day, booked.get(pk, [0] * 7), strict=True))
    return HeatRow(name, days, Cell(sum(cell.open for cell in days), sum(cell.booked for cell in days)))
