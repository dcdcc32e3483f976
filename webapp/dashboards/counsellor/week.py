"""The counsellor's week: `?week=2026-W50`, on phones one day of it, `&day=2026-12-09`."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from webapp.availability.queries import (
    day_records,
    exception_days,
    exceptions_of,
    get_calendar,
    plain_windows,
    windows_of,
)
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.week import taken_of_counsellor
from webapp.bookings.rules import SessionStatus
from webapp.core.times import DEFAULT_ZONE, midnight, zone_info, zone_label
from webapp.counsellors.models import Counsellor
from webapp.dashboards.counsellor.dayline import DAY
from webapp.dashboards.counsellor.weekgrid import Special, WeekData, WeekGrid, week_grid
from webapp.dashboards.words import counted

WEEK = re.compile(r"(\d{4})-W(\d{2})")
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True, slots=True)
class DayTab:
    """One day of the strip."""

    date: dt.date
    url: str
    is_busy: bool


@dataclass(frozen=True, slots=True)
class WeekPage:
    """All that the page shows."""

    title: str
    lead: str
    grid: WeekGrid
    tabs: list[DayTab]
    chosen: dt.date
    today: dt.date
    before: str
    current: str
    after: str
    is_open: bool


def read_week(text: str | None, today: dt.date) -> dt.date:
    """Return the Monday of a week written as "2026-W50"; anything else is this week."""
    found = WEEK.fullmatch(text or "")
    if found and FIRST_YEAR <= int(found[1]) <= LAST_YEAR:
        try:
            return dt.date.fromisocalendar(int(found[1]), int(found[2]), 1)
        except ValueError:
            pass
    return today - today.weekday() * DAY


def write_week(date: dt.date) -> str:
    """Return the week of a date as `read_week` reads it."""
    year, week, _ = date.isocalendar()
    return f"{year}-W{week:02d}"


def week_page(
    counsellor: Counsellor, *, week: str | None, day: str | None, path: str, zone: str, now: dt.datetime
) -> WeekPage:
    """Read and lay out a week of ``zone``; four statements whatever is booked."""
    today = now.astimezone(zone_info(zone)).date()
    monday = read_week(week, today)
    data, is_open = _read(counsellor, monday, zone, now)
    grid = week_grid(data)
    chosen = _chosen(day, monday, today)
    return WeekPage(
        title=_title(monday),
        lead=_lead(data.rows, zone, now),
        grid=grid,
        tabs=[DayTab(one.date, _url(path, one.date, one.date), bool(one.entries)) for one in grid.days],
        chosen=chosen,
        today=today,
        before=_url(path, monday - DAY),
        current=path,
        after=_url(path, monday + 7 * DAY),
        is_open=is_open,
    )


def _read(counsellor: Counsellor, monday: dt.date, zone: str, now: dt.datetime) -> tuple[WeekData, bool]:
    calendar = get_calendar(counsellor.id)
    is_open = calendar is not None and calendar.is_open
    records = day_records(exceptions_of(counsellor.id, monday - DAY, monday + 7 * DAY)) if is_open else []
    start, end = midnight(monday, zone), midnight(monday + 7 * DAY, zone)
    data = WeekData(
        monday=monday,
        zone=zone,
        hours_zone=calendar.zone if calendar else DEFAULT_ZONE,
        windows=plain_windows(windows_of(counsellor.id)) if is_open else [],
        exceptions=exception_days(records),
        specials={one.date: Special(one.reason, not one.ranges) for one in records},
        rows=taken_of_counsellor(counsellor.id, start, end, now),
        now=now,
    )
    return data, is_open


def _chosen(day: str | None, monday: dt.date, today: dt.date) -> dt.date:
    """The day a phone shows: the one asked for, else today, else Monday."""
    try:
        asked = dt.date.fromisoformat(day or "")
    except ValueError:
        asked = today
    return asked if monday <= asked < monday + 7 * DAY else monday


def _url(path: str, date: dt.date, day: dt.date | None = None) -> str:
    asked = {"week": write_week(date), **({"day": day.isoformat()} if day else {})}
    return f"{path}?{urlencode(asked)}"


def _title(monday: dt.date) -> str:
    sunday = monday + 6 * DAY
    if monday.year != sunday.year:
        return f"{monday.day} {monday:%B %Y} – {sunday.day} {sunday:%B %Y}"
    if monday.month != sunday.month:
        return f"{monday.day} {monday:%B} – {sunday.day} {sunday:%B %Y}"
    return f"{monday.day} – {sunday.day} {sunday:%B %Y}"


def _lead(rows: Sequence[CounsellingSession], zone: str, now: dt.datetime) -> str:
    statuses = [row.status for row in rows]
    requests, held = statuses.count(SessionStatus.REQUESTED), statuses.count(SessionStatus.HELD)
    sessions = len(statuses) - requests - held
    parts = [counted(sessions, "session") if sessions else "No sessions"]
    parts += [counted(requests, "request")] if requests else []
    parts += [f"{counted(held, 'time')} held"] if held else []
    return f"{', '.join(parts)}. All times {zone_label(now, zone)}."
