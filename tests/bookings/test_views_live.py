"""The question an open picker asks every few seconds: cheap, silent, and never wrong for long."""

from __future__ import annotations

import time

import pytest
from flask import Flask
from redis import Redis

from tests.queries import count_queries
from webapp.core import live

COUNSELLOR = "counsellor_aB3dE5fG7hJ9kL1mN3pQ"
URL = f"/live/slots/{COUNSELLOR}"


def test_nothing_new_is_a_bare_204(app: Flask, redis: Redis) -> None:
    answer = app.test_client().get(URL + "?v=0")
    assert (answer.status_code, answer.data) == (204, b"")
    assert "HX-Trigger" not in answer.headers


def test_a_change_names_the_event_to_fire(app: Flask, redis: Redis) -> None:
    live.bump_now(f"slots:{COUNSELLOR}")
    answer = app.test_client().get(URL + "?v=0")
    assert (answer.status_code, answer.headers["HX-Trigger"]) == (204, "slots-changed")
    assert "HX-Trigger" not in app.test_client().get(URL + "?v=1").headers


def test_it_asks_neither_database_nor_session(app: Flask, redis: Redis) -> None:
    client = app.test_client()
    with count_queries() as seen:
        answer = client.get(URL + "?v=0", headers={"Cookie": "disha=whatever; remember_token=x"})
    assert seen == []
    assert "Set-Cookie" not in answer.headers
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("unknown", ["nobody", "counsellor_", "counsellor_" + "x" * 200, "package_x"])
def test_what_cannot_be_a_counsellor_costs_nothing(
    app: Flask, redis: Redis, unknown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(live, "get_redis", lambda: asked.append("redis"))
    answer = app.test_client().get(f"/live/slots/{unknown}?v=3")
    assert answer.status_code == 204
    assert "HX-Trigger" not in answer.headers
    assert asked == []


def test_a_dead_redis_is_no_news(app: Flask, redis: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "get_redis", lambda: Redis.from_url("redis://127.0.0.1:1"))
    answer = app.test_client().get(URL + "?v=7")
    assert (answer.status_code, "HX-Trigger" in answer.headers) == (204, False)


def test_it_stays_cheap(app: Flask, redis: Redis) -> None:
    client = app.test_client()
    best = 1.0
    for _ in range(25):  # short rounds: some of them find the machine free
        start = time.perf_counter()
        for _ in range(10):
            client.get(URL + "?v=0")
        best = min(best, (time.perf_counter() - start) / 10)
    assert best < 0.005, f"{best * 1000:.2f} ms with the test client's own cost"
