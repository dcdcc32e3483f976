"""The pages of a change of address, and the log of it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.pages import Browser
from webapp.accounts.models import EmailChange, Role, User
from webapp.accounts.passwords import hash_password
from webapp.audit.models import AuditEntry
from webapp.core.db import db
from webapp.notifications.models import OutboxMail
from webapp.notifications.render import Letter, compose

SECRET = "Secret-99"
OLD, NEW = "ananya@example.com", "ananya.c@example.org"
ASKED = {"new_email": NEW, "present_password": SECRET}


@pytest.fixture
def user(app: Flask, db_session: Session) -> User:
    made = make_user(name="Ananya Chatterjee", email=OLD, password_hash=hash_password(SECRET))
    db_session.commit()
    return made


@pytest.fixture
def here(app: Flask, user: User) -> Browser:
    return Browser(app, user)


def ask(browser: Browser, **typed: str) -> None:
    answer = browser.submit("/account/email", {**ASKED, **typed}, page="/account")
    assert (answer.status_code, answer.location) == (303, "/account")


def link(side: str) -> str:
    mail = db.session.scalars(
        select(OutboxMail).where(OutboxMail.template == f"mail_change_{side}").order_by(OutboxMail.id.desc())
    ).first()
    assert mail
    return str(mail.context["url"]).removeprefix("http://localhost")


def test_the_whole_way(app: Flask, here: Browser, user: User) -> None:
    there, mailbox = Browser(app, user), Browser(app)
    ask(here)
    shown = here.get("/account").text
    assert f"A change to {NEW} waits." in shown
    assert shown.count("Not yet") == 2
    for _ in range(2):  # a scanner follows links; nothing changes
        page = mailbox.get(link("old"))
        assert page.status_code == 200
        assert "It was not me" in page.text
    assert shown.count("Not yet") == 2
    assert mailbox.submit(link("old"), {"answer": "agree"}).location == link("old")
    assert "One more address has to agree" in mailbox.get(link("old")).text
    assert here.get("/account").text.count("Not yet") == 1
    assert here.submit(link("new"), {"answer": "agree"}).location == link("new")
    assert "The address is changed" in here.get(link("new")).text
    assert "The address is changed" in mailbox.get(link("old")).text
    assert NEW in here.get("/account").text  # the login that agreed goes on
    assert there.get("/account").status_code == 302
    assert Browser(app).submit("/login", {"email": NEW, "password": SECRET}).status_code == 303
    assert Browser(app).submit("/login", {"email": OLD, "password": SECRET}).status_code == 422


def test_it_was_not_me(app: Flask, here: Browser, user: User) -> None:
    ask(here)
    answer = Browser(app).submit(link("old"), {"answer": "refuse"})
    assert answer.status_code == 200
    assert "Choose a new password" in answer.text
    assert "/forgot" in answer.text
    assert "waits." not in here.get("/account").text
    assert Browser(app).get(link("new")).status_code == 410
    assert Browser(app).submit(link("new"), {"answer": "agree"}, page="/login").status_code == 410


def test_the_new_address_is_not_mine(app: Flask, here: Browser) -> None:
    ask(here)
    answer = Browser(app).submit(link("new"), {"answer": "refuse"})
    assert "Nobody uses your address here" in answer.text
    assert OLD not in answer.text


def test_the_new_address_learns_no_more_than_a_first_name(app: Flask, here: Browser) -> None:
    ask(here)
    page = Browser(app).get(link("new")).text
    assert "Ananya" in page
    assert "Chatterjee" not in page
    assert OLD not in page


def test_an_answer_that_is_none_changes_nothing(app: Flask, here: Browser) -> None:
    ask(here)
    assert Browser(app).submit(link("old"), {"answer": "maybe"}).location == link("old")
    assert Browser(app).submit(link("old")).location == link("old")
    assert here.get("/account").text.count("Not yet") == 2


@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_wrong_stands_at_its_field_and_the_address_stays_typed(here: Browser, htmx: bool) -> None:
    answer = here.submit("/account/email", {"new_email": "x@y", "present_password": "no"}, page="/account", htmx=htmx)
    assert answer.status_code == 422
    assert 'id="new_email-error"' in answer.text
    assert 'id="present_password-error"' in answer.text
    assert 'value="x@y"' in answer.text
    assert 'value="no"' not in answer.text
    assert ("<html" in answer.text) is not htmx
    if htmx:
        assert answer.text.lstrip().startswith('<section class="card" id="mail-card"')


def test_cancelling(here: Browser) -> None:
    ask(here)
    assert here.submit("/account/email/cancel", page="/account").location == "/account"
    assert f"Your address stays {OLD}." in here.get("/account").text
    here.submit("/account/email/cancel", page="/account")
    assert "There is no change to cancel." in here.get("/account").text


def test_taken_meanwhile(app: Flask, here: Browser, user: User) -> None:
    ask(here)
    Browser(app).submit(link("old"), {"answer": "agree"})
    make_user(email=NEW)
    db.session.commit()
    answer = Browser(app).submit(link("new"), {"answer": "agree"})
    assert answer.status_code == 409
    assert "Another account has this address meanwhile" in answer.text
    assert "waits." not in here.get("/account").text
    db.session.refresh(user)
    assert user.email == OLD


def test_a_reload_of_the_form_leads_to_its_page(here: Browser) -> None:
    assert here.get("/account/email").location == "/account#mail-card"


def test_guessing_the_password_here_is_slow(here: Browser) -> None:
    token = here.token("/account")
    typed = {**ASKED, "present_password": "Wrong-pass-1", "csrf_token": token}
    answers = [here.client.post("/account/email", data=typed).status_code for _ in range(6)]
    assert answers == [422] * 5 + [429]


@pytest.mark.parametrize("url", ["/account/email", "/account/email/cancel"])
def test_a_visitor_signs_in_first(app: Flask, db_session: Session, url: str) -> None:
    assert "/login" in (Browser(app).submit(url, ASKED, page="/login").location or "")


def test_an_unverified_account_is_asked_at_the_new_address_alone(app: Flask, db_session: Session) -> None:
    made = make_user(verified=False, password_hash=hash_password(SECRET))
    browser = Browser(app, made)
    ask(browser)
    assert browser.get("/account").text.count("Not yet") == 1
    assert browser.submit(link("new"), {"answer": "agree"}).status_code == 303
    db.session.refresh(made)
    assert (made.email, made.is_verified) == (NEW, True)


def test_the_log_says_who_asked_and_what_changed(app: Flask, here: Browser, user: User) -> None:
    ask(here)
    for side in ("old", "new"):
        Browser(app).submit(link(side), {"answer": "agree"})
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == user.id).order_by(AuditEntry.id))
    asked, changed = entries.all()
    assert (asked.action, asked.actor_id, asked.changes) == ("user.email_change_asked", user.id, [])
    assert changed.entity_id == user.public_id
    assert {"field": "email", "before": OLD, "after": NEW, "personal": True} in changed.changes
    assert changed.reason == "Agreed to from both addresses"
    log = Browser(app, make_user(role=Role.ADMIN)).get("/admin/audit").text
    assert "Asked to change the mail address" in log
    assert NEW in log


@pytest.mark.parametrize("done", [False, True])
def test_the_mails_are_whole(app: Flask, here: Browser, done: bool) -> None:
    ask(here)
    if done:
        for side in ("old", "new"):
            Browser(app).submit(link(side), {"answer": "agree"})
    else:
        Browser(app).submit(link("new"), {"answer": "refuse"})
    rows = db.session.scalars(select(OutboxMail)).all()
    assert {row.template for row in rows} >= {"mail_changed" if done else "mail_change_stopped"}
    for row in rows:
        letter = Letter(row.public_id, row.recipient, row.recipient_name, row.template, row.context, [], row.created_at)
        message = compose(letter)
        for kind in ("plain", "html"):
            body = message.get_body((kind,))
            assert body is not None
            assert str(row.context["url"]) in body.get_content().replace("\r\n", "\n")
            assert NEW in body.get_content() or row.recipient == NEW
    assert db.session.scalars(select(EmailChange)).one().new_email == NEW
