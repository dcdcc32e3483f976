"""Wherever a password is chosen, one of the commonest is refused, kindly and at its field."""

from __future__ import annotations

import html
import re

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_user
from tests.pages import Browser
from webapp.accounts.models import User
from webapp.accounts.passwords import hash_password
from webapp.accounts.rules import TOO_COMMON
from webapp.accounts.tokens import Purpose, Ticket, credentials_stamp, make_token
from webapp.core import clock

COMMON = "pASSWORD123"
SECRET = "Secret-99"


@pytest.fixture
def user(app: Flask, db_session: Session) -> User:
    made = make_user(email="a@example.com", password_hash=hash_password(SECRET))
    db_session.commit()
    return made


def link(user: User, purpose: Purpose) -> str:
    path = {Purpose.RESET: "/reset", Purpose.INVITE: "/welcome"}[purpose]
    return f"{path}/{make_token(purpose, Ticket(user.public_id, credentials_stamp(user), NOW))}"


def said_at(text: str, field: str) -> str:
    found = re.search(rf'id="{field}-error"[^>]*>(.*?)</(?:p|div|span)>', text, re.DOTALL)
    assert found, f"nothing is said at {field}"
    return html.unescape(re.sub(r"<[^>]+>", "", found.group(1))).strip()


@pytest.mark.parametrize("htmx", [False, True])
def test_changing_it(app: Flask, user: User, htmx: bool) -> None:
    typed = {"current": SECRET, "new": COMMON}
    answer = Browser(app, user).submit("/account/password", typed, page="/account", htmx=htmx)
    assert answer.status_code == 422
    assert said_at(answer.text, "new") == TOO_COMMON
    assert 'id="current-error"' not in answer.text


def test_signing_up(app: Flask, db_session: Session) -> None:
    typed = {"name": "Ira", "email": "ira@example.com", "phone": "", "password": COMMON}
    answer = Browser(app).submit("/signup", typed)
    assert answer.status_code == 422
    assert said_at(answer.text, "password") == TOO_COMMON
    assert 'value="ira@example.com"' in answer.text


@pytest.mark.parametrize("purpose", [Purpose.RESET, Purpose.INVITE])
def test_by_a_link_that_stays_good(app: Flask, user: User, purpose: Purpose) -> None:
    browser = Browser(app)
    with clock.frozen(NOW):
        refused = browser.submit(link(user, purpose), {"password": COMMON})
        assert refused.status_code == 422
        assert said_at(refused.text, "password") == TOO_COMMON
        assert browser.submit(link(user, purpose), {"password": "New-secret-1"}).status_code == 303


def test_applying(app: Flask, db_session: Session) -> None:
    answer = Browser(app).submit("/apply", {"name": "Ira Sen", "email": "ira@example.com", "password": COMMON})
    assert answer.status_code == 422
    assert said_at(answer.text, "password") == TOO_COMMON


def test_who_has_one_already_still_gets_in(app: Flask, db_session: Session) -> None:
    make_user(email="old@example.com", password_hash=hash_password("Password1"))
    db_session.commit()
    assert Browser(app).submit("/login", {"email": "old@example.com", "password": "Password1"}).status_code == 303
