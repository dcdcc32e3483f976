"""Mail about a sign-in on a new device, the cookie a device is known by, and places."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import maxminddb
import pytest
from argon2 import PasswordHasher
from flask import Flask
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.accounts.mmdb import write_database
from tests.factories import make_user
from tests.pages import Browser
from webapp.accounts.devices import Device, open_login
from webapp.accounts.models import Login, LoginKind, User
from webapp.accounts.places import place_of
from webapp.config import Settings, SettingsError, load_settings
from webapp.core.db import transaction
from webapp.notifications.models import OutboxMail
from webapp.notifications.render import Letter, compose

PASSWORD = "Secret-99"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0.0.0 Safari/537.36"


@pytest.fixture
def user(db_session: Session, redis: Redis) -> User:
    made = make_user(email="a@example.com", password_hash=QUICK)
    db_session.commit()
    return made


@pytest.fixture
def geo(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    path = tmp_path / "places.mmdb"
    kolkata = {"city": {"names": {"en": "Kolkata"}}, "country": {"iso_code": "IN", "names": {"en": "India"}}}
    write_database(path, {"203.0.113.0/24": kolkata, "198.51.100.0/24": {"country": {"names": {"en": "Nepal"}}}})
    monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update={"geo_database": path}))
    return path


def told(session: Session) -> list[OutboxMail]:
    return list(session.scalars(select(OutboxMail).where(OutboxMail.template == "new_device").order_by(OutboxMail.id)))


def sign_in(browser: Browser, **environ: Any) -> None:
    token = browser.token("/login")
    form = {"email": "a@example.com", "password": PASSWORD, "csrf_token": token}
    answer = browser.client.post("/login", data=form, headers={"User-Agent": CHROME}, environ_overrides=environ)
    assert answer.status_code == 303
    browser.client.post("/logout", data={"csrf_token": browser.token("/account")})


class TestBrowsers:
    def test_the_first_is_no_news_the_same_is_none_another_is(
        self, app: Flask, db_session: Session, user: User
    ) -> None:
        mine, another = Browser(app), Browser(app)
        sign_in(mine)
        sign_in(mine)
        assert told(db_session) == []
        sign_in(another, REMOTE_ADDR="203.0.113.7")
        (mail,) = told(db_session)
        assert mail.recipient == "a@example.com"
        assert mail.context["device"] == "Chrome on Windows"
        assert mail.context["where"] == "203.0.113.7"
        sign_in(another)
        assert len(told(db_session)) == 1
        devices = set(db_session.scalars(select(Login.device_id)))
        assert len(devices) == 2

    def test_a_device_is_new_to_each_account(self, app: Flask, db_session: Session, user: User) -> None:
        other = make_user(email="b@example.com", password_hash=QUICK)
        with transaction():
            open_login(other, kind=LoginKind.BROWSER, device=Device(device_id="known"), now=dt.datetime.now(dt.UTC))
        browser = Browser(app)
        sign_in(browser)
        form = {"email": "b@example.com", "password": PASSWORD, "csrf_token": browser.token("/login")}
        browser.client.post("/login", data=form)
        assert [mail.recipient for mail in told(db_session)] == ["b@example.com"]

    def test_the_cookie(self, app: Flask, user: User) -> None:
        browser = Browser(app)
        form = {"email": "a@example.com", "password": PASSWORD, "csrf_token": browser.token("/login")}
        answer = browser.client.post("/login", data=form)
        (cookie,) = [one for one in answer.headers.getlist("Set-Cookie") if one.startswith("device=")]
        assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert f"Max-Age={730 * 86400}" in cookie
        again = browser.client.post("/login", data={**form, "csrf_token": browser.token("/account")})
        assert not [one for one in again.headers.getlist("Set-Cookie") if one.startswith("device=")]

    def test_a_made_up_cookie_is_nobodys(self, app: Flask, db_session: Session, user: User) -> None:
        sign_in(Browser(app))
        known = db_session.scalars(select(Login.device_id)).one()
        forger = Browser(app)
        forger.client.set_cookie("device", f'"{known}"')
        sign_in(forger)
        assert len(told(db_session)) == 1

    def test_a_wrong_password_tells_nothing(self, app: Flask, db_session: Session, user: User) -> None:
        sign_in(Browser(app))
        Browser(app).submit("/login", {"email": "a@example.com", "password": "wrong"})
        assert told(db_session) == []


def test_programs_are_known_by_their_id_or_their_agent(db_session: Session, user: User, now: dt.datetime) -> None:
    def use(device_id: str | None, agent: str) -> int:
        with transaction():
            device = Device(address="203.0.113.7", user_agent=agent, device_id=device_id)
            open_login(user, kind=LoginKind.API, device=device, now=now)
        return len(told(db_session))

    assert use("one", "okhttp/4") == 0
    assert use("one", "okhttp/5") == 0
    assert use("two", "okhttp/4") == 1
    assert use(None, "curl/8") == 2
    assert use(None, "curl/8") == 2


def test_the_mail(app: Flask, db_session: Session, user: User, geo: Path, now: dt.datetime) -> None:
    for device in (Device(), Device(address="203.0.113.7", user_agent=CHROME, place=place_of("203.0.113.7"))):
        with transaction():
            open_login(user, kind=LoginKind.BROWSER, device=device, now=now)
    (mail,) = told(db_session)
    message = compose(Letter("mail_x", mail.recipient, mail.recipient_name, mail.template, mail.context, [], now))
    text = message.get_body(("plain",))
    assert text is not None
    words = text.get_content()
    assert message["Subject"] == "New sign-in: Chrome on Windows"
    for said in ("Kolkata, India (203.0.113.7)", "Wed, 9 Dec 2026, 9:30 AM IST", "/forgot", "/account/security"):
        assert said in words


class TestPlaces:
    @pytest.mark.parametrize(
        ("address", "place"),
        [
            ("203.0.113.7", "Kolkata, India"),
            ("198.51.100.1", "Nepal"),
            ("192.0.2.1", ""),
            ("2001:db8::1", ""),
            ("", ""),
            ("nonsense", ""),
        ],
    )
    def test_of_an_address(self, app: Flask, geo: Path, address: str, place: str) -> None:
        with app.app_context():
            assert place_of(address) == place

    def test_without_a_database(self, app: Flask) -> None:
        with app.app_context():
            assert place_of("203.0.113.7") == ""

    def test_it_is_kept_with_the_login(self, app: Flask, db_session: Session, user: User, geo: Path) -> None:
        sign_in(Browser(app), REMOTE_ADDR="203.0.113.7")
        assert db_session.scalars(select(Login.place)).one() == "Kolkata, India"

    def test_a_bad_file_stops_the_start(self, tmp_path: Path) -> None:
        bad = tmp_path / "bad.mmdb"
        bad.write_bytes(b"nothing")
        for path in (bad, tmp_path / "absent.mmdb"):
            with pytest.raises(SettingsError, match=r"GEO_DATABASE: must be an \.mmdb file"):
                load_settings({"APP_ENV": "test", "DATA_DIR": str(tmp_path), "GEO_DATABASE": str(path)})
        made = load_settings({"APP_ENV": "test", "DATA_DIR": str(tmp_path), "GEO_DATABASE": ""})
        assert isinstance(made, Settings)
        assert made.geo_database is None

    def test_what_our_writer_makes_is_a_database(self, geo: Path) -> None:
        with maxminddb.open_database(geo) as reader:
            assert reader.metadata().database_type == "Test-City"
