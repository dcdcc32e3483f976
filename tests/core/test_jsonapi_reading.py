"""What a program may send: JSON, read strictly, and refused in words."""

from __future__ import annotations

import contextlib
import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webapp.core.jsonapi.reading import DEEPEST, Unreadable, parse_json

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcXYZ", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(PLAIN)
def test_plain_json_is_read_as_it_is(value: object) -> None:
    assert parse_json(json.dumps(value).encode()) == value


@given(st.binary(max_size=60))
def test_nothing_makes_it_stumble(raw: bytes) -> None:
    with contextlib.suppress(Unreadable):
        parse_json(raw)


def test_numbers_with_a_point_stay_exact() -> None:
    assert parse_json(b'{"price": 0.1}') == {"price": Decimal("0.1")}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"a": NaN}', "NaN is no number"),
        (b'{"a": -Infinity}', "-Infinity is no number"),
        (b'{"a": 1', "line 1, column"),
        (b'{"a": "\xff"}', "not UTF-8"),
        (b"\xef\xbb\xbf{}", "not valid JSON"),
        (b'{"a": 1e999999999}', "too long"),
        (b'{"a": 1e99}', "too long"),
        (b'{"a": ' + b"9" * 5000 + b"}", "too long"),
        (b"[" * 200_000, "nested deeper"),
        (b"[" * (DEEPEST + 2) + b"]" * (DEEPEST + 2), "nested deeper"),
        (b"", "not valid JSON"),
    ],
)
def test_a_refusal_says_what_is_wrong(raw: bytes, words: str) -> None:
    with pytest.raises(Unreadable, match=words):
        parse_json(raw)


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        (b'{"a": 1, "a": 2}', "a"),
        (b'{"a": {"b": ["x", "\\ud800"]}}', "a.b.1"),
        (b'{"a": "\\u0000"}', "a"),
    ],
)
def test_a_refusal_names_the_field(raw: bytes, field: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_json(raw)
    assert list(refused.value.fields) == [field]
