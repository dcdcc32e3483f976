"""An account made for somebody, and the mail by which they make it theirs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.pages import Browser
from webapp.accounts.errors import LinkExpired, LinkInvalid
from webapp.accounts.inviting import accept_invitation, find_invited, invite_user, queue_invitation
from webapp.accounts.models import Role, User
from webapp.accounts.tokens import Purpose, Ticket, credentials_stamp, make_token
from webapp.core import clock
from webapp.core.db import transaction
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.notifications.models import OutboxMail
from webapp.notifications.render import Letter, compose

WANTED: dict[str, Any] = {"name": "Ishita Roy", "email": "Ishita@example.com", "phone": "98300 41270"}
SECRET = "Secret-99"


def invite(now: dt.datetime, **more: Any) -> tuple[User, bool]:
    with transaction():
        return invite_user(**{**WANTED, "role": Role.STUDENT, "now": now, **more})


def mails(session: Session) -> list[OutboxMail]:
    return list(session.scalars(select(OutboxMail).where(OutboxMail.template == "invitation").order_by(OutboxMail.id)))


def token_of(mail: OutboxMail) -> str:
    return str(mail.context["url"]).rpartition("/")[2]


def test_a_new_account_waits_for_its_owner(db_session: Session, now: dt.datetime) -> None:
    user, made = invite(now, words="You asked for a plan.", by="Rohan Mehta")
    assert made
    assert (user.email, user.phone, user.is_verified, user.active) == (
        "ishita@example.com",
        "+919830041270",
        False,
        True,
    )
    (mail,) = mails(db_session)
    assert (mail.recipient, mail.context["words"], mail.context["by"]) == (
        user.email,
        "You asked for a plan.",
        "Rohan Mehta",
    )
    assert find_invited(token_of(mail), now=now) == (user, "")


def test_an_account_that_exists_is_found_and_gets_no_mail(db_session: Session, now: dt.datetime) -> None:
    known = make_user(email="ishita@example.com", name="Ishita R.")
    assert invite(now) == (known, False)
    assert known.name == "Ishita R."
    assert mails(db_session) == []


def test_another_role_or_a_closed_account_is_refused(db_session: Session, now: dt.datetime) -> None:
    known = make_user(email="ishita@example.com", role=Role.COUNSELLOR)
    db_session.commit()
    with pytest.raises(ValidationFailed) as refused:
        invite(now)
    assert refused.value.fields == {"email": "This address has an account as counsellor."}
    known.role, known.active = Role.STUDENT, False
    db_session.commit()
    with pytest.raises(ValidationFailed, match="check the marked"):
        invite(now)


def test_wrong_fields_are_all_named(db_session: Session, now: dt.datetime) -> None:
    with pytest.raises(ValidationFailed) as refused:
        invite(now, name="x" * 4000, email="no", phone="12")
    assert set(refused.value.fields) == {"name", "email", "phone"}


def test_the_link_is_good_once_and_for_seven_days(db_session: Session, now: dt.datetime) -> None:
    user, _ = invite(now, next_path="/packages/jee")
    token = token_of(mails(db_session)[0])
    with pytest.raises(LinkExpired):
        find_invited(token, now=now + dt.timedelta(days=7, seconds=1))
    with pytest.raises(LinkInvalid):
        find_invited(make_token(Purpose.RESET, Ticket(user.public_id, credentials_stamp(user), now)), now=now)
    with transaction():
        assert accept_invitation(token=token, password=SECRET, now=now) == (user, "/packages/jee")
    assert user.email_verified_at == now
    with pytest.raises(LinkInvalid):
        find_invited(token, now=now)
    with pytest.raises(InvalidState):
        queue_invitation(user, now=now)


def test_the_page_sets_the_password_and_goes_on(app: Flask, db_session: Session) -> None:
    invite(clock.now(), next_path="/packages")
    url, browser = "/welcome/" + token_of(mails(db_session)[0]), Browser(app)
    assert "Welcome, Ishita" in browser.get(url).get_data(as_text=True)
    weak = browser.submit(url, {"password": "short"})
    assert weak.status_code == 422
    assert "It still needs" in weak.get_data(as_text=True)
    answer = browser.submit(url, {"password": SECRET})
    assert (answer.status_code, answer.location) == (303, "/packages")
    assert browser.get("/account").status_code == 200
    assert browser.get(url).status_code == 410


def test_nobody_is_led_to_another_site(app: Flask, db_session: Session) -> None:
    invite(clock.now(), next_path="https://evil.example", role=Role.COUNSELLOR)
    url, browser = "/welcome/" + token_of(mails(db_session)[0]), Browser(app)
    assert browser.submit(url, {"password": SECRET}).location == "/counsellor"


def test_a_dead_link_says_what_to_do(app: Flask, db_session: Session) -> None:
    answer = Browser(app).get("/welcome/nothing")
    assert answer.status_code == 410
    assert "good for 7 days" in answer.get_data(as_text=True)


def test_the_mail_says_who_and_why(db_session: Session, now: dt.datetime) -> None:
    invite(now, words="You asked for <JEE Complete>.", by="Rohan Mehta", role=Role.COUNSELLOR)
    (row,) = mails(db_session)
    message = compose(
        Letter(row.public_id, row.recipient, row.recipient_name, row.template, row.context, [], row.created_at)
    )
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert message["Subject"] == "Rohan Mehta invites you to Disha"
    assert "You asked for <JEE Complete>." in plain.get_content()
    assert "You asked for &lt;JEE Complete&gt;." in html.get_content()
    for body in (plain.get_content().replace("\r\n", "\n"), html.get_content()):
        assert str(row.context["url"]) in body
        assert "as a counsellor" in body
