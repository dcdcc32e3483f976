"""Who may call from another site, and what every answer carries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from tests.api.operations import Operation
from tests.api.world import World
from tests.programs import Program
from webapp import create_app
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.jobs import get_redis

HOME, STRANGER = "https://app.partner.example", "https://elsewhere.example"
CATALOGUE = "/api/v1/counselling-packages"


@pytest.fixture(scope="module")
def open_app(settings: Settings) -> Iterator[Flask]:
    made = create_app(settings.model_copy(update={"cors_origins": HOME}))
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def browser(open_app: Flask, db_session: Session) -> FlaskClient:
    return open_app.test_client()


def test_nobody_calls_from_elsewhere_unless_it_is_set(client: FlaskClient) -> None:
    for answer in (client.get(CATALOGUE, headers={"Origin": HOME}), client.options(CATALOGUE)):
        assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_a_site_of_the_setting_may(browser: FlaskClient) -> None:
    answer = browser.get(CATALOGUE, headers={"Origin": HOME})
    assert answer.headers["Access-Control-Allow-Origin"] == HOME
    assert "Access-Control-Allow-Credentials" not in answer.headers
    exposed = answer.headers["Access-Control-Expose-Headers"]
    assert {"ETag", "X-Request-ID", "X-RateLimit-Remaining", "Retry-After"} <= set(exposed.split(", "))


def test_a_site_that_is_not_may_not(browser: FlaskClient) -> None:
    for origin in (STRANGER, "null", f"{HOME}.elsewhere.example", "http://app.partner.example"):
        answer = browser.get(CATALOGUE, headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in answer.headers, origin


def test_a_question_before_is_answered(browser: FlaskClient) -> None:
    answer = browser.options(
        CATALOGUE,
        headers={
            "Origin": HOME,
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization, idempotency-key, content-type",
        },
    )
    assert answer.status_code in (200, 204)
    assert answer.headers["Access-Control-Allow-Origin"] == HOME
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert {"authorization", "idempotency-key", "content-type"} <= set(allowed.split(", "))
    assert "PATCH" in answer.headers["Access-Control-Allow-Methods"]


def test_pages_are_never_for_other_sites(browser: FlaskClient) -> None:
    answer = browser.get("/packages", headers={"Origin": HOME})
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/counselling-packages", 200),
        ("GET", "/counselling-packages/pkg_nobody", 404),
        ("GET", "/nowhere", 404),
        ("PUT", "/counselling-packages", 405),
        ("GET", "/auth/me", 401),
        ("POST", "/auth/login", 415),
        ("GET", "/health", 200),
        ("GET", "/openapi.json", 200),
    ],
)
def test_every_answer_is_numbered_counted_and_armoured(
    client: FlaskClient, method: str, path: str, status: int
) -> None:
    answer = client.open(f"/api/v1{path}", method=method, data="x" if method != "GET" else None)
    assert answer.status_code == status
    for name in ("X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
        assert answer.headers[name]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.mimetype == "application/json"
    assert "Set-Cookie" not in answer.headers


def test_a_request_id_is_taken_over_if_it_is_one(client: FlaskClient) -> None:
    assert client.get(CATALOGUE, headers={"X-Request-ID": "partner-0001"}).headers["X-Request-ID"] == "partner-0001"
    odd = client.get(CATALOGUE, headers={"X-Request-ID": "<b>"}).headers["X-Request-ID"]
    assert odd != "<b>"
    assert len(odd) == 16


def test_one_thing_has_an_etag_a_list_has_none(app: Flask, world: World, every: list[Operation]) -> None:
    programs = {role: Program(app, world.person(role)) for role in ("student", "counsellor", "admin")}
    for one in every:
        content = one.answer(one.success).get("content", {})
        if one.method != "get" or "application/json" not in content or one.tag == "health":
            continue
        get_redis().flushdb()
        role = next((name for name in programs if name in one.audience), "student")
        first = programs[role].ask("GET", one.address, query_string=dict(one.example_query))
        if first.status_code != 200:
            continue
        data = first.get_json()["data"]
        if isinstance(data, list) or "pagination" in first.get_json():
            assert "ETag" not in first.headers, one.name
            continue
        tag = {"If-None-Match": first.headers["ETag"]}
        again = programs[role].ask("GET", one.address, query_string=dict(one.example_query), headers=tag)
        assert again.status_code == 304, one.name
        assert again.headers["ETag"] == first.headers["ETag"]
