"""Applying to counsel here, and the answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_user
from webapp.accounts.errors import EmailTaken
from webapp.accounts.models import Role, User
from webapp.core.db import transaction
from webapp.core.errors import DuplicateEntry, Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import desk_counts, standing_of, waiting_applications
from webapp.counsellors.rules import DeskPart, Standing
from webapp.counsellors.services import Application, apply_to_counsel, approve_application, decline_application
from webapp.notifications.models import Notification, OutboxMail
from webapp.notifications.render import Letter, compose

pytestmark = pytest.mark.usefixtures("db_session")
ENTRY = Application(
    name="Farhan Siddiqui",
    email="Farhan@Example.com",
    phone="98110 42277",
    password="Lucknow-2026",
    title="NEET UG and state quotas",
    exam_types=("neet",),
    experience=6,
    text="Six years at a desk in Lucknow.",
)


@pytest.fixture
def admin() -> User:
    return make_user(role=Role.ADMIN)


def applied(entry: Application = ENTRY) -> Counsellor:
    with transaction():
        return apply_to_counsel(entry=entry, now=NOW)


def templates(session: Session) -> list[str]:
    return sorted(session.scalars(select(OutboxMail.template)))


def kinds_of(session: Session, user: User) -> list[str]:
    return list(session.scalars(select(Notification.kind).where(Notification.user_id == user.id)))


def test_an_application_is_a_login_and_a_profile_nobody_sees(db_session: Session, admin: User) -> None:
    one = applied()
    assert (one.is_active, one.applied_at, standing_of(one)) == (False, NOW, Standing.WAITING)
    assert one.user is not None
    assert (one.user.role, one.user.email, one.user.is_verified) == (Role.COUNSELLOR, "farhan@example.com", False)
    assert templates(db_session) == ["application_received", "verify"]
    assert kinds_of(db_session, admin) == ["application"]
    assert waiting_applications(5) == [one]
    assert desk_counts() == {DeskPart.ACTIVE: 0, DeskPart.WAITING: 1, DeskPart.OFF: 0}


def test_approved_the_applicant_is_a_counsellor_and_told(db_session: Session, admin: User) -> None:
    make_counsellor(display_order=4)
    one = applied()
    with transaction():
        approve_application(actor=admin, counsellor_id=one.public_id, now=NOW)
    assert (one.is_active, one.approved_at, one.display_order) == (True, NOW, 5)
    assert standing_of(one) is Standing.ACTIVE
    assert "application_approved" in templates(db_session)
    assert one.user is not None
    assert kinds_of(db_session, one.user) == ["application_answered"]
    with pytest.raises(InvalidState):
        approve_application(actor=admin, counsellor_id=one.public_id, now=NOW)
    with pytest.raises(InvalidState):
        decline_application(actor=admin, counsellor_id=one.public_id, reason="No.", now=NOW)


def test_declined_with_a_reason_and_approved_after_all(db_session: Session, admin: User) -> None:
    one = applied()
    with transaction():
        decline_application(actor=admin, counsellor_id=one.public_id, reason=" Enough for NEET now. ", now=NOW)
    assert standing_of(one) is Standing.DECLINED
    assert one.deactivated_reason == "Enough for NEET now."
    assert "application_declined" in templates(db_session)
    assert one.user is not None
    assert one.user.active
    with transaction():
        approve_application(actor=admin, counsellor_id=one.public_id, now=NOW)
    assert standing_of(one) is Standing.ACTIVE
    assert one.deactivated_reason is None


@pytest.mark.parametrize("reason", ["", "  \n", "x" * 501])
def test_declining_needs_a_reason_of_some_length(admin: User, reason: str) -> None:
    one = applied()
    with pytest.raises(ValidationFailed) as refused:
        decline_application(actor=admin, counsellor_id=one.public_id, reason=reason, now=NOW)
    assert list(refused.value.fields) == ["reason"]
    assert standing_of(one) is Standing.WAITING


def test_a_closed_login_is_opened_first(admin: User) -> None:
    one = applied()
    assert one.user is not None
    one.user.active = False
    with pytest.raises(InvalidState):
        approve_application(actor=admin, counsellor_id=one.public_id, now=NOW)


def test_everything_wrong_is_said_at_once() -> None:
    with pytest.raises(ValidationFailed) as refused:
        applied(Application("", "nobody", "", "short", "", (), -1, ""))
    assert set(refused.value.fields) == {
        "name", "email", "phone", "password", "title", "exam_types", "experience", "application",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "x" * 1001}, "application"),
        ({"name": "x" * 4000}, "name"),
        ({"exam_types": ("gate",)}, "exam_types"),
        ({"phone": "123"}, "phone"),
        ({"experience": 99}, "experience"),
    ],
)
def test_bad_input_is_named(change: dict[str, object], field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        applied(replace(ENTRY, **change))  # type: ignore[arg-type]
    assert list(refused.value.fields) == [field]


def test_production_takes_no_address_that_cannot_exist(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    applied(replace(ENTRY, email="farhan@desk.test"))
    production = app.config["SETTINGS"].model_copy(update={"app_env": "production"})
    monkeypatch.setitem(app.config, "SETTINGS", production)
    with pytest.raises(ValidationFailed) as refused:
        applied(replace(ENTRY, email="other@desk.test", phone="123"))
    assert set(refused.value.fields) == {"email", "phone"}


def test_an_address_that_is_known_makes_nothing(db_session: Session) -> None:
    make_user(email="farhan@example.com")
    db_session.commit()
    with pytest.raises(EmailTaken):
        applied()
    make_counsellor(email="second@example.com")
    db_session.commit()
    with pytest.raises(DuplicateEntry):
        applied(replace(ENTRY, email="Second@example.com"))
    assert db_session.scalar(select(Counsellor).where(Counsellor.applied_at.is_not(None))) is None
    assert not templates(db_session)


def test_outsiders_answer_nothing(admin: User) -> None:
    one = applied()
    assert one.user is not None
    for outsider in (make_user(), make_user(role=Role.COUNSELLOR), one.user):
        with pytest.raises(Forbidden):
            approve_application(actor=outsider, counsellor_id=one.public_id, now=NOW)
        with pytest.raises(Forbidden):
            decline_application(actor=outsider, counsellor_id=one.public_id, reason="No.", now=NOW)
    with pytest.raises(NotFound):
        approve_application(actor=admin, counsellor_id="counsellor_nobody", now=NOW)


def letter(session: Session, template: str) -> tuple[str, str, str]:
    """Return subject, text and HTML of the one mail of a kind."""
    mail = session.scalars(select(OutboxMail).where(OutboxMail.template == template)).one()
    message = compose(
        Letter(mail.public_id, mail.recipient, mail.recipient_name, mail.template, mail.context, mail.attachments, NOW)
    )
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(message["Subject"]), text.get_content(), html.get_content()


def test_the_mails_say_what_comes_next(db_session: Session, admin: User) -> None:
    one = applied(replace(ENTRY, text="Six <b>years</b>\nat a desk."))
    subject, text, html = letter(db_session, "application_received")
    assert subject == "Farhan Siddiqui applies to counsel here"
    assert "6 years of experience" in text
    assert f"http://localhost/admin/counsellors/{one.public_id}" in text
    assert "Six &lt;b&gt;years&lt;/b&gt;<br>at a desk." in html
    with transaction():
        decline_application(actor=admin, counsellor_id=one.public_id, reason="Enough for <NEET>.", now=NOW)
    subject, text, html = letter(db_session, "application_declined")
    assert "Enough for <NEET>." in text
    assert "Enough for &lt;NEET&gt;." in html
    with transaction():
        approve_application(actor=admin, counsellor_id=one.public_id, now=NOW)
    subject, text, html = letter(db_session, "application_approved")
    assert subject == "You counsel at Disha now"
    for path in (f"/counsellors/{one.public_id}", "/counsellor/profile", "/counsellor/availability"):
        assert f"http://localhost{path}" in text
        assert f"http://localhost{path}" in html
