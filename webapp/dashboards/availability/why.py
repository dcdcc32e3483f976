"""Why a time is not free, for any minute: what speaks for it and everything that speaks against."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from webapp.availability.queries import exception_days
from webapp.availability.rules import day_ranges, local_date, local_to_utc, locate, say_range
from webapp.bookings.rules import Blocker, BlockerKind, explain
from webapp.core.times import format_when
from webapp.counsellors.models import Counsellor
from webapp.dashboards.availability.forms import parse_moment
from webapp.dashboards.availability.preview import Hours, taken_between

REACH_DAYS = 3650
_TIMING = frozenset({BlockerKind.PAST, BlockerKind.NOTICE, BlockerKind.HORIZON})
_HOURS = frozenset({BlockerKind.WINDOW, BlockerKind.EXCEPTION})
_TAKEN = frozenset({BlockerKind.SESSION, BlockerKind.REQUEST, BlockerKind.HOLD, BlockerKind.BUFFER, BlockerKind.OWN})


@dataclass(frozen=True, slots=True)
class Reason:
    """One line of the answer."""

    fine: bool
    text: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict on one moment; ``error`` where it could not be asked about."""

    verdict: str = ""
    free: bool = False
    reasons: tuple[Reason, ...] = ()
    error: str = ""


def answer(counsellor: Counsellor, hours: Hours, text: str, *, closed: bool, now: dt.datetime) -> Answer | None:
    """Answer for a moment written YYYY-MM-DDTHH:MM on the counsellor's clock; None where none is asked about.

    One statement.
    """
    if not text:
        return None
    zone = hours.rules.zone
    moment = parse_moment(text)
    if moment is None:
        return Answer(error="Enter a date and a time.")
    date, minute = moment
    if abs((date - local_date(now, zone)).days) > REACH_DAYS:
        return Answer(error="Choose a date within ten years.")
    instant = local_to_utc(date, minute, zone)
    if instant is None:
        return Answer(error="The clocks go forward over this minute: it does not exist on that day.")
    data = taken_between(counsellor, date, date, now)
    blockers = explain(instant, **hours.question(data, now))
    if closed:
        closing = Blocker(BlockerKind.WINDOW, "Bookings are paused: no time is free until they are opened under Rules.")
        blockers = [closing, *(blocker for blocker in blockers if blocker.kind not in _HOURS)]
    return _answer(instant, hours, blockers)


def _answer(instant: dt.datetime, hours: Hours, blockers: list[Blocker]) -> Answer:
    kinds = {blocker.kind for blocker in blockers}
    fine = [text for text, against in _good(instant, hours) if not kinds & against]
    reasons = [Reason(True, text) for text in fine] + [Reason(False, blocker.message) for blocker in blockers]
    said = format_when(instant, hours.rules.zone)
    verdict = f"{said} is not free." if blockers else f"{said} is free: students can book it."
    return Answer(verdict, not blockers, tuple(reasons))


def _good(instant: dt.datetime, hours: Hours) -> list[tuple[str, frozenset[BlockerKind]]]:
    """What can speak for a moment, each with the kinds of reason that rule it out."""
    rules = hours.rules
    place = locate(instant, rules.zone)
    ranges = day_ranges(place.date, hours.windows, exception_days(hours.records))
    inside = next((pair for pair in ranges if pair[0] * 60 <= place.second < pair[1] * 60), None)
    found = [(f"Inside your hours {say_range(*inside)}", _HOURS)] if inside else []
    notice = rules.notice_minutes // 60
    ahead = f"More than {notice} hours ahead, within" if notice else "Within"
    found.append((f"{ahead} {rules.horizon_days} days", _TIMING))
    found.append(("No session, request or held time in the way", _TAKEN))
    if rules.max_per_day is not None:
        found.append((f"Fewer than {rules.max_per_day} that day so far", frozenset({BlockerKind.CAP})))
    return found
