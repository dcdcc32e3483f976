"""Why a time is not free: every rule that a start breaks, each in a plain sentence.

Written apart from the search in `slots`, in terms of one instant, so that each can check the
other: `explain` is empty exactly for the instants that `free_starts` lists. Times in sentences
are on the counsellor's clock.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Unpack

from webapp.availability.rules import (
    WEEKDAYS,
    CalendarRules,
    Place,
    Ranges,
    day_pieces,
    day_ranges,
    local_date,
    locate,
    run_end,
    say_clock,
    say_range,
)
from webapp.bookings.rules.slots import (
    Busy,
    BusyKind,
    Question,
    count_by_date,
    horizon_date,
    margin_minutes,
    step_minutes,
)
from webapp.core.times import format_clock, format_date, format_span, format_when, zone_label

_REACH = dt.timedelta(days=3660)


class BlockerKind(StrEnum):
    """Which rule keeps a time from being booked."""

    PAST = "past"
    NOTICE = "notice"
    HORIZON = "horizon"
    EXPIRY = "expiry"
    EXCEPTION = "exception"
    WINDOW = "window"
    SESSION = "session"
    REQUEST = "request"
    HOLD = "hold"
    OWN = "own"
    BUFFER = "buffer"
    CAP = "cap"
    STEP = "step"


@dataclass(frozen=True, slots=True)
class Blocker:
    """One reason; `start` and `end` are the taken range of a session, request, hold, own or buffer."""

    kind: BlockerKind
    message: str
    start: dt.datetime | None = None
    end: dt.datetime | None = None


def explain(instant: dt.datetime, **question: Unpack[Question]) -> list[Blocker]:
    """Everything that keeps `instant` from being a free start, weightiest first; empty means free.

    An instant more than ten years off is answered by "past" or "horizon" alone.
    """
    rules, now = question["rules"], question["now"]
    if abs(instant - now) > _REACH:
        return [_past()] if instant < now else [_horizon(rules, now)]
    return [
        *_too_soon(instant, rules, now),
        *_too_late(instant, question),
        *_off_hours(instant, question),
        *_taken(instant, question),
        *_full(instant, question),
        *_off_step(instant, question),
    ]


def first_blocker(start: dt.datetime, **question: Unpack[Question]) -> Blocker | None:
    """The weightiest reason why a start may not be booked; None when it is free."""
    return next(iter(explain(start, **question)), None)


def is_free(start: dt.datetime, **question: Unpack[Question]) -> bool:
    """Whether a start may be booked: the check under the row lock."""
    return first_blocker(start, **question) is None


def _past() -> Blocker:
    return Blocker(BlockerKind.PAST, "This time has passed.")


def _horizon(rules: CalendarRules, now: dt.datetime) -> Blocker:
    last = format_date(horizon_date(rules, now))
    days = _count(rules.horizon_days, "day")
    return Blocker(BlockerKind.HORIZON, f"Bookable {days} ahead: until {last} ({rules.zone}).")


def _too_soon(instant: dt.datetime, rules: CalendarRules, now: dt.datetime) -> list[Blocker]:
    if instant < now:
        return [_past()]
    earliest = now + dt.timedelta(minutes=rules.notice_minutes)
    if instant >= earliest:
        return []
    needed = _length(rules.notice_minutes)
    sentence = f"Booking needs notice of {needed}: from {format_when(earliest, rules.zone)} on."
    return [Blocker(BlockerKind.NOTICE, sentence)]


def _too_late(instant: dt.datetime, question: Question) -> list[Blocker]:
    rules, found = question["rules"], []
    if local_date(instant, rules.zone) > horizon_date(rules, question["now"]):
        found.append(_horizon(rules, question["now"]))
    expires_at = question.get("expires_at")
    if expires_at is not None and instant >= expires_at:
        sentence = f"The package ends on {format_when(expires_at, rules.zone)}; sessions start before that."
        found.append(Blocker(BlockerKind.EXPIRY, sentence))
    return found


def _hours(instant: dt.datetime, question: Question) -> tuple[Place, Ranges, tuple[int, int] | None]:
    """Where the instant falls, that date's ranges, and the one it lies in."""
    place = locate(instant, question["rules"].zone)
    ranges = day_ranges(place.date, question["windows"], question["exceptions"])
    return place, ranges, next((r for r in ranges if r[0] * 60 <= place.second < r[1] * 60), None)


def _off_hours(instant: dt.datetime, question: Question) -> list[Blocker]:
    place, ranges, inside = _hours(instant, question)
    zone = zone_label(instant, question["rules"].zone)
    special = any(day.date == place.date for day in question["exceptions"])
    kind = BlockerKind.EXCEPTION if special else BlockerKind.WINDOW
    day = format_date(place.date) if special else f"{WEEKDAYS[place.date.weekday()]}s"
    if not ranges:
        return [Blocker(kind, f"{day} is a day off." if special else f"No hours on {day}.")]
    if inside is None:
        hours = ", ".join(say_range(*r) for r in ranges)
        return [Blocker(kind, f"Outside the {'special ' if special else ''}hours of {day}: {hours} {zone}.")]
    if place.piece is None or instant + dt.timedelta(minutes=question["duration"]) <= _close(
        place, place.piece, inside, question
    ):
        return []
    finish = f"{say_clock(inside[1])} {zone}"
    return [Blocker(kind, f"A {question['duration']}-minute session from here would run past {finish}.")]


def _close(place: Place, piece: int, inside: tuple[int, int], question: Question) -> dt.datetime:
    pieces = day_pieces(question["rules"].zone, place.date)
    finish = run_end(pieces, piece, inside[0] * 60, inside[1] * 60)
    return dt.datetime.fromtimestamp(finish, dt.UTC)


def _taken(instant: dt.datetime, question: Question) -> list[Blocker]:
    rules, end = question["rules"], instant + dt.timedelta(minutes=question["duration"])
    gap = dt.timedelta(minutes=margin_minutes(rules))
    direct: list[Blocker] = []
    near: list[Blocker] = []
    for taken in _in_order(question["busy"]):
        if instant < taken.end and end > taken.start:
            direct.append(_occupied(taken, BlockerKind(taken.kind.value), rules.zone))
        elif instant < taken.end + gap and end > taken.start - gap:
            near.append(_break(taken, rules))
    own = [
        _occupied(taken, BlockerKind.OWN, rules.zone)
        for taken in _in_order(question["own"])
        if instant < taken.end and end > taken.start
    ]
    return direct + own + near


def _in_order(busy: Iterable[Busy]) -> list[Busy]:
    return sorted((taken for taken in busy if taken.start < taken.end), key=lambda taken: taken.start)


def _occupied(taken: Busy, kind: BlockerKind, zone: str) -> Blocker:
    span = format_span(taken.start, taken.end, zone)
    until = f" until {format_clock(taken.until, zone)}" if taken.until else ""
    sentences = {
        BlockerKind.SESSION: f"A session is booked for {span}.",
        BlockerKind.REQUEST: f"A request for {span} is waiting for an answer{until}.",
        BlockerKind.HOLD: f"Held{until}: somebody is paying for {span}.",
        BlockerKind.OWN: f"The student already has a session at {span}.",
    }
    return Blocker(kind, sentences[kind], taken.start, taken.end)


def _break(taken: Busy, rules: CalendarRules) -> Blocker:
    what = {BusyKind.HOLD: "time held for", BusyKind.REQUEST: "request for"}.get(taken.kind, "session at")
    span = format_span(taken.start, taken.end, rules.zone)
    sentence = f"Too close to the {what} {span}: a {margin_minutes(rules)}-minute break is kept."
    return Blocker(BlockerKind.BUFFER, sentence, taken.start, taken.end)


def _full(instant: dt.datetime, question: Question) -> list[Blocker]:
    rules = question["rules"]
    if rules.max_per_day is None:
        return []
    date = local_date(instant, rules.zone)
    counts = count_by_date(question["busy"], rules.zone, question.get("day_counts"))
    if counts.get(date, 0) < rules.max_per_day:
        return []
    most = _count(rules.max_per_day, "session")
    return [Blocker(BlockerKind.CAP, f"{format_date(date)} is full: at most {most} a day ({rules.zone}).")]


def _off_step(instant: dt.datetime, question: Question) -> list[Blocker]:
    place, _ranges, inside = _hours(instant, question)
    if inside is None:
        return []
    zone = question["rules"].zone
    earlier = day_pieces(zone, place.date)[: place.piece]
    if place.piece is None or any(piece.lo <= place.second < piece.hi for piece in earlier):
        sentence = f"The clock shows {format_clock(instant, zone)} a second time; only the first is offered."
        return [Blocker(BlockerKind.STEP, sentence)]
    step = step_minutes(question["rules"], question["duration"])
    if (place.second - inside[0] * 60) % (step * 60) == 0 and instant.microsecond == 0:
        return []
    opening = f"{say_clock(inside[0])} {zone_label(instant, zone)}"
    return [Blocker(BlockerKind.STEP, f"Not a start: sessions begin every {step} minutes from {opening}.")]


def _count(number: int, unit: str) -> str:
    return f"{number} {unit}" if number == 1 else f"{number} {unit}s"


def _length(minutes: int) -> str:
    return _count(minutes // 60, "hour") if minutes % 60 == 0 else _count(minutes, "minute")
