"""Free starts: hours cut into starts, minus what is taken and what the rules exclude.

Inside, instants are whole epoch seconds. A taken range forbids an open interval of starts, so a
run of starts minus the sorted forbidden intervals is plain arithmetic: the cost grows with taken
ranges plus free starts, never with their product. Source: product.md "Slots".
"""

import datetime as dt
import heapq
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple, NotRequired, TypedDict, Unpack
from zoneinfo import ZoneInfo

from webapp.availability.rules import (
    DAY_SECONDS,
    CalendarRules,
    ExceptionDay,
    Piece,
    Ranges,
    Window,
    day_pieces,
    local_date,
    merge_ranges,
    run_end,
    weekday_ranges,
)

Spans = list[tuple[int, int]]
_FOREVER = 1 << 62
_MOST_INSTANTS = 50_000  # half hours of three years; some 5 MB


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
    return [_INSTANTS[start] for day in _days(first, last, question) for start in day]


def first_free(
    *, first: dt.date = dt.date.min, last: dt.date = dt.date.max, **question: Unpack[Question]
) -> dt.datetime | None:
    """The soonest free start, looking no further than it; None if there is none up to the horizon."""
    for day in _days(first, last, question):
        if day:
            return _INSTANTS[day[0]]
    return None


class _Instants(dict[int, dt.datetime]):
    """Epoch seconds as aware instants. Everybody's starts are much the same: looking one up beats making it anew."""

    def __missing__(self, epoch: int) -> dt.datetime:
        if len(self) >= _MOST_INSTANTS:
            self.clear()
        made = self[epoch] = dt.datetime.fromtimestamp(epoch, dt.UTC)
        return made


_INSTANTS = _Instants()


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


def _days(first: dt.date, last: dt.date, question: Question) -> Iterator[list[int]]:
    """Free starts as epoch seconds, one list per bookable date in the span."""
    rules, now, length = question["rules"], question["now"], question["duration"] * 60
    step = step_minutes(rules, question["duration"]) * 60
    earliest = math.ceil(now.timestamp()) + rules.notice_minutes * 60
    date = max(first, _date_at(earliest, rules.zone))
    last = min(last, horizon_date(rules, now))
    if date > last:
        return
    expires_at = question.get("expires_at")
    bounds = range(earliest, _FOREVER if expires_at is None else math.ceil(expires_at.timestamp()))
    forbidden = _forbidden(question["busy"], question["own"], length, margin_minutes(rules) * 60)
    full = _full_dates(question)
    at = 0
    for day, ranges in _hours(date, last, question):
        free: list[int] = []
        if ranges and day not in full:
            pieces = day_pieces(rules.zone, day)
            plain = len(pieces) == 1 and pieces[0].hi - pieces[0].lo == DAY_SECONDS
            for low, high in ranges:
                if plain:
                    base = pieces[0].utc
                    run = range(base + low * 60, base + high * 60 - length + 1, step)
                    at = _sweep(run, bounds, forbidden, at, free)
                    continue
                for run in _runs(pieces, low * 60, high * 60, step, length):
                    at = _sweep(run, bounds, forbidden, at, free)
        yield free


@lru_cache(maxsize=64)
def _date_at(epoch: int, zone: str) -> dt.date:
    """The zone's date; of the same moment it is asked for every counsellor."""
    return local_date(dt.datetime.fromtimestamp(epoch, dt.UTC), zone)


def _hours(first: dt.date, last: dt.date, question: Question) -> Iterator[tuple[dt.date, Ranges]]:
    special: dict[dt.date, Ranges] = {}
    for exception in question["exceptions"]:
        if first <= exception.date <= last:
            special.setdefault(exception.date, merge_ranges(exception.ranges))
    weekly: dict[int, Ranges] = {}
    for ordinal in range(first.toordinal(), last.toordinal() + 1):
        date, weekday = dt.date.fromordinal(ordinal), (ordinal + 6) % 7
        if weekday not in weekly:
            weekly[weekday] = weekday_ranges(weekday, question["windows"])
        yield date, special.get(date, weekly[weekday])


def _full_dates(question: Question) -> frozenset[dt.date]:
    rules = question["rules"]
    cap = rules.max_per_day
    if cap is None:
        return frozenset()
    counts = count_by_date(question["busy"], rules.zone, question.get("day_counts"))
    return frozenset(date for date, count in counts.items() if count >= cap)


def _forbidden(busy: Sequence[Busy], own: Sequence[Busy], length: int, margin: int) -> Spans:
    """Sorted, disjoint open intervals in which no start may lie."""
    spans = [
        (math.floor(taken.start.timestamp()) - margin - length, math.ceil(taken.end.timestamp()) + margin)
        for taken in busy
        if taken.start < taken.end
    ]
    spans += [
        (math.floor(taken.start.timestamp()) - length, math.ceil(taken.end.timestamp()))
        for taken in own
        if taken.start < taken.end
    ]
    spans.sort()
    joined: Spans = []
    for low, high in spans:
        if joined and low < joined[-1][1]:
            if high > joined[-1][1]:
                joined[-1] = (joined[-1][0], high)
        else:
            joined.append((low, high))
    return joined


def _runs(pieces: Sequence[Piece], low: int, high: int, step: int, length: int) -> Iterator[range]:
    """The starts of one range in wall seconds, as epoch ranges: first occurrences that fit the end."""
    shown = 0
    for index, piece in enumerate(pieces):
        begin = max(low, piece.lo, shown)
        end = min(high, piece.hi)
        shown = max(shown, piece.hi)
        begin = low - (low - begin) // step * step
        if begin < end:
            finish = run_end(pieces, index, low, high)
            base = piece.utc - piece.lo
            yield range(base + begin, min(base + end, finish - length + 1), step)


def _sweep(run: range, bounds: range, forbidden: Spans, at: int, free: list[int]) -> int:
    """Append the run's starts that are in bounds and allowed; `at` is the first span that may matter."""
    start, stop, step = run.start, min(run.stop, bounds.stop), run.step
    if start < bounds.start:
        start -= (start - bounds.start) // step * step
    spans = len(forbidden)
    while start < stop and at < spans:
        low, high = forbidden[at]
        if high <= start:
            at += 1
            continue
        if low >= stop:
            break
        if low >= start:
            free += range(start, low + 1, step)
        start -= (start - high) // step * step
    if start < stop:
        free += range(start, stop, step)
    return at
