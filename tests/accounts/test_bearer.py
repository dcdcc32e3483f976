"""Tokens: what opens the JSON door, what does not, and that pages know cookies alone."""

from __future__ import annotations

import base64
import datetime as dt
import json
from collections import Counter
from typing import Any

import jwt
import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from tests.accounts.test_api import bearer
from tests.conftest import login as sign_in_by_cookie
from tests.crowd import Rush, Work
from tests.factories import make_login, make_user
from tests.programs import Program
from webapp.accounts.bearer import _keys, issue_tokens
from webapp.accounts.models import LoginKind, Role, User
from webapp.core import clock
from webapp.core.db import db


@pytest.fixture
def user(db_session: Session, redis: Redis) -> User:
    made = make_user()
    db_session.commit()
    return made


@pytest.fixture
def mine(app: Flask, user: User) -> Program:
    return Program(app, user)


@pytest.fixture
def nobody(app: Flask, user: User) -> Program:
    return Program(app)


def claims_of(program: Program) -> dict[str, Any]:
    token = program.headers["Authorization"].partition(" ")[2]
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def signed(claims: dict[str, Any], key: str | None = None) -> str:
    return jwt.encode(claims, _keys()[0] if key is None else key, algorithm="HS256")


def raw(header: dict[str, Any], claims: dict[str, Any], signature: str = "") -> str:
    parts = [json.dumps(part).encode() for part in (header, claims)]
    return ".".join([*(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts), signature])


def refusal(program: Program, token: str) -> str:
    code: str = program.get("/auth/me", headers=bearer(token), status=401)["error"]["code"]
    return code


def test_a_good_token_opens(mine: Program, nobody: Program) -> None:
    assert nobody.get("/auth/me", headers=bearer(signed(claims_of(mine))))


def test_a_token_is_good_for_a_quarter_of_an_hour(mine: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    begun = clock.now()
    monkeypatch.setattr(clock, "now", lambda: begun + dt.timedelta(minutes=14, seconds=50))
    assert mine.get("/auth/me")
    monkeypatch.setattr(clock, "now", lambda: begun + dt.timedelta(minutes=15, seconds=1))
    assert mine.get("/auth/me", status=401)["error"]["code"] == "TOKEN_EXPIRED"


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "other"}, {"sub": 7}, {"sid": ["x"]}, {"exp": "soon"}, {"sub": None},
        {"exp": None}, {"sid": None}, {"aud": None},
    ],
)  # fmt: skip
def test_claims_that_are_not_ours(mine: Program, nobody: Program, change: dict[str, Any]) -> None:
    claims = {name: value for name, value in {**claims_of(mine), **change}.items() if value is not None}
    assert refusal(nobody, signed(claims)) in {"INVALID_TOKEN", "SESSION_REVOKED"}


def test_a_login_is_bound_to_its_person(mine: Program, nobody: Program) -> None:
    other = make_user(role=Role.ADMIN)
    db.session.commit()
    assert refusal(nobody, signed({**claims_of(mine), "sub": other.public_id})) == "SESSION_REVOKED"
    assert refusal(nobody, signed({**claims_of(mine), "sid": "login_nobody"})) == "SESSION_REVOKED"


def test_another_key_or_none_at_all(app: Flask, mine: Program, nobody: Program) -> None:
    claims = claims_of(mine)
    for key in ("x" * 32, "x" * 64, app.config["SECRET_KEY"]):
        assert refusal(nobody, signed(claims, key)) == "INVALID_TOKEN"
    for header in ({"alg": "none", "typ": "JWT"}, {"alg": "None"}, {"alg": "HS384"}, {"alg": "RS256"}, {}):
        assert refusal(nobody, raw(header, claims)) == "INVALID_TOKEN"
        assert refusal(nobody, raw(header, claims, "AAAA")) == "INVALID_TOKEN"


def test_changed_claims_break_the_signature(mine: Program, nobody: Program) -> None:
    head, _, signature = mine.headers["Authorization"].removeprefix("Bearer ").split(".")
    body = raw({}, {**claims_of(mine), "exp": 2**31}).split(".")[1]
    assert refusal(nobody, f"{head}.{body}.{signature}") == "INVALID_TOKEN"


@pytest.mark.parametrize("text", ["x", "a.b", "a.b.c", "..", "a" * 5000, "e30.e30.", "\u00e9", "null"])
def test_what_is_no_token(nobody: Program, text: str) -> None:
    assert refusal(nobody, text) == "INVALID_TOKEN"


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Basic YTpi", "Token abc", "bearer,x"])
def test_what_is_no_bearer(nobody: Program, header: str) -> None:
    answer = nobody.get("/auth/me", headers={"Authorization": header}, status=401)
    assert answer["error"]["code"] == "INVALID_TOKEN"


def test_a_refused_token_is_refused_on_public_doors_too(nobody: Program) -> None:
    answer = nobody.get("/counselling-packages", headers=bearer("rubbish"), status=401)
    assert answer["error"]["code"] == "INVALID_TOKEN"


def test_tokens_open_no_page(app: Flask, mine: Program) -> None:
    answer = app.test_client().get("/account", headers=mine.headers)
    assert (answer.status_code, "/login" in answer.headers["Location"]) == (302, True)


def test_cookies_open_no_door(app: Flask, user: User) -> None:
    browser = app.test_client()
    sign_in_by_cookie(browser, user)
    assert browser.get("/account").status_code == 200
    answer = browser.get("/api/v1/auth/me")
    assert (answer.status_code, answer.json and answer.json["error"]["code"]) == (401, "UNAUTHORIZED")


@pytest.mark.race
def test_of_two_who_renew_with_one_token_one_gets_a_pair(rush: Rush) -> None:
    person = make_user()
    login = make_login(person, kind=LoginKind.API)
    now = clock.now()
    pair = issue_tokens(login, person, now=now)
    db.session.commit()
    answers: list[dict[str, Any]] = []

    def renews() -> None:
        sent = rush.app.test_client().post("/api/v1/auth/refresh", json={"refreshToken": pair.refresh_token})
        answers.append({"status": sent.status_code, **(sent.json or {})})

    works: list[Work] = [renews] * 8
    rush(works, own_transactions=True)
    assert Counter(answer["status"] for answer in answers) == {200: 1, 401: 7}
    codes = Counter(answer["error"]["code"] for answer in answers if answer["status"] == 401)
    assert codes == {"SESSION_REVOKED": 7}
    won = next(answer["data"] for answer in answers if answer["status"] == 200)
    client = rush.app.test_client()  # one of the two was a thief, and nobody knows which: the family is over
    assert client.post("/api/v1/auth/refresh", json={"refreshToken": won["refreshToken"]}).status_code == 401
    assert client.get("/api/v1/auth/me", headers=bearer(won["accessToken"])).status_code == 401
