"""Free starts: hours cut into starts, minus what is taken and what the rules exclude.

Inside, instants are whole epoch seconds. A taken range forbids an open interval of starts, and so do the notice and the
enrolment's end. A run of starts minus the sorted forbidden intervals is plain arithmetic on positions in it: the cost
grows with taken ranges plus days, and what is free is copied in stretches. Source: product.md "Slots".
"""

import datetime as dt
import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, NotRequired, TypedDict, Unpack, overload
from zoneinfo import ZoneInfo

from webapp.availability.rules import (
    CalendarRules,
    ExceptionDay,
    Ranges,
    Window,
    local_date,
    merge_ranges,
    weekday_ranges,
)
from webapp.bookings.rules.openings import Openings, Run, instant_at, openings

Spans = list[tuple[int, int]]
_FOREVER = 1 << 62


class BusyKind(StrEnum):
    """What takes the time; `own` is the asking student's calendar."""

    SESSION = "session"
    HOLD = "hold"
    REQUEST = "request"
    OWN = "own"


class Busy(NamedTuple):
    """A taken range of aware instants; `until` is when a hold or request runs out, if it does."""

    start: dt.datetime
    end: dt.datetime
    kind: BusyKind
    until: dt.datetime | None = None


class Taken(Sequence[Busy]):
    """A counsellor's taken times as they are read: sessions are whole epoch seconds until somebody looks at them.

    ``promised`` are requests and holds.
    """

    __slots__ = ("promised", "sessions")

    def __init__(self, sessions: Spans, promised: list[Busy]) -> None:
        """Take (start, end) of sessions, in any order."""
        self.sessions, self.promised = sessions, promised

    @property
    def spans(self) -> Spans:
        """All of them as whole epoch seconds."""
        return self.sessions + _spans(self.promised) if self.promised else self.sessions

    def _all(self) -> list[Busy]:
        made = [Busy(instant_at(start), instant_at(end), BusyKind.SESSION) for start, end in self.sessions]
        return made + self.promised

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Taken) and (self.sessions, self.promised) == (other.sessions, other.promised)

    __hash__ = None  # type: ignore[assignment]  # it grows while it is read

    def __len__(self) -> int:
        return len(self.sessions) + len(self.promised)

    def __iter__(self) -> Iterator[Busy]:
        return iter(self._all())

    @overload
    def __getitem__(self, index: int) -> Busy: ...
    @overload
    def __getitem__(self, index: slice) -> list[Busy]: ...
    def __getitem__(self, index: int | slice) -> Busy | list[Busy]:
        return self._all()[index]


class Question(TypedDict):
    """The keyword arguments shared by every question about free time.

    `busy` is the counsellor's (also past and completed sessions, so that the day's cap counts
    them), `own` the asking student's; which list a range is in decides, not its kind: only `busy`
    has buffers and counts for the cap. Whoever moves a session or resumes a hold leaves it out.
    `duration` is in minutes. `expires_at` is the enrolment's end: a start must lie before it.
    `day_counts` adds sessions per counsellor-local date that are not in `busy`.
    """

    rules: CalendarRules
    windows: Sequence[Window]
    exceptions: Sequence[ExceptionDay]
    busy: Sequence[Busy]
    own: Sequence[Busy]
    now: dt.datetime
    duration: int
    expires_at: NotRequired[dt.datetime | None]
    day_counts: NotRequired[Mapping[dt.date, int] | None]


class PartOfDay(StrEnum):
    """The heading under which a time is listed."""

    MORNING = "Morning"
    AFTERNOON = "Afternoon"
    EVENING = "Evening"


def free_starts(*, first: dt.date, last: dt.date, **question: Unpack[Question]) -> list[dt.datetime]:
    """Every free start, UTC and ascending, on the counsellor's dates first … last inclusive."""
    return _free(first, last, question)


def first_free(
    *, first: dt.date = dt.date.min, last: dt.date = dt.date.max, **question: Unpack[Question]
) -> dt.datetime | None:
    """The soonest free start, looking no further than its date; None if there is none up to the horizon."""
    return next(iter(_free(first, last, question, soonest=True)), None)


def group_by_day(starts: Iterable[dt.datetime], zone: str) -> dict[dt.date, list[dt.datetime]]:
    """Starts by the date that the viewer's calendar shows; the starts themselves are unchanged."""
    days: dict[dt.date, list[dt.datetime]] = {}
    info = ZoneInfo(zone)
    for start in starts:
        days.setdefault(start.astimezone(info).date(), []).append(start)
    return days


def nearest(starts: Iterable[dt.datetime], wanted: dt.datetime, limit: int = 4) -> list[dt.datetime]:
    """The `limit` starts closest to the wanted one (the earlier of two as close), in order of time."""
    return sorted(heapq.nsmallest(limit, starts, key=lambda start: (abs(start - wanted), start)))


def part_of_day(start: dt.datetime, zone: str) -> PartOfDay:
    """Morning until noon, Afternoon until 5 PM, then Evening, by the viewer's clock."""
    hour = start.astimezone(ZoneInfo(zone)).hour
    if hour < 12:
        return PartOfDay.MORNING
    return PartOfDay.AFTERNOON if hour < 17 else PartOfDay.EVENING


def margin_minutes(rules: CalendarRules) -> int:
    """The gap kept between neighbours: neither a new slot's buffers nor a session's may be touched."""
    return max(rules.buffer_before, rules.buffer_after)


def step_minutes(rules: CalendarRules, duration: int) -> int:
    """Minutes between starts: the counsellor's step, else the session's length."""
    return rules.step_minutes or duration


def horizon_date(rules: CalendarRules, now: dt.datetime) -> dt.date:
    """The last bookable date on the counsellor's calendar."""
    return _date_at(math.floor(now.timestamp()), rules.zone) + dt.timedelta(days=rules.horizon_days)


def count_by_date(busy: Iterable[Busy], zone: str, more: Mapping[dt.date, int] | None = None) -> Mapping[dt.date, int]:
    """Sessions, requests and holds by the counsellor-local date of their start."""
    counts = Counter(more or {})
    counts.update(local_date(taken.start, zone) for taken in busy)
    return counts


def _free(first: dt.date, last: dt.date, question: Question, *, soonest: bool = False) -> list[dt.datetime]:
    """Free starts on the bookable dates of the span, or on the first of them that has any."""
    rules, now = question["rules"], question["now"]
    earliest = math.ceil(now.timestamp()) + rules.notice_minutes * 60
    date = max(first, _date_at(earliest, rules.zone))
    last = min(last, horizon_date(rules, now))
    free: list[dt.datetime] = []
    if date > last:
        return free
    step = step_minutes(rules, question["duration"]) * 60
    after = margin_minutes(rules) * 60
    margins = question["duration"] * 60 + after, after
    taken = _taken(question, earliest, margins)
    full = _full_dates(question)
    at = 0
    for ordinal, runs in _hours(date.toordinal(), last.toordinal(), step, question):
        if ordinal not in full:
            for run in runs:
                at = _cut(run, taken, margins, at, free)
            if soonest and free:
                break
    return free


@lru_cache(maxsize=64)
def _date_at(epoch: int, zone: str) -> dt.date:
    """The zone's date; of the same moment it is asked for every counsellor."""
    return local_date(dt.datetime.fromtimestamp(epoch, dt.UTC), zone)


def _hours(first: int, last: int, step: int, question: Question) -> Iterator[tuple[int, tuple[Run, ...]]]:
    """The dates by ordinal with the starts that their hours would give."""
    zone, length, windows = question["rules"].zone, question["duration"] * 60, tuple(question["windows"])
    special: dict[int, Ranges] = {}
    for exception in question["exceptions"]:
        special.setdefault(exception.date.toordinal(), merge_ranges(exception.ranges))
    weekly: list[Openings | None] = [None] * 7
    for ordinal in range(first, last + 1):
        if ordinal in special:
            yield ordinal, openings(zone, special[ordinal], step, length)[ordinal]
            continue
        weekday = (ordinal + 6) % 7
        usual = weekly[weekday]
        if usual is None:
            usual = weekly[weekday] = openings(zone, _weekly(weekday, windows), step, length)
        yield ordinal, usual[ordinal]


_weekly = lru_cache(maxsize=2048)(weekday_ranges)


def _full_dates(question: Question) -> frozenset[int]:
    rules = question["rules"]
    cap = rules.max_per_day
    if cap is None:
        return frozenset()
    counts = count_by_date(question["busy"], rules.zone, question.get("day_counts"))
    return frozenset(date.toordinal() for date, count in counts.items() if count >= cap)


def _taken(question: Question, earliest: int, margins: tuple[int, int]) -> Spans:
    """All that no start may lie in once the margins are added, by its beginning, with an end mark.

    The notice is taken until ``earliest``, all after the enrolment's end; the student's own has no margin, so that it
    is less by it.
    """
    before, after = margins
    busy, own, expires_at = question["busy"], question["own"], question.get("expires_at")
    taken = [(-_FOREVER, earliest - after)]
    taken += busy.spans if isinstance(busy, Taken) else _spans(busy)
    taken += [(start + after, end - after) for start, end in _spans(own)]
    if expires_at is not None:
        taken.append((math.ceil(expires_at.timestamp()) - 1 + before, _FOREVER))
    taken.sort()
    taken.append((2 * _FOREVER, 2 * _FOREVER))
    return taken


def _spans(busy: Iterable[Busy]) -> Spans:
    return [
        (math.floor(taken.start.timestamp()), math.ceil(taken.end.timestamp()))
        for taken in busy
        if taken.start < taken.end
    ]


def _cut(run: Run, taken: Spans, margins: tuple[int, int], at: int, free: list[dt.datetime]) -> int:
    """Append the run's allowed starts; ``at`` is the first taken range that may matter, as is the one returned.

    No start lies between start − before and end + after of a range, which are allowed themselves. In positions: those
    below (start − floor) // step may stay, those from (end − ceiling) // step on.
    """
    first, stop, step, starts = run
    before, after = margins
    floor, ceiling = first + before - step, first - after - step + 1
    stop += before
    kept = 0  # position of the first start not decided yet
    while True:
        start, end = taken[at]
        if start >= stop:
            break
        later = (end - ceiling) // step
        if later > 0:
            allowed = (start - floor) // step
            if allowed > kept:
                free += starts[kept:allowed]
            if later > kept:
                kept = later
                if later >= len(starts):
                    return at
        at += 1
    free += starts[kept:]
    return at
