"""What a person typed, as a prefix search of Postgres: every word must begin a word of the row."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, func

LONGEST_TEXT = 100
MOST_WORDS = 6
FEWEST_LETTERS = 2


def prefix_query(text: str) -> str:
    """Return the words of ``text`` for ``to_tsquery('simple', …)``: "an cha" becomes "an:* & cha:*".

    Only letters, their signs and digits pass, so nothing that a person types is an operator or an error. What joins
    the parts of an address, a phone number or a ticket ("@", ".", "-", "_", "+") parts words here, as the columns do.
    Empty if nothing is left. Several groups of digits alone may also be one number: "98300 41270".
    """
    words = words_of(text)[:MOST_WORDS]
    query = " & ".join(_term(word) for word in words)
    if len(words) > 1 and all(word.isascii() and word.isdigit() for word in words):
        return f"({query}) | {''.join(words)}:*"
    return query


def enough_to_search(text: str) -> bool:
    """Tell whether something was typed that is worth looking for: two letters or digits."""
    return sum(len(word) for word in words_of(text)) >= FEWEST_LETTERS


def words_of(text: str) -> list[str]:
    """Return the words of a text in lower case, as a search looks for them."""
    kept = (letter if unicodedata.category(letter)[0] in "LNM" else " " for letter in text[:LONGEST_TEXT].lower())
    return "".join(kept).split()


def _term(word: str) -> str:
    return f"{word}:*" if word.isascii() else f"'{word}':*"  # quoted, Postgres cuts it as it has cut the row


def matches(column: ColumnElement[Any] | Any, text: str) -> ColumnElement[bool]:
    """Return the condition that a ``search`` column holds all words of ``text``; the index serves it."""
    found: ColumnElement[bool] = column.bool_op("@@")(func.to_tsquery("simple", prefix_query(text)))
    return found
