"""The weekly hours as they are typed: text in, checked minutes out, and the strip of the day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from webapp.availability.rules import DAY_MINUTES, WEEKDAYS, Ranges, Window, format_clock, parse_clock, validate_ranges
from webapp.availability.services import MAX_WINDOWS_A_DAY

KEYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STRIP_FROM, STRIP_TO, STRIP_STEP = 6 * 60, 22 * 60, 30
SHOWN_ROWS = MAX_WINDOWS_A_DAY * 2  # a forged flood is not written back
TEXT_LIMIT = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One window as typed, wall times as text."""

    start: str
    end: str

    @property
    def to_midnight(self) -> bool:
        """Whether the end reads as the midnight that closes the day."""
        return self.end in ("00:00", "24:00")


@dataclass(frozen=True, slots=True)
class Check:
    """What typed windows amount to: minutes if all is well, else sentences and the rows they are about."""

    ranges: Ranges
    errors: tuple[str, ...] = ()
    bad: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class DayDraft:
    """One weekday as typed; a day that is switched off keeps its rows until it is saved."""

    weekday: int
    on: bool
    rows: tuple[Row, ...]

    @property
    def key(self) -> str:
        """The day in names and ids: "mon" … "sun"."""
        return KEYS[self.weekday]

    @property
    def name(self) -> str:
        """The day for people."""
        return WEEKDAYS[self.weekday]

    @property
    def others(self) -> list[tuple[str, str]]:
        """The other days as (key, "Tue")."""
        return [(key, key.title()) for key in KEYS if key != self.key]

    @property
    def check(self) -> Check:
        """The day's hours, or what is wrong with them; none while it is switched off."""
        if not self.on:
            return Check(())
        if not self.rows:
            return Check((), (f"Add hours on {self.name}, or switch the day off.",))
        return check_rows(self.rows)

    @property
    def strip(self) -> list[tuple[int, int]]:
        """(start, length) of each window in half hours on the strip 6 AM – 10 PM; starts count from 1."""
        return strip(self.check.ranges)


def check_rows(rows: Sequence[Row]) -> Check:
    """Read typed windows of one day: every problem in a sentence, and which rows have one."""
    if len(rows) > MAX_WINDOWS_A_DAY:
        return Check((), (f"At most {MAX_WINDOWS_A_DAY} windows a day.",), frozenset(range(len(rows))))
    parsed = [_parse(row) for row in rows]
    errors = [] if all(parsed) else ["Enter both times of a window, such as 10:00 and 13:00."]
    errors += validate_ranges([pair for pair in parsed if pair])
    bad = frozenset(index for index, pair in enumerate(parsed) if pair is None or _clashes(index, parsed))
    return Check((), tuple(errors), bad) if errors else Check(tuple(sorted(pair for pair in parsed if pair)))


def _parse(row: Row) -> tuple[int, int] | None:
    try:
        start, end = parse_clock(row.start), parse_clock(row.end)
    except ValueError:
        return None
    return start, end or DAY_MINUTES  # a time input cannot say 24:00


def _clashes(index: int, parsed: Sequence[tuple[int, int] | None]) -> bool:
    own = parsed[index]
    if own is None or own[0] >= own[1]:
        return True
    others = [pair for place, pair in enumerate(parsed) if pair and place != index and pair[0] < pair[1]]
    return any(own[0] < end and start < own[1] for start, end in others)


def strip(ranges: Ranges) -> list[tuple[int, int]]:
    """Ranges on the strip of half hours; what begins or ends beyond it is cut off."""
    places = []
    for start, end in ranges:
        low, high = max(start, STRIP_FROM), min(end, STRIP_TO)
        if low < high:
            first = (low - STRIP_FROM) // STRIP_STEP
            places.append((first + 1, -(-(high - STRIP_FROM) // STRIP_STEP) - first))
    return places


def rows_of(ranges: Iterable[tuple[int, int]]) -> tuple[Row, ...]:
    """Minutes as the inputs show them; the midnight at a day's end is "00:00"."""
    return tuple(Row(format_clock(start), format_clock(end % DAY_MINUTES)) for start, end in ranges)


def read_rows(starts: Sequence[str], ends: Sequence[str]) -> tuple[Row, ...]:
    """Rows from parallel inputs; one side missing reads as empty."""
    count = min(max(len(starts), len(ends)), SHOWN_ROWS)
    return tuple(Row(_nth(starts, n), _nth(ends, n)) for n in range(count))


def _nth(texts: Sequence[str], index: int) -> str:
    return texts[index].strip()[:TEXT_LIMIT] if index < len(texts) else ""


def days_of(windows: Iterable[Window]) -> list[DayDraft]:
    """The stored week as a draft."""
    rows: dict[int, list[tuple[int, int]]] = {day: [] for day in range(7)}
    for window in windows:
        rows[window.weekday].append((window.start_minute, window.end_minute))
    return [DayDraft(day, bool(found), rows_of(sorted(found))) for day, found in rows.items()]


def windows_of(days: Iterable[DayDraft]) -> list[Window]:
    """The week's hours of all days that are in order."""
    return [Window(day.weekday, start, end) for day in days for start, end in day.check.ranges]


def with_row(day: DayDraft) -> DayDraft:
    """The day switched on with one more window, placed after the last one where there is room."""
    return replace(day, on=True, rows=(*day.rows, next_row(day.rows)))


def next_row(rows: Sequence[Row]) -> Row:
    """A window to offer: 10 AM – 1 PM first, then up to two hours, an hour after the last."""
    if not rows:
        return Row("10:00", "13:00")
    ends = [pair[1] for pair in map(_parse, rows) if pair]
    start = max(ends, default=DAY_MINUTES) + 60
    if start + 60 > DAY_MINUTES:
        return Row("", "")
    return rows_of([(start, min(start + 120, DAY_MINUTES))])[0]


def without_row(rows: Sequence[Row], index: int) -> tuple[Row, ...]:
    """The rows without one of them; an index out of range changes nothing."""
    return tuple(row for place, row in enumerate(rows) if place != index)
