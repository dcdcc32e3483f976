"""Redis stopped for real: the limits of signing in hold by a count of this process, and nothing opens wide."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.factories import NOW
from tests.pace import patience
from webapp import create_app
from webapp.config import Settings
from webapp.core import clock
from webapp.core.db import db
from webapp.core.embedded import RedisServer, start_redis

pytestmark = pytest.mark.reliability


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = start_redis(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def own_app(settings: Settings, server: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    """An app on a Redis of its own; hashing is not what is tried here."""
    monkeypatch.setattr("webapp.accounts.services.password_fits", lambda *_: False)
    app = create_app(settings.model_copy(update={"redis_url": server.url}))
    app.config["WTF_CSRF_ENABLED"] = False
    yield app
    with app.app_context():
        db.engine.dispose()


def tries(app: Flask, times: int) -> Counter[int]:
    client = app.test_client()
    typed = {"email": "nobody@example.com", "password": "Wrong-pass-1"}
    return Counter(client.post("/login", data=typed).status_code for _ in range(times))


def test_a_stopped_redis_opens_nothing(own_app: Flask, server: RedisServer) -> None:
    with clock.frozen(NOW):
        assert tries(own_app, 20) == {422: 20}
        server.stop()
        begun = time.perf_counter()
        assert tries(own_app, 60) == {422: 50, 429: 10}
        forgotten = [own_app.test_client().get("/api/v1/nothing") for _ in range(101)]
        assert time.perf_counter() - begun < patience(20)  # nobody waits for what is not there
        assert Counter(answer.status_code for answer in forgotten) == {404: 100, 429: 1}
        assert {answer.headers["X-RateLimit-Limit"] for answer in forgotten} == {"100"}
    server.start()
    with clock.frozen(NOW.replace(hour=NOW.hour + 1)):
        assert tries(own_app, 51) == {422: 50, 429: 1}
