from __future__ import annotations

from decimal import Decimal

import pytest

from webapp.counsellors.rules import SEARCH_LIMIT, Tally, clean_search, combined_rating, search_patterns


@pytest.mark.parametrize(
    ("start", "start_count", "published", "expected"),
    [
        ("0", 0, Tally(0, 0), ("0.00", 0)),
        ("4.8", 0, Tally(0, 0), ("4.80", 0)),
        ("4.8", 0, Tally(2, 6), ("3.00", 2)),
        ("4.8", 10, Tally(0, 0), ("4.80", 10)),
        ("4.8", 10, Tally(1, 1), ("4.45", 11)),
        ("4.9", 211, Tally(1, 5), ("4.90", 212)),
        ("0", 0, Tally(3, 14), ("4.67", 3)),
    ],
)
def test_published_reviews_add_to_the_start_balance(
    start: str, start_count: int, published: Tally, expected: tuple[str, int]
) -> None:
    rating, count = combined_rating(Decimal(start), start_count, published)
    assert (str(rating), count) == expected


def test_a_search_is_one_short_line() -> None:
    assert clean_search("  JoSAA\x00\n  choice\tlist ") == "JoSAA choice list"
    assert len(clean_search("word " * 1000)) <= SEARCH_LIMIT
    assert clean_search("\x00\x01") == ""


def test_signs_of_patterns_are_searched_for_as_they_are() -> None:
    assert search_patterns("100% a_b c\\d") == ["%100\\%%", "%a\\_b%", "%c\\\\d%"]
    assert len(search_patterns("a b c d e f g h i j")) == 6
