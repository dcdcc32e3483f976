"""Kept pieces: used only while nothing that they show has changed."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest
from flask import Flask, g
from redis import Redis
from sqlalchemy.orm import Session

from tests.factories import make_user
from webapp.accounts.models import User
from webapp.core import clock, pieces
from webapp.core.db import transaction
from webapp.core.pieces import PieceOutOfDate, Pieces, changed, changed_now, kept, know, minute_of, rows_key
from webapp.core.replicas import ChangedJustNow

NOW = dt.datetime(2026, 12, 9, 4, 0, 30, tzinfo=dt.UTC)
ROWS = ["things:1"]


class Maker:
    """Counts how often something is made."""

    def __init__(self) -> None:
        self.value = "first"
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        return self.value


@pytest.fixture
def make() -> Maker:
    return Maker()


@pytest.fixture(autouse=True)
def unchecked(app: Flask, db_session: Session) -> Iterator[None]:
    app.config["CHECK_KEPT_PIECES"] = False
    yield
    app.config["CHECK_KEPT_PIECES"] = True


def ask(app: Flask, make: Maker, *, now: dt.datetime = NOW, method: str = "GET", root: str = "", **more: object) -> str:
    """Ask for the piece in a request of its own."""
    environ = {"SCRIPT_NAME": root} if root else {}
    with app.test_request_context("/", method=method, environ_overrides=environ):
        for name in list(g):
            g.pop(name)
        return kept("thing", (7,), ROWS, make, now=now, **more)  # type: ignore[arg-type]


def test_it_is_made_once_until_its_rows_change(app: Flask, make: Maker) -> None:
    assert [ask(app, make), ask(app, make)] == ["first", "first"]
    assert make.times == 1
    make.value = "second"
    changed(*ROWS)
    assert [ask(app, make), ask(app, make)] == ["second", "second"]
    assert make.times == 2


def test_a_change_counts_when_it_is_committed_and_not_when_it_is_taken_back(app: Flask, make: Maker) -> None:
    ask(app, make)
    with suppress(ZeroDivisionError), transaction():
        changed(*ROWS)
        raise ZeroDivisionError
    ask(app, make)
    assert make.times == 1
    with transaction():
        changed(*ROWS)
        ask(app, make)
        assert make.times == 1
    ask(app, make)
    assert make.times == 2


def test_all_makes_everything_old(app: Flask, make: Maker) -> None:
    ask(app, make)
    changed(pieces.ALL)
    ask(app, make)
    assert make.times == 2


def test_who_may_write_is_never_told_from_before(app: Flask, make: Maker) -> None:
    ask(app, make)
    ask(app, make, method="POST")
    assert make.times == 2
    kept("thing", (7,), ROWS, make, now=NOW)  # outside a request
    assert make.times == 3


def test_nothing_is_kept_while_redis_is_away(app: Flask, make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    ask(app, make)
    with monkeypatch.context() as away:
        away.setitem(app.extensions, "redis", Redis(port=1, socket_connect_timeout=0.1))
        ask(app, make)
        ask(app, make)
        changed(*ROWS)  # only logged
    assert make.times == 3


def test_the_same_page_elsewhere_has_its_own(app: Flask, make: Maker) -> None:
    ask(app, make)
    ask(app, make, root="/house")
    assert make.times == 2


def test_it_ends_by_itself(app: Flask, make: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    end = NOW + dt.timedelta(seconds=5)
    ask(app, make, until=lambda _value: end)
    ask(app, make, now=end - dt.timedelta(seconds=1))
    assert make.times == 1
    ask(app, make, now=end)
    assert make.times == 2
    ask(app, make, now=NOW - dt.timedelta(seconds=1))  # a clock that was put back
    assert make.times == 3
    later = time.monotonic() + pieces.SECONDS + 1
    monkeypatch.setattr("webapp.core.pieces.time.monotonic", lambda: later)
    ask(app, make)
    assert make.times == 4


def test_what_a_replica_said_is_kept_unless_it_changed_lately(app: Flask, make: Maker) -> None:
    def ask_replica() -> None:
        with app.test_request_context("/"):
            g.read_from = object()
            kept("thing", (7,), ROWS, make, now=NOW)

    with clock.frozen(NOW):
        changed_now(*ROWS)
    with clock.frozen(NOW + dt.timedelta(seconds=9)), pytest.raises(ChangedJustNow):
        ask_replica()
    assert make.times == 0
    with clock.frozen(NOW + dt.timedelta(seconds=11)):
        ask_replica()
        ask_replica()
    assert make.times == 1


def test_it_is_compared_where_that_is_asked_for(app: Flask, make: Maker) -> None:
    app.config["CHECK_KEPT_PIECES"] = True
    ask(app, make)
    assert ask(app, make) == "first"
    make.value = "written by somebody who told nobody"
    with pytest.raises(PieceOutOfDate, match="thing of things:1"):
        ask(app, make)


def test_versions_are_asked_for_once_a_request(app: Flask) -> None:
    with app.test_request_context("/"):
        g.pop("known_versions", None)
        before = know("a:1", "b:2")
        changed("a:1")
        assert know("a:1", "b:2") == before


def test_only_so_many_are_kept() -> None:
    few = Pieces(most=2)
    for number in range(3):
        few.keep(number, pieces._Piece(("",), NOW, None, 1e12, number))
    assert [few.find(number, ("",), NOW) is not None for number in range(3)] == [False, True, True]


def test_a_minute_and_its_very_beginning() -> None:
    begun = NOW.replace(second=0)
    assert minute_of(NOW) == minute_of(NOW + dt.timedelta(seconds=29.9)) != minute_of(begun)
    assert minute_of(begun) != minute_of(begun - dt.timedelta(microseconds=1))


def test_a_row_that_the_session_changes_is_followed(app: Flask, make: Maker) -> None:
    with transaction() as session:
        user = make_user()
        session.flush()
    rows = [rows_key(User, user.id)]

    def shown() -> str:
        with app.test_request_context("/"):
            g.pop("known_versions", None)
            return kept("name", (), rows, lambda: user.name, now=clock.now())

    assert shown() == user.name
    with transaction():
        user.name = "Ira Sen"
    assert shown() == "Ira Sen"
