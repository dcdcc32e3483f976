"""Free starts against a slow oracle that walks every minute of the local clock."""

import datetime as dt
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.availability.test_rules import CHANGES
from webapp.availability.rules import CalendarRules, ExceptionDay, Window
from webapp.bookings.rules import (
    Busy,
    BusyKind,
    PartOfDay,
    Taken,
    explain,
    first_blocker,
    first_free,
    free_starts,
    group_by_day,
    is_free,
    nearest,
    part_of_day,
)

UTC = dt.UTC
IST = "Asia/Kolkata"
MINUTE = dt.timedelta(minutes=1)
DAY = dt.timedelta(days=1)
Wall = tuple[dt.date, int]


@lru_cache(maxsize=64)
def walk(zone: str, first: dt.date, last: dt.date) -> tuple[tuple[dt.datetime, Wall], ...]:
    """Every UTC minute around the dates with what the zone's clock shows."""
    info, out = ZoneInfo(zone), []
    instant = dt.datetime.combine(first, dt.time(), UTC) - 2 * DAY
    while instant < dt.datetime.combine(last, dt.time(), UTC) + 3 * DAY:
        local = instant.astimezone(info)
        out.append((instant, (local.date(), local.hour * 60 + local.minute)))
        instant += MINUTE
    return tuple(out)


def minutes_of(start: dt.datetime, end: dt.datetime) -> set[dt.datetime]:
    """The whole UTC minutes that a range touches."""
    minute, out = start.replace(second=0, microsecond=0), set()
    while minute < end:
        out.add(minute)
        minute += MINUTE
    return out


def blocks_of(date: dt.date, windows: list[Window], exceptions: list[ExceptionDay]) -> dict[int, list[int]]:
    """For each open minute of a date, the connected open minutes around it."""
    replaced = [day.ranges for day in exceptions if day.date == date]
    weekly = [(w.start_minute, w.end_minute) for w in windows if w.weekday == date.weekday()]
    blocks: dict[int, list[int]] = {}
    for minute in sorted({m for start, end in (replaced[0] if replaced else weekly) for m in range(start, end)}):
        blocks[minute] = blocks.get(minute - 1, [])
        blocks[minute].append(minute)
    return blocks


def oracle(first: dt.date, last: dt.date, q: dict[str, Any]) -> list[dt.datetime]:
    """Free starts by trying every minute and looking at every minute of the session it would be."""
    rules, zone = q["rules"], ZoneInfo(q["rules"].zone)
    length, step = q["duration"], rules.step_minutes or q["duration"]
    before, after = rules.buffer_before * MINUTE, rules.buffer_after * MINUTE
    taken = {m for b in q["busy"] for m in minutes_of(b.start, b.end)}
    padded = {m for b in q["busy"] for m in minutes_of(b.start - before, b.end + after)}
    own = {m for b in q["own"] for m in minutes_of(b.start, b.end)}
    minutes = walk(rules.zone, first, last)
    dates = {date for _, (date, _) in minutes}
    blocks = {date: blocks_of(date, q["windows"], q["exceptions"]) for date in dates}
    seen: set[Wall] = set()
    found = []
    for at, (instant, wall) in enumerate(minutes):
        again = wall in seen
        seen.add(wall)
        block = blocks[wall[0]].get(wall[1])
        if again or not first <= wall[0] <= last or block is None or (wall[1] - block[0]) % step:
            continue
        session = minutes[at : at + length]
        if not all(day == wall[0] and block[0] <= minute <= block[-1] for _, (day, minute) in session):
            continue
        used = {moment for moment, _ in session}
        apart = minutes_of(instant - before, instant + length * MINUTE + after)
        if used & (padded | own) or apart & taken:
            continue
        if instant < q["now"] + rules.notice_minutes * MINUTE:
            continue
        if wall[0] > q["now"].astimezone(zone).date() + rules.horizon_days * DAY:
            continue
        if q["expires_at"] is not None and instant >= q["expires_at"]:
            continue
        booked = sum(b.start.astimezone(zone).date() == wall[0] for b in q["busy"])
        if rules.max_per_day is not None and booked + q["day_counts"].get(wall[0], 0) >= rules.max_per_day:
            continue
        found.append(instant)
    return found


FIVES = st.integers(0, 288).map(lambda n: n * 5)
RANGE = st.tuples(FIVES, FIVES).filter(lambda r: r[0] != r[1]).map(lambda r: (min(r), max(r)))
EDGES = st.sampled_from([(0, 1440), (60, 150), (0, 90), (90, 180), (1320, 1440), (600, 720), (720, 780)])
RANGES = st.lists(st.one_of(RANGE, EDGES), max_size=3)


@st.composite
def questions(draw: st.DrawFn) -> tuple[dt.date, dt.date, dict[str, Any]]:
    """A span of dates around a clock change, and everything that may keep a time from being free."""
    zone, date = draw(st.sampled_from(CHANGES))
    dates = [date + n * DAY for n in (-1, 0, 1)]
    first, last = dates[draw(st.integers(0, 1))], dates[draw(st.integers(1, 2))]
    base = dt.datetime.combine(dates[0], dt.time(), UTC)

    def taken(kinds: list[BusyKind], size: int) -> list[Busy]:
        starts = st.integers(-900, 4500 * 2).map(lambda n: base + n * MINUTE / 2)
        pair = st.tuples(starts, st.sampled_from([5, 30, 45, 60, 90]), st.sampled_from(kinds))
        return [Busy(s, s + n * MINUTE, kind) for s, n, kind in draw(st.lists(pair, max_size=size))]

    rules = CalendarRules(
        zone=zone,
        step_minutes=draw(st.sampled_from([None, None, 5, 15, 20, 60])),
        buffer_before=draw(st.sampled_from([0, 0, 5, 15])),
        buffer_after=draw(st.sampled_from([0, 0, 10, 30])),
        notice_minutes=draw(st.sampled_from([0, 0, 60, 1440])),
        horizon_days=draw(st.sampled_from([90, 3, 2, 1])),
        max_per_day=draw(st.sampled_from([None, None, None, 1, 2])),
    )
    question = {
        "rules": rules,
        "windows": [Window(d.weekday(), *r) for d in dates for r in draw(RANGES.filter(bool))],
        "exceptions": [ExceptionDay(d, tuple(draw(RANGES))) for d in draw(st.sets(st.sampled_from(dates)))],
        "busy": taken([BusyKind.SESSION, BusyKind.HOLD, BusyKind.REQUEST], 6),
        "own": taken([BusyKind.OWN], 2),
        "now": base + draw(st.integers(-3000, 600)) * MINUTE + draw(st.sampled_from([0, 1, 59])) * MINUTE / 60,
        "duration": draw(st.sampled_from([30, 45, 60, 90])),
        "expires_at": draw(st.sampled_from([None, None, None, base + 2 * DAY, base + 35 * MINUTE * 60])),
        "day_counts": draw(st.sampled_from([{}, {}, {date: 1}])),
    }
    return first, last, question


def as_read(busy: list[Busy]) -> Taken:
    """What is taken as the calendars' statement brings it: sessions by their seconds."""
    sessions = [one for one in busy if one.kind is BusyKind.SESSION]
    spans = [(int(one.start.timestamp()), int(one.end.timestamp())) for one in sessions]
    return Taken(spans, [one for one in busy if one.kind is not BusyKind.SESSION])


def test_what_is_read_by_seconds_is_what_was_taken() -> None:
    begin = dt.datetime(2026, 12, 12, 4, 30, tzinfo=UTC)
    session = Busy(begin, begin + 30 * MINUTE, BusyKind.SESSION)
    request = Busy(begin + 90 * MINUTE, begin + 120 * MINUTE, BusyKind.REQUEST, begin)
    read = as_read([request, session])
    assert (list(read), len(read), read[0], read[1:]) == ([session, request], 2, session, [request])
    assert read == as_read([session, request])
    assert read != as_read([session])


@given(questions())
@settings(max_examples=500, deadline=None)
def test_free_starts_equal_the_minute_by_minute_oracle(
    asked: tuple[dt.date, dt.date, dict[str, Any]],
) -> None:
    first, last, question = asked
    starts = free_starts(first=first, last=last, **question)
    assert starts == oracle(first, last, question)
    assert first_free(first=first, last=last, **question) == (starts[0] if starts else None)
    read = {**question, "busy": as_read(question["busy"])}
    assert free_starts(first=first, last=last, **read) == starts
    assert explain(question["now"] + DAY, **read) == explain(question["now"] + DAY, **question)


@given(questions(), st.integers(0, 14))
@settings(max_examples=200, deadline=None)
def test_explain_and_is_free_agree_with_the_list(asked: tuple[dt.date, dt.date, dict[str, Any]], shift: int) -> None:
    first, last, question = asked
    zone = ZoneInfo(question["rules"].zone)
    starts = free_starts(first=first, last=last, **question)
    grid = [dt.datetime.combine(first, dt.time(), UTC) + (n * 30 + shift) * MINUTE for n in range(-24, 168)]
    for instant in {*starts, *grid}:
        if first <= instant.astimezone(zone).date() <= last:
            blockers = explain(instant, **question)
            assert (not blockers) == (instant in starts), (instant, blockers)
            assert first_blocker(instant, **question) == (blockers[0] if blockers else None)
            assert is_free(instant, **question) == (not blockers)


def ask(**changes: Any) -> dict[str, Any]:
    """Saturday 12 Dec 2026, 10:00 AM – 1:00 PM IST, asked on Wednesday at 10:30 AM IST."""
    rules = CalendarRules(IST, **changes.pop("rule", {}))
    plain: dict[str, Any] = {
        "rules": rules,
        "windows": [Window(5, 600, 780)],
        "exceptions": [],
        "busy": [],
        "own": [],
        "now": dt.datetime(2026, 12, 9, 5, tzinfo=UTC),
        "duration": 60,
    }
    return {**plain, **changes}


def clock(hour: int, minute: int = 0, day: int = 12) -> dt.datetime:
    """An IST wall time in December 2026 as UTC."""
    return dt.datetime(2026, 12, day, hour, minute, tzinfo=ZoneInfo(IST)).astimezone(UTC)


def on_saturday(**changes: Any) -> list[dt.datetime]:
    date = dt.date(2026, 12, 12)
    return free_starts(first=date, last=date, **ask(**changes))


def test_hours_are_cut_by_the_length_or_the_step() -> None:
    assert on_saturday() == [clock(10), clock(11), clock(12)]
    assert on_saturday(duration=90) == [clock(10), clock(11, 30)]
    assert on_saturday(rule={"step_minutes": 45}) == [clock(10), clock(10, 45), clock(11, 30)]


def test_adjacent_windows_join_and_a_window_may_end_at_midnight() -> None:
    windows = [Window(5, 600, 650), Window(5, 650, 780), Window(5, 1380, 1440), Window(6, 0, 30)]
    assert on_saturday(windows=windows) == [clock(10), clock(11), clock(12), clock(23)]


def test_one_break_lies_between_neighbours_whichever_side_asks_for_it() -> None:
    busy = [Busy(clock(11), clock(11, 30), BusyKind.SESSION)]
    half = {"duration": 30, "busy": busy}
    assert on_saturday(**half) == [clock(10), clock(10, 30), clock(11, 30), clock(12), clock(12, 30)]
    for rule in ({"buffer_before": 15}, {"buffer_after": 15}, {"buffer_before": 15, "buffer_after": 15}):
        assert on_saturday(**half, rule=rule) == [clock(10), clock(12), clock(12, 30)]
    own = [Busy(clock(11), clock(11, 30), BusyKind.OWN)]
    assert clock(10, 30) in on_saturday(duration=30, own=own, rule={"buffer_before": 15})


def test_notice_expiry_and_horizon_at_their_edges() -> None:
    assert on_saturday(now=clock(11, 0, 11)) == [clock(11), clock(12)]
    assert on_saturday(now=clock(11, 0, 11) + dt.timedelta(microseconds=1)) == [clock(12)]
    assert on_saturday(expires_at=clock(11)) == [clock(10)]
    noon = [Busy(clock(12), clock(13), BusyKind.SESSION)]
    assert on_saturday(expires_at=clock(11), busy=noon) == [clock(10)]
    assert on_saturday(expires_at=clock(11) + dt.timedelta(microseconds=1)) == [clock(10), clock(11)]
    assert on_saturday(expires_at=dt.datetime.max.replace(tzinfo=UTC)) == on_saturday()
    assert on_saturday(rule={"horizon_days": 3}) == on_saturday()
    assert on_saturday(rule={"horizon_days": 2}) == []


def test_the_cap_counts_by_the_counsellors_date() -> None:
    done = Busy(clock(0, 30), clock(1), BusyKind.SESSION)  # 7 PM UTC of the day before
    rule = {"max_per_day": 1}
    assert on_saturday(rule=rule, busy=[done]) == []
    assert on_saturday(rule={"max_per_day": 2}, busy=[done]) == [clock(10), clock(11), clock(12)]
    assert on_saturday(rule=rule, own=[Busy(clock(8), clock(9), BusyKind.OWN)]) == on_saturday()
    assert on_saturday(rule=rule, day_counts={dt.date(2026, 12, 12): 1}) == []


def test_a_gap_that_just_fits_is_free() -> None:
    busy = [Busy(clock(9), clock(11), BusyKind.SESSION), Busy(clock(12), clock(13), BusyKind.SESSION)]
    assert on_saturday(busy=busy) == [clock(11)]
    apart = [Busy(clock(9), clock(10, 45), BusyKind.HOLD), Busy(clock(12, 15), clock(13), BusyKind.HOLD)]
    assert on_saturday(busy=apart, rule={"buffer_after": 15}) == [clock(11)]
    assert on_saturday(busy=apart, rule={"buffer_after": 16}) == []


def test_a_range_inside_another_frees_nothing() -> None:
    busy = [Busy(clock(10), clock(12), BusyKind.SESSION), Busy(clock(10, 30), clock(11), BusyKind.HOLD)]
    assert on_saturday(busy=busy) == [clock(12)]


def test_an_empty_range_takes_no_time() -> None:
    assert on_saturday(busy=[Busy(clock(11), clock(11), BusyKind.HOLD)]) == on_saturday()


def test_any_dates_may_be_asked_for() -> None:
    everything = free_starts(first=dt.date.min, last=dt.date.max, **ask())
    assert everything[:3] == on_saturday()
    assert len(everything) == 13 * 3
    assert free_starts(first=dt.date.max, last=dt.date.max, **ask()) == []
    assert free_starts(first=dt.date(2026, 12, 12), last=dt.date(2026, 12, 11), **ask()) == []


def test_first_free_is_none_without_hours() -> None:
    assert first_free(**ask()) == clock(10)
    assert first_free(**ask(windows=[])) is None
    assert first_free(**ask(exceptions=[ExceptionDay(dt.date(2026, 12, 12), ())])) == clock(10, day=19)


def test_days_are_the_viewers() -> None:
    starts = [clock(3), clock(9), clock(23)]
    assert group_by_day(starts, "America/New_York") == {
        dt.date(2026, 12, 11): [clock(3), clock(9)],
        dt.date(2026, 12, 12): [clock(23)],
    }
    assert group_by_day([], IST) == {}


def test_nearest_are_the_closest_in_order_of_time() -> None:
    starts = [clock(9), clock(10), clock(10, 30), clock(11, 30), clock(17), clock(9, day=13)]
    assert nearest(starts, clock(11)) == [clock(9), clock(10), clock(10, 30), clock(11, 30)]
    assert nearest(starts, clock(11), limit=1) == [clock(10, 30)]
    assert nearest([], clock(11)) == []


@pytest.mark.parametrize(
    ("hour", "minute", "part"),
    [
        (0, 0, PartOfDay.MORNING),
        (11, 59, PartOfDay.MORNING),
        (12, 0, PartOfDay.AFTERNOON),
        (16, 59, PartOfDay.AFTERNOON),
        (17, 0, PartOfDay.EVENING),
    ],
)
def test_part_of_day(hour: int, minute: int, part: PartOfDay) -> None:
    assert part_of_day(clock(hour, minute), IST) is part
