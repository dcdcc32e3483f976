"""Spans of time that figures of money are asked for. Source: api.md, counsellors' earnings."""

from __future__ import annotations

import datetime as dt
import enum

from webapp.core.times import zone_info

DAY = dt.timedelta(days=1)
Span = tuple[dt.datetime | None, dt.datetime | None]


class Period(enum.StrEnum):
    """A span up to now, on the calendar of a zone; weeks begin on Monday."""

    WEEK = "week"
    MONTH = "month"
    LAST_MONTH = "last-month"
    YEAR = "year"
    ALL = "all"


def period_span(period: Period, zone: str, now: dt.datetime) -> Span:
    """Return the first instant of a period and the first after it (None: no end, or no beginning)."""
    info = zone_info(zone)
    today = now.astimezone(info).date()
    month = today.replace(day=1)
    first: dict[Period, dt.date | None] = {
        Period.WEEK: today - today.weekday() * DAY,
        Period.MONTH: month,
        Period.LAST_MONTH: (month - DAY).replace(day=1),
        Period.YEAR: today.replace(month=1, day=1),
        Period.ALL: None,
    }
    end = month if period is Period.LAST_MONTH else None
    return _midnight(first[period], info), _midnight(end, info)


def _midnight(day: dt.date | None, info: dt.tzinfo) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), info) if day else None
