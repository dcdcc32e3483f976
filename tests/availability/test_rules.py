"""Hours, days that differ, validation, and how wall time meets UTC."""

import datetime as dt
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.availability.rules import (
    CalendarRules,
    ExceptionDay,
    Window,
    day_pieces,
    day_ranges,
    fits_hours,
    format_clock,
    is_zone,
    local_to_utc,
    locate,
    merge_ranges,
    parse_clock,
    run_end,
    say_range,
    validate_ranges,
    validate_rules,
    validate_windows,
)

UTC = dt.UTC
SATURDAY = dt.date(2026, 12, 12)

CHANGES = [
    ("Europe/London", dt.date(2026, 3, 29)),
    ("Europe/London", dt.date(2026, 10, 25)),
    ("America/New_York", dt.date(2026, 3, 8)),
    ("America/New_York", dt.date(2026, 11, 1)),
    ("Australia/Lord_Howe", dt.date(2026, 4, 5)),
    ("Australia/Lord_Howe", dt.date(2026, 10, 4)),
    ("Asia/Kolkata", SATURDAY),
    ("Pacific/Apia", dt.date(2010, 9, 26)),
    ("Pacific/Apia", dt.date(2011, 12, 29)),
    ("Pacific/Apia", dt.date(2011, 12, 30)),
    ("America/Sao_Paulo", dt.date(2018, 11, 3)),
    ("America/Sao_Paulo", dt.date(2018, 11, 4)),
    ("America/Sao_Paulo", dt.date(2019, 2, 16)),
    ("America/Havana", dt.date(2026, 11, 1)),
    ("America/St_Johns", dt.date(2010, 11, 7)),
]


def first_shown(date: dt.date, minute: int, zone: str) -> dt.datetime | None:
    """The first UTC minute at which the zone's clock shows this wall time, found by walking."""
    wall = dt.datetime.combine(date, dt.time()) + dt.timedelta(minutes=minute)
    guess = wall.replace(tzinfo=UTC) - dt.timedelta(hours=15)
    for step in range(31 * 60):
        instant = guess + dt.timedelta(minutes=step)
        if instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall:
            return instant
    return None


@pytest.mark.parametrize(("zone", "date"), CHANGES)
def test_wall_minutes_meet_utc_as_a_clock_would_show(zone: str, date: dt.date) -> None:
    for minute in (0, 1, 59, 60, 89, 90, 100, 119, 120, 150, 179, 180, 720, 1380, 1410, 1439, 1440):
        assert local_to_utc(date, minute, zone) == first_shown(date, minute, zone), (minute, zone)


def test_skipped_wall_time_is_none_and_doubled_is_the_first() -> None:
    assert local_to_utc(dt.date(2026, 3, 29), 90, "Europe/London") is None
    assert local_to_utc(dt.date(2026, 10, 25), 90, "Europe/London") == dt.datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert local_to_utc(dt.date(2018, 11, 3), 1440, "America/Sao_Paulo") is None
    assert day_pieces("Pacific/Apia", dt.date(2011, 12, 30)) == ()


def test_pieces_of_a_plain_and_of_a_changing_day() -> None:
    assert len(day_pieces("Asia/Kolkata", SATURDAY)) == 1
    spring = day_pieces("Australia/Lord_Howe", dt.date(2026, 10, 4))
    assert [(piece.lo, piece.hi) for piece in spring] == [(0, 7200), (9000, 86400)]
    autumn = day_pieces("Australia/Lord_Howe", dt.date(2026, 4, 5))
    assert [(piece.lo, piece.hi) for piece in autumn] == [(0, 7200), (5400, 86400)]
    assert autumn[1].utc == autumn[0].utc + 7200


@pytest.mark.parametrize(
    ("date", "index", "hours", "end_utc"),
    [
        (dt.date(2026, 3, 29), 0, (0, 90), (1, 0)),  # an end that is skipped: the change
        (dt.date(2026, 3, 29), 0, (0, 240), (3, 0)),  # across the change
        (dt.date(2026, 10, 25), 0, (0, 90), (0, 30)),  # an end that comes twice: the first
        (dt.date(2026, 10, 25), 0, (0, 180), (3, 0)),  # across the doubled hour
        (dt.date(2026, 10, 25), 0, (90, 180), (1, 0)),  # the clock is set back before the start
    ],
)
def test_a_range_ends_where_its_clock_leaves_it(
    date: dt.date, index: int, hours: tuple[int, int], end_utc: tuple[int, int]
) -> None:
    finish = run_end(day_pieces("Europe/London", date), index, hours[0] * 60, hours[1] * 60)
    expected = dt.datetime(date.year, date.month, date.day, *end_utc, tzinfo=UTC)
    assert dt.datetime.fromtimestamp(finish, UTC) == expected


@given(st.sampled_from(CHANGES), st.integers(-2000, 4000))
@settings(max_examples=200, deadline=None)
def test_locate_shows_the_local_clock(change: tuple[str, dt.date], minutes: int) -> None:
    zone, date = change
    instant = dt.datetime.combine(date, dt.time(), UTC) + dt.timedelta(minutes=minutes)
    local, place = instant.astimezone(ZoneInfo(zone)), locate(instant, zone)
    shown = (local.date(), local.hour * 3600 + local.minute * 60 + local.second)
    assert (place.date, place.second) == shown
    if place.piece is not None:
        piece = day_pieces(zone, place.date)[place.piece]
        assert piece.utc + place.second - piece.lo == instant.timestamp()


def test_exceptions_replace_the_weekday_also_on_a_day_off() -> None:
    windows = [Window(5, 840, 900), Window(5, 600, 660), Window(5, 660, 720), Window(4, 0, 1440)]
    assert day_ranges(SATURDAY, windows, []) == ((600, 720), (840, 900))
    assert day_ranges(SATURDAY, windows, [ExceptionDay(SATURDAY, ())]) == ()
    sunday = SATURDAY + dt.timedelta(days=1)
    special = [ExceptionDay(sunday, ((960, 1020), (480, 540), (540, 600)))]
    assert day_ranges(sunday, windows, special) == ((480, 600), (960, 1020))
    assert day_ranges(sunday, windows, []) == ()


@given(st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60)), max_size=8))
def test_merged_ranges_hold_the_same_minutes_apart_from_each_other(pairs: list[tuple[int, int]]) -> None:
    ranges = [(start, start + length) for start, length in pairs]
    merged = merge_ranges(ranges)
    assert {m for a, b in merged for m in range(a, b)} == {m for a, b in ranges for m in range(a, b)}
    assert all(left[1] < right[0] for left, right in pairwise(merged))


@given(st.integers(0, 1440))
def test_clock_round_trip(minute: int) -> None:
    assert parse_clock(format_clock(minute)) == minute


def test_clock_words() -> None:
    assert (parse_clock("24:00"), parse_clock(" 9:05 "), parse_clock("00:00")) == (1440, 545, 0)
    assert say_range(600, 780) == "10:00 AM – 1:00 PM"
    assert say_range(0, 1440) == "12:00 AM – midnight"


@pytest.mark.parametrize("text", ["", "9", "24:01", "25:00", "10:60", "-1:00", "10:5", "१०:००", "10:00:00", "a:bc"])
def test_a_bad_clock_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="Enter a time"):
        parse_clock(text)


def test_overlapping_windows_are_named() -> None:
    windows = [Window(0, 720, 840), Window(0, 600, 780), Window(1, 540, 600), Window(1, 600, 660)]
    assert validate_windows(windows) == {"monday": ["Monday: 10:00 AM – 1:00 PM overlaps 12:00 PM – 2:00 PM."]}


def test_each_fault_of_a_window_has_its_sentence() -> None:
    windows = [
        Window(2, 600, 540),
        Window(2, 60, 60),
        Window(2, -5, 60),
        Window(6, 0, 1441),
        Window(7, 0, 60),
    ]
    errors = validate_windows(windows)
    assert errors["wednesday"] == [
        "Wednesday: 10:00 AM – 9:00 AM ends before it starts.",
        "Wednesday: 1:00 AM – 1:00 AM has no length.",
        "Wednesday: times lie between 12:00 AM and midnight.",
    ]
    assert set(errors) == {"wednesday", "sunday", "weekday"}
    assert validate_windows([Window(day, 0, 1440) for day in range(7)]) == {}


def test_a_range_that_swallows_others_overlaps_each() -> None:
    errors = validate_ranges([(0, 1440), (60, 120), (180, 240)], "Sat, 12 Dec 2026")
    assert len(errors) == 2
    assert all(error.startswith("Sat, 12 Dec 2026: 12:00 AM – midnight overlaps") for error in errors)
    assert validate_ranges([(60, 120), (120, 180)]) == []


def test_rules_in_their_limits() -> None:
    assert validate_rules(CalendarRules("Asia/Kolkata")) == {}
    assert validate_rules(CalendarRules("Asia/Kolkata", notice_minutes=0, horizon_days=1, max_per_day=1)) == {}
    bad = CalendarRules("Mars/Base", 31, 4, -1, 241, 43_201, 366, 0)
    assert set(validate_rules(bad)) == {
        "zone",
        "session_minutes",
        "step_minutes",
        "buffer_before",
        "buffer_after",
        "notice_minutes",
        "horizon_days",
        "max_per_day",
    }
    never = CalendarRules("Asia/Kolkata", notice_minutes=3 * 1440, horizon_days=2)
    assert list(validate_rules(never)) == ["notice_minutes"]


@pytest.mark.parametrize("name", ["", "Mars/Base", "../etc/passwd", "/etc/passwd", "Asia", "IST\x00"])
def test_unknown_zones(name: str) -> None:
    assert not is_zone(name)
    assert is_zone("Asia/Kolkata")


def test_fits_hours_of_a_session_on_a_start_or_not() -> None:
    windows = [Window(5, 600, 720)]
    ten_forty = dt.datetime(2026, 12, 12, 5, 10, tzinfo=UTC)
    assert fits_hours(ten_forty, 80, "Asia/Kolkata", windows, [])
    assert not fits_hours(ten_forty, 81, "Asia/Kolkata", windows, [])
    assert not fits_hours(ten_forty, 30, "Asia/Kolkata", windows, [ExceptionDay(SATURDAY, ())])
    assert not fits_hours(ten_forty - dt.timedelta(hours=1), 30, "Asia/Kolkata", windows, [])
    repeated = dt.datetime(2010, 11, 7, 3, 0, tzinfo=UTC)  # St John's shows 23:30 of the day before again
    assert not fits_hours(repeated, 30, "America/St_Johns", [Window(5, 0, 1440)], [])
