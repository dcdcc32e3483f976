"""Days that differ, as a draft: what is stored, less what is to go, plus what is new; shown as runs and a month."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from webapp.availability.queries import DayRecord
from webapp.availability.rules import Ranges, say_range
from webapp.availability.services import MAX_AHEAD_DAYS, dates

ONE_DAY = dt.timedelta(days=1)


class RunState(StrEnum):
    """How a run stands to what is stored."""

    SAVED = "saved"
    NEW = "new"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Entry:
    """Days added in the editor and not saved yet."""

    first: dt.date
    last: dt.date
    ranges: Ranges
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive days that differ in the same way; ``number`` is the place of a new one in the draft."""

    first: dt.date
    last: dt.date
    ranges: Ranges
    reason: str
    state: RunState
    number: int = -1

    @property
    def span(self) -> str:
        """The run as a button sends it."""
        return f"{self.first.isoformat()}..{self.last.isoformat()}"

    @property
    def title(self) -> str:
        """The days for people: "Thu, 24 – Sat, 26 Dec"."""
        return say_days(self.first, self.last)

    @property
    def text(self) -> str:
        """The hours or "Off", with the reason."""
        return f"{say_hours(self.ranges)} · {self.reason}" if self.reason else say_hours(self.ranges)


@dataclass(frozen=True, slots=True)
class MonthDay:
    """One cell of the month: its words for a screen reader and its looks."""

    date: dt.date
    kind: str  # "offd", "special" or ""
    label: str
    past: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class Month:
    """A month from Monday on; None where a cell belongs to another month."""

    first: dt.date
    weeks: list[list[MonthDay | None]]
    before: str | None
    after: str | None

    @property
    def title(self) -> str:
        """The month's name and year."""
        return f"{self.first:%B %Y}"


def say_days(first: dt.date, last: dt.date) -> str:
    """One day or a range for people; the year only where the range crosses it."""
    if first == last:
        return f"{first:%a}, {first.day} {first:%b}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%a}, {first.day} – {last:%a}, {last.day} {last:%b}"
    if first.year == last.year:
        return f"{first:%a}, {first.day} {first:%b} – {last:%a}, {last.day} {last:%b}"
    return f"{first:%a}, {first.day} {first:%b %Y} – {last:%a}, {last.day} {last:%b %Y}"


def say_hours(ranges: Ranges) -> str:
    """Hours of a day for people, "Off" for none."""
    return ", ".join(say_range(*pair) for pair in ranges) or "Off"


def resulting(saved: Iterable[DayRecord], dropped: Iterable[dt.date], entries: Iterable[Entry]) -> list[DayRecord]:
    """The days that differ once the draft is saved, in order of date."""
    gone = set(dropped)
    days = {record.date: record for record in saved if record.date not in gone}
    for entry in entries:
        for date in dates(entry.first, entry.last):
            days[date] = DayRecord(date, entry.ranges, entry.reason)
    return [days[date] for date in sorted(days)]


def runs(saved: Sequence[DayRecord], dropped: Iterable[dt.date], entries: Sequence[Entry], today: dt.date) -> list[Run]:
    """What the list shows from ``today`` on: stored runs, new ones, and those to be removed (with a way back)."""
    gone = set(dropped)
    owner: dict[dt.date, int] = {}
    for number, entry in enumerate(entries):
        owner |= dict.fromkeys(dates(entry.first, entry.last), number)
    cells = [
        Run(r.date, r.date, r.ranges, r.reason, RunState.DROPPED if r.date in gone else RunState.SAVED)
        for r in saved
        if r.date >= today and r.date not in owner
    ]
    cells += [
        Run(date, date, entries[number].ranges, entries[number].reason, RunState.NEW, number)
        for date, number in owner.items()
    ]
    return join_runs(sorted(cells, key=lambda run: run.first))


def join_runs(cells: Iterable[Run]) -> list[Run]:
    """Neighbouring days that are alike, joined."""
    joined: list[Run] = []
    for cell in cells:
        last = joined[-1] if joined else None
        if last and last.last + ONE_DAY == cell.first and _alike(last, cell):
            joined[-1] = Run(last.first, cell.last, cell.ranges, cell.reason, cell.state, cell.number)
        else:
            joined.append(cell)
    return joined


def _alike(one: Run, other: Run) -> bool:
    return (one.ranges, one.reason, one.state, one.number) == (other.ranges, other.reason, other.state, other.number)


def month_grid(
    first: dt.date, days: Iterable[DayRecord], today: dt.date, chosen: tuple[dt.date, dt.date] | None
) -> Month:
    """The month that starts at ``first`` with the days that will differ."""
    special = {record.date: record for record in days}
    following = next_month(first)
    cells: list[MonthDay | None] = [None] * first.weekday()
    cells += [_cell(date, special.get(date), today, chosen) for date in dates(first, following - ONE_DAY)]
    cells += [None] * (-len(cells) % 7)
    before = first - ONE_DAY
    return Month(
        first,
        [cells[n : n + 7] for n in range(0, len(cells), 7)],
        f"{before:%Y-%m}" if first > today.replace(day=1) else None,
        f"{following:%Y-%m}" if following <= last_month(today) else None,
    )


def _cell(date: dt.date, record: DayRecord | None, today: dt.date, chosen: tuple[dt.date, dt.date] | None) -> MonthDay:
    label = f"{date.day} {date:%B}"
    kind = ""
    if record is not None:
        kind = "special" if record.ranges else "offd"
        label += f", special hours {say_hours(record.ranges)}" if record.ranges else ", off"
    inside = chosen is not None and chosen[0] <= date <= chosen[1]
    return MonthDay(date, kind, label + (", chosen" if inside else ""), date < today, inside)


def next_month(first: dt.date) -> dt.date:
    """The first day of the month after."""
    return (first.replace(day=1) + dt.timedelta(days=32)).replace(day=1)


def last_month(today: dt.date) -> dt.date:
    """The last month in which a day may differ."""
    return (today + dt.timedelta(days=MAX_AHEAD_DAYS)).replace(day=1)
