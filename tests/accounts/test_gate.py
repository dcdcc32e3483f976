"""An admin without the second step is led to its set-up and gets nowhere else."""

from __future__ import annotations

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from tests.accounts.test_security_views import HOME, QUICK, SETUP, WAY_IN, give_password, set_up, shown
from tests.accounts.test_views import page
from tests.authenticator import Authenticator
from tests.factories import make_user
from tests.pages import Browser
from tests.programs import Program, partner_key
from webapp.accounts.models import User
from webapp.config import Settings
from webapp.core.jobs import get_redis


@pytest.fixture
def required(app: Flask, monkeypatch: pytest.MonkeyPatch, db_session: Session) -> None:
    told = app.config["SETTINGS"].model_copy(update={"require_admin_two_step": True})
    monkeypatch.setitem(app.config, "SETTINGS", told)
    get_redis()


@pytest.fixture
def admin(db_session: Session, redis: Redis) -> User:
    made = make_user(role="admin", email="a@example.com", password_hash=QUICK)
    db_session.commit()
    return made


def is_let_in(browser: Browser) -> bool:
    return browser.get("/admin").status_code == 200


def test_production_asks_for_it_and_a_setting_decides(settings: Settings) -> None:
    assert not settings.admins_need_two_step
    for env, chosen, asked in (
        ("production", None, True),
        ("production", False, False),
        ("demo", None, False),
        ("demo", True, True),
    ):
        told = settings.model_copy(update={"app_env": env, "require_admin_two_step": chosen})
        assert told.admins_need_two_step is asked


@pytest.mark.usefixtures("required")
class TestRequired:
    def test_led_to_the_set_up_and_nowhere_else(self, app: Flask, admin: User) -> None:
        browser = Browser(app, admin)
        for address in ("/admin", "/account", "/home", "/admin/users", "/inbox", "/account/notifications"):
            assert browser.get(address).location == HOME, address
        assert browser.get("/admin", htmx=True).headers["HX-Redirect"] == HOME
        words = page(browser.get(HOME))
        assert "Admins sign in with two steps here." in words
        assert browser.submit("/account", {"name": "New"}, page=HOME).location == HOME

    def test_after_the_set_up_everything_opens(self, app: Flask, admin: User) -> None:
        browser = Browser(app, admin)
        browser.submit(SETUP, page=HOME)
        secret = page(browser.get(SETUP)).partition('id="secret" value="')[2].partition('"')[0].replace(" ", "")
        assert browser.submit(f"{SETUP}/confirm", {"code": shown(secret)}, page=SETUP).location == f"{HOME}/codes"
        assert browser.get(f"{HOME}/codes").status_code == 200
        assert is_let_in(browser)
        assert "Admins sign in with two steps here." not in page(browser.get(HOME))

    def test_a_passkey_does_as_well(self, app: Flask, admin: User) -> None:
        browser, key = Browser(app, admin), Authenticator()
        form = {"name": "Key", "password": "Secret-99"}
        options = page(browser.submit(f"{HOME}/passkeys/options", form, page=HOME))
        body = {"name": "Key", "credential": key.create(options)}
        browser.client.post(f"{HOME}/passkeys", json=body, headers={"X-CSRFToken": browser.token(HOME)})
        assert is_let_in(browser)

    def test_a_login_from_before_gives_its_code(self, app: Flask, admin: User) -> None:
        browser = Browser(app, admin)
        secret, _ = set_up(admin)
        assert browser.get("/admin").location == WAY_IN
        assert browser.get(WAY_IN).status_code == 200
        assert browser.submit(WAY_IN, {"code": shown(secret)}).location == "/admin"
        assert is_let_in(browser)

    def test_signing_in_with_both_steps(self, app: Flask, admin: User) -> None:
        secret, _ = set_up(admin)
        browser = Browser(app)
        give_password(browser)
        assert browser.get("/admin").location == "/login?next=/admin"
        assert browser.submit(WAY_IN, {"code": shown(secret)}).location == "/admin"
        assert is_let_in(browser)

    def test_turning_it_off_closes_everything_again(self, app: Flask, admin: User) -> None:
        secret, backup = set_up(admin)
        browser = Browser(app)
        give_password(browser)
        browser.submit(WAY_IN, {"code": shown(secret)})
        form = {"off-password": "Secret-99", "off-code": backup[0]}
        assert browser.submit(f"{SETUP}/off", form, page=HOME).location == HOME
        assert browser.get("/admin").location == HOME

    def test_signing_out_and_public_pages_stay_open(self, app: Flask, admin: User) -> None:
        browser = Browser(app, admin)
        assert browser.get("/").status_code == 200
        assert browser.submit("/logout", page=HOME).status_code == 303
        assert browser.get("/admin").location == "/login?next=/admin"

    def test_programs_of_admins_too(self, app: Flask, admin: User) -> None:
        program = Program(app, admin)
        refused = program.get("/users", status=403)["error"]
        assert (refused["code"], "Set it up first" in refused["message"]) == ("FORBIDDEN", True)
        program.get("/counselling-packages", status=403)  # an admin sees more there than others
        secret = program.post("/auth/me/two-factor")["data"]["secret"]
        program.post("/auth/me/two-factor/confirm", {"code": shown(secret)})
        program.get("/users")
        assert "Sign in again" in Program(app, admin).get("/users", status=403)["error"]["message"]

    def test_a_partners_key_passes(self, app: Flask, admin: User) -> None:
        _, key = partner_key(admin, "packages:read")
        Program(app, key=key).get("/counselling-packages")

    @pytest.mark.parametrize("role", ["student", "counsellor"])
    def test_others_are_free_to_choose(self, app: Flask, db_session: Session, role: str) -> None:
        assert Browser(app, make_user(role=role)).get("/account").status_code == 200


def test_not_required_nobody_is_led(app: Flask, admin: User) -> None:
    assert is_let_in(Browser(app, admin))
