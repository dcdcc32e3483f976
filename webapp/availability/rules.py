"""Pure rules of a counsellor's calendar: hours, days that differ, validation, wall time to UTC.

Hours are local wall minutes of a date (0 … 1440) in the counsellor's IANA zone. How a date's
wall clock runs on the UTC line is a tuple of `Piece`: one on an ordinary day, two when the
clocks change, none when the zone skipped the date. Source: product.md "Slots".
"""

import datetime as dt
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from webapp.core import times

DAY_MINUTES = 1440
DAY_SECONDS = 86_400
SESSION_LENGTHS = (30, 45, 60, 90)
STEP_LIMITS = (5, 240)
BUFFER_LIMITS = (0, 240)
NOTICE_LIMITS = (0, 30 * DAY_MINUTES)
HORIZON_LIMITS = (1, 365)
CAP_LIMITS = (1, 48)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Ranges = tuple[tuple[int, int], ...]
is_zone = times.is_zone
_EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})")


class BookingMode(StrEnum):
    """Whether a booking is a request to answer or is confirmed at once."""

    APPROVAL = "approval"
    INSTANT = "instant"


class Window(NamedTuple):
    """Weekly hours: weekday 0 Monday … 6 Sunday, local wall minutes 0 ≤ start < end ≤ 1440."""

    weekday: int
    start_minute: int
    end_minute: int


class ExceptionDay(NamedTuple):
    """One date whose ranges replace the weekly hours; no ranges means a day off. Dates are unique."""

    date: dt.date
    ranges: Ranges


@dataclass(frozen=True, slots=True)
class CalendarRules:
    """A counsellor's booking rules, in minutes and days; `step_minutes` None follows the length."""

    zone: str
    session_minutes: int = 30
    step_minutes: int | None = None
    buffer_before: int = 0
    buffer_after: int = 0
    notice_minutes: int = 1440
    horizon_days: int = 90
    max_per_day: int | None = None
    mode: BookingMode = BookingMode.APPROVAL


class Piece(NamedTuple):
    """A run of a date's wall seconds [lo, hi) without a clock change; `utc` is lo's epoch second."""

    lo: int
    hi: int
    utc: int


class Place(NamedTuple):
    """Where an instant falls on a zone's clock; `piece` is None for a repeat of yesterday's hour."""

    date: dt.date
    second: int
    piece: int | None


def parse_clock(text: str) -> int:
    """Minutes after midnight of "HH:MM"; "24:00" is 1440. ValueError says what is wrong."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError("Enter a time as HH:MM.")
    hour, minute = int(match[1]), int(match[2])
    if minute > 59 or hour * 60 + minute > DAY_MINUTES:
        raise ValueError("Enter a time between 00:00 and 24:00.")
    return hour * 60 + minute


def format_clock(minute: int) -> str:
    """The "HH:MM" that `parse_clock` reads back; 1440 is "24:00"."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def say_clock(minute: int) -> str:
    """A wall minute for people: "10:30 AM"; 1440 is "midnight"."""
    if minute == DAY_MINUTES:
        return "midnight"
    hour, rest = divmod(minute, 60)
    return f"{hour % 12 or 12}:{rest:02d} {'AM' if hour < 12 else 'PM'}"


def say_range(start: int, end: int) -> str:
    """A wall range for people: "10:00 AM – 1:00 PM"."""
    return f"{say_clock(start)} – {say_clock(end)}"


def merge_ranges(ranges: Iterable[tuple[int, int]]) -> Ranges:
    """Ranges sorted, with those that touch or overlap joined into one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            if end > merged[-1][1]:
                merged[-1] = (merged[-1][0], end)
        else:
            merged.append((start, end))
    return tuple(merged)


def day_ranges(date: dt.date, windows: Iterable[Window], exceptions: Iterable[ExceptionDay]) -> Ranges:
    """The merged local ranges of a date: the exception's where there is one, else the weekday's."""
    for exception in exceptions:
        if exception.date == date:
            return merge_ranges(exception.ranges)
    return weekday_ranges(date.weekday(), windows)


def weekday_ranges(weekday: int, windows: Iterable[Window]) -> Ranges:
    """The merged weekly hours of one weekday."""
    return merge_ranges([(w.start_minute, w.end_minute) for w in windows if w.weekday == weekday])


def validate_ranges(ranges: Iterable[tuple[int, int]], label: str = "") -> list[str]:
    """What is wrong with one day's ranges, in plain sentences; `label` opens each of them."""
    lead = f"{label}: " if label else ""
    errors: list[str] = []
    sound: list[tuple[int, int]] = []
    for start, end in ranges:
        if not (0 <= start <= DAY_MINUTES and 0 <= end <= DAY_MINUTES):
            errors.append(f"{lead}times lie between 12:00 AM and midnight.")
        elif end == start:
            errors.append(f"{lead}{say_range(start, end)} has no length.")
        elif end < start:
            errors.append(f"{lead}{say_range(start, end)} ends before it starts.")
        else:
            sound.append((start, end))
    return errors + _overlaps(sorted(sound), lead)


def _overlaps(ranges: Sequence[tuple[int, int]], lead: str) -> list[str]:
    errors: list[str] = []
    widest: tuple[int, int] | None = None
    for current in ranges:
        if widest is not None and current[0] < widest[1]:
            errors.append(f"{lead}{say_range(*widest)} overlaps {say_range(*current)}.")
        if widest is None or current[1] > widest[1]:
            widest = current
    return errors


def validate_windows(windows: Iterable[Window]) -> dict[str, list[str]]:
    """Errors of weekly hours by field "monday" … "sunday" ("weekday" for an unknown day)."""
    days: dict[int, list[tuple[int, int]]] = {}
    errors: dict[str, list[str]] = {}
    for window in windows:
        if 0 <= window.weekday < 7:
            days.setdefault(window.weekday, []).append((window.start_minute, window.end_minute))
        else:
            errors["weekday"] = ["Choose a day from Monday to Sunday."]
    for weekday in sorted(days):
        if found := validate_ranges(days[weekday], WEEKDAYS[weekday]):
            errors[WEEKDAYS[weekday].lower()] = found
    return errors


def validate_rules(rules: CalendarRules) -> dict[str, list[str]]:
    """Errors of calendar rules by field name; empty when they may be saved."""
    problems = {
        "zone": None if is_zone(rules.zone) else "Choose a time zone from the list.",
        "session_minutes": None
        if rules.session_minutes in SESSION_LENGTHS
        else "Choose a session length of 30, 45, 60 or 90 minutes.",
        "step_minutes": _limit("A start every", rules.step_minutes, STEP_LIMITS, "minutes"),
        "buffer_before": _limit("The break before", rules.buffer_before, BUFFER_LIMITS, "minutes"),
        "buffer_after": _limit("The break after", rules.buffer_after, BUFFER_LIMITS, "minutes"),
        "notice_minutes": _notice_problem(rules),
        "horizon_days": _limit("Bookable ahead", rules.horizon_days, HORIZON_LIMITS, "days"),
        "max_per_day": _limit("Most per day", rules.max_per_day, CAP_LIMITS, "sessions"),
    }
    return {field: [message] for field, message in problems.items() if message}


def _limit(what: str, value: int | None, limits: tuple[int, int], unit: str) -> str | None:
    if value is None or limits[0] <= value <= limits[1]:
        return None
    return f"{what}: choose {limits[0]} to {limits[1]} {unit}."


def _notice_problem(rules: CalendarRules) -> str | None:
    if not NOTICE_LIMITS[0] <= rules.notice_minutes <= NOTICE_LIMITS[1]:
        return f"Notice: choose 0 to {NOTICE_LIMITS[1] // 60} hours."
    if rules.notice_minutes >= (rules.horizon_days + 1) * DAY_MINUTES:
        return "Notice must be shorter than the time bookable ahead, or no time would ever be free."
    return None


def local_date(instant: dt.datetime, zone: str) -> dt.date:
    """The date that the zone's calendar shows at an aware instant."""
    return instant.astimezone(ZoneInfo(zone)).date()


def local_to_utc(date: dt.date, minute: int, zone: str) -> dt.datetime | None:
    """The UTC instant of a wall minute (0 … 1440; 1440 is the next date's midnight).

    None for a wall time that the zone skips; the first occurrence of one that comes twice.
    """
    if minute == DAY_MINUTES:
        date, minute = date + dt.timedelta(days=1), 0
    second = minute * 60
    for piece in day_pieces(zone, date):
        if piece.lo <= second < piece.hi:
            return dt.datetime.fromtimestamp(piece.utc + second - piece.lo, dt.UTC)
    return None


@lru_cache(maxsize=8192)
def day_pieces(zone: str, date: dt.date) -> tuple[Piece, ...]:
    """How a date's wall clock lies on the UTC line, in order of time; cached per zone and date.

    Equal offsets at both midnights mean a plain day: no zone changes its clocks there and back
    within a day. A midnight that is skipped counts with the offset before the change, and of one
    that comes twice the first counts, so each date ends where the next begins.
    """
    info = ZoneInfo(zone)
    midnight = (date.toordinal() - _EPOCH_ORDINAL) * DAY_SECONDS
    offset = _wall_offset(info, date)
    if offset == _wall_offset(info, date + dt.timedelta(days=1)):
        return (Piece(0, DAY_SECONDS, midnight - offset),)
    pieces: list[Piece] = []
    for begin, end, seconds in _steady_spans(info, midnight - DAY_SECONDS, midnight + 2 * DAY_SECONDS):
        low = max(begin + seconds - midnight, 0)
        high = min(end + seconds - midnight, DAY_SECONDS)
        if low < high:
            pieces.append(Piece(low, high, midnight + low - seconds))
    return tuple(pieces)


def _wall_offset(info: ZoneInfo, date: dt.date) -> int:
    offset = dt.datetime(date.year, date.month, date.day, tzinfo=info).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _offset_at(info: ZoneInfo, epoch: int) -> int:
    offset = dt.datetime.fromtimestamp(epoch, info).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _steady_spans(info: ZoneInfo, first: int, last: int) -> list[tuple[int, int, int]]:
    """(begin, end, offset) runs of epoch seconds between clock changes, sampled hourly, then halved."""
    spans: list[tuple[int, int, int]] = []
    begin = first
    for hour in range(first, last, 3600):
        low, high = hour, min(hour + 3600, last)
        before = _offset_at(info, low)
        if before == _offset_at(info, high):
            continue
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset_at(info, middle) == before else (low, middle)
        spans.append((begin, high, before))
        begin = high
    return [*spans, (begin, last, _offset_at(info, last))]


def run_end(pieces: Sequence[Piece], index: int, start: int, end: int) -> int:
    """The epoch second until which the clock, from piece `index` on, stays inside [start, end).

    `start` and `end` are wall seconds of a range. This is how a range's end is resolved: an end
    that DST skips is the moment of the change, one that comes twice is the first, and a clock
    set back to before the range's start ends the run there.
    """
    piece = pieces[index]
    while end >= piece.hi:
        finish = piece.utc + piece.hi - piece.lo
        index += 1
        if index == len(pieces):
            return finish
        piece = pieces[index]
        if piece.utc != finish or not start <= piece.lo < end:
            return finish
    return piece.utc + end - piece.lo


def locate(instant: dt.datetime, zone: str) -> Place:
    """The local date, wall second and piece of an aware instant (fractions of a second dropped)."""
    local = instant.astimezone(ZoneInfo(zone))
    epoch = int(instant.timestamp() // 1)
    for index, piece in enumerate(day_pieces(zone, local.date())):
        if piece.utc <= epoch < piece.utc + piece.hi - piece.lo:
            return Place(local.date(), piece.lo + epoch - piece.utc, index)
    return Place(local.date(), local.hour * 3600 + local.minute * 60 + local.second, None)


def fits_hours(
    start: dt.datetime,
    minutes: int,
    zone: str,
    windows: Iterable[Window],
    exceptions: Iterable[ExceptionDay],
) -> bool:
    """Whether a session of so many minutes lies wholly inside the date's hours, on a start or not."""
    place = locate(start, zone)
    if place.piece is None:
        return False
    for low, high in day_ranges(place.date, windows, exceptions):
        if low * 60 <= place.second < high * 60:
            finish = run_end(day_pieces(zone, place.date), place.piece, low * 60, high * 60)
            return start.timestamp() + minutes * 60 <= finish
    return False
