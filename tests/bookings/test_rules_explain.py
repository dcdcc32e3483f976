"""Why a time is not free, in words; that it agrees with the search is tested with the slots."""

import datetime as dt
from typing import Any

import pytest

from tests.bookings.test_rules_slots import IST, ask, clock
from webapp.availability.rules import ExceptionDay, Window
from webapp.bookings.rules import Blocker, BlockerKind, Busy, BusyKind, explain, first_blocker, is_free

SATURDAY = dt.date(2026, 12, 12)


def told(instant: dt.datetime, **changes: Any) -> list[tuple[str, str]]:
    """Kinds and sentences of `explain` for a question."""
    return [(blocker.kind.value, blocker.message) for blocker in explain(instant, **ask(**changes))]


def kinds(instant: dt.datetime, **changes: Any) -> list[str]:
    return [kind for kind, _ in told(instant, **changes)]


def test_nothing_is_said_of_a_free_start() -> None:
    assert told(clock(10)) == []
    assert is_free(clock(10), **ask())
    assert first_blocker(clock(10), **ask()) is None


@pytest.mark.parametrize(
    ("instant", "changes", "kind", "sentence"),
    [
        (clock(9), {}, "window", "Outside the hours of Saturdays: 10:00 AM – 1:00 PM IST."),
        (clock(10, day=13), {}, "window", "No hours on Sundays."),
        (
            clock(12, 30),
            {"rule": {"step_minutes": 30}},
            "window",
            "A 60-minute session from here would run past 1:00 PM IST.",
        ),
        (
            clock(10),
            {"exceptions": [ExceptionDay(SATURDAY, ())]},
            "exception",
            "Sat, 12 Dec 2026 is a day off.",
        ),
        (
            clock(10),
            {"exceptions": [ExceptionDay(SATURDAY, ((480, 540), (840, 1440)))]},
            "exception",
            "Outside the special hours of Sat, 12 Dec 2026: 8:00 AM – 9:00 AM, 2:00 PM – midnight IST.",
        ),
        (clock(10, 17), {}, "step", "Not a start: sessions begin every 60 minutes from 10:00 AM IST."),
        (
            clock(10),
            {"now": clock(10, day=11) + dt.timedelta(minutes=1)},
            "notice",
            "Booking needs notice of 24 hours: from Sat, 12 Dec 2026, 10:01 AM IST on.",
        ),
        (clock(10), {"now": clock(10, 1)}, "past", "This time has passed."),
        (
            clock(10),
            {"rule": {"horizon_days": 1}},
            "horizon",
            "Bookable 1 day ahead: until Thu, 10 Dec 2026 (Asia/Kolkata).",
        ),
        (
            clock(10),
            {"expires_at": clock(10)},
            "expiry",
            "The package ends on Sat, 12 Dec 2026, 10:00 AM IST; sessions start before that.",
        ),
        (
            clock(10),
            {"rule": {"max_per_day": 1}, "day_counts": {SATURDAY: 1}},
            "cap",
            "Sat, 12 Dec 2026 is full: at most 1 session a day (Asia/Kolkata).",
        ),
        (
            clock(10),
            {"own": [Busy(clock(10, 30), clock(11), BusyKind.OWN)]},
            "own",
            "The student already has a session at 10:30 – 11:00 AM IST.",
        ),
        (
            clock(10),
            {"busy": [Busy(clock(9), clock(9, 50), BusyKind.SESSION)], "rule": {"buffer_after": 15}},
            "buffer",
            "Too close to the session at 9:00 – 9:50 AM IST: a 15-minute break is kept.",
        ),
    ],
)
def test_each_rule_has_its_sentence(instant: dt.datetime, changes: dict[str, Any], kind: str, sentence: str) -> None:
    assert told(instant, **changes) == [(kind, sentence)]


@pytest.mark.parametrize(
    ("kind", "until", "sentence"),
    [
        (BusyKind.SESSION, None, "A session is booked for 10:00 – 11:00 AM IST."),
        (BusyKind.REQUEST, None, "A request for 10:00 – 11:00 AM IST is waiting for an answer."),
        (
            BusyKind.REQUEST,
            clock(16, 28, day=9),
            "A request for 10:00 – 11:00 AM IST is waiting for an answer until 4:28 PM IST.",
        ),
        (BusyKind.HOLD, None, "Held: somebody is paying for 10:00 – 11:00 AM IST."),
        (
            BusyKind.HOLD,
            clock(16, 28, day=9),
            "Held until 4:28 PM IST: somebody is paying for 10:00 – 11:00 AM IST.",
        ),
    ],
)
def test_who_has_the_time(kind: BusyKind, until: dt.datetime | None, sentence: str) -> None:
    busy = [Busy(clock(10), clock(11), kind, until)]
    assert first_blocker(clock(10), **ask(busy=busy)) == Blocker(
        BlockerKind(kind.value), sentence, clock(10), clock(11)
    )


def test_a_minute_inside_a_session_says_session_first() -> None:
    busy = [Busy(clock(10), clock(11), BusyKind.SESSION)]
    assert kinds(clock(10, 17), busy=busy) == ["session", "step"]
    assert kinds(clock(10), busy=busy, rule={"max_per_day": 1}) == ["session", "cap"]
    assert kinds(clock(11), busy=busy) == []


def test_the_break_of_requests_and_holds() -> None:
    for kind, words in ((BusyKind.REQUEST, "request for"), (BusyKind.HOLD, "time held for")):
        busy = [Busy(clock(9), clock(10), kind)]
        sentence = f"Too close to the {words} 9:00 – 10:00 AM IST: a 5-minute break is kept."
        assert told(clock(10), busy=busy, rule={"buffer_before": 5}) == [("buffer", sentence)]


def test_all_reasons_are_given_the_weightiest_first() -> None:
    busy = [
        Busy(clock(12), clock(13), BusyKind.SESSION),
        Busy(clock(10), clock(10, 10), BusyKind.HOLD),
    ]
    changes = {"busy": busy, "now": clock(0), "rule": {"max_per_day": 2, "buffer_after": 10}}
    assert kinds(clock(10, 17), **changes) == ["notice", "buffer", "cap", "step"]


def test_a_repeated_hour_is_offered_once() -> None:
    now = dt.datetime(2026, 10, 20, tzinfo=dt.UTC)
    changes = {"windows": [Window(6, 0, 300)], "now": now, "duration": 30}
    question = ask(**changes)
    question["rules"] = type(question["rules"])("Europe/London")
    again = dt.datetime(2026, 10, 25, 1, 30, tzinfo=dt.UTC)
    sentence = "The clock shows 1:30 AM GMT a second time; only the first is offered."
    assert explain(again, **question) == [Blocker(BlockerKind.STEP, sentence)]
    assert explain(again - dt.timedelta(hours=1), **question) == []


def test_fractions_of_a_second_are_no_start() -> None:
    for off in (dt.timedelta(seconds=1), dt.timedelta(microseconds=1)):
        assert kinds(clock(10) + off) == ["step"]


def test_instants_at_the_ends_of_time_are_answered() -> None:
    assert kinds(dt.datetime.max.replace(tzinfo=dt.UTC)) == ["horizon"]
    assert kinds(dt.datetime.min.replace(tzinfo=dt.UTC)) == ["past"]
    assert IST in told(dt.datetime.max.replace(tzinfo=dt.UTC))[0][1]
