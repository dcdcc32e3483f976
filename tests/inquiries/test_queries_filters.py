"""An address as a filter and back: what means nothing is named, what means the same reads the same."""

from __future__ import annotations

import datetime as dt

import pytest

from webapp.inquiries.desk_url import place_from, read_place
from webapp.inquiries.models import Exam
from webapp.inquiries.queries import Late, LeadFilter, Part, Sort, read_filter


def test_an_empty_address_is_the_open_leads_newest_first() -> None:
    found, wrong = read_filter({})
    assert (found, wrong) == (LeadFilter(), {})
    assert found.query == ""
    assert not found.narrows


def test_every_part_survives_the_way_to_the_address_and_back() -> None:
    found = LeadFilter(
        q="an cha", status=Part.ALL, exam=Exam.NEET, assignee="user_abc", source="google",
        since=dt.date(2026, 12, 1), until=dt.date(2026, 12, 9), late=Late.ANSWER, sort=Sort.FOLLOW_UP,
    )  # fmt: skip
    assert found.query == (
        "q=an+cha&status=all&exam=neet&assignee=user_abc&source=google&from=2026-12-01&to=2026-12-09"
        "&overdue=answer&sort=follow-up"
    )
    assert read_filter(found.asked()) == (found, {})
    assert found.without("exam").exam is None


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("status", "lost", "“lost” is not a status."),
        ("exam", "gate", "“gate” is not an exam."),
        ("assignee", "'; drop table", "“'; drop table” is nobody of the desk."),
        ("from", "2026-02-30", "“2026-02-30” is not a day."),
        ("to", "tomorrow", "“tomorrow” is not a day."),
        ("from", "0001-01-01", "“0001-01-01” is not a day."),
        ("overdue", "yes", "“yes” is not something that can be overdue."),
        ("sort", "name", "“name” is not an order."),
    ],
)
def test_what_means_nothing_is_named_and_left_out(name: str, value: str, words: str) -> None:
    found, wrong = read_filter({name: value, "exam": "neet"} if name != "exam" else {name: value})
    assert wrong == {name: words}
    assert name not in found.asked()
    assert found.exam is (Exam.NEET if name != "exam" else None)


def test_a_last_day_before_the_first_is_left_out() -> None:
    found, wrong = read_filter({"from": "2026-12-09", "to": "2026-12-01"})
    assert found.until is None
    assert set(wrong) == {"to"}


def test_me_is_whoever_looks() -> None:
    assert read_filter({"assignee": "me"}, me="user_one")[0].assignee == "user_one"
    assert read_filter({"assignee": "me"})[1]


def test_long_and_odd_text_is_cut_not_refused() -> None:
    found, wrong = read_filter({"q": " a\x00b   c " + "x" * 4000})
    assert not wrong
    assert found.q.startswith("ab c xx")
    assert len(found.q) <= 80


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example/?q=1", "&" * 4000, "open=../../x", None])
def test_a_way_back_never_leads_elsewhere(back: str | None) -> None:
    place = place_from(back, me="user_one")
    assert place.opened == ""
    assert not place.board


def test_a_page_after_wins_over_one_before() -> None:
    place, _ = read_place({"after": "inquiry_a", "before": "inquiry_b", "open": "inquiry_c"}, me="")
    assert (place.after, place.before, place.opened) == ("inquiry_a", "", "inquiry_c")
