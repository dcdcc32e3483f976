"""What the picker shows, worked out from free starts: month grid, list of times, confirmation panel.

Pure: no database, no request. Days and times are grouped and named in the viewer's zone.
"""

from __future__ import annotations

import calendar
import datetime as dt
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from webapp.bookings.picker_url import PickerUrls, write_instant
from webapp.bookings.rules.slots import PartOfDay, part_of_day
from webapp.core.times import (
    format_clock,
    format_date,
    format_minute,
    format_short_day,
    zone_info,
    zone_label,
)

FEW = 2
KEPT = 512  # months and lists of times a process keeps, the latest used; 10 KB each with their html
Days = Mapping[dt.date, Sequence[dt.datetime]]


@dataclass(frozen=True, slots=True)
class DayCell:
    """One cell of the grid; without ``href`` it cannot be chosen."""

    number: int
    classes: str
    spoken: str
    free: int
    href: str | None
    today: bool
    chosen: bool


@dataclass(frozen=True, slots=True)
class MonthLink:
    """The way to a neighbouring month; without ``href`` there is nothing to be had there."""

    label: str
    href: str | None


@dataclass(frozen=True, slots=True, eq=False)
class MonthGrid:
    """A month as whole weeks, Monday first. Equal months are one object, by which finished html is kept."""

    title: str
    weeks: tuple[tuple[DayCell, ...], ...]
    prev: MonthLink
    next: MonthLink


class TimeState(enum.StrEnum):
    """How a time stands out in the list."""

    PLAIN = ""
    CHOSEN = "chosen"
    GONE = "gone"
    NEAR = "near"


@dataclass(frozen=True, slots=True)
class TimeOption:
    """One start; a time that is gone has no ``href``."""

    at: dt.datetime
    label: str
    state: TimeState
    href: str | None

    @property
    def value(self) -> str:
        """The start as a form sends it."""
        return write_instant(self.at)


@dataclass(frozen=True, slots=True)
class DayPart:
    """The times under one heading: Morning, Afternoon or Evening."""

    name: str
    times: tuple[TimeOption, ...]


@dataclass(frozen=True, slots=True, eq=False)
class DayList:
    """The chosen day's times; equal ones are one object, as months are.

    ``title`` names the day, ``count`` how many are free, ``zone`` whose clock.
    """

    title: str
    count: str
    zone: str
    parts: tuple[DayPart, ...]


def month_of(date: dt.date) -> dt.date:
    """The first day of a date's month."""
    return date.replace(day=1)


def month_after(month: dt.date) -> dt.date:
    """The first day of the next month."""
    return (month.replace(day=28) + dt.timedelta(days=4)).replace(day=1)


def grid_span(month: dt.date) -> tuple[dt.date, dt.date]:
    """First and last date that the month's grid shows: whole weeks, Monday to Sunday."""
    last = month_after(month) - dt.timedelta(days=1)
    return month - dt.timedelta(days=month.weekday()), last + dt.timedelta(days=6 - last.weekday())


def counted(number: int) -> str:
    """Say how many times are free: "6 times free", "1 time free", "no time free"."""
    if number == 0:
        return "no time free"
    return f"{number} time{'s' if number > 1 else ''} free"


def month_grid(
    month: dt.date,
    *,
    days: Days,
    chosen: dt.date | None,
    today: dt.date,
    last: dt.date,
    mine: frozenset[dt.date],
    urls: PickerUrls,
) -> MonthGrid:
    """The grid of a month; ``last`` is the last date that may be booked, ``mine`` the student's own days."""
    first, final = grid_span(month)
    shown = [first + dt.timedelta(days=n) for n in range((final - first).days + 1)]
    free = tuple(len(days.get(date, ())) for date in shown)
    return _month_grid(month, free, chosen, today, last, mine.intersection(shown), urls)


@lru_cache(maxsize=KEPT)
def _month_grid(  # noqa: PLR0917  a cache's key
    month: dt.date,
    free: tuple[int, ...],
    chosen: dt.date | None,
    today: dt.date,
    last: dt.date,
    mine: frozenset[dt.date],
    urls: PickerUrls,
) -> MonthGrid:
    first, _ = grid_span(month)
    cells = []
    for place, number in enumerate(free):
        date = first + dt.timedelta(days=place)
        out = month_of(date) != month
        cells.append(_cell(date, number, urls, today=date == today, mine=date in mine, out=out, chosen=date == chosen))
    before, after = month_of(month - dt.timedelta(days=1)), month_after(month)
    return MonthGrid(
        title=f"{month:%B %Y}",
        weeks=tuple(tuple(cells[n : n + 7]) for n in range(0, len(cells), 7)),
        prev=_month_link(before, month > month_of(today), urls),
        next=_month_link(after, after <= last, urls),
    )


def _month_link(month: dt.date, reachable: bool, urls: PickerUrls) -> MonthLink:
    name = f"{calendar.month_name[month.month]} {month.year}"
    return MonthLink(name if reachable else f"{name}, nothing free", urls.month(month) if reachable else None)


def _cell(
    date: dt.date,
    free: int,
    urls: PickerUrls,
    *,
    today: bool,
    mine: bool,
    out: bool,
    chosen: bool,
) -> DayCell:
    flags = {"none": not free, "few": 0 < free <= FEW, "today": today, "mine": mine, "out": out}
    words = [
        f"{date:%A} {date.day} {date:%B}",
        "today" if today else "",
        counted(free),
        "you have a session" if mine else "",
    ]
    return DayCell(
        number=date.day,
        classes=" ".join(["day", *(name for name, on in flags.items() if on)]),
        spoken=", ".join(word for word in words if word),
        free=free,
        href=urls.day(date) if free else None,
        today=today,
        chosen=chosen,
    )


def day_list(
    date: dt.date,
    starts: Sequence[dt.datetime],
    *,
    zone: str,
    chosen: dt.datetime | None,
    lost: dt.datetime | None = None,
    near: Iterable[dt.datetime] = (),
    urls: PickerUrls,
) -> DayList:
    """The times of one day. ``lost`` is the time somebody else took, struck through at its place."""
    return _day_list(date, tuple(starts), zone, chosen, lost, frozenset(near), urls)


@lru_cache(maxsize=KEPT)
def _day_list(  # noqa: PLR0917  a cache's key
    date: dt.date,
    starts: tuple[dt.datetime, ...],
    zone: str,
    chosen: dt.datetime | None,
    lost: dt.datetime | None,
    close: frozenset[dt.datetime],
    urls: PickerUrls,
) -> DayList:
    everything = sorted({*starts, *([lost] if lost is not None and _on(lost, date, zone) else [])})
    names = _labels(everything, zone)
    parts: dict[PartOfDay, list[TimeOption]] = {}
    for at, label in zip(everything, names, strict=True):
        state = TimeState.GONE if at == lost and at not in starts else TimeState.PLAIN
        if not state:
            state = TimeState.CHOSEN if at == chosen else TimeState.NEAR if at in close else TimeState.PLAIN
        href = None if state is TimeState.GONE else urls.time(at)
        parts.setdefault(part_of_day(at, zone), []).append(TimeOption(at, label, state, href))
    return DayList(
        title=format_date(date),
        count=counted(len(starts)),
        zone=_zones(everything, zone),
        parts=tuple(DayPart(part.value, tuple(options)) for part, options in parts.items()),
    )


def _on(instant: dt.datetime, date: dt.date, zone: str) -> bool:
    return instant.astimezone(zone_info(zone)).date() == date


def _labels(starts: Sequence[dt.datetime], zone: str) -> list[str]:
    """Names of times; where the clock shows one twice, its zone is said with it."""
    plain = [format_minute(at, zone) for at in starts]
    return [
        format_clock(at, zone) if plain.count(label) > 1 else label for at, label in zip(starts, plain, strict=True)
    ]


def _zones(starts: Sequence[dt.datetime], zone: str) -> str:
    return " and ".join(dict.fromkeys(zone_label(at, zone) for at in starts))


def near_options(
    near: Iterable[dt.datetime], *, date: dt.date | None, zone: str, urls: PickerUrls
) -> tuple[TimeOption, ...]:
    """Alternatives to a lost time; those of another day carry its name: "Fri, 11 Dec, 10:30 AM"."""
    return tuple(
        TimeOption(
            at,
            format_minute(at, zone)
            if date is not None and _on(at, date, zone)
            else f"{format_short_day(at, zone)}, {format_minute(at, zone)}",
            TimeState.NEAR,
            urls.time(at),
        )
        for at in near
    )
