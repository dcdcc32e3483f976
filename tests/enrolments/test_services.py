"""Granting an enrolment, and its credits."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_user
from webapp.accounts.models import Role, User
from webapp.core.db import db, transaction
from webapp.core.errors import Forbidden, InvalidState, NoSessionsLeft, ValidationFailed
from webapp.enrolments import services
from webapp.enrolments.models import Enrolment, EnrolmentSource, EnrolmentStatus
from webapp.notifications.guards import still_true
from webapp.notifications.models import Notification, OutboxMail
from webapp.notifications.render import Letter, compose
from webapp.packages.models import Package

pytestmark = pytest.mark.usefixtures("db_session")


def grant(user: User, package: Package, **changes: Any) -> Enrolment:
    arguments: dict[str, Any] = {"actor": None, "user": user, "package": package, "reason": "", "now": NOW}
    with transaction():
        return services.grant_enrolment(**{**arguments, **changes})


def test_a_grant_copies_the_package_as_it_is_now() -> None:
    user, package = make_user(), make_package(max_sessions=6, session_minutes=45, validity_days=180)
    db.session.commit()
    enrolment = grant(user, package, reason="  Scholarship ")
    package.name, package.max_sessions = "Renamed", 1
    assert enrolment.title.startswith("JEE Plan")
    assert (enrolment.sessions_total, enrolment.sessions_used, enrolment.session_minutes) == (6, 0, 45)
    assert enrolment.expires_at == NOW + dt.timedelta(days=180)
    assert (enrolment.source, enrolment.status) == (EnrolmentSource.GRANT, EnrolmentStatus.ACTIVE)
    assert (enrolment.note, enrolment.amount_paid) == ("Scholarship", 0)
    assert enrolment.public_id.startswith("enroll_")


def test_every_grant_counts() -> None:
    package = make_package()
    users = [make_user(), make_user()]
    db.session.commit()
    for user in users:
        grant(user, package)
    db.session.refresh(package)
    assert package.total_enrolments == 2


def test_an_admin_may_assign_a_counsellor_of_the_package() -> None:
    user, admin = make_user(), make_user(role=Role.ADMIN)
    inside, outside, gone = make_counsellor(), make_counsellor(), make_counsellor(is_active=False)
    package = make_package(counsellors=[inside, gone])
    db.session.commit()
    assert grant(user, package, actor=admin, assigned_counsellor=inside).assigned_counsellor_id == inside.id
    for wrong in (outside, gone):
        with pytest.raises(ValidationFailed) as refusal:
            grant(user, package, actor=admin, assigned_counsellor=wrong)
        assert "counsellor" in refusal.value.fields


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
def test_only_admins_grant(role: Role) -> None:
    user, package, actor = make_user(), make_package(), make_user(role=role)
    db.session.commit()
    with pytest.raises(Forbidden):
        grant(user, package, actor=actor)


def test_wrong_grants_name_every_field() -> None:
    user, package = make_user(role=Role.COUNSELLOR), make_package(is_archived=True)
    db.session.commit()
    with pytest.raises(ValidationFailed) as refusal:
        grant(user, package, reason="x" * 501)
    assert set(refusal.value.fields) == {"user", "package", "reason"}
    inactive = make_user(active=False)
    db.session.commit()
    with pytest.raises(ValidationFailed):
        grant(inactive, make_package())


def test_a_credit_goes_and_comes() -> None:
    enrolment = make_enrolment(make_user(), sessions_total=1)
    services.debit_credit(enrolment, NOW)
    assert enrolment.sessions_left == 0
    with pytest.raises(NoSessionsLeft):
        services.debit_credit(enrolment, NOW)
    services.return_credit(enrolment)
    assert enrolment.sessions_left == 1
    with pytest.raises(InvalidState):
        services.return_credit(enrolment)


def test_the_database_counts_not_the_object() -> None:
    enrolment = make_enrolment(make_user(), sessions_total=1)
    db.session.execute(update(Enrolment).values(sessions_used=1).execution_options(synchronize_session=False))
    with pytest.raises(NoSessionsLeft):
        services.debit_credit(enrolment, NOW)


def test_an_ended_enrolment_gives_no_credit_but_takes_one_back() -> None:
    enrolment = make_enrolment(make_user(), sessions_used=1, expires_at=NOW)
    with pytest.raises(NoSessionsLeft):
        services.debit_credit(enrolment, NOW)
    services.return_credit(enrolment)
    assert enrolment.sessions_used == 0


@pytest.mark.parametrize("used", [-1, 5])
def test_behind_it_stands_the_constraint(used: int) -> None:
    with pytest.raises(IntegrityError, match="ck_enrolments_credits"):
        make_enrolment(make_user(), sessions_total=4, sessions_used=used)


def told(user: User) -> tuple[list[Notification], list[OutboxMail]]:
    lines = db.session.scalars(select(Notification).where(Notification.user_id == user.id)).all()
    posted = db.session.scalars(select(OutboxMail).where(OutboxMail.recipient == user.email)).all()
    return list(lines), list(posted)


def test_whom_a_package_is_given_is_told_in_the_inbox_and_by_mail() -> None:
    user, package = make_user(), make_package(name="JEE Complete", max_sessions=6)
    db.session.commit()
    enrolment = grant(user, package)
    (line,), (mail,) = told(user)
    assert (line.kind, line.title) == ("enrolment_granted", "JEE Complete is yours")
    assert line.url == f"/book?enrolment={enrolment.public_id}"
    assert mail.template == "enrolment_granted"
    assert still_true(mail)
    text = compose(Letter("mail_1", user.email, user.name, mail.template, mail.context, [], NOW)).as_string()
    assert "6 sessions to book" in text
    with transaction():
        services.end_enrolment(enrolment, EnrolmentStatus.CANCELLED)
    assert not still_true(mail)


def test_where_another_mail_says_so_only_the_inbox_tells_of_a_gift() -> None:
    user, package = make_user(), make_package()
    db.session.commit()
    grant(user, package, with_mail=False)
    lines, posted = told(user)
    assert len(lines) == 1
    assert not posted
