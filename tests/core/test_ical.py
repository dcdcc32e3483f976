"""Lines of a calendar file, as another reader of the format understands them."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from webapp.core import ical

LETTERS = st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp"))
NAMES = st.characters(
    exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\\"
)  # the reader eats one of two
WORDS = st.text(LETTERS, max_size=120)


def _read(*lines: str) -> Calendar:
    return Calendar.from_ical(ical.join(["BEGIN:VEVENT", *lines, "END:VEVENT"]))


@settings(max_examples=150, deadline=None)
@given(WORDS, st.text(NAMES, max_size=120))
def test_what_is_written_is_read_again(text: str, name: str) -> None:
    lines = f"SUMMARY:{ical.plain(text)}", f"ATTENDEE;CN={ical.quoted(name)}:mailto:a@b.test"
    event = _read(*lines)
    assert str(event["summary"]) == text
    assert event["attendee"].params.get("CN", "") == name
    assert all(len(line.encode()) <= ical.FOLD for line in ical.join(lines).split("\r\n"))


def test_lines_within_a_text_stay_within_it() -> None:
    two = ical.plain("one\r\ntwo")
    assert str(_read(f"DESCRIPTION:{two}")["description"]) == "one\ntwo"


def test_instants_stand_in_utc() -> None:
    at = dt.datetime(2026, 12, 12, 10, 0, 5, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))
    assert ical.utc(at) == "20261212T043005Z"
