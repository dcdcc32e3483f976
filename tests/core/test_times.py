from __future__ import annotations

import datetime as dt

import pytest

from webapp.core import times

MORNING = dt.datetime(2026, 12, 12, 5, 0, tzinfo=dt.UTC)


def test_indian_words_for_an_instant() -> None:
    assert times.format_day(MORNING) == "Sat, 12 Dec 2026"
    assert times.format_clock(MORNING) == "10:30 AM IST"
    assert times.format_when(MORNING) == "Sat, 12 Dec 2026, 10:30 AM IST"


def test_the_zone_is_always_named_even_without_letters_for_it() -> None:
    assert times.format_clock(MORNING, "Asia/Dubai") == "9:00 AM UTC+4"
    assert times.format_clock(MORNING, "Europe/London") == "5:00 AM GMT"
    assert times.zone_title(MORNING, "Asia/Kolkata") == "India, IST (UTC+5:30)"
    assert times.zone_title(MORNING, "America/New_York") == "New York, EST (UTC-5)"


@pytest.mark.parametrize(("minutes", "text"), [(45, "10:30 – 11:15 AM IST"), (120, "10:30 AM – 12:30 PM IST")])
def test_a_span_repeats_the_half_of_the_day_only_where_it_changes(minutes: int, text: str) -> None:
    assert times.format_span(MORNING, MORNING + dt.timedelta(minutes=minutes)) == text


def test_midnight_and_noon_are_twelve() -> None:
    assert times.format_minute(dt.datetime(2026, 1, 1, 18, 30, tzinfo=dt.UTC)) == "12:00 AM"
    assert times.format_minute(dt.datetime(2026, 1, 1, 6, 30, tzinfo=dt.UTC)) == "12:00 PM"


@pytest.mark.parametrize("name", ["", None, "Mars/Base", "../etc/passwd", "Asia/Kolkata\n", "a" * 500])
def test_an_unknown_zone_is_no_zone(name: str | None) -> None:
    assert not times.is_zone(name)


def test_iso_has_milliseconds_and_z() -> None:
    assert times.iso_z(MORNING) == "2026-12-12T05:00:00.000Z"
