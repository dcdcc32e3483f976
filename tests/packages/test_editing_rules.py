"""Discounts both ways, addresses, colours, and every wrong field named at once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.packages.desk import good
from webapp.packages.rules.badges import LEAST_CONTRAST, contrast, ink_on, readable
from webapp.packages.rules.discounts import AGREE_WITHIN, agree, percent_text, percentage_of, price_after, settle
from webapp.packages.rules.editing import FeatureInput, clean, label_of, problems_of
from webapp.packages.rules.slugs import SLUG, free_slug, suggest_slug

PRICES = st.integers(100, 99_999_999_99)
PERCENTS = st.integers(0, 10_000).map(lambda hundredths: Decimal(hundredths) / 100)
INKS = {"dark": "#1a0f00", "light": "#ffffff"}


@settings(max_examples=150)
@given(PRICES, PERCENTS)
def test_a_per_cent_makes_a_price_that_agrees_with_it(price: int, percentage: Decimal) -> None:
    found = settle(price, None, percentage)
    assert not found.problem
    after = price if found.price is None else found.price
    assert 0 <= after <= price
    assert agree(price, after, percentage)
    if found.price is not None:
        assert found.price % (100 if price >= 10_000 else 1) == 0
        assert settle(price, found.price, found.percentage) == found  # what the page shows can be saved again


@settings(max_examples=150)
@given(PRICES, st.integers(0, 100), PERCENTS)
def test_a_price_makes_its_per_cent_and_both_together_agree_within_one(
    price: int, share: int, percentage: Decimal
) -> None:
    lower = price * share // 100
    found = settle(price, lower, None)
    assert found.price == (None if lower == price else lower)
    both = settle(price, lower, percentage)
    exact = Decimal(price - lower) * 100 / price
    assert bool(both.problem) == (abs(exact - percentage) > AGREE_WITHIN)


@pytest.mark.parametrize(
    ("price", "lower", "percentage", "expected"),
    [
        (1_999_900, 1_499_900, None, (1_499_900, "25")),
        (1_999_900, None, Decimal(25), (1_499_900, "25")),
        (1_999_900, 1_499_900, Decimal("24.5"), (1_499_900, "25")),
        (1_999_900, None, Decimal(0), (None, "")),
        (1_999_900, 1_999_900, None, (None, "")),
        (1_999_900, None, Decimal(100), (0, "100")),
        (10_000, None, Decimal("12.5"), (8_800, "12")),
        (5_000, None, Decimal("12.5"), (4_375, "12.5")),
    ],
)
def test_discounts_by_example(price: int, lower: int | None, percentage: Decimal | None, expected: Any) -> None:
    found = settle(price, lower, percentage)
    assert (found.price, percent_text(found.percentage)) == expected


def test_two_sides_that_do_not_fit_are_named() -> None:
    assert "25 % off" in settle(1_999_900, 1_499_900, Decimal(30)).problem
    assert percentage_of(300, 200) == Decimal("33.33")
    assert price_after(100, Decimal(50)) == 50


@settings(max_examples=200)
@given(st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}"))
def test_words_on_any_colour_can_be_read(color: str) -> None:
    shown = readable(color)
    assert contrast(shown, INKS[ink_on(shown)]) >= LEAST_CONTRAST


@settings(max_examples=150)
@given(st.text(max_size=200))
def test_any_name_makes_an_address(name: str) -> None:
    slug = suggest_slug(name)
    assert SLUG.fullmatch(slug)
    assert len(slug) <= 135


def test_addresses_are_told_apart() -> None:
    assert suggest_slug("JEE — Complete! (2027)") == "jee-complete-2027"
    assert suggest_slug("संपूर्ण") == "package"
    assert free_slug("jee", {"jee", "jee-2"}) == "jee-3"
    assert free_slug("neet", {"jee"}) == "neet"


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"name": " \n "}, "name", "Enter a name."),
        ({"name": "x" * 4000}, "name", "Keep this within 120 characters; it has 4,000."),
        ({"slug": "a b"}, "slug", "small letters"),
        ({"slug": "a--b"}, "slug", "small letters"),
        ({"slug": "x" * 141}, "slug", "within 140"),
        ({"exam_type": "gate"}, "exam_type", "Choose an exam."),
        ({"price": None}, "price", "Price must be a positive number."),
        ({"price": 0}, "price", "Price must be a positive number."),
        ({"price": -1}, "price", "Price must be a positive number."),
        ({"price": 10**22}, "price", "Price must be at most"),
        ({"discount_price": 1_999_901}, "discount_price", "Must not be above the price of ₹19,999."),
        ({"discount_price": -1}, "discount_price", "zero or more"),
        ({"discount_percentage": Decimal(101)}, "discount_percentage", "from 0 to 100"),
        ({"discount_percentage": Decimal("NaN")}, "discount_percentage", "from 0 to 100"),
        ({"discount_percentage": Decimal("-inf")}, "discount_percentage", "from 0 to 100"),
        ({"discount_price": 1, "discount_percentage": Decimal(5)}, "discount_percentage", "Leave one of the two"),
        ({"validity_days": 0}, "validity_days", "from 1 to 3,650"),
        ({"validity_days": None}, "validity_days", "from 1 to 3,650"),
        ({"max_sessions": 501}, "max_sessions", "from 1 to 500"),
        ({"session_minutes": 50}, "session_minutes", "30, 45, 60 or 90"),
        ({"badge": "x" * 31}, "badge", "within 30"),
        ({"badge_color": "red"}, "badge_color", "Choose a colour"),
        ({"badge_color": "#fff\n"}, "badge_color", "Choose a colour"),
        ({"features": (FeatureInput("a"), FeatureInput("", "why"))}, "features.1.title", "Say what it is"),
        ({"features": (FeatureInput("x" * 121),)}, "features.0.title", "within 120"),
        ({"features": (FeatureInput("a", "x" * 501),)}, "features.0.description", "within 500"),
        ({"features": (FeatureInput("a"),) * 41}, "features", "Keep to 40"),
        ({"highlights": ("a",) * 13}, "highlights", "Keep to 12"),
        ({"highlights": ("x" * 121,)}, "highlights", "within 120"),
        ({"terms": "x" * 5001}, "terms", "within 5,000"),
        ({"display_order": -1}, "display_order", "0 or more"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(changes: dict[str, Any], field: str, message: str) -> None:
    problems = problems_of(clean(good(**changes)))
    assert list(problems) == [field]
    assert message in problems[field]


def test_all_wrong_fields_come_at_once() -> None:
    wrong = good(name="", price=0, validity_days=0, session_minutes=1, features=(FeatureInput(""),))
    assert set(problems_of(clean(wrong))) == {"name", "price", "validity_days", "session_minutes", "features.0.title"}


def test_what_is_typed_is_tidied_and_markup_stays_text() -> None:
    found = clean(
        good(
            name="  <b>NEET</b>\u202e\x00  one ",
            description="One\r\n\r\nTwo\x07",
            badge_color="#F29A2E",
            highlights=(" a ", "", "b"),
            counsellor_ids=("c1", "c1"),
            slug=" Neet-One ",
        )
    )
    assert (found.name, found.description, found.slug) == ("<b>NEET</b> one", "One\n\nTwo", "neet-one")
    assert (found.badge_color, found.highlights, found.counsellor_ids) == ("", ("a", "b"), ("c1",))
    assert problems_of(found) == {}


def test_fields_have_names() -> None:
    assert label_of("features.2.title") == "Feature 3"
    assert label_of("discount_price") == "Discount price"
    assert label_of("anything") == "anything"
