"""Open hours of counsellors on given dates: what weekly windows and days that differ leave, in minutes."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import select

from webapp.availability.models import AvailabilityException, AvailabilityWindow, Calendar
from webapp.core.db import db
from webapp.counsellors.models import Counsellor

OpenMinutes = dict[int, dict[dt.date, int]]


def open_minutes(dates: list[dt.date]) -> OpenMinutes:
    """Return counsellor → date → minutes open, of active counsellors whose calendar is open; two statements.

    The dates are each counsellor's own; a clock change is not looked at, hours of a week hardly feel it.
    """
    bookable = select(Counsellor.id).join(Calendar).where(Counsellor.is_active, Calendar.is_open)
    weekly: dict[int, list[int]] = defaultdict(lambda: [0] * 7)
    for counsellor_id, weekday, start, end in db.session.execute(
        select(
            AvailabilityWindow.counsellor_id,
            AvailabilityWindow.weekday,
            AvailabilityWindow.start_minute,
            AvailabilityWindow.end_minute,
        ).where(AvailabilityWindow.counsellor_id.in_(bookable))
    ):
        weekly[counsellor_id][weekday] += end - start
    found = {
        counsellor_id: {date: minutes[date.weekday()] for date in dates} for counsellor_id, minutes in weekly.items()
    }
    _replace_special_days(found, dates)
    return found


def _replace_special_days(found: OpenMinutes, dates: list[dt.date]) -> None:
    rows = db.session.execute(
        select(AvailabilityException.counsellor_id, AvailabilityException.date, AvailabilityException.ranges).where(
            AvailabilityException.date.between(dates[0], dates[-1])
        )
    )
    for counsellor_id, date, ranges in rows:
        if counsellor_id in found:
            found[counsellor_id][date] = _length(ranges)


def _length(ranges: Iterable[Iterable[int]]) -> int:
    return sum(end - start for start, end in ranges)
