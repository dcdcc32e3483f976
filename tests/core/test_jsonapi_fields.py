"""Fields of the JSON door: strict types, a person's words, paise inside."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.schemas import In, Out
from webapp.core.jsonapi.words import camel, camel_path, field_errors, label
from webapp.core.money import MAX_PAISE


class Word(enum.StrEnum):
    NO_SHOW = "no_show"


class Everything(In):
    name = f.Text(longest=10, required=True)
    how_many = f.Whole(least=1, most=5)
    price = f.Rupees(positive=True)
    share = f.Number(most=1)
    is_on = f.Flag()
    word = f.Choice({"no-show": Word.NO_SHOW})
    at = f.Instant()
    day = f.Day()
    tags = f.Listed(f.Text(longest=3), most=2)
    link = f.Link(secure=True)


def load(**values: Any) -> Any:
    return Everything().load({"name": "x", **values})


def wrong(**values: Any) -> dict[str, str]:
    with pytest.raises(ValidationError) as refused:
        load(**values)
    return field_errors(refused.value.messages)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("name", " ", "Name must have 1 to 10 characters."),
        ("name", 5, "Name must be text."),
        ("name", None, "Name can't be empty."),
        ("howMany", "3", "How many must be a whole number."),
        ("howMany", True, "How many must be a whole number."),
        ("howMany", Decimal("2.5"), "How many must be a whole number."),
        ("howMany", 2**63, "How many must be between 1 and 5."),
        ("price", 0, "Price must be a positive number."),
        ("price", "499", "Price must be an amount in rupees."),
        ("price", Decimal("1.005"), "Price may have at most two decimals."),
        ("price", 100_000_000, "Price must be at most 99,999,999.99."),
        ("share", False, "Share must be a number."),
        ("isOn", 1, "Is on must be true or false."),
        ("isOn", "true", "Is on must be true or false."),
        ("word", "no_show", "Word must be one of no-show."),
        ("at", "2026-11-21T10:00:00", "At must be an instant such as 2026-11-21T04:30:00.000Z."),
        ("at", "2026-11-21", "At must be an instant such as 2026-11-21T04:30:00.000Z."),
        ("at", 5, "At must be an instant such as 2026-11-21T04:30:00.000Z."),
        ("at", "9999-12-31T23:59:59-12:00", "At must be an instant such as 2026-11-21T04:30:00.000Z."),
        ("day", "2026-02-30", "Day must be a date such as 2026-11-21."),
        ("day", "20261121", "Day must be a date such as 2026-11-21."),
        ("tags", "abc", "Tags must be a list."),
        ("tags", ["a", "b", "c"], "Tags may have at most 2 entries."),
        ("link", "http://meet.example/x", "Link must be an https:// address."),
        ("link", "javascript:alert(1)", "Link must be an https:// address."),
        ("colour", 1, "Colour is not a field here."),
    ],
)
def test_a_wrong_value_is_told_in_words(field: str, value: Any, words: str) -> None:
    assert wrong(**{field: value})[field] == words


def test_a_list_names_its_entry() -> None:
    assert wrong(tags=["ok", "abcd"]) == {"tags.1": "Tags must have at most 3 characters."}


def test_everything_wrong_is_told_at_once() -> None:
    assert set(wrong(name="", howMany=0, price=-1, day="x")) == {"name", "howMany", "price", "day"}


def test_what_is_right_comes_in_as_the_house_keeps_it() -> None:
    found = load(
        name="  Asha ", howMany=Decimal("3.0"), price=Decimal("499.5"), word="no-show", at="2026-11-21T10:00:00+05:30"
    )
    assert found == {
        "name": "Asha",
        "how_many": 3,
        "price": 49_950,
        "word": Word.NO_SHOW,
        "at": dt.datetime(2026, 11, 21, 4, 30, tzinfo=dt.UTC),
    }


class Shown(Out):
    price = f.Rupees(required=True)
    at = f.Instant()
    word = f.Choice({"no-show": Word.NO_SHOW})


def test_what_goes_out_is_rupees_and_utc() -> None:
    at = dt.datetime(2026, 11, 21, 10, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=30)))
    assert Shown().dump({"price": 49_950, "at": at, "word": Word.NO_SHOW}) == {
        "price": 499.5,
        "at": "2026-11-21T04:30:00.000Z",
        "word": "no-show",
    }


class Price(Schema):
    price = f.Rupees()


@given(st.integers(0, MAX_PAISE))
def test_money_goes_out_and_in_unchanged(paise: int) -> None:
    told = Price().dump({"price": paise})["price"]
    assert Price().load({"price": told}) == {"price": paise}


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12))
def test_no_amount_is_rounded(amount: Decimal) -> None:
    try:
        paise = Price().load({"price": amount})["price"]
    except ValidationError:
        return
    assert Decimal(paise) == amount * 100


def test_names() -> None:
    assert (camel("discount_price"), camel("_id"), camel("name")) == ("discountPrice", "_id", "name")
    assert camel_path("features.0.short_title") == "features.0.shortTitle"
    assert label("features.0.shortTitle") == "Short title"
