"""What admins do to accounts: the role, closing and opening, mail once more."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.pages import Browser
from webapp.accounts.models import Role, User
from webapp.accounts.services_admin import change_role, deactivate_user, reactivate_user, send_again
from webapp.audit.models import AuditEntry
from webapp.core.db import transaction
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.notifications.models import OutboxMail


@pytest.fixture
def admin(db_session: Session) -> User:
    user = make_user(role=Role.ADMIN, name="Rohan Mehta")
    db_session.commit()
    return user


@pytest.fixture
def student(db_session: Session) -> User:
    user = make_user(name="Ananya Chatterjee", email="ananya@example.com")
    db_session.commit()
    return user


def entries(session: Session, action: str) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).where(AuditEntry.action == action)))


class TestClosing:
    def test_out_on_the_next_request(
        self, app: Flask, db_session: Session, admin: User, student: User, now: dt.datetime
    ) -> None:
        theirs = Browser(app, student)
        assert theirs.get("/account").status_code == 200
        with transaction():
            deactivate_user(actor=admin, user_id=student.public_id, reason="  Asked  to leave ", now=now)
        assert theirs.get("/account").status_code == 302
        assert (student.active, student.deactivated_at, student.deactivated_reason) == (False, now, "Asked to leave")
        (entry,) = entries(db_session, "user.deactivated")
        assert (entry.entity_id, entry.reason) == (student.public_id, "Asked to leave")

    def test_an_old_login_stays_out_after_reopening(
        self, app: Flask, db_session: Session, admin: User, student: User, now: dt.datetime
    ) -> None:
        theirs = Browser(app, student)
        with transaction():
            deactivate_user(actor=admin, user_id=student.public_id, reason="x", now=now)
        with transaction():
            reactivate_user(actor=admin, user_id=student.public_id, reason="came back", now=now)
        assert (student.active, student.deactivated_at, student.deactivated_reason) == (True, None, None)
        assert theirs.get("/account").status_code == 302
        assert entries(db_session, "user.reactivated")[0].reason == "came back"

    @pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
    def test_a_reason_is_needed(self, admin: User, student: User, now: dt.datetime, reason: str) -> None:
        with pytest.raises(ValidationFailed) as refused, transaction():
            deactivate_user(actor=admin, user_id=student.public_id, reason=reason, now=now)
        assert "reason" in refused.value.fields

    def test_twice_is_said(self, admin: User, student: User, now: dt.datetime) -> None:
        with pytest.raises(InvalidState), transaction():
            reactivate_user(actor=admin, user_id=student.public_id, now=now)
        with transaction():
            deactivate_user(actor=admin, user_id=student.public_id, reason="x", now=now)
        with pytest.raises(InvalidState), transaction():
            deactivate_user(actor=admin, user_id=student.public_id, reason="x", now=now)
        with pytest.raises(InvalidState), transaction():
            change_role(actor=admin, user_id=student.public_id, role=Role.ADMIN, reason="x", now=now)

    def test_an_erased_person_stays_closed(
        self, db_session: Session, admin: User, student: User, now: dt.datetime
    ) -> None:
        student.active, student.erased_at = False, now
        db_session.commit()
        with pytest.raises(InvalidState, match="erased"), transaction():
            reactivate_user(actor=admin, user_id=student.public_id, now=now)


class TestRole:
    def test_a_new_role_ends_old_logins(
        self, app: Flask, db_session: Session, admin: User, student: User, now: dt.datetime
    ) -> None:
        theirs = Browser(app, student)
        with transaction():
            change_role(actor=admin, user_id=student.public_id, role=Role.COUNSELLOR, reason="Joins us", now=now)
        assert theirs.get("/student").status_code == 302
        (entry,) = entries(db_session, "user.role_changed")
        assert entry.changes == [{"field": "role", "before": "student", "after": "counsellor", "personal": False}]

    def test_nobody_changes_their_own(self, admin: User, now: dt.datetime) -> None:
        make_user(role=Role.ADMIN)
        with pytest.raises(InvalidState, match="your own"), transaction():
            change_role(actor=admin, user_id=admin.public_id, role=Role.STUDENT, reason="x", now=now)
        with pytest.raises(InvalidState, match="your own"), transaction():
            deactivate_user(actor=admin, user_id=admin.public_id, reason="x", now=now)

    def test_who_was_closed_meanwhile_acts_no_more(self, db_session: Session, admin: User, now: dt.datetime) -> None:
        """Two admins who close each other at once: the locks make two steps of it, and the second is refused."""
        other = make_user(role=Role.ADMIN)
        db_session.commit()
        with transaction():
            deactivate_user(actor=other, user_id=admin.public_id, reason="x", now=now)
        with pytest.raises(Forbidden), transaction():
            deactivate_user(actor=admin, user_id=other.public_id, reason="x", now=now)
        assert other.active


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
def test_others_are_refused(db_session: Session, student: User, now: dt.datetime, role: Role) -> None:
    outsider = make_user(role=role)
    db_session.commit()
    with pytest.raises(Forbidden), transaction():
        deactivate_user(actor=outsider, user_id=student.public_id, reason="x", now=now)
    with pytest.raises(Forbidden), transaction():
        change_role(actor=outsider, user_id=student.public_id, role=Role.ADMIN, reason="x", now=now)
    with pytest.raises(Forbidden), transaction():
        send_again(actor=outsider, user_id=student.public_id, what="reset", now=now)


def test_unknown_accounts(admin: User, now: dt.datetime) -> None:
    with pytest.raises(NotFound), transaction():
        deactivate_user(actor=admin, user_id="user_nobody", reason="x", now=now)


class TestSendingAgain:
    @pytest.mark.parametrize(
        ("what", "template"), [("invitation", "invitation"), ("verification", "verify"), ("reset", "password_reset")]
    )
    def test_the_mail_goes(self, db_session: Session, admin: User, now: dt.datetime, what: str, template: str) -> None:
        waiting = make_user(verified=False)
        db_session.commit()
        with transaction():
            send_again(actor=admin, user_id=waiting.public_id, what=what, now=now)
        mail = db_session.scalars(select(OutboxMail).where(OutboxMail.recipient == waiting.email)).one()
        assert mail.template == template
        assert len(entries(db_session, f"user.{what}_sent")) == 1

    @pytest.mark.parametrize("what", ["invitation", "verification"])
    def test_who_is_verified_needs_none(self, admin: User, student: User, now: dt.datetime, what: str) -> None:
        with pytest.raises(InvalidState), transaction():
            send_again(actor=admin, user_id=student.public_id, what=what, now=now)

    def test_not_to_a_closed_account_and_nothing_unknown(
        self, db_session: Session, admin: User, student: User, now: dt.datetime
    ) -> None:
        with pytest.raises(NotFound), transaction():
            send_again(actor=admin, user_id=student.public_id, what="flowers", now=now)
        student.active = False
        db_session.commit()
        with pytest.raises(InvalidState), transaction():
            send_again(actor=admin, user_id=student.public_id, what="reset", now=now)
