"""A counsellor's week as seven columns of quarter hours: hours, sessions, requests, holds, days off. Pure.

Positions are steps of 15 minutes from the first hour shown on the clock of the viewer's zone, as the
classes `.at-N` and `.len-N` want them.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.availability.rules import ExceptionDay, Window
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.bookings.session_cards import state_of, time_left
from webapp.core.times import format_minute, midnight, zone_info
from webapp.dashboards.counsellor.dayline import DAY, Span, open_spans

STEP, HOUR, DAY_MINUTES = 15, 60, 1440
EARLIEST, LATEST = 9 * HOUR, 18 * HOUR  # shown even in an empty week
SHORT = 2  # steps: one line of text


class Tone(enum.StrEnum):
    """How an entry looks."""

    AHEAD = ""
    DONE = "done"
    REQUEST = "req"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class OpenHours:
    """A stretch of open time."""

    at: int
    length: int
    label: str


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that takes time. ``session_id`` None: nothing to open. ``state``: what is heard after the time."""

    at: int
    length: int
    tone: Tone
    title: str
    time: str
    state: str
    session_id: str | None

    @property
    def is_short(self) -> bool:
        """Whether there is room for one line only."""
        return self.length <= SHORT


@dataclass(frozen=True, slots=True)
class DayColumn:
    """One day. ``off`` is the reason of a day off ("" without one), None on any other day."""

    date: dt.date
    hours: list[OpenHours]
    special: str | None
    off: str | None
    entries: list[Entry]
    now_at: int | None


@dataclass(frozen=True, slots=True)
class HourMark:
    """An hour beside the columns."""

    at: int
    label: str


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """The week: hour marks and seven days, Monday first."""

    marks: list[HourMark]
    days: list[DayColumn]


@dataclass(frozen=True, slots=True)
class Special:
    """A date that differs from the weekly hours: its reason, and whether it is off."""

    reason: str
    is_off: bool


@dataclass(frozen=True, slots=True)
class WeekData:
    """What a week is laid out from. ``zone`` is the viewer's, ``hours_zone`` that of the counsellor's hours."""

    monday: dt.date
    zone: str
    hours_zone: str
    windows: Sequence[Window]
    exceptions: Sequence[ExceptionDay]
    specials: Mapping[dt.date, Special]
    rows: Sequence[CounsellingSession]
    now: dt.datetime

    def midnight(self, offset: int) -> dt.datetime:
        """The instant at which the day ``offset`` days after Monday begins."""
        return midnight(self.monday + offset * DAY, self.zone)


def week_grid(data: WeekData) -> WeekGrid:
    """Lay out seven days; as many hours are shown as the week needs."""
    opened = [
        open_spans(data.windows, data.exceptions, data.hours_zone, data.midnight(n), data.midnight(n + 1))
        for n in range(7)
    ]
    taken = [[row for row in data.rows if _touches(row, data.midnight(n), data.midnight(n + 1))] for n in range(7)]
    spans = [(n, span) for n in range(7) for span in opened[n]]
    spans += [(n, (row.starts_at, row.ends_at)) for n in range(7) for row in taken[n]]
    first, last = _shown([_minutes(data, n, span) for n, span in spans])
    marks = [
        HourMark((minute - first) // STEP + 1, f"{minute // 60 % 12 or 12} {'AM' if minute < 720 else 'PM'}")
        for minute in range(first, last, HOUR)
    ]
    days = [_day(data, n, opened[n], taken[n], first) for n in range(7)]
    return WeekGrid(marks, days)


def _touches(row: CounsellingSession, start: dt.datetime, end: dt.datetime) -> bool:
    return row.starts_at < end and row.ends_at > start


def _shown(spans: Sequence[tuple[int, int]]) -> tuple[int, int]:
    """First and last minute shown, both full hours."""
    first = min([EARLIEST, *(start for start, _ in spans)])
    last = max([LATEST, *(end for _, end in spans)])
    return first // HOUR * HOUR, -(-last // HOUR) * HOUR


def _minutes(data: WeekData, n: int, span: Span) -> tuple[int, int]:
    """A span's minutes on the clock of a day, cut at its midnights; a clock change inside moves only its end."""
    begin, end = data.midnight(n), data.midnight(n + 1)
    start, stop = max(span[0], begin), min(span[1], end)
    local = start.astimezone(zone_info(data.zone))
    minute = local.hour * HOUR + local.minute
    length = int((stop - start).total_seconds()) // 60
    return minute, DAY_MINUTES if stop == end else min(minute + length, DAY_MINUTES)


def _place(data: WeekData, n: int, span: Span, first: int) -> tuple[int, int]:
    start, stop = (round((minute - first) / STEP) for minute in _minutes(data, n, span))
    return start + 1, max(1, stop - start)


def _day(data: WeekData, n: int, opened: Sequence[Span], rows: Sequence[CounsellingSession], first: int) -> DayColumn:
    date = data.monday + n * DAY
    special = data.specials.get(date)
    now_at = None
    if data.midnight(n) <= data.now < data.midnight(n + 1):
        at, _ = _place(data, n, (data.now, data.now), first)
        now_at = at if at >= 1 else None
    return DayColumn(
        date=date,
        hours=[OpenHours(*_place(data, n, span, first), _hours(span, data.zone)) for span in opened],
        special=special.reason if special and not special.is_off else None,
        off=special.reason if special and special.is_off and not opened else None,
        entries=[_entry(data, n, row, first) for row in rows],
        now_at=now_at,
    )


def _entry(data: WeekData, n: int, row: CounsellingSession, first: int) -> Entry:
    at, length = _place(data, n, (row.starts_at, row.ends_at), first)
    left = time_left(row.expires_at, data.now).words if row.expires_at else ""
    clock = format_minute(row.starts_at, data.zone)
    if row.status is SessionStatus.HELD:
        return Entry(at, length, Tone.HELD, "Held", left, f"from {clock}, somebody is paying", None)
    state = state_of(row, data.now)
    if row.status is SessionStatus.REQUESTED:
        return Entry(at, length, Tone.REQUEST, row.student.name, clock, f"request, {left}", row.public_id)
    tone = Tone.DONE if row.ends_at <= data.now or row.status is not SessionStatus.SCHEDULED else Tone.AHEAD
    return Entry(at, length, tone, row.student.name, clock, state.label.lower(), row.public_id)


def _hours(span: Span, zone: str) -> str:
    """Return "10 AM – 1 PM", minutes only where there are any."""
    first, last = (format_minute(instant, zone).replace(":00", "") for instant in span)
    return f"{first.removesuffix(last[-3:]) if first[-2:] == last[-2:] else first} – {last}"
