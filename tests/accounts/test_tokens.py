"""Signed links."""

from __future__ import annotations

import datetime as dt
import hashlib

import pytest
from flask import Flask
from itsdangerous import URLSafeSerializer

from webapp.accounts.errors import LinkExpired, LinkInvalid
from webapp.accounts.tokens import LASTS, Purpose, Ticket, make_token, read_token

NOW = dt.datetime(2026, 12, 9, 4, 0, 0, 123456, tzinfo=dt.UTC)
TICKET = Ticket("user_0123456789abcdefghij", "stamp", NOW)


@pytest.fixture(autouse=True)
def context(app: Flask) -> object:
    with app.app_context():
        yield


def test_there_and_back() -> None:
    assert read_token(Purpose.VERIFY, make_token(Purpose.VERIFY, TICKET), now=NOW) == TICKET


@pytest.mark.parametrize("purpose", list(Purpose))
def test_age(purpose: Purpose) -> None:
    token = make_token(purpose, TICKET)
    assert read_token(purpose, token, now=NOW + LASTS[purpose]) == TICKET
    with pytest.raises(LinkExpired):
        read_token(purpose, token, now=NOW + LASTS[purpose] + dt.timedelta(microseconds=1))


def test_how_long_links_are_good() -> None:
    assert {
        Purpose.VERIFY: dt.timedelta(hours=48),
        Purpose.RESET: dt.timedelta(minutes=15),
        Purpose.INVITE: dt.timedelta(days=7),
        Purpose.TWO_STEP: dt.timedelta(minutes=5),
        Purpose.MAIL_CHANGE: dt.timedelta(hours=24),
    } == LASTS


def test_the_page_that_comes_after_is_in_the_link() -> None:
    ticket = Ticket(TICKET.user_id, TICKET.stamp, NOW, "/checkout/jee?x=1")
    assert read_token(Purpose.INVITE, make_token(Purpose.INVITE, ticket), now=NOW) == ticket


def test_a_link_for_one_thing_opens_nothing_else() -> None:
    with pytest.raises(LinkInvalid):
        read_token(Purpose.RESET, make_token(Purpose.VERIFY, TICKET), now=NOW)


@pytest.mark.parametrize("token", ["", "x", "a.b", "%00", "\x00", "é.ü"])
def test_nonsense(token: str) -> None:
    with pytest.raises(LinkInvalid):
        read_token(Purpose.VERIFY, token, now=NOW)


def test_a_changed_link_is_refused() -> None:
    token = make_token(Purpose.VERIFY, TICKET)
    with pytest.raises(LinkInvalid):
        read_token(Purpose.VERIFY, token[:10] + ("A" if token[10] != "A" else "B") + token[11:], now=NOW)


def test_rightly_signed_nonsense_is_refused(app: Flask) -> None:
    kept = {"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    payloads: list[object] = [{}, [1], ["a", "b", "c"], ["a", "b", 1, 2], None, ["a", "b", 10**30]]
    payloads.append(["a", "b", 1, "/x", "/y"])
    for payload in payloads:
        token = URLSafeSerializer([app.config["SECRET_KEY"]], salt="accounts.verify", signer_kwargs=kept).dumps(payload)
        with pytest.raises(LinkInvalid):
            read_token(Purpose.VERIFY, str(token), now=NOW)


def test_older_secrets_verify_and_no_longer_sign(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    old = make_token(Purpose.VERIFY, TICKET)
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [app.config["SECRET_KEY"]])
    monkeypatch.setitem(app.config, "SECRET_KEY", "another-secret-of-enough-length-for-this-test")
    assert read_token(Purpose.VERIFY, old, now=NOW) == TICKET
    new = make_token(Purpose.VERIFY, TICKET)
    assert new != old
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [])
    assert read_token(Purpose.VERIFY, new, now=NOW) == TICKET
    with pytest.raises(LinkInvalid):
        read_token(Purpose.VERIFY, old, now=NOW)
