"""The coming fortnight as students will see it, worked out of the draft, beside what is live now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.availability.queries import DayRecord, exception_days
from webapp.availability.rules import WEEKDAYS, CalendarRules, Window, local_date
from webapp.bookings.queries import CalendarData, calendar_data
from webapp.bookings.rules import Question, free_starts, group_by_day
from webapp.core.times import format_minute, zone_label
from webapp.counsellors.models import Counsellor
from webapp.dashboards.availability.special import ONE_DAY, say_days

DAYS = 14
FEW = 2
TOLD = 3

Starts = Mapping[dt.date, Sequence[dt.datetime]]


@dataclass(frozen=True, slots=True)
class Hours:
    """A calendar to ask questions of: stored, or as the draft would make it."""

    rules: CalendarRules
    windows: list[Window]
    records: list[DayRecord]
    is_open: bool = True  # paused: no bookings are taken, whatever the hours say

    def question(self, data: CalendarData, now: dt.datetime) -> Question:
        """The arguments of the rules of free time, with what is taken from ``data``."""
        return {
            "rules": self.rules,
            "windows": self.windows,
            "exceptions": exception_days(self.records),
            "busy": data.busy,
            "own": (),
            "now": now,
            "duration": self.rules.session_minutes,
        }


@dataclass(frozen=True, slots=True)
class PreviewDay:
    """A cell of the fortnight."""

    date: dt.date
    count: int
    few: bool
    chosen: bool

    @property
    def label(self) -> str:
        """What a screen reader hears."""
        return f"{self.date.day} {self.date:%B}, {self.count or 'none'} free"


@dataclass(frozen=True, slots=True)
class Preview:
    """Two weeks from today with the times of the chosen day, on the counsellor's clock."""

    weeks: list[list[PreviewDay]]
    chosen: str
    times: list[str]
    title: str
    zone: str
    minutes: int
    differences: list[tuple[str, str]]  # ("+9 times", "on Sat, 19 Dec")
    closed: bool


def taken_between(counsellor: Counsellor, first: dt.date, last: dt.date, now: dt.datetime) -> CalendarData:
    """What is taken on these local dates, and a day more at either side for every zone; one statement."""
    return calendar_data([counsellor.id], first - ONE_DAY, last + ONE_DAY, student_id=None, now=now)[counsellor.id]


def build_preview(
    counsellor: Counsellor, draft: Hours, saved: Hours, *, show: dt.date | None, is_new: bool, now: dt.datetime
) -> Preview:
    """Work out the fortnight of the draft and of what is stored; one statement."""
    today = local_date(now, draft.rules.zone)
    days = [today + n * ONE_DAY for n in range(DAYS)]
    data = taken_between(counsellor, days[0], days[-1], now)
    starts = fortnight(draft, data, days, now) if draft.is_open else {}
    live = fortnight(saved, data, days, now) if saved.is_open and not is_new else {}
    free = [date for date in days if starts.get(date)]
    chosen = show if show in days else (free[0] if free else days[0])
    cells = [
        PreviewDay(date, len(starts.get(date, ())), len(starts.get(date, ())) <= FEW, date == chosen) for date in days
    ]
    zone = draft.rules.zone
    times = [format_minute(start, zone) for start in starts.get(chosen, ())]
    return Preview(
        weeks=[cells[:7], cells[7:]],
        chosen=chosen.isoformat(),
        times=times,
        title=f"{say_days(chosen, chosen)}: {_times(len(times)) if times else 'no times'}",
        zone=zone_label(now, zone),
        minutes=draft.rules.session_minutes,
        differences=[] if is_new else differences(days, starts, live),
        closed=not draft.is_open,
    )


def fortnight(hours: Hours, data: CalendarData, days: Sequence[dt.date], now: dt.datetime) -> Starts:
    """Free starts by date of the calendar's own zone."""
    starts = free_starts(first=days[0], last=days[-1], **hours.question(data, now))
    return group_by_day(starts, hours.rules.zone)


def differences(days: Sequence[dt.date], starts: Starts, live: Starts) -> list[tuple[str, str]]:
    """How the draft's counts differ from the live ones: by weekday where both weeks do, else by date."""
    change = {date: len(starts.get(date, ())) - len(live.get(date, ())) for date in days}
    told: list[tuple[str, str]] = []
    for date in days[:7]:
        changed = [day for day in (date, date + 7 * ONE_DAY) if change[day]]
        both = sum(change[day] for day in changed)
        if len(changed) == 2 and both:
            told.append((_signed(both), f"on {WEEKDAYS[date.weekday()]}s"))
        else:
            told += [(_signed(change[day]), f"on {say_days(day, day)}") for day in changed]
    if len(told) > TOLD + 1:
        rest = sum(change.values())
        return [*told[:TOLD], (_signed(rest), "in all")] if rest else [*told[:TOLD], ("more", "on other days")]
    return told


def _signed(number: int) -> str:
    return f"{'+' if number > 0 else '−'}{_times(abs(number))}"


def _times(number: int) -> str:
    return "1 time" if number == 1 else f"{number} times"
