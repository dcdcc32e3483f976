"""Who has lost phone and backup codes: let in again by another admin, or by a command; both are written down."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.accounts.test_security_views import QUICK, set_up
from tests.accounts.test_views import page
from tests.factories import make_user
from tests.pages import Browser
from webapp.accounts import second_step
from webapp.accounts.models import User
from webapp.accounts.services_admin import end_second_step
from webapp.audit.models import AuditEntry
from webapp.core import clock
from webapp.core.db import transaction
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.notifications.models import OutboxMail


@pytest.fixture
def user(db_session: Session) -> User:
    made = make_user(email="a@example.com", password_hash=QUICK)
    db_session.commit()
    set_up(made)
    return made


@pytest.fixture
def admin(db_session: Session) -> User:
    made = make_user(role="admin", name="Rohan Mehta")
    db_session.commit()
    return made


def entries(session: Session) -> list[tuple[str, str]]:
    chosen = select(AuditEntry.action, AuditEntry.reason).where(AuditEntry.action.like("user.two_step%"))
    return [(action, reason) for action, reason in session.execute(chosen.order_by(AuditEntry.id))]


def test_by_another_admin(app: Flask, db_session: Session, user: User, admin: User) -> None:
    browser, url = Browser(app, admin), f"/admin/users/{user.public_id}"
    assert "Turn two-step off" in page(browser.get(url))
    assert browser.submit(f"{url}/do/two-step", {"reason": ""}).status_code == 422
    assert browser.submit(f"{url}/do/two-step", {"reason": "Called back"}).location == url
    assert not second_step.needs_second_step(user)
    assert entries(db_session) == [("user.two_step_on", ""), ("user.two_step_off", "Called back")]
    mail = db_session.scalars(select(OutboxMail).order_by(OutboxMail.id.desc())).first()
    assert mail is not None
    assert mail.context["what"].startswith("Two-step sign-in is off")
    assert "Turn two-step off" not in page(browser.get(url))
    assert "Two-step sign-in turned off" in page(browser.get("/admin/audit"))


def test_who_may_not(db_session: Session, user: User, admin: User) -> None:
    def end(actor: User, user_id: str, reason: str = "Why") -> None:
        with transaction():
            end_second_step(actor=actor, user_id=user_id, reason=reason, now=clock.now())

    own, other = admin.public_id, make_user()
    db_session.commit()
    set_up(admin)
    for actor, user_id, reason, refusal in (
        (other, user.public_id, "Why", Forbidden),
        (admin, own, "Why", InvalidState),
        (admin, other.public_id, "Why", InvalidState),
        (admin, "user_nobody", "Why", NotFound),
        (admin, user.public_id, " ", ValidationFailed),
    ):
        with pytest.raises(refusal):
            end(actor, user_id, reason)
    assert second_step.needs_second_step(user)
    assert second_step.needs_second_step(admin)


def test_by_command(app: Flask, db_session: Session, user: User) -> None:
    run = app.test_cli_runner().invoke
    assert "no account" in run(args=["two-step-off", "b@example.com", "--reason", "x"]).output
    done = run(args=["two-step-off", "A@example.com", "--reason", "Lost phone"])
    assert (done.exit_code, done.output) == (0, "A@example.com signs in with the password alone now.\n")
    assert not second_step.needs_second_step(user)
    assert entries(db_session)[-1] == ("user.two_step_off", "Lost phone")
    assert "is off for" in run(args=["two-step-off", "a@example.com", "--reason", "x"]).output
