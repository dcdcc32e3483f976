"""What a person typed, as a prefix search."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import make_user
from webapp.accounts.models import User
from webapp.core.textsearch import enough_to_search, matches, prefix_query


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("An cha", "an:* & cha:*"),
        ("  ", ""),
        ("!&|():*'\\", ""),
        ("a@b.c", "a:* & b:* & c:*"),
        ("98300 41270", "(98300:* & 41270:*) | 9830041270:*"),
        ("अनन्या", "'अनन्या':*"),
        ("x" * 4000, f"{'x' * 100}:*"),
        ("a b c d e f g h", "a:* & b:* & c:* & d:* & e:* & f:*"),
    ],
)
def test_words(text: str, query: str) -> None:
    assert prefix_query(text) == query


def test_two_letters_suffice() -> None:
    assert [enough_to_search(text) for text in ("", "a", "a ", "an", "a b", "--")] == [
        False,
        False,
        False,
        True,
        True,
        False,
    ]


@pytest.mark.parametrize(
    "text",
    [
        "anan",
        "chat anan",
        "ANANYA@exam",
        "ananya example",
        "+9198300",
        "98300",
        "98300-41",
        "+91 98300 41270",
        "9198300",
    ],
)
def test_postgres_finds_by_beginnings(db_session: Session, text: str) -> None:
    user = make_user(name="Ananya Chatterjee", email="ananya@example.com", phone="+919830041270")
    assert db_session.scalars(select(User).where(matches(User.search, text))).all() == [user]


@pytest.mark.parametrize("text", ["nanya", "'; drop table users --", "zz & ! (", "<->", "ananya zz"])
def test_nothing_typed_is_an_error(db_session: Session, text: str) -> None:
    make_user(name="Ananya Chatterjee", email="ananya@example.com")
    assert db_session.scalars(select(User).where(matches(User.search, text))).all() == []


def test_indian_scripts_are_found(db_session: Session) -> None:
    user = make_user(name="अनन्या चटर्जी")
    for text in ("अनन्या", "चटर्जी अनन्या", "अनन"):
        assert db_session.scalars(select(User).where(matches(User.search, text))).all() == [user]
