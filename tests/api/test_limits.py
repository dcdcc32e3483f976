"""The limits as programs meet them: on every answer of the JSON door, and what a refusal says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import TestResponse

from tests.factories import NOW, make_user
from tests.programs import Program
from webapp.accounts.models import User
from webapp.core import clock
from webapp.core.db import db

V1 = "/api/v1"
WRONG = {"email": "ananya@example.com", "password": "Wrong-pass-1"}


@pytest.fixture(autouse=True)
def _one_window(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("webapp.accounts.services.password_fits", lambda *_: False)  # hundreds of guesses, no hash
    with clock.frozen(NOW):
        yield
    app.extensions.pop("local_limits", None)


@pytest.fixture
def student(db_session: object) -> User:
    made = make_user()
    db.session.commit()
    return made


def told(answer: TestResponse) -> tuple[int, int]:
    """Return limit and rest; both are on every answer, with the seconds until it is free."""
    assert 0 <= int(answer.headers["X-RateLimit-Reset"]) <= 3780  # an hour, and one of twenty
    assert answer.headers["X-Request-ID"]
    return int(answer.headers["X-RateLimit-Limit"]), int(answer.headers["X-RateLimit-Remaining"])


def expect_refused(answer: TestResponse, limit: int) -> None:
    assert answer.status_code == 429
    assert told(answer) == (limit, 0)
    assert answer.get_json()["error"]["code"] == "RATE_LIMITED"
    assert 0 < int(answer.headers["Retry-After"]) <= int(answer.headers["X-RateLimit-Reset"])


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/health", 200),
        ("GET", "/counselling-packages", 200),
        ("GET", "/counselling-packages?colour=red", 400),
        ("GET", "/auth/me", 401),
        ("GET", "/counselling-packages/pkg_nothing", 404),
        ("GET", "/nowhere", 404),
        ("PUT", "/health", 405),
        ("GET", "/health/%00", 404),
    ],
)
def test_every_answer_says_what_is_left(client: FlaskClient, method: str, path: str, status: int) -> None:
    answers = [client.open(V1 + path, method=method) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [status] * 2
    assert [told(answer) for answer in answers] == [(100, 99), (100, 98)]


def test_a_visitor_has_a_hundred_and_refused_ones_count(client: FlaskClient) -> None:
    assert Counter(client.get(f"{V1}/auth/me").status_code for _ in range(100)) == {401: 100}
    expect_refused(client.get(f"{V1}/health"), 100)
    expect_refused(client.get(f"{V1}/nowhere"), 100)
    assert client.get("/login").status_code == 200  # pages have no such limit


def test_who_is_signed_in_has_a_thousand_wherever_they_are(app: Flask, student: User) -> None:
    program, other = Program(app, student), Program(app, make_user())
    for number in range(3):
        answer = program.client.get(
            f"{V1}/auth/me", headers=program.headers, environ_base={"REMOTE_ADDR": f"192.0.2.{number}"}
        )
    assert told(answer) == (1000, 997)
    assert told(other.client.get(f"{V1}/auth/me", headers=other.headers)) == (1000, 999)


def test_a_token_that_is_none_counts_for_its_address(client: FlaskClient) -> None:
    answer = client.get(f"{V1}/auth/me", headers={"Authorization": "Bearer nonsense"})
    assert (answer.status_code, told(answer)) == (401, (100, 99))


@pytest.mark.parametrize(
    ("path", "body", "limit", "status"),
    [
        ("/auth/login", WRONG, 50, 401),
        ("/auth/forgot-password", {"email": "nobody@example.com"}, 5, 200),
        ("/auth/reset-password", {"token": "nonsense", "password": "New-secret-1"}, 10, 401),
        ("/auth/reset-password", {}, 10, 400),
    ],
)
def test_the_doors_without_a_login(
    client: FlaskClient, path: str, body: dict[str, str], limit: int, status: int
) -> None:
    answers = [client.post(V1 + path, json=body) for _ in range(limit)]
    assert {answer.status_code for answer in answers} == {status}
    assert [told(answer) for answer in answers] == [(limit, limit - number) for number in range(1, limit + 1)]
    expect_refused(client.post(V1 + path, json=body), limit)
    assert client.post(V1 + path, json=body, environ_base={"REMOTE_ADDR": "192.0.2.9"}).status_code == status


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("POST", "/counselling-sessions", 10),
        ("PATCH", "/counselling-sessions/session_nothing/cancel", 20),
        ("POST", "/payments/create-order", 10),
        ("POST", "/payments/verify", 10),
        ("POST", "/payments/pay_nothing/refund", 10),
        ("GET", "/counsellors/slots?date=2026-12-14", 50),
    ],
)
def test_the_acts_of_a_person(app: Flask, student: User, method: str, path: str, limit: int) -> None:
    program, other = Program(app, student), Program(app, make_user())

    def ask(who: Program) -> TestResponse:
        body: dict[str, str] | None = None if method == "GET" else {}
        return who.client.open(V1 + path, method=method, json=body, headers=who.headers)

    answers = [ask(program) for _ in range(limit)]
    assert not {answer.status_code for answer in answers} & {429, 500}
    assert [told(answer) for answer in answers] == [(limit, limit - number) for number in range(1, limit + 1)]
    expect_refused(ask(program), limit)
    assert told(ask(other)) == (limit, limit - 1)
    assert told(program.client.get(f"{V1}/auth/me", headers=program.headers))[0] == 1000  # the rest of the door is open


def test_money_s_three_acts_are_one_count_without_the_gateway_s(app: Flask, student: User) -> None:
    program = Program(app, student)
    for path in ("create-order", "verify", "pay_nothing/refund") * 3:
        program.client.post(f"{V1}/payments/{path}", json={}, headers=program.headers)
    for _ in range(20):
        assert (
            program.client.post(f"{V1}/payments/webhook", data=b"{}", content_type="application/json").status_code
            == 400
        )
    answer = program.client.post(f"{V1}/payments/verify", json={}, headers=program.headers)
    assert told(answer) == (10, 0)
    assert answer.status_code != 429


def test_an_address_is_the_socket_s_unless_a_proxy_is_configured(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ask(number: int) -> int:
        return told(client.get(f"{V1}/health", headers={"X-Forwarded-For": f"192.0.2.{number}"}))[1]

    assert [ask(1), ask(2)] == [99, 98]
    monkeypatch.setattr(app, "wsgi_app", ProxyFix(app.wsgi_app, x_for=1))
    assert [ask(1), ask(2), ask(2)] == [99, 99, 98]
