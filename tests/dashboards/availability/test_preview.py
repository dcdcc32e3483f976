from __future__ import annotations

import datetime as dt

from webapp.dashboards.availability.preview import differences

MONDAY = dt.date(2026, 12, 14)
DAYS = [MONDAY + dt.timedelta(days=number) for number in range(14)]
TEN = dt.datetime(2026, 12, 14, 4, 30, tzinfo=dt.UTC)


def test_the_same_weekday_twice_is_told_once() -> None:
    added = {MONDAY: [TEN], MONDAY + dt.timedelta(days=7): [TEN, TEN]}
    assert differences(DAYS, added, {}) == [("+3 times", "on Mondays")]


def test_more_on_one_and_less_on_the_other_is_told_by_date() -> None:
    later = MONDAY + dt.timedelta(days=7)
    told = differences(DAYS, {MONDAY: [TEN]}, {later: [TEN]})
    assert [words for words, _ in told] == ["+1 time", "−1 time"]
    assert "14 Dec" in told[0][1]
    assert "21 Dec" in told[1][1]
