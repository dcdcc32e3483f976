"""Agenda and description are one text inside and two outside."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from webapp.bookings.rules.topics import join_topics, split_topics

LINES = st.lists(st.text("ab .", min_size=1, max_size=6).filter(str.strip), min_size=1, max_size=4)


@pytest.mark.parametrize(
    ("agenda", "description", "kept"),
    [
        ("Which NITs?", "", "Which NITs?"),
        ("", "All of it.", "All of it."),
        (" Which NITs? ", "Mine.\n\nAnd hers.", "Which NITs?\n\nMine.\n\nAnd hers."),
        ("One\n\n \nTwo", "More", "One\nTwo\n\nMore"),
        ("One\r\n\r\nTwo", "", "One\n\nTwo"),
    ],
)
def test_both_in_one(agenda: str, description: str, kept: str) -> None:
    assert join_topics(agenda, description) == kept


@given(LINES, LINES)
@settings(max_examples=50)
def test_two_come_back(agenda: list[str], description: list[str]) -> None:
    first, then = "\n".join(agenda).strip(), "\n".join(description).strip()
    assert split_topics(join_topics(first, then)) == (first, then)
