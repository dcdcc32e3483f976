"""/metrics: for who brings the token; numbers of all processes, and nobody's names."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy.orm import Session

from tests.conftest import CleanClient
from tests.factories import NOW, make_counsellor
from tests.safety.conftest import on_connection
from webapp import create_app
from webapp.config import Settings, SettingsError, load_settings
from webapp.core.db import db
from webapp.core.jobs import enqueue, get_redis
from webapp.core.request_counts import EXTENSION
from webapp.core.sweeps import LastSweep, note_sweep
from webapp.notifications.models import OutboxMail

TOKEN = "0f3c5b7a9d1e2f4a6b8c0d2e4f6a8b0c"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def counting_app(settings: Settings) -> Iterator[Flask]:
    app = create_app(settings.model_copy(update={"metrics_token": SecretStr(TOKEN)}))
    app.test_client_class = CleanClient
    yield app
    with app.app_context():
        db.engine.dispose()
        get_redis().close()


@pytest.fixture
def counting(counting_app: Flask, db_session: Session) -> Iterator[Flask]:
    with on_connection(counting_app, db_session):
        yield counting_app


def numbers(app: Flask) -> dict[str, float]:
    """What the page says, by name and labels."""
    answer = app.test_client().get("/metrics", headers=BEARER)
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.content_type.startswith("text/plain")
    return {
        " ".join([sample.name, *(f"{name}={value}" for name, value in sorted(sample.labels.items()))]): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def test_without_a_token_in_the_settings_there_is_no_page(app: Flask, db_session: Session) -> None:
    assert app.test_client().get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    assert EXTENSION not in app.extensions


@pytest.mark.parametrize("given", ["", TOKEN, f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", "Bearer é", f"Basic {TOKEN}"])
def test_who_does_not_bring_it_learns_nothing(counting: Flask, given: str) -> None:
    answer = counting.test_client().get("/metrics", headers={"Authorization": given.encode().decode("latin-1")})
    assert (answer.status_code, answer.get_data()) == (401, b"")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_short_token_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError, match="METRICS_TOKEN: must be at least 32") as caught:
        load_settings(
            {"APP_ENV": "demo", "SECRET_KEY": "k" * 32, "ENCRYPTION_KEY": "e" * 32, "METRICS_TOKEN": "hunter2"}
        )
    assert "hunter2" not in str(caught.value)


def test_requests_are_counted_by_route_and_status(counting: Flask) -> None:
    client = counting.test_client()
    for _ in range(3):
        client.get("/packages/no-such-package-of-a-person")
    client.get("/healthz")
    client.get("/nowhere/secret-address")
    found = numbers(counting)
    missed = "method=GET route=/packages/<slug> status=404"
    assert found[f"disha_request_seconds_count {missed}"] == 3
    assert found[f"disha_request_seconds_bucket le=+Inf {missed}"] == 3
    assert found[f"disha_request_seconds_sum {missed}"] > 0
    assert found["disha_request_seconds_count method=GET route=/healthz status=200"] == 1
    assert found["disha_request_seconds_count method=GET route=none status=404"] == 1


def test_processes_add_up(counting: Flask, settings: Settings) -> None:
    counting.test_client().get("/healthz")
    counting.extensions[EXTENSION].hand_over(now=True)
    other = create_app(settings.model_copy(update={"metrics_token": SecretStr(TOKEN)}))
    other.test_client().get("/healthz")
    other.extensions[EXTENSION].hand_over(now=True)
    assert numbers(counting)["disha_request_seconds_count method=GET route=/healthz status=200"] == 2
    with other.app_context():
        db.engine.dispose()
        get_redis().close()


def test_what_waits_and_what_is_due(counting: Flask, db_session: Session) -> None:
    mail: dict[str, Any] = {"recipient": "riya@example.com", "template": "verify", "context": {}, "created_at": NOW}
    for number in range(2):
        db_session.add(OutboxMail(dedupe_key=f"m{number}", due_at=NOW - dt.timedelta(days=1), **mail))
    db_session.commit()
    enqueue("tests.nothing", queue_name="mail")
    note_sweep(LastSweep(NOW - dt.timedelta(days=2), 0.25, {"expired_holds": 3}))
    found = numbers(counting)
    assert found["disha_outbox_waiting"] == 2
    assert found["disha_outbox_late_seconds"] >= 0
    assert found["disha_webhooks_waiting"] == 0
    assert found["disha_queue_waiting queue=mail"] == 1
    assert found["disha_queue_waiting queue=default"] == 0
    assert found["disha_due_work_seconds"] == 0.25
    assert found["disha_due_work_done work=expired_holds"] == 3
    assert found["disha_due_work_failing"] == 0
    assert found["disha_database_up"] == found["disha_redis_up"] == 1
    assert found["disha_pool_size"] >= 1


def test_no_label_names_anybody(counting: Flask) -> None:
    counsellor = make_counsellor()
    db.session.commit()
    client = counting.test_client()
    client.get(f"/counsellors/{counsellor.public_id}?q=riya@example.com")
    client.get("/unsubscribe/a-signed-secret")
    text = client.get("/metrics", headers=BEARER).get_data(as_text=True)
    for secret in ("riya@", "a-signed-secret", TOKEN, counsellor.public_id):
        assert secret not in text
    assert set(re.findall(r"[{,](\w+)=", text)) <= {"method", "route", "status", "le", "queue", "work"}


def test_without_redis_the_rest_is_told_and_nothing_is_lost(counting: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_given: object, **_named: object) -> None:
        raise RedisAway("away")

    with monkeypatch.context() as patch:
        patch.setattr("redis.connection.ConnectionPool.get_connection", away)
        counting.test_client().get("/healthz")
        found = numbers(counting)
        assert (found["disha_database_up"], found["disha_redis_up"]) == (1, 0)
        assert "disha_queue_waiting queue=mail" not in found
    assert numbers(counting)["disha_request_seconds_count method=GET route=/healthz status=503"] == 1
