"""/readyz: may requests come? And the number of a request, in the lines of the jobs it wanted."""

from __future__ import annotations

import json

import pytest
import structlog
from flask import Flask, g
from flask.testing import FlaskClient
from redis import Redis
from rq import SimpleWorker
from sqlalchemy import text
from sqlalchemy.orm import Session

from webapp.core import health
from webapp.core.jobs import enqueue, job, queue
from webapp.core.logs import init_logs


def test_ready_when_database_and_schema_are_there(client: FlaskClient) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ready", "database": "ok", "schema": "ok", "redis": "ok"}


@pytest.mark.parametrize(("version", "ready"), [("0001", False), ("9999_of_a_later_release", True)])
def test_an_older_schema_is_waited_for_a_later_one_is_fine(
    client: FlaskClient, db_session: Session, version: str, ready: bool
) -> None:
    db_session.execute(text("update alembic_version set version_num = :version"), {"version": version})
    db_session.commit()
    answer = client.get("/readyz")
    assert (answer.status_code, (answer.json or {})["schema"]) == ((200, "ok") if ready else (503, "behind"))


def test_without_redis_pages_go_on(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "redis_answers", lambda: False)
    answer = client.get("/readyz")
    assert (answer.status_code, (answer.json or {})["redis"]) == (200, "away")


def test_without_the_database_nobody_comes(client: FlaskClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "database_answers", lambda: False)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert (answer.json or {})["schema"] == "unknown"


@job
def speak() -> None:
    structlog.get_logger(__name__).info("spoken")
    enqueue(whisper)


@job
def whisper() -> None:
    structlog.get_logger(__name__).info("whispered")


def test_jobs_log_the_number_of_the_request_that_wanted_them(
    app: Flask, redis: Redis, capsys: pytest.CaptureFixture[str]
) -> None:
    init_logs(json=True)
    try:
        with app.test_request_context("/"):
            g.request_id = "request-of-riya"
            assert enqueue(speak)
        enqueue(whisper)
        SimpleWorker([queue()], connection=redis).work(burst=True, logging_level="ERROR")
    finally:
        init_logs(json=False)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines() if line.startswith("{")]
    said = [(line["event"], line.get("request_id")) for line in lines if line["event"] in {"spoken", "whispered"}]
    assert said == [("spoken", "request-of-riya"), ("whispered", None), ("whispered", "request-of-riya")]


def test_a_request_leaves_no_number_behind(client: FlaskClient) -> None:
    client.get("/healthz", headers={"X-Request-ID": "request-of-riya"})
    assert "request_id" not in structlog.contextvars.get_contextvars()
