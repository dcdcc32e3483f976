"""What the audit log sees, and that nobody can rewrite it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_package, make_user
from webapp.accounts.models import Role, User
from webapp.audit.models import ActorKind, AuditEntry
from webapp.audit.rules import ERASED, HIDDEN
from webapp.audit.services import because, forget_subject, record
from webapp.audit.watching import Actor, who_acts
from webapp.audited import init_audit
from webapp.core import clock
from webapp.core.db import transaction
from webapp.payments.models import Payout


@pytest.fixture
def admin(app: Flask, db_session: Session) -> Iterator[User]:
    """Act as an admin, however the app finds its actors."""
    user = make_user(name="Rohan Mehta", role=Role.ADMIN)
    db_session.commit()
    who_acts(lambda: Actor(ActorKind.ADMIN, user.id, user.name, "203.0.113.9", "req-1"))
    yield user
    init_audit()


def _entries(session: Session) -> list[AuditEntry]:
    return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def test_a_change_by_staff_says_who_what_before_and_after(db_session: Session, admin: User) -> None:
    package = make_package(name="JEE Complete", price=500_000)
    db_session.commit()
    with transaction():
        because("Diwali offer")
        package.price = 400_000
        db_session.flush()
        package.price = 450_000
    (entry,) = _entries(db_session)
    assert (entry.action, entry.entity, entry.entity_id) == ("package.changed", "package", package.public_id)
    assert (entry.actor_id, entry.actor_name, entry.address, entry.request_id) == (
        admin.id,
        "Rohan Mehta",
        "203.0.113.9",
        "req-1",
    )
    assert entry.changes == [{"field": "price", "before": 500_000, "after": 450_000, "personal": False}]
    assert (entry.entity_label, entry.reason) == ("JEE Complete", "Diwali offer")


def test_counsellors_of_a_package_are_listed_by_name(db_session: Session, admin: User) -> None:
    package, meera = make_package(), make_counsellor(name="Dr. Meera Krishnan")
    db_session.commit()
    with transaction():
        package.counsellors.append(meera)
    assert _entries(db_session)[-1].changes == [
        {"field": "counsellors", "before": [], "after": ["Dr. Meera Krishnan"], "personal": False}
    ]


def test_what_is_put_back_within_a_transaction_is_no_change(db_session: Session, admin: User) -> None:
    package = make_package(price=500_000)
    db_session.commit()
    with transaction():
        package.price = 1
        db_session.flush()
        package.price = 500_000
    assert _entries(db_session) == []


def test_a_rollback_takes_its_entries_along(db_session: Session, admin: User) -> None:
    package = make_package(price=500_000)
    db_session.commit()

    def spoil() -> None:
        with transaction():
            package.price = 1
            db_session.flush()
            package.price = 1 // 0

    with pytest.raises(ZeroDivisionError):
        spoil()
    assert _entries(db_session) == []


def test_secrets_are_never_written_down(db_session: Session, admin: User) -> None:
    user = make_user()
    db_session.commit()
    with transaction():
        user.password_hash = "x" * 20
    assert _entries(db_session)[-1].changes == [
        {"field": "password_hash", "before": HIDDEN, "after": HIDDEN, "personal": False}
    ]


def test_a_student_is_watched_where_it_is_about_money_or_role(app: Flask, db_session: Session) -> None:
    user, package, admin = make_user(), make_package(), make_user(role=Role.ADMIN)
    counsellor = make_counsellor()
    db_session.commit()
    with transaction():
        user.name = "Somebody Else"
        package.price = package.price + 1
    assert _entries(db_session) == []
    with transaction():
        user.role = Role.ADMIN
        db_session.add(
            Payout(
                counsellor_id=counsellor.id,
                amount=100,
                bank_reference="UTR1",
                paid_at=clock.now(),
                recorded_by_id=admin.id,
            )
        )
    assert {(entry.action, entry.actor_kind) for entry in _entries(db_session)} == {
        ("payout.created", ActorKind.SYSTEM),
        ("user.role_changed", ActorKind.SYSTEM),
    }


def test_nobody_rewrites_the_log(app: Flask, db_session: Session) -> None:
    with transaction():
        record("export.made", entity="export", label="leads")
    for statement in ("update audit_entries set reason = 'x'", "delete from audit_entries", "truncate audit_entries"):
        with pytest.raises(DBAPIError, match="append-only"), db_session.begin_nested():
            db_session.execute(text(statement))


def test_erasing_blanks_the_person_and_keeps_the_act(db_session: Session, admin: User) -> None:
    user = make_user(name="Ananya Chatterjee", phone="+919876500001")
    db_session.commit()
    with transaction():
        user.phone, user.active = "+919876500002", False
    with transaction():
        assert forget_subject(user.id) == 1
    entry = db_session.scalar(select(AuditEntry).where(AuditEntry.subject_id == user.id))
    assert entry is not None
    changes = {change["field"]: change for change in entry.changes}
    assert (changes["phone"]["before"], changes["phone"]["after"]) == (ERASED, ERASED)
    assert (changes["active"]["before"], changes["active"]["after"]) == (True, False)
    assert (entry.entity_label, entry.action) == (ERASED, "user.deactivated")
    db_session.execute(text("set local disha.erasing = 'on'"))
    with pytest.raises(DBAPIError, match="append-only"), db_session.begin_nested():
        db_session.execute(text("update audit_entries set action = 'nothing'"))
