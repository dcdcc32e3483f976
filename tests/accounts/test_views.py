"""Pages of accounts, as a browser without scripts and as htmx see them."""

from __future__ import annotations

import datetime as dt
from http.cookies import SimpleCookie
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import make_user
from tests.pages import Browser
from webapp.accounts.logins import safe_next
from webapp.accounts.models import User
from webapp.accounts.passwords import hash_password
from webapp.core.db import db
from webapp.notifications.models import OutboxMail

SECRET = "Secret-99"
NEWCOMER = {"name": "Ananya Chatterjee", "email": "ananya@example.com", "phone": "", "password": SECRET}


@pytest.fixture
def user(db_session: Session) -> User:
    made = make_user(email="a@example.com", password_hash=hash_password(SECRET))
    db_session.commit()  # stays when a refused request rolls back
    return made


@pytest.fixture
def browser(app: Flask, db_session: Session) -> Browser:
    return Browser(app)


def page(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def sign_in(browser: Browser, email: str = "a@example.com", password: str = SECRET, **more: Any) -> TestResponse:
    return browser.submit(more.pop("url", "/login"), {"email": email, "password": password, **more}, page="/login")


def link(template: str) -> str:
    newest = select(OutboxMail).where(OutboxMail.template == template).order_by(OutboxMail.id.desc())
    mail = db.session.scalars(newest).first()
    assert mail is not None
    return str(mail.context["url"]).removeprefix("http://localhost")


def is_signed_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


class TestSigningIn:
    def test_the_form_has_the_words_people_look_for(self, browser: Browser) -> None:
        words = page(browser.get("/login"))
        assert '<label for="email">Email</label>' in words
        assert '<label class="label" for="password">Password</label>' in words
        assert ">Sign in</button>" in words
        assert words.count("<h1") == 1
        assert "Demo accounts" not in words  # only in the demo

    @pytest.mark.parametrize("role", ["student", "counsellor", "admin"])
    def test_each_role_comes_home(self, app: Flask, browser: Browser, user: User, role: str) -> None:
        user.role = role  # type: ignore[assignment]
        answer = sign_in(browser)
        assert answer.status_code == 303
        home = f"/{role}" if f"{role}.home" in app.view_functions else ("/", "/account")
        assert answer.location in home
        assert browser.get("/home").location == answer.location
        assert is_signed_in(browser)

    def test_next(self, browser: Browser, user: User) -> None:
        assert sign_in(browser, url="/login?next=/account%3Fx%3D1").location == "/account?x=1"
        assert browser.get("/login?next=/account").location == "/account"  # already in

    @pytest.mark.parametrize(
        "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "/%0d%0aX"]
    )
    def test_next_never_leads_elsewhere(self, browser: Browser, user: User, target: str) -> None:
        location = sign_in(browser, url=f"/login?next={target}").location or ""
        assert location.startswith("/")
        assert "evil" not in location

    def test_a_wrong_password_keeps_the_address(self, browser: Browser, user: User) -> None:
        answer = sign_in(browser, password="wrong")
        assert answer.status_code == 422
        assert "Email or password is not right." in page(answer)
        assert 'value="a@example.com"' in page(answer)
        assert "wrong" not in page(answer).split("<main")[1]
        assert not is_signed_in(browser)

    def test_a_closed_account_reads_like_a_wrong_password(self, browser: Browser, user: User) -> None:
        wrong = page(sign_in(browser, password="wrong")).split("<main")[1].split('name="csrf_token"')[0]
        user.active = False
        closed = page(sign_in(browser)).split("<main")[1].split('name="csrf_token"')[0]
        assert wrong == closed

    def test_a_form_without_its_token_is_refused(self, browser: Browser, user: User) -> None:
        answer = browser.client.post("/login", data={"email": "a@example.com", "password": SECRET})
        assert answer.status_code == 400
        assert not is_signed_in(browser)

    @pytest.mark.parametrize("remember", [{}, {"remember": "y"}])
    def test_only_who_asks_is_remembered(self, browser: Browser, user: User, remember: dict[str, str]) -> None:
        cookies = sign_in(browser, **remember).headers.getlist("Set-Cookie")
        cookie = next(SimpleCookie(line)["disha"] for line in cookies if line.startswith("disha="))
        assert bool(cookie["expires"]) is bool(remember)

    def test_signing_out(self, browser: Browser, user: User) -> None:
        sign_in(browser)
        assert browser.get("/logout").status_code == 405
        assert is_signed_in(browser)
        assert browser.submit("/logout", page="/account").status_code == 303
        assert not is_signed_in(browser)

    def test_deactivated_is_out_at_once(self, browser: Browser, user: User) -> None:
        sign_in(browser)
        user.active = False
        assert browser.get("/account").status_code == 302


class TestAnExpiredLogin:
    def test_a_page_comes_back_after_signing_in(self, browser: Browser, user: User) -> None:
        answer = browser.get("/account?tab=zone")
        assert (answer.status_code, answer.location) == (302, "/login?next=/account?tab%3Dzone")

    def test_htmx_is_sent_to_the_form_and_back_to_the_page(self, browser: Browser) -> None:
        answer = browser.client.get(
            "/account", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/book?date=2026-12-12"}
        )
        assert answer.status_code == 401
        assert answer.headers["HX-Redirect"] == "/login?next=/book?date%3D2026-12-12"
        assert "HX-Request" in answer.headers["Vary"]


@pytest.mark.parametrize(
    ("target", "safe"),
    [
        ("/book?at=1", True),
        ("/", True),
        (None, False),
        ("", False),
        ("/login", False),
        ("/logout", False),
        ("//x", False),
        ("/\\x", False),
        ("/a\tb", False),
        ("javascript:alert(1)", False),
        ("https://x", False),
    ],
)
def test_safe_next(app: Flask, target: str | None, safe: bool) -> None:
    with app.test_request_context():
        assert safe_next(target) == (target if safe else None)


class TestSigningUp:
    def test_the_newcomer_s_way(self, browser: Browser) -> None:
        browser.client.set_cookie("tz", "Asia/Dubai")
        answer = browser.submit("/signup?next=/account%3Ffrom%3Dsignup", NEWCOMER, page="/signup")
        assert (answer.status_code, answer.location) == (303, "/verify")
        pending = page(browser.get("/verify"))
        assert "ananya@example.com" in pending
        made = db.session.scalars(select(User).where(User.email == "ananya@example.com")).one()
        assert (made.zone, made.email_verified_at) == ("Asia/Dubai", None)
        url = link("verify")
        shown = browser.get(url)
        assert shown.status_code == 200
        assert "Verify address" in page(shown)
        assert made.email_verified_at is None  # a GET changes nothing
        done = browser.submit(url)
        assert (done.status_code, done.location) == (303, "/account?from=signup")
        db.session.refresh(made)
        assert made.is_verified
        assert "Your address is verified." in page(browser.get("/account"))
        assert "This address is verified" in page(browser.get(url))
        assert browser.get("/verify").status_code == 302

    def test_the_zone_of_the_script_wins(self, browser: Browser) -> None:
        browser.submit("/signup", {**NEWCOMER, "zone": "Asia/Singapore"})
        assert db.session.scalars(select(User.zone).where(User.email == NEWCOMER["email"])).one() == "Asia/Singapore"

    def test_everything_wrong_stands_at_its_field(self, browser: Browser) -> None:
        answer = browser.submit("/signup", {"name": "", "email": "x", "phone": "12", "password": "weak"})
        assert answer.status_code == 422
        words = page(answer)
        for field in ("name", "email", "phone", "password"):
            assert f'id="{field}-error"' in words
        assert 'value="12"' in words
        assert 'value="weak"' not in words

    def test_an_address_that_has_an_account(self, browser: Browser, user: User) -> None:
        answer = browser.submit("/signup", {**NEWCOMER, "email": "A@example.com"})
        assert answer.status_code == 409
        assert "An account with this address exists." in page(answer)
        assert 'id="email-error"' in page(answer)

    def test_an_empty_post_is_no_server_error(self, browser: Browser) -> None:
        for url in ("/signup", "/login", "/forgot"):
            assert browser.submit(url).status_code == 422

    def test_a_link_opened_elsewhere_verifies_and_signs_nobody_in(self, app: Flask, browser: Browser) -> None:
        browser.submit("/signup", NEWCOMER)
        phone = Browser(app)
        done = phone.submit(link("verify"))
        assert done.location == "/login"
        assert not is_signed_in(phone)

    def test_a_dead_link(self, browser: Browser, user: User) -> None:
        answer = browser.get("/verify/nonsense")
        assert answer.status_code == 410
        assert "does not work any more" in page(answer)
        assert browser.submit("/verify/nonsense", page="/login").status_code == 410

    def test_sending_it_again(self, app: Flask, db_session: Session) -> None:
        browser = Browser(app, make_user(verified=False))
        assert browser.submit("/verify").status_code == 303
        assert browser.submit("/verify").status_code == 303
        assert len(db.session.scalars(select(OutboxMail)).all()) == 2
        assert "A new link is on its way" in page(browser.get("/verify"))


class TestForgetting:
    def test_the_way_back(self, app: Flask, browser: Browser, user: User) -> None:
        other = Browser(app)
        sign_in(other)
        answer = browser.submit("/forgot", {"email": "A@example.com"})
        assert (answer.status_code, answer.location) == (303, "/forgot?sent=1")
        url = link("password_reset")
        assert "a@example.com" in page(browser.get(url))
        weak = browser.submit(url, {"password": "weak"})
        assert weak.status_code == 422
        assert 'id="password-error"' in page(weak)
        done = browser.submit(url, {"password": "New-secret-1"})
        assert (done.status_code, done.location) == (303, "/login")
        assert not is_signed_in(other)
        assert sign_in(browser, password="New-secret-1").status_code == 303
        assert browser.get(url).status_code == 410
        assert browser.submit(url, {"password": "New-secret-2"}, page="/account").status_code == 410

    def test_the_answer_is_the_same_without_an_account(self, browser: Browser, user: User) -> None:
        answers = [browser.submit("/forgot", {"email": email}) for email in ("a@example.com", "nobody@example.com")]
        assert [(answer.status_code, answer.location) for answer in answers] == [(303, "/forgot?sent=1")] * 2
        assert "If there is an account" in page(browser.get("/forgot?sent=1"))


class TestTheAccount:
    @pytest.mark.parametrize("role", ["student", "counsellor", "admin"])
    def test_every_role_has_one(self, app: Flask, db_session: Session, role: str) -> None:
        answer = Browser(app, make_user(role=role)).get("/account")
        assert answer.status_code == 200
        assert page(answer).count("<h1") == 1

    def test_the_banner_stands_until_verified(self, app: Flask, db_session: Session) -> None:
        assert "verify-banner" in page(Browser(app, make_user(verified=False)).get("/account"))
        assert "verify-banner" not in page(Browser(app, make_user()).get("/account"))

    def test_profile(self, app: Flask, user: User) -> None:
        browser = Browser(app, user)
        answer = browser.submit("/account", {"name": "Meera K", "phone": "98300 41270", "zone": "Africa/Nairobi"})
        assert (answer.status_code, answer.location) == (303, "/account")
        shown = page(browser.get("/account"))
        assert 'value="98300 41270"' in shown
        assert '<option selected value="Africa/Nairobi">' in shown
        assert "Profile saved." in shown

    def test_a_wrong_profile_comes_back_whole_or_as_its_part(self, app: Flask, user: User) -> None:
        browser = Browser(app, user)
        data = {"name": "", "phone": "12", "zone": "Nowhere"}
        whole = browser.submit("/account", data)
        assert whole.status_code == 422
        assert "<html" in page(whole)
        part = browser.submit("/account", data, htmx=True)
        assert part.status_code == 422
        assert page(part).lstrip().startswith('<form class="card" id="profile-form"')
        assert 'value="12"' in page(part)
        fine = browser.submit("/account", {"name": "X", "phone": "", "zone": "Asia/Kolkata"}, htmx=True)
        assert (fine.status_code, fine.headers["HX-Redirect"]) == (204, "/account")

    def test_a_new_password_signs_out_the_others_only(self, app: Flask, user: User) -> None:
        here, there = Browser(app), Browser(app)
        sign_in(here, remember="y")
        sign_in(there)
        bad = here.submit("/account/password", {"current": "x", "new": "weak"}, page="/account")
        assert bad.status_code == 422
        assert 'id="current-error"' in page(bad)
        assert 'id="new-error"' in page(bad)
        assert is_signed_in(there)
        good = here.submit("/account/password", {"current": SECRET, "new": "New-secret-1"}, page="/account")
        assert (good.status_code, good.location) == (303, "/account")
        assert is_signed_in(here)
        assert not is_signed_in(there)
        assert here.get("/account/password").location == "/account#password-form"

    def test_a_link_in_a_mail_is_good_in_the_browser_at_its_time(self, browser: Browser, user: User) -> None:
        browser.submit("/forgot", {"email": "a@example.com"})
        row = db.session.scalars(select(OutboxMail)).one()
        assert row.created_at - dt.datetime.now(dt.UTC) < dt.timedelta(seconds=5)
        assert browser.get(link("password_reset")).status_code == 200


def test_the_mails_say_what_they_are_for(browser: Browser, user: User, app: Flask) -> None:
    from webapp.notifications.render import Letter, compose

    browser.submit("/signup", NEWCOMER)
    browser.submit("/forgot", {"email": "a@example.com"})
    for row in db.session.scalars(select(OutboxMail)):
        letter = Letter(row.public_id, row.recipient, row.recipient_name, row.template, row.context, [], row.created_at)
        message = compose(letter)
        text = message.get_body(("plain",))
        html = message.get_body(("html",))
        assert text is not None
        assert html is not None
        assert str(row.context["url"]) in text.get_content().replace("\r\n", "\n")
        assert str(row.context["url"]) in html.get_content()
        assert ("password" in message["Subject"]) is (row.template == "password_reset")
