from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core import money


@pytest.mark.parametrize(
    ("paise", "text"),
    [
        (0, "₹0"),
        (5, "₹0.05"),
        (99900, "₹999"),
        (100000, "₹1,000"),
        (12345600, "₹1,23,456"),
        (1234567850, "₹1,23,45,678.50"),
        (-49950, "−₹499.50"),
    ],
)
def test_rupees_are_grouped_the_indian_way(paise: int, text: str) -> None:
    assert money.format_rupees(paise) == text


@given(st.integers(min_value=0, max_value=money.MAX_PAISE))
def test_what_is_shown_can_be_typed_back(paise: int) -> None:
    assert money.parse_rupees(money.format_rupees(paise)) == paise


@pytest.mark.parametrize("text", ["", "abc", "-1", "1.234", "NaN", "Infinity", "100000000", "1e400", "1e999999"])
def test_a_bad_amount_is_refused_in_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"^(Enter|Use)"):
        money.parse_rupees(text)
