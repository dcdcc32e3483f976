"""Visitors' pages come from a replica, as long as one is there and keeps up; everything else from the primary."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg.errors import QueryCanceled, SerializationFailure
from pydantic import SecretStr
from sqlalchemy import Engine, event, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import InternalError, OperationalError

from tests.conftest import CleanClient
from tests.factories import make_counsellor, make_package, make_user
from tests.pages import Browser
from tests.replica import ReplicaServer
from tests.servers import VARIABLE, new_database
from webapp import create_app
from webapp.accounts.models import User
from webapp.config import Settings
from webapp.core import live, pieces, replicas
from webapp.core.access import PUBLIC, audience_of
from webapp.core.db import db
from webapp.core.embedded import PostgresServer
from webapp.core.jobs import get_redis
from webapp.core.replicas import Lag, Replica, all_replicas, may_lag

PAGE = "/packages/jee-complete"
TOKEN = "of-prometheus-0123456789-0123456789"
LOOKS = (replicas.END_OF_LOG, replicas.REPLAYED)


@dataclass(frozen=True, slots=True)
class Pair:
    """An app whose database has a replica, and the engine of its primary."""

    app: Flask
    server: ReplicaServer
    primary: Engine
    replica: Replica

    def look(self) -> bool:
        """Have the next question after the replica look at it anew."""
        self.replica._next_look = 0.0
        with self.app.app_context():
            return self.replica.in_use()


@pytest.fixture(scope="module")
def whole_pair(servers: tuple[str, str], settings: Settings) -> Iterator[Pair]:
    """Give an app on a database of its own, and a replica that follows."""
    name = f"{make_url(servers[0]).database}_replicated"
    database_url, folder = new_database(servers[0], name), Path(os.environ[VARIABLE])
    server = ReplicaServer(folder / name, PostgresServer(folder))
    server.data_dir.mkdir()
    replica_url = server.database_url(name)
    app = create_app(
        settings.model_copy(
            update={
                "database_url": database_url,
                "database_replica_urls": replica_url,
                "metrics_token": SecretStr(TOKEN),
            }
        )
    )
    app.test_client_class = CleanClient
    with app.app_context():
        make_package(name="JEE Complete", slug="jee-complete")
        for number in (1, 2):
            make_counsellor(public_id=f"counsellor_r{number}")
        make_user(public_id="user_r", email="r@example.com")
        db.session.commit()
        pair = Pair(app, server, db.engine, all_replicas()[0])
    try:
        server.start()
        yield pair
    finally:
        pair.replica.engine.dispose()
        pair.primary.dispose()
        server.stop()


@pytest.fixture
def pair(whole_pair: Pair) -> Iterator[Pair]:
    """Give it with the replica in use."""
    with whole_pair.app.app_context():
        get_redis().flushdb()
    _wait_until_in_use(whole_pair)
    yield whole_pair
    whole_pair.server.resume()


@pytest.fixture
def app(pair: Pair) -> Flask:
    """Give its app. No test may be inside its context while it asks: a request would share its session."""
    return pair.app


def _wait_until_in_use(pair: Pair) -> None:
    deadline = time.monotonic() + 20
    while not pair.look():
        assert time.monotonic() < deadline, pair.replica.lag
        time.sleep(0.02)


@contextmanager
def _sources(pair: Pair) -> Iterator[list[str]]:
    """Collect which server each statement of pages goes to."""
    seen: list[str] = []
    listening: list[tuple[Engine, Any]] = []
    for name, engine in (("primary", pair.primary), ("replica", pair.replica.engine)):

        def note(_conn: object, _cursor: object, statement: str, *_rest: object, name: str = name) -> None:
            if statement not in LOOKS:
                seen.append(name)

        event.listen(engine, "before_cursor_execute", note)
        listening.append((engine, note))
    try:
        yield seen
    finally:
        for engine, note in listening:
            event.remove(engine, "before_cursor_execute", note)


def _read_from(pair: Pair, browser: Browser | None = None, path: str = PAGE) -> set[str]:
    pair.app.extensions[pieces.EXTENSION].clear()  # every page is put together anew
    with _sources(pair) as seen:
        answer = (browser or Browser(pair.app)).get(path)
    assert answer.status_code == 200, answer.status
    return set(seen)


def _rename(pair: Pair, words: str) -> None:
    with pair.primary.begin() as connection:
        connection.execute(text("set local synchronous_commit = on"))  # as in production: it is in the log at once
        connection.execute(text("update packages set name = :name where slug = 'jee-complete'"), {"name": words})


def _ready(pair: Pair) -> str:
    return str((pair.app.test_client().get("/readyz").json or {})["replicas"])


@pytest.mark.parametrize(
    "path",
    [
        "/", "/packages", PAGE, "/counsellors", "/counsellors/counsellor_r1", "/book", "/book/counsellor_r1",
        "/sitemap.xml", "/api/v1/counselling-packages", "/api/v1/counselling-packages/slug/jee-complete",
        "/api/v1/counsellors", "/api/v1/counsellors/counsellor_r1/slots",
    ],
)  # fmt: skip
def test_a_visitor_reads_the_replica(pair: Pair, path: str) -> None:
    assert _read_from(pair, path=path) == {"replica"}


def test_a_visitor_with_a_form_token_is_still_one(pair: Pair) -> None:
    browser = Browser(pair.app)
    assert browser.token("/login")
    assert _read_from(pair, browser) == {"replica"}


def test_who_is_signed_in_reads_the_primary(pair: Pair) -> None:
    with pair.app.app_context():
        student = db.session.scalars(select(User).where(User.public_id == "user_r")).one()
        browser = Browser(pair.app, student)
    assert _read_from(pair, browser) == {"primary"}
    assert _read_from(pair, browser, "/book/counsellor_r1") == {"primary"}


def test_programs_with_a_key_or_a_token_read_the_primary(pair: Pair) -> None:
    for headers in ({"Authorization": "Bearer nonsense"}, {"X-API-Key": "nonsense"}):
        with _sources(pair) as seen:
            pair.app.test_client().get("/api/v1/counselling-packages", headers=headers)
        assert "replica" not in seen


def test_pages_that_declare_nothing_read_the_primary(pair: Pair) -> None:
    assert _read_from(pair, path="/healthz") == {"primary"}


def test_who_has_just_written_reads_the_primary(pair: Pair) -> None:
    browser = Browser(pair.app)
    with _sources(pair) as seen:
        browser.submit("/login", {"email": "r@example.com", "password": "wrong"})
    assert set(seen) == {"primary"}
    assert _read_from(pair, browser) == {"primary"}
    browser.client.delete_cookie("disha-wrote")  # as the browser does after ten seconds
    assert _read_from(pair, browser) == {"replica"}


def test_pages_show_what_the_replica_has_until_it_is_too_far_behind(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair.server.pause()
    _rename(pair, "JEE Anew")
    assert "JEE Complete" in Browser(pair.app).get(PAGE).text
    assert _ready(pair) == "1 of 1"
    monkeypatch.setattr(replicas, "MOST_LAG", 0.0)
    assert not pair.look()
    with _sources(pair) as seen:
        assert "JEE Anew" in Browser(pair.app).get(PAGE).text
    assert set(seen) == {"primary"}
    assert _ready(pair) == "0 of 1"
    monkeypatch.undo()
    pair.server.resume()
    _wait_until_in_use(pair)
    with _sources(pair) as seen:
        assert "JEE Anew" in Browser(pair.app).get(PAGE).text
    assert set(seen) == {"replica"}
    _rename(pair, "JEE Complete")


def test_an_open_picker_that_hears_of_a_change_reads_the_primary(pair: Pair) -> None:
    page, hears = "/book/counsellor_r1", {"HX-Request": "true", "HX-Target": "div#slots-refresh"}
    with pair.app.app_context():
        live.bump_now("slots:counsellor_r1")
    pair.app.extensions[pieces.EXTENSION].clear()
    with _sources(pair) as seen:
        answer = pair.app.test_client().get(page, headers=hears)
    assert (answer.status_code, seen[-1]) == (200, "primary")
    assert "v=1" in answer.text
    assert "primary" in _read_from(pair, path=page)  # whole pages carry the version, too
    assert _read_from(pair, path="/book/counsellor_r2") == {"replica"}
    with pair.app.app_context():
        pieces.changed_now("counsellors")
    assert _read_from(pair, path="/") == {"primary"}
    with pair.app.app_context():  # ten seconds later
        get_redis().expire("live:slots:counsellor_r1", live.KEPT_SECONDS - replicas.SETTLED_SECONDS - 1)
    assert _read_from(pair, path=page) == {"replica"}


def test_a_replica_that_is_away_is_left_and_taken_again(
    pair: Pair, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _read_from(pair) == {"replica"}
    pair.server.stop()
    try:
        assert _read_from(pair) == {"primary"}
        assert _read_from(pair, path="/") == {"primary"}
        assert "replica_left" in capsys.readouterr().err
        assert _ready(pair) == "0 of 1"
    finally:
        pair.server.start()
    monkeypatch.setattr(replicas, "LEFT_SECONDS", 0.0)
    _wait_until_in_use(pair)
    assert _read_from(pair) == {"replica"}


def test_visitors_go_on_while_the_primary_is_away(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = replicas._ask

    def away(engine: Engine, question: str) -> int | None:
        if question == replicas.END_OF_LOG:
            raise OperationalError("", {}, Exception("away"))
        return asked(engine, question)

    monkeypatch.setattr(replicas, "_ask", away)
    assert pair.look()
    assert _read_from(pair) == {"replica"}


def test_metrics_tell_of_it(pair: Pair) -> None:
    told = pair.app.test_client().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).text
    assert 'disha_replica_in_use{replica="1"} 1.0' in told
    assert 'disha_replica_lag_seconds{replica="1"}' in told


def test_a_write_is_refused_by_the_replica(pair: Pair) -> None:
    with pair.replica.engine.connect() as connection:
        assert connection.scalar(text("show default_transaction_read_only")) == "on"
        with pytest.raises(InternalError, match="read-only"):
            connection.execute(text("update packages set name = 'Nothing'"))


def _failing(cause: Exception) -> tuple[Any, list[bool]]:
    """Return a view that fails where it reads from a replica, and a list of where it read from."""
    read: list[bool] = []

    @may_lag
    def view() -> str:
        read.append(replicas.reading())
        if read[-1]:
            raise OperationalError("select", {}, cause)
        return "shown"

    return view, read


def test_a_statement_that_a_change_ended_is_read_again(pair: Pair) -> None:
    view, read = _failing(SerializationFailure("conflict with recovery"))
    with pair.app.test_request_context("/"):
        assert view() == "shown"
    assert read == [True, False]
    assert pair.look()


def test_a_statement_that_takes_too_long_is_not(pair: Pair) -> None:
    view, read = _failing(QueryCanceled("statement timeout"))
    with pair.app.test_request_context("/"), pytest.raises(OperationalError):
        view()
    assert read == [True]


def test_a_server_that_is_no_replica_is_never_read(pair: Pair) -> None:
    address = pair.primary.url.render_as_string(hide_password=False)
    other = Replica(address, pair.app.config["SQLALCHEMY_ENGINE_OPTIONS"])
    with pair.app.app_context():
        assert not other.in_use()
    other.engine.dispose()


def test_of_several_one_that_is_away_is_passed_over(pair: Pair) -> None:
    options, known = pair.app.config["SQLALCHEMY_ENGINE_OPTIONS"], pair.app.extensions[replicas.EXTENSION]
    dead = Replica("postgresql+psycopg://postgres@/disha?host=/nowhere", options)
    pair.app.extensions[replicas.EXTENSION] = ([dead, pair.replica], itertools.count())
    try:
        assert [_read_from(pair) for _ in range(3)] == [{"replica"}] * 3
        assert _ready(pair) == "1 of 2"
    finally:
        pair.app.extensions[replicas.EXTENSION] = known


def test_lag_is_the_age_of_what_has_arrived() -> None:
    lag = Lag()
    lag.note(10.0, 100)
    assert lag.seconds(10.1, 90) is None  # it was never seen to reach anything
    assert lag.seconds(10.2, 100) == 0.0
    lag.note(20.0, 100)
    assert lag.seconds(20.0, 100) == 0.0  # nothing happens, so it is as new as can be
    lag.note(21.0, 150)
    lag.note(22.0, 180)
    assert lag.seconds(22.0, 140) == 2.0
    assert lag.seconds(22.5, 150) == 1.5
    assert lag.seconds(23.0, 200) == 0.0


def test_only_public_pages_may_lag(app: Flask) -> None:
    declared = {name: view for name, view in app.view_functions.items() if getattr(view, "lags", False)}
    assert {"public.landing", "bookings.pick"} <= set(declared)
    assert {name for name, view in declared.items() if audience_of(view) != PUBLIC} == set()


def test_without_a_setting_there_is_nothing_of_it(settings: Settings) -> None:
    app = create_app(settings)
    answer = app.test_client().post("/login", headers={"Cookie": "a=b"})
    assert "disha-wrote" not in str(answer.headers)
    assert "replicas" not in (app.test_client().get("/readyz").json or {})
    with app.app_context():
        assert all_replicas() == []
        db.engine.dispose()
