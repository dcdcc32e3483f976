"""Devices and security, and the step after the password, as a browser without scripts sees them."""

from __future__ import annotations

import datetime as dt
import html
import json
import re
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.accounts.test_views import page
from tests.authenticator import Authenticator
from tests.factories import make_login, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts import codes, passkeys, second_step
from webapp.accounts.models import Login, LoginKind, Passkey, User
from webapp.core import clock
from webapp.core.db import transaction

PASSWORD = "Secret-99"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
HOME, WAY_IN, SETUP = "/account/security", "/login/two-step", "/account/security/two-step"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile/15E148 Safari/604.1"


@pytest.fixture
def user(db_session: Session, redis: Redis) -> User:
    made = make_user(email="a@example.com", password_hash=QUICK)
    db_session.commit()
    return made


@pytest.fixture
def browser(app: Flask, user: User) -> Browser:
    return Browser(app, user)


def set_up(user: User) -> tuple[str, list[str]]:
    """Turn two-step on; return the secret and the backup codes."""
    now = clock.now()
    with transaction():
        secret = second_step.begin(actor=user, now=now).secret
    with transaction():
        return secret, second_step.confirm(actor=user, code=shown(secret), now=now)


def shown(secret: str, drift: int = 0) -> str:
    return codes.code_of_step(secret, codes.step_at(clock.now()) + drift)


def give_password(browser: Browser, url: str = "/login", **more: str) -> TestResponse:
    return browser.submit(url, {"email": "a@example.com", "password": PASSWORD, **more}, page="/login")


def send_json(browser: Browser, url: str, body: Any, *, page: str) -> TestResponse:
    return browser.client.post(url, json=body, headers={"X-CSRFToken": browser.token(page)})


def said(answer: TestResponse) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(page(answer))
    return found


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


class TestSettingUp:
    def test_from_off_to_the_codes_shown_once(self, browser: Browser, user: User) -> None:
        assert "Set up with an app" in page(browser.get(HOME))
        assert browser.submit(SETUP, page=HOME).location == SETUP
        shown_page = browser.get(SETUP)
        words = page(shown_page)
        assert shown_page.headers["Cache-Control"] == "no-store"
        assert '<svg viewBox="' in words
        assert 'class="qr"' in words
        assert " style=" not in words
        secret = re.search(r'id="secret" value="([A-Z2-7 ]+)"', words)
        assert secret
        assert "otpauth://totp/Disha:a%40example.com?secret=" in html.unescape(words)
        wrong = browser.submit(f"{SETUP}/confirm", {"code": "000000"}, page=SETUP)
        assert wrong.status_code == 422
        assert 'aria-invalid="true"' in page(wrong)
        assert secret.group(1) in page(wrong)  # the same secret: nothing was lost
        right = browser.submit(f"{SETUP}/confirm", {"code": shown(secret.group(1).replace(" ", ""))}, page=SETUP)
        assert right.location == f"{HOME}/codes"
        once = browser.get(f"{HOME}/codes")
        assert once.headers["Cache-Control"] == "no-store"
        backup = re.findall(r"<li>([A-Z0-9]{4}(?:-[A-Z0-9]{4}){3})</li>", page(once))
        assert len(backup) == 10
        assert browser.get(f"{HOME}/codes").location == HOME
        assert "10 of 10 left" in page(browser.get(HOME))
        assert browser.get(SETUP).location == HOME

    def test_codes_are_shown_also_while_redis_is_away(
        self, browser: Browser, user: User, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        _, backup = set_up(user)
        token = browser.token(HOME)

        def away(*args: object, **named: object) -> None:
            raise RedisAway

        monkeypatch.setattr(Redis, "set", away)
        answer = browser.client.post(f"{HOME}/codes", data={"fresh-code": backup[0], "csrf_token": token})
        assert answer.status_code == 200
        assert len(re.findall(r"<li>[A-Z0-9]{4}-", page(answer))) == 10

    def test_beginning_twice(self, browser: Browser, user: User) -> None:
        set_up(user)
        assert browser.submit(SETUP, page=HOME).location == HOME
        assert browser.submit(f"{SETUP}/confirm", {"code": "123456"}, page=HOME).location == HOME

    def test_new_codes(self, browser: Browser, user: User) -> None:
        _, backup = set_up(user)
        wrong = browser.submit(f"{HOME}/codes", {"fresh-code": "nothing"}, page=HOME)
        assert wrong.status_code == 422
        assert '<details class="fold" open>' in page(wrong)
        assert browser.submit(f"{HOME}/codes", {"fresh-code": backup[0]}, page=HOME).location == f"{HOME}/codes"

    def test_few_codes_left_is_said(self, browser: Browser, user: User) -> None:
        _, backup = set_up(user)
        for code in backup[:8]:
            with transaction():
                second_step.check_code(user, code, now=clock.now())
        assert "Few backup codes are left" in page(browser.get(HOME))

    def test_turning_off(self, browser: Browser, user: User) -> None:
        _, backup = set_up(user)
        for data, wrong in (
            ({"off-password": "wrong", "off-code": backup[0]}, "not your current password"),
            ({"off-password": PASSWORD, "off-code": "wrong"}, "This code is not right"),
        ):
            answer = browser.submit(f"{SETUP}/off", data, page=HOME)
            assert answer.status_code == 422
            assert wrong in page(answer)
        done = {"off-password": PASSWORD, "off-code": backup[0]}
        assert browser.submit(f"{SETUP}/off", done, page=HOME).location == HOME
        assert "Set up with an app" in page(browser.get(HOME))


class TestSigningIn:
    def test_password_then_code(self, app: Flask, db_session: Session, user: User) -> None:
        secret, _ = set_up(user)
        browser = Browser(app)
        answer = give_password(browser, "/login?next=/account%3Fx%3D1", remember="y")
        assert answer.location == f"{WAY_IN}?next=/account?x%3D1"
        assert not is_signed_in(browser)
        assert browser.get("/home").status_code == 302
        assert browser.get(answer.location).status_code == 200
        wrong = browser.submit(answer.location, {"code": "000000"}, page=WAY_IN)
        assert wrong.status_code == 422
        assert not is_signed_in(browser)
        right = browser.submit(answer.location, {"code": shown(secret)}, page=WAY_IN)
        assert right.location == "/account?x=1"
        assert "Expires=" in next(one for one in right.headers.getlist("Set-Cookie") if one.startswith("disha="))
        assert is_signed_in(browser)
        login = db_session.scalars(select(Login).order_by(Login.id.desc())).first()
        assert login is not None
        assert login.second_step_at is not None
        assert browser.get(WAY_IN).location == "/student"

    def test_few_codes_left_is_said_after_a_backup_code(self, app: Flask, user: User) -> None:
        _, backup = set_up(user)
        for code in backup[:8]:
            with transaction():
                second_step.check_code(user, code, now=clock.now())
        browser = Browser(app)
        give_password(browser)
        browser.submit(WAY_IN, {"code": backup[8]})
        assert "One backup code is left" in page(browser.get("/account"))

    def test_without_the_password_there_is_no_second_step(self, app: Flask, user: User) -> None:
        secret, _ = set_up(user)
        browser = Browser(app)
        assert browser.get(WAY_IN).location == "/login"
        answer = browser.submit(WAY_IN, {"code": shown(secret)}, page="/login")
        assert answer.location == "/login"
        assert not is_signed_in(browser)

    def test_five_minutes(self, app: Flask, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        _, backup = set_up(user)
        browser = Browser(app)
        give_password(browser)
        token = browser.token(WAY_IN)
        later = clock.now() + dt.timedelta(minutes=6)
        monkeypatch.setattr(clock, "now", lambda: later)
        answer = browser.client.post(WAY_IN, data={"code": backup[0], "csrf_token": token})
        assert answer.location == "/login"
        assert "longer than five minutes" in page(browser.get("/login"))
        assert not is_signed_in(browser)

    def test_guessing_ends(self, app: Flask, user: User) -> None:
        secret, _ = set_up(user)
        browser = Browser(app)
        give_password(browser)
        for _ in range(5):
            assert browser.submit(WAY_IN, {"code": "no"}).status_code == 422
        over = browser.submit(WAY_IN, {"code": shown(secret)})
        assert over.status_code == 429
        assert "Too many codes were tried" in page(over)
        assert not is_signed_in(browser)

    def test_a_new_password_ends_what_waits(self, app: Flask, db_session: Session, user: User) -> None:
        secret, _ = set_up(user)
        browser = Browser(app)
        give_password(browser)
        user.auth_version += 1
        db_session.commit()
        assert browser.submit(WAY_IN, {"code": shown(secret)}, page="/login").location == "/login"
        assert not is_signed_in(browser)

    def test_who_waits_sees_no_more_than_a_visitor(self, app: Flask, user: User) -> None:
        set_up(user)
        browser = Browser(app)
        give_password(browser)
        for address in (HOME, SETUP, "/account", "/sessions"):
            assert browser.get(address).status_code == 302, address


class TestPasskeys:
    def add(self, browser: Browser, key: Authenticator, name: str = "Key") -> TestResponse:
        options = browser.submit(f"{HOME}/passkeys/options", {"name": name, "password": PASSWORD}, page=HOME)
        assert options.status_code == 200
        body = {"name": name, "credential": key.create(page(options))}
        return send_json(browser, f"{HOME}/passkeys", body, page=HOME)

    def test_added_used_renamed_removed(self, app: Flask, browser: Browser, db_session: Session, user: User) -> None:
        set_up(user)
        key = Authenticator(count=1)
        assert self.add(browser, key).json == {"next": HOME}
        passkey = db_session.scalars(select(Passkey)).one()
        other = Browser(app)
        give_password(other)
        assert "Use a passkey" in page(other.get(WAY_IN))
        options = send_json(other, f"{WAY_IN}/passkey/options", {}, page=WAY_IN)
        answer = send_json(other, f"{WAY_IN}/passkey?next=/account", key.get(page(options)), page=WAY_IN)
        assert answer.json == {"next": "/account"}
        assert is_signed_in(other)
        url = f"{HOME}/passkeys/{passkey.public_id}"
        assert browser.submit(f"{url}/rename", {"name": ""}, page=HOME).status_code == 422
        assert browser.submit(f"{url}/rename", {"name": "<b>Phone</b>"}, page=HOME).location == HOME
        assert "&lt;b&gt;Phone&lt;/b&gt;" in page(browser.get(HOME))
        assert browser.submit(f"{url}/remove", {"password": "wrong"}, page=HOME).status_code == 422
        assert browser.submit(f"{url}/remove", {"password": PASSWORD}, page=HOME).location == HOME
        assert db_session.scalars(select(Passkey)).all() == []

    def test_the_first_second_step_brings_the_codes(self, browser: Browser, user: User) -> None:
        answer = self.add(browser, Authenticator())
        assert answer.json == {"next": f"{HOME}/codes"}
        assert len(re.findall(r"<li>[A-Z0-9]{4}-", page(browser.get(f"{HOME}/codes")))) == 10

    def test_the_only_one_stays(self, browser: Browser, db_session: Session, user: User) -> None:
        self.add(browser, Authenticator())
        passkey = db_session.scalars(select(Passkey)).one()
        url = f"{HOME}/passkeys/{passkey.public_id}/remove"
        assert browser.submit(url, {"password": PASSWORD}, page=HOME).location == HOME
        assert "your only second step" in page(browser.get(HOME))

    def test_refusals_are_words_for_the_script(self, app: Flask, browser: Browser, user: User) -> None:
        wrong = browser.submit(f"{HOME}/passkeys/options", {"name": "A", "password": "wrong"}, page=HOME)
        assert wrong.status_code == 422
        assert said(wrong)["fields"] == {"password": "This is not your current password."}
        bodies: tuple[Any, ...] = (None, [], {"name": "A"}, {"name": 1, "credential": 2})
        for body in bodies:
            answer = send_json(browser, f"{HOME}/passkeys", body, page=HOME)
            assert answer.status_code == 422
            assert said(answer)["message"]
        stranger = Browser(app)
        answer = send_json(stranger, f"{WAY_IN}/passkey/options", {}, page="/login")
        assert (answer.status_code, said(answer)["message"]) == (401, "Start signing in again.")

    def test_a_copy_is_refused_and_told(self, app: Flask, browser: Browser, user: User) -> None:
        key = Authenticator(count=5)
        self.add(browser, key)
        key.count = 2
        other = Browser(app)
        give_password(other)
        options = send_json(other, f"{WAY_IN}/passkey/options", {}, page=WAY_IN)
        answer = send_json(other, f"{WAY_IN}/passkey", key.get(page(options)), page=WAY_IN)
        assert answer.status_code == 422
        assert "may have been copied" in said(answer)["message"]
        assert not is_signed_in(other)

    def test_forms_are_guarded(self, browser: Browser, user: User) -> None:
        answer = browser.client.post(f"{HOME}/passkeys", json={"name": "A"})
        assert answer.status_code == 400


class TestDevices:
    def test_the_list(self, browser: Browser, db_session: Session, user: User, now: dt.datetime) -> None:
        make_login(user, user_agent=IPHONE, address="203.0.113.7", place="Kolkata, India", last_seen_at=now)
        make_login(user, kind=LoginKind.API, user_agent="okhttp/4.12.0", last_seen_at=now)
        make_login(make_user(), user_agent="curl/8.5.0")
        db_session.commit()
        words = page(browser.get(HOME))
        for said in ("Safari on iPhone", "Kolkata, India · 203.0.113.7", "Android app", "through the app"):
            assert said in words
        assert words.count(">This device<") == 1
        assert "curl" not in words

    def test_revoking_one_and_the_others(self, app: Flask, browser: Browser, db_session: Session, user: User) -> None:
        phone, tablet = Browser(app, user), Browser(app, user)
        assert is_signed_in(phone)
        rows = re.findall(rf"{HOME}/devices/(login_\w+)/sign-out", page(browser.get(HOME)))
        assert len(rows) == 2
        assert browser.submit(f"{HOME}/devices/{rows[0]}/sign-out", page=HOME).status_code == 303
        assert [is_signed_in(phone), is_signed_in(tablet)].count(True) == 1
        assert browser.submit(f"{HOME}/devices/{rows[0]}/sign-out", page=HOME).status_code == 303
        assert "has ended already" in page(browser.get(HOME))
        assert browser.submit(f"{HOME}/devices/sign-out-others", page=HOME).status_code == 303
        assert not is_signed_in(phone)
        assert not is_signed_in(tablet)
        assert is_signed_in(browser)
        assert "You are signed in nowhere else" in page(browser.get(HOME))

    def test_signing_in_anew_leaves_no_old_row(self, app: Flask, db_session: Session, user: User) -> None:
        browser = Browser(app, user)
        token = browser.token("/account")
        form = {"email": "a@example.com", "password": PASSWORD, "csrf_token": token}
        assert browser.client.post("/login", data=form).status_code == 303
        assert "You are signed in nowhere else" in page(browser.get(HOME))

    def test_nobody_signs_another_out(self, app: Flask, browser: Browser, user: User) -> None:
        other = Browser(app, make_user())
        rows = re.findall(rf"{HOME}/devices/(login_\w+)/sign-out", page(Browser(app, user).get(HOME)))
        assert rows
        assert other.submit(f"{HOME}/devices/{rows[0]}/sign-out", page=HOME).status_code == 303
        assert is_signed_in(browser)

    def test_many_devices_cost_the_same(self, browser: Browser, db_session: Session, user: User) -> None:
        make_login(user, user_agent=IPHONE)
        db_session.commit()
        browser.get(HOME)
        with count_queries() as few:
            browser.get(HOME)
        for _ in range(30):
            make_login(user, user_agent=IPHONE)
        db_session.commit()
        with count_queries() as many:
            browser.get(HOME)
        assert len(many) == len(few)


def test_an_admin_who_looks_sees_nothing_of_it(app: Flask, db_session: Session, user: User) -> None:
    admin, look = Browser(app, make_user(role="admin")), f"/admin/users/{user.public_id}/do/look"
    admin.submit(look, {"reason": "A question"})
    for address in (HOME, SETUP, f"{HOME}/codes", WAY_IN):
        assert admin.get(address).status_code == 403, address


def test_party_is_the_settings_not_the_requests(app: Flask, browser: Browser) -> None:
    with app.test_request_context("/", base_url="http://127.0.0.1:9"):
        assert passkeys.party().id == "localhost"
