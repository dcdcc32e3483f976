"""Partners' keys: made by an admin, shown once, narrow, revocable, dead with their maker's rights."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_user
from tests.programs import Program, partner_key
from webapp.accounts.models import ApiKey, Role, User
from webapp.accounts.partners import (
    KeyRefused,
    ScopeMissing,
    check_scope,
    find_api_key,
    list_api_keys,
    make_api_key,
    revoke_api_key,
)
from webapp.audit.models import ActorKind, AuditEntry
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.packages.api import EXAMPLE


@pytest.fixture
def admin(db_session: Session) -> User:
    return make_user(role=Role.ADMIN, name="Rohan Mehta")


def test_a_key_is_kept_as_a_hash(admin: User) -> None:
    row, key = make_api_key(actor=admin, name=" Partner  school ", scopes=["packages:read"])
    assert (row.name, row.ending) == ("Partner school", key[-4:])
    assert key not in {value for value in vars(row).values() if isinstance(value, str)}
    assert find_api_key(key) is row
    assert list_api_keys(actor=admin) == [row]


@pytest.mark.parametrize(
    ("name", "scopes", "field"),
    [
        ("", ["packages:read"], "name"),
        ("x" * 81, ["packages:read"], "name"),
        ("x", [], "scopes"),
        ("x", ["a:b"], "scopes"),
    ],
)
def test_a_key_needs_a_name_and_a_right(admin: User, name: str, scopes: list[str], field: str) -> None:
    with pytest.raises(ValidationFailed) as refused:
        make_api_key(actor=admin, name=name, scopes=scopes)
    assert list(refused.value.fields) == [field]


def test_the_right_to_write_holds_the_right_to_read(admin: User) -> None:
    row, _ = make_api_key(actor=admin, name="x", scopes=["reviews:write"])
    check_scope(row, "reviews", writes=False)
    check_scope(row, "reviews", writes=True)
    for area, writes in (("packages", False), (None, False)):
        with pytest.raises(ScopeMissing):
            check_scope(row, area, writes=writes)
    reader, _ = make_api_key(actor=admin, name="x", scopes=["reviews:read"])
    with pytest.raises(ScopeMissing):
        check_scope(reader, "reviews", writes=True)


def test_a_revoked_key_opens_nothing(admin: User) -> None:
    row, key = make_api_key(actor=admin, name="x", scopes=["packages:read"])
    revoke_api_key(actor=admin, key_id=row.public_id, now=NOW)
    with pytest.raises(KeyRefused):
        find_api_key(key)
    with pytest.raises(InvalidState):
        revoke_api_key(actor=admin, key_id=row.public_id, now=NOW)
    with pytest.raises(NotFound):
        revoke_api_key(actor=admin, key_id="key_unknown", now=NOW)


@pytest.mark.parametrize("change", [{"active": False}, {"role": Role.STUDENT}])
def test_a_key_dies_with_its_makers_rights(admin: User, change: dict[str, object]) -> None:
    _, key = make_api_key(actor=admin, name="x", scopes=["packages:read"])
    for name, value in change.items():
        setattr(admin, name, value)
    with pytest.raises(KeyRefused):
        find_api_key(key)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
def test_only_admins_deal_with_keys(admin: User, role: Role) -> None:
    other = make_user(role=role)
    row, _ = make_api_key(actor=admin, name="x", scopes=["packages:read"])
    with pytest.raises(Forbidden):
        make_api_key(actor=other, name="x", scopes=["packages:read"])
    with pytest.raises(Forbidden):
        revoke_api_key(actor=other, key_id=row.public_id, now=NOW)
    with pytest.raises(Forbidden):
        list_api_keys(actor=other)


def test_what_a_partner_changes_is_written_down_as_the_partners(app: Flask, admin: User, db_session: Session) -> None:
    row, key = partner_key(admin, "packages:write")
    Program(app, key=key).post("/counselling-packages", EXAMPLE, status=201)
    entry = db_session.scalars(select(AuditEntry).where(AuditEntry.action == "package.created")).one()
    assert (entry.actor_kind, entry.actor_name) == (ActorKind.PARTNER, "Partner school")
    db_session.expire_all()
    assert db_session.get_one(ApiKey, row.id).last_used_at is not None


def test_keys_open_no_pages(app: Flask, admin: User) -> None:
    _, key = partner_key(admin, "packages:write")
    assert app.test_client().get("/admin", headers={"X-API-Key": key}).status_code == 302
