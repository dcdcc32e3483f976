"""Weeks on the calendar of a zone, Monday first."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, Date, cast, func
from sqlalchemy.orm import InstrumentedAttribute

from webapp.core.times import zone_info

DAY = dt.timedelta(days=1)
WEEK = 7 * DAY


def this_monday(zone: str, now: dt.datetime) -> dt.date:
    """Return the Monday of the week ``now`` lies in."""
    today = now.astimezone(zone_info(zone)).date()
    return today - today.weekday() * DAY


def last_mondays(zone: str, now: dt.datetime, weeks: int) -> list[dt.date]:
    """Return the Mondays of the last ``weeks`` weeks, this one included, the earliest first."""
    monday = this_monday(zone, now)
    return [monday - back * WEEK for back in reversed(range(weeks))]


def week_of(
    instant: InstrumentedAttribute[dt.datetime]
    | InstrumentedAttribute[dt.datetime | None]
    | ColumnElement[dt.datetime],
    zone: str,
) -> ColumnElement[dt.date]:
    """Return the expression for the Monday of an instant's week."""
    return cast(func.date_trunc("week", func.timezone(zone, instant)), Date)


def label(monday: dt.date) -> str:
    """Return a week's name: "7 Dec"."""
    return f"{monday.day} {monday:%b}"
