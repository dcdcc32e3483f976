"""Logins as rows: opened, listed, revoked, ended by new credentials; the owner alone sees them."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.conftest import login as sign_in
from tests.factories import NOW, make_login, make_user
from tests.pages import Browser
from webapp.accounts.devices import (
    API_LASTS,
    Device,
    find_login,
    holds,
    keep_login,
    known_device,
    list_logins,
    open_login,
    revoke_login,
    revoke_others,
)
from webapp.accounts.models import Login, LoginKind, User
from webapp.core import clock
from webapp.core.errors import NotFound

HOUR = dt.timedelta(hours=1)


@pytest.fixture
def user(db_session: Session) -> User:
    return make_user()


def found(login: Login) -> Login:
    row = find_login(login.public_id)
    assert row is not None
    return row


def test_a_login_holds_until_its_time_is_over(user: User) -> None:
    login = found(open_login(user, kind=LoginKind.API, device=Device("203.0.113.7", "curl", "phone-1"), now=NOW))
    assert holds(login, now=NOW + API_LASTS - HOUR)
    assert not holds(login, now=NOW + API_LASTS)
    assert (login.address, login.user_agent, login.device_id) == ("203.0.113.7", "curl", "phone-1")


def test_what_a_device_says_of_itself_is_cut_and_cleaned(user: User) -> None:
    login = open_login(user, kind=LoginKind.BROWSER, device=Device("::1", "a\x1b[31m" + "b" * 900, "\n"), now=NOW)
    assert login.user_agent.startswith("a[31mb")
    assert len(login.user_agent) == 400
    assert login.device_id is None


def test_new_credentials_end_every_login_but_the_one_kept(user: User) -> None:
    here, there = found(make_login(user)), found(make_login(user))
    user.auth_version += 1
    assert not holds(here, now=NOW)
    keep_login(here, user, now=NOW)
    assert holds(here, now=NOW)
    assert not holds(there, now=NOW)
    assert list_logins(user, now=NOW) == [here]


def test_one_is_revoked_and_the_others_stay(user: User) -> None:
    here, there = make_login(user), make_login(user)
    revoke_login(actor=user, login_id=there.public_id, now=NOW)
    assert list_logins(user, now=NOW) == [here]
    with pytest.raises(NotFound):
        revoke_login(actor=user, login_id=there.public_id, now=NOW)


def test_nobody_revokes_anothers(user: User) -> None:
    theirs = make_login(make_user())
    with pytest.raises(NotFound):
        revoke_login(actor=user, login_id=theirs.public_id, now=NOW)
    assert theirs.revoked_at is None


def test_the_others_are_revoked_and_counted(user: User) -> None:
    here, *_rest = [make_login(user) for _ in range(4)]
    foreign = make_login(make_user())
    assert revoke_others(actor=user, keep=here, now=NOW) == 3
    assert list_logins(user, now=NOW) == [here]
    assert foreign.revoked_at is None
    assert revoke_others(actor=user, keep=None, now=NOW) == 1


def test_a_device_is_known_by_its_id_or_its_agent(user: User) -> None:
    assert known_device(user, Device("::1", "Firefox")) is None  # the first login of all
    make_login(user, user_agent="Firefox", device_id="d1")
    assert known_device(user, Device("::1", "Firefox")) is True
    assert known_device(user, Device("::1", "Chrome", "d1")) is True
    assert known_device(user, Device("::1", "Chrome")) is False
    assert known_device(user, Device("::1", "Firefox", "d2")) is False


def test_a_revoked_browser_is_out_at_its_next_request(app: Flask, user: User, db_session: Session) -> None:
    browser = Browser(app, user)
    assert browser.get("/student").status_code == 200
    (row,) = list_logins(user, now=NOW)
    revoke_login(actor=user, login_id=row.public_id, now=NOW)
    db_session.commit()
    assert browser.get("/student").status_code == 302


def test_a_cookie_of_one_login_does_not_open_another_account(app: Flask, user: User, db_session: Session) -> None:
    other = make_user()
    client = app.test_client()
    sign_in(client, user)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = other.get_id()
    assert client.get("/account").status_code == 302


def test_last_seen_is_written_every_five_minutes(app: Flask, user: User, db_session: Session) -> None:
    browser = Browser(app, user)
    (row,) = list_logins(user, now=NOW)
    row.last_seen_at = clock.now() - dt.timedelta(minutes=6)
    db_session.commit()
    browser.get("/student")
    db_session.expire_all()
    first = row.last_seen_at
    assert clock.now() - first < dt.timedelta(minutes=1)
    browser.get("/student")
    db_session.expire_all()
    assert row.last_seen_at == first
