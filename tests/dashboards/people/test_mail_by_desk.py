"""An admin moves the account of somebody who has lost the mailbox: asked of the new address, told to the old one."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import NOW, make_counsellor, make_user
from tests.pages import Browser
from webapp.accounts.models import EmailChange, Role, TwoFactor, User
from webapp.accounts.second_step import needs_second_step
from webapp.audit.models import AuditEntry
from webapp.core.db import db
from webapp.notifications.models import OutboxMail

OLD, NEW = "ananya@example.com", "ananya.c@example.org"
WHY = "Called from the number we know"


@pytest.fixture
def student(db_session: Session) -> User:
    user = make_user(name="Ananya Chatterjee", email=OLD)
    db_session.add(TwoFactor(user_id=user.id, secret="sealed", confirmed_at=NOW))
    db_session.commit()
    return user


@pytest.fixture
def desk(app: Flask, student: User) -> Browser:
    admin = make_user(role=Role.ADMIN, name="Rohan Mehta")
    db.session.commit()
    return Browser(app, admin)


def path(user: User) -> str:
    return f"/admin/users/{user.public_id}/do/mail"


def ask(browser: Browser, user: User, *, htmx: bool = False, **fields: str) -> TestResponse:
    given = {"new_email": NEW, "reason": WHY, **fields}
    return browser.submit(path(user), given, page="/account", htmx=htmx)


def mails(template: str) -> list[OutboxMail]:
    return list(db.session.scalars(select(OutboxMail).where(OutboxMail.template == template).order_by(OutboxMail.id)))


def link(template: str) -> str:
    return str(mails(template)[-1].context["url"]).removeprefix("http://localhost")


def answer(browser: Browser, url: str, said: str) -> TestResponse:
    return browser.submit(url, {"answer": said})


def test_the_account_moves_when_the_new_address_agrees(app: Flask, desk: Browser, student: User) -> None:
    own, nobody, version = Browser(app, student), Browser(app), student.auth_version
    assert "Change mail address" in desk.get(f"/admin/users/{student.public_id}").text
    done = ask(desk, student)
    assert (done.status_code, done.location) == (303, f"/admin/users/{student.public_id}")
    page = desk.get(done.location).text
    assert f"A link is on its way to {NEW}" in page
    assert WHY in page  # in the history of the person
    assert "in its mailbox" in own.get("/account").text
    assert [mail.recipient for mail in mails("mail_change_new")] == [NEW]
    assert [mail.recipient for mail in mails("mail_change_desk")] == [OLD]
    assert student.email == OLD

    assert answer(nobody, link("mail_change_new"), "agree").status_code == 303
    assert "The address is changed" in nobody.get(link("mail_change_new")).text
    assert (student.email, student.is_verified, student.auth_version) == (NEW, True, version + 1)
    assert own.get("/student").status_code == 302  # signed out
    assert needs_second_step(student)
    assert {mail.recipient for mail in mails("mail_changed")} == {OLD, NEW}
    assert all(mail.context["by_desk"] for mail in mails("mail_changed"))
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "user.email_change_asked")).one()
    assert (entry.actor_name, entry.reason, entry.entity_id) == ("Rohan Mehta", WHY, student.public_id)


def test_the_old_address_can_stop_it(app: Flask, desk: Browser, student: User) -> None:
    ask(desk, student)
    nobody = Browser(app)
    page = nobody.get(link("mail_change_desk")).text
    assert "Our desk moves this account" in page
    assert "Yes, I agree" not in page
    assert "The change is stopped" in answer(nobody, link("mail_change_desk"), "refuse").text
    assert nobody.get(link("mail_change_new")).status_code == 410
    assert student.email == OLD


def test_the_old_address_alone_moves_nothing(app: Flask, desk: Browser, student: User) -> None:
    ask(desk, student)
    nobody = Browser(app)
    nobody.get(link("mail_change_desk"))
    nobody.submit(link("mail_change_desk"), {"answer": "agree"})
    assert student.email == OLD


def test_a_newer_change_takes_the_place_of_an_open_one(desk: Browser, student: User) -> None:
    ask(desk, student)
    ask(desk, student, new_email="second@example.org")
    rows = db.session.scalars(select(EmailChange).order_by(EmailChange.id)).all()
    assert [(row.new_email, row.cancelled_at is None) for row in rows] == [(NEW, False), ("second@example.org", True)]


def test_an_address_never_verified_is_not_told(desk: Browser, student: User) -> None:
    student.email_verified_at = None
    db.session.commit()
    ask(desk, student)
    assert not mails("mail_change_desk")
    assert len(mails("mail_change_new")) == 1


@pytest.mark.parametrize("htmx", [False, True])
@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"new_email": "nonsense"}, "does not look like a mail address"),
        ({"new_email": OLD.upper()}, "This is your address already."),
        ({"new_email": "taken@example.com"}, "Another account has this address."),
        ({"new_email": "", "reason": ""}, "Say why; it is kept with the account."),
        ({"reason": "x" * 501}, "Keep this within 500 characters."),
    ],
)
def test_what_is_wrong_is_said_at_its_field(
    desk: Browser, student: User, fields: dict[str, str], wrong: str, htmx: bool
) -> None:
    make_user(email="taken@example.com")
    db.session.commit()
    refused = ask(desk, student, htmx=htmx, **fields)
    assert refused.status_code == 422
    assert wrong in refused.text
    assert 'aria-describedby="mail-' in refused.text
    assert db.session.scalar(select(EmailChange.id)) is None


def test_only_admins_and_not_for_themselves_or_the_closed(app: Flask, desk: Browser, student: User) -> None:
    counsels, other = make_counsellor().user, make_user()
    assert counsels is not None
    db.session.commit()
    for who in (student, other, counsels):
        outsider = Browser(app, who)
        assert outsider.get(path(student)).status_code == 403
        assert ask(outsider, student).status_code == 403
    assert Browser(app).get(path(student)).status_code == 302
    admin = db.session.scalars(select(User).where(User.role == Role.ADMIN)).one()
    assert ask(desk, admin).status_code == 404
    student.active = False
    db.session.commit()
    assert ask(desk, student).status_code == 404
    assert db.session.scalar(select(EmailChange.id)) is None
