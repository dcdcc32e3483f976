"""A new SECRET_KEY: what the old one signed counts while it is a fallback; what is signed now is the new one's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.pages import Browser
from tests.safety.conftest import on_connection
from webapp import create_app
from webapp.accounts.bearer import login_of_access_token, make_access_token
from webapp.accounts.devices import Device, open_login
from webapp.accounts.feed_keys import renew_feed_key
from webapp.accounts.models import LoginKind, User
from webapp.accounts.tokens import Purpose, Ticket, make_token, read_token
from webapp.config import ROOT, Settings
from webapp.core import clock
from webapp.inquiries.stamps import Stamp, read_receipt, read_stamp, write_receipt, write_stamp
from webapp.notifications.unsubscribing import make_key, read_key

NEW = "the-new-key-of-this-test-0123456789-abcdef"


@dataclass(frozen=True, slots=True)
class Rotation:
    """The same house before, during and after: with the old key, with both, with the new one alone."""

    before: Flask
    during: Flask
    after: Flask


@pytest.fixture(scope="module")
def rotated(settings: Settings) -> tuple[Flask, Flask]:
    """The apps with the new key, with and without the old one."""
    old = settings.secret_key.get_secret_value()
    changed = {"secret_key": type(settings.secret_key)(NEW)}
    during = create_app(settings.model_copy(update={**changed, "secret_key_fallbacks": old}))
    return during, create_app(settings.model_copy(update=changed))


@pytest.fixture
def rotation(app: Flask, rotated: tuple[Flask, Flask], db_session: Session) -> Iterator[Rotation]:
    """All three on this test's connection."""
    with on_connection(rotated[0], db_session), on_connection(rotated[1], db_session):
        yield Rotation(app, *rotated)


def _opens(app: Flask, read: Callable[[], Any], wanted: object) -> bool:
    with app.test_request_context("/"):
        try:
            return bool(read() == wanted)
        except Exception:
            return False


def _check(rotation: Rotation, write: Callable[[], str], read: Callable[[str], Any], wanted: object) -> None:
    with rotation.before.test_request_context("/"):
        old = write()
    with rotation.during.test_request_context("/"):
        new = write()
    apps = (rotation.before, rotation.during, rotation.after)
    assert [_opens(app, lambda: read(old), wanted) for app in apps] == [True, True, False]
    assert [_opens(app, lambda: read(new), wanted) for app in apps] == [False, True, True]


@pytest.mark.parametrize("purpose", list(Purpose))
def test_links_in_mail(rotation: Rotation, purpose: Purpose) -> None:
    now = clock.now().replace(microsecond=0)
    ticket = Ticket("user_a", "b" * 24, now)
    _check(rotation, lambda: make_token(purpose, ticket), lambda text: read_token(purpose, text, now=now), ticket)


def test_unsubscribing(rotation: Rotation) -> None:
    key = read_key_of("user_a", "session_reminder")
    _check(rotation, lambda: make_key("user_a", "session_reminder"), lambda text: _words(read_key(text)), key)


def read_key_of(person: str, kind: str) -> tuple[str, str]:
    return person, kind


def _words(refusal: Any) -> tuple[str, str]:
    return refusal.user_public_id, refusal.kind.name


def test_stamps_and_receipts_of_the_form(rotation: Rotation) -> None:
    stamp = Stamp(dt.datetime(2026, 12, 9, 4, tzinfo=dt.UTC), utm_source="mail")
    _check(rotation, lambda: write_stamp(stamp), read_stamp, stamp)
    _check(rotation, lambda: write_receipt("inquiry_a"), read_receipt, "inquiry_a")


def test_logins_of_browsers(rotation: Rotation, db_session: Session) -> None:
    browser = Browser(rotation.before, make_user(role="student"))
    db_session.commit()
    cookie = browser.client.get_cookie("disha")
    assert cookie is not None
    for app, status in ((rotation.before, 200), (rotation.during, 200), (rotation.after, 302)):
        client = app.test_client()
        client.set_cookie("disha", cookie.value)
        assert client.get("/account").status_code == status


def test_form_tokens_of_pages_that_are_open(rotation: Rotation, db_session: Session) -> None:
    browser = Browser(rotation.before, make_user(role="student"))
    db_session.commit()
    token = browser.token("/account")
    cookie = browser.client.get_cookie("disha")
    assert cookie is not None
    for app, status in ((rotation.after, 400), (rotation.during, 303)):
        client = app.test_client()
        client.set_cookie("disha", cookie.value)
        assert client.post("/logout", data={"csrf_token": token}).status_code == status


def test_access_tokens_of_programs(rotation: Rotation, db_session: Session) -> None:
    user: User = make_user(role="student")
    login = open_login(user, kind=LoginKind.API, device=Device("127.0.0.1", "curl"), now=clock.now())
    db_session.commit()
    name = login.public_id
    _check(
        rotation,
        lambda: make_access_token(login, user, now=clock.now()),
        lambda text: login_of_access_token(text, now=clock.now()).public_id,
        name,
    )


def test_calendar_feeds_need_no_key_of_ours(rotation: Rotation, db_session: Session) -> None:
    key = renew_feed_key(actor=make_user(role="student"))
    db_session.commit()
    for app in (rotation.before, rotation.during, rotation.after):
        assert app.test_client().get(f"/feed/{key}.ics").status_code == 200


def test_whoever_signs_reads_the_older_keys_too() -> None:
    """A module that takes SECRET_KEY takes its fallbacks; the sandbox, which plays a bank, signs nothing of ours."""
    alone = [
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "webapp").rglob("*.py")
        if "SECRET_KEY" in (text := file.read_text())
        and "FALLBACKS" not in text
        and file.name not in {"account.py", "redaction.py"}
    ]
    assert alone == []
