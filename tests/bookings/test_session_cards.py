"""What pages say about a session: pure words."""

from __future__ import annotations

import datetime as dt

import pytest

from webapp.bookings.session_cards import countdown_words, time_left

NOW = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("minutes", "words", "tone"),
    [
        (-5, "0 min left", "bad"),
        (0.5, "1 min left", "bad"),
        (48, "48 min left", "bad"),
        (60, "1 h left", "warn"),
        (15 * 60 + 59, "15 h left", "warn"),
        (24 * 60, "1 day left", ""),
        (44 * 60 + 10, "1 day 20 h left", ""),
        (3 * 24 * 60, "3 days left", ""),
    ],
)
def test_time_left_in_words(minutes: float, words: str, tone: str) -> None:
    left = time_left(NOW + dt.timedelta(minutes=minutes), NOW)
    assert (left.words, left.tone) == (words, tone)


def test_what_stands_where_the_countdown_will_be() -> None:
    assert countdown_words(NOW + dt.timedelta(hours=62), NOW) == "in 2 days 14 h"
    assert countdown_words(NOW, NOW) == "now"
