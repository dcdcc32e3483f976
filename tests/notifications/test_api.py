"""`/api/v1/notifications`: one's own inbox, and nobody else's."""

from __future__ import annotations

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.notifications.people import inbox_of, somebody, tell
from tests.programs import Program, details
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.core.db import db

URL = "/notifications"


@pytest.fixture
def user(db_session: Session, redis: Redis) -> User:
    return somebody()


@pytest.fixture
def mine(app: Flask, user: User) -> Program:
    return Program(app, user)


def test_the_list_and_how_many_are_unread(mine: Program, user: User) -> None:
    for number in range(3):
        tell(user, number, mail=False)
    tell(somebody(), 9, mail=False)
    answer = mine.get(URL)
    assert set(answer["data"]) == {"notifications", "unreadCount"}
    assert [row["title"][-1] for row in answer["data"]["notifications"]] == ["2", "1", "0"]
    assert (answer["data"]["unreadCount"], answer["pagination"]["total"]) == (3, 3)
    row = answer["data"]["notifications"][0]
    assert (row["type"], row["isRead"], row["readAt"], row["url"]) == ("session_confirmed", False, None, "/sessions")
    assert row["message"].startswith("Sat, 12 Dec 2026")


def test_lines_are_read(mine: Program, user: User) -> None:
    for number in range(3):
        tell(user, number, mail=False)
    one = inbox_of(user)[0].public_id
    for _ in range(2):
        assert mine.put(f"{URL}/{one}/read")["data"]["isRead"] is True
    assert [row["_id"] for row in mine.get(f"{URL}?unread=false")["data"]["notifications"]] == [one]
    unread = mine.get(f"{URL}?unread=true&limit=1")
    assert (len(unread["data"]["notifications"]), unread["data"]["unreadCount"]) == (1, 2)
    assert unread["pagination"]["hasNext"] is True
    assert mine.put(f"{URL}/read-all")["data"] == {"updatedCount": 2}
    assert mine.get(f"{URL}?unread=true")["data"] == {"notifications": [], "unreadCount": 0}


def test_kinds_and_groups_narrow(mine: Program, user: User) -> None:
    tell(user, 1, mail=False)
    tell(user, 2, mail=False, kind="session_reminder")
    for wanted, number in (("session_confirmed", 1), ("sessions", 1), ("reminders", 1), ("money", 0)):
        assert len(mine.get(f"{URL}?type={wanted}")["data"]["notifications"]) == number, wanted
    assert set(details(mine.get(f"{URL}?type=x&unread=yes&read=1", status=400))) == {"type", "unread", "read"}


def test_a_deleted_line_is_gone(mine: Program, user: User) -> None:
    tell(user, mail=False)
    one = inbox_of(user)[0].public_id
    mine.delete(f"{URL}/{one}")
    assert mine.get(URL)["data"]["notifications"] == []
    mine.delete(f"{URL}/{one}", status=404)
    mine.put(f"{URL}/{one}/read", status=404)


def test_lines_of_others_are_not_there(app: Flask, user: User) -> None:
    tell(user, mail=False)
    one = inbox_of(user)[0].public_id
    for role in Role:
        other = Program(app, make_user(role=role))
        other.put(f"{URL}/{one}/read", status=404)
        other.delete(f"{URL}/{one}", status=404)
        assert other.get(URL)["data"]["notifications"] == []
    nobody = Program(app)
    for method, path in (
        ("GET", URL),
        ("PUT", f"{URL}/{one}/read"),
        ("PUT", f"{URL}/read-all"),
        ("DELETE", f"{URL}/{one}"),
    ):
        nobody.ask(method, path, status=401)
    assert inbox_of(user)[0].read_at is None


def test_the_list_costs_the_same_at_any_size(mine: Program, user: User) -> None:
    def ask() -> int:
        db.session.expire_all()
        with count_queries() as seen:
            mine.get(f"{URL}?limit=100")
        return len(seen)

    tell(user, 1, mail=False)
    few = ask()
    for number in range(2, 20):
        tell(user, number, mail=False)
    assert ask() == few
