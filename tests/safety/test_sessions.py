"""Cookies of a login: what they look like on https, and that nobody can plant, keep or move one."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import make_user
from tests.pages import Browser
from webapp.accounts.models import User
from webapp.accounts.passwords import hash_password

SECRET = "Kavi-ta-2026"
COOKIE = "disha"
HTTPS = {"base_url": "https://disha.example", "headers": {"Referer": "https://disha.example/login"}}


@pytest.fixture
def user(db_session: Session) -> User:
    """A student who can sign in."""
    made: User = make_user(role="student", email="ira@example.com", password_hash=hash_password(SECRET))
    db_session.commit()
    return made


def _sign_in(browser: Browser) -> TestResponse:
    answer = browser.submit("/login", {"email": "ira@example.com", "password": SECRET}, page="/login")
    assert answer.status_code == 303
    return answer


def _cookie(client: FlaskClient) -> str:
    found = client.get_cookie(COOKIE)
    assert found is not None
    return found.value


def _is_in(client: FlaskClient) -> bool:
    return client.get("/account").status_code == 200


def test_every_cookie_of_a_login_is_for_https_and_this_host_alone(https: Flask, user: User) -> None:
    client = https.test_client()
    page = client.get("/login", **HTTPS)
    token = page.text.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    typed = {"email": "ira@example.com", "password": SECRET, "csrf_token": token}
    answer = client.post("/login", data=typed, **HTTPS)
    assert answer.status_code == 303
    for given in (page, answer):
        lines = given.headers.getlist("Set-Cookie")
        assert lines
        for line in lines:
            ((name, morsel),) = SimpleCookie(line).items()
            assert name.startswith("__Host-"), line
            assert (morsel["secure"], morsel["httponly"], morsel["samesite"]) == (True, True, "Lax"), line
            assert (morsel["path"], morsel["domain"]) == ("/", ""), line
        assert given.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_no_hsts_and_no_secure_cookie_where_there_is_no_https(app: Flask, user: User) -> None:
    answer = _sign_in(Browser(app))
    assert "Strict-Transport-Security" not in answer.headers
    assert all("HttpOnly" in line and "SameSite=Lax" in line for line in answer.headers.getlist("Set-Cookie"))


def test_a_planted_cookie_is_worth_nothing_after_the_sign_in(app: Flask, user: User) -> None:
    attacker, victim = Browser(app), Browser(app)
    known_token = attacker.token("/login")
    planted = _cookie(attacker.client)
    victim.client.set_cookie(COOKIE, planted)
    _sign_in(victim)
    assert _cookie(victim.client) != planted
    assert _is_in(victim.client)
    assert not _is_in(attacker.client)
    forged = victim.client.post("/logout", data={"csrf_token": known_token})
    assert forged.status_code == 400  # the form token was made anew as well
    assert _is_in(victim.client)


def test_a_cookie_of_somebody_elses_login_does_not_survive_the_sign_in(app: Flask, user: User) -> None:
    attacker, victim = Browser(app, make_user(role="student", email="else@example.com")), Browser(app)
    victim.client.set_cookie(COOKIE, _cookie(attacker.client))
    victim.client.post("/logout", data={"csrf_token": victim.token("/account")})
    _sign_in(victim)
    assert "ira@example.com" in victim.get("/account").text


def test_a_kept_cookie_ends_with_the_sign_out(app: Flask, user: User) -> None:
    browser, thief = Browser(app), app.test_client()
    _sign_in(browser)
    thief.set_cookie(COOKIE, _cookie(browser.client))
    assert _is_in(thief)
    assert browser.submit("/logout", page="/account").status_code == 303
    assert not _is_in(thief)


def test_a_kept_cookie_ends_with_the_password(app: Flask, user: User) -> None:
    browser, thief = Browser(app), app.test_client()
    _sign_in(browser)
    thief.set_cookie(COOKIE, _cookie(browser.client))
    typed = {"current": SECRET, "new": "Nayi-Kavita-77", "again": "Nayi-Kavita-77"}
    assert browser.submit("/account/password", typed, page="/account").status_code == 303
    assert _is_in(browser.client)
    assert not _is_in(thief)


@pytest.mark.parametrize("change", ["role", "user", "signature"])
def test_a_cookie_cannot_be_rewritten(app: Flask, user: User, change: str) -> None:
    browser = Browser(app)
    _sign_in(browser)
    payload, stamp, signature = _cookie(browser.client).rsplit(".", 2)
    forged = {
        "role": f"{payload[:-2]}AA.{stamp}.{signature}",
        "user": f"eyJfdXNlcl9pZCI6InVzZXJfeC4xIn0.{stamp}.{signature}",
        "signature": f"{payload}.{stamp}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}",
    }[change]
    thief = app.test_client()
    thief.set_cookie(COOKIE, forged)
    assert not _is_in(thief)


def test_the_session_cookie_tells_nothing_personal(app: Flask, user: User) -> None:
    browser = Browser(app)
    _sign_in(browser)
    with browser.client.session_transaction() as session:
        kept = str(dict(session))
    assert user.email not in kept
    assert user.name not in kept
    assert SECRET not in kept
