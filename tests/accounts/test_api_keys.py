"""`/api/v1/api-keys`: made once shown, used, revoked, by admins alone."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.programs import Program, details, partner_key
from tests.queries import count_queries
from webapp.accounts.api_keys import EXAMPLE
from webapp.accounts.models import Role, User
from webapp.core.db import db

URL = "/api-keys"


@pytest.fixture
def admin(db_session: Session, redis: Redis) -> User:
    return make_user(role=Role.ADMIN, name="Rohan Mehta")


@pytest.fixture
def desk(app: Flask, admin: User) -> Program:
    return Program(app, admin)


def test_a_key_is_shown_once_and_works_until_it_is_revoked(app: Flask, desk: Program) -> None:
    made = row = desk.post(URL, EXAMPLE)["data"]
    assert (row["name"], set(row["scopes"]), row["isActive"], row["madeBy"], row["lastUsedAt"]) == (
        EXAMPLE["name"],
        set(EXAMPLE["scopes"]),
        True,
        "Rohan Mehta",
        None,
    )
    assert row["ending"] == made["key"][-4:]
    partner = Program(app, key=made["key"])
    partner.get("/counselling-packages")
    partner.get("/counselling-reviews", status=403)
    listed = desk.get(URL)
    assert [one["_id"] for one in listed["data"]] == [row["_id"]]
    assert listed["data"][0]["lastUsedAt"] is not None
    assert made["key"] not in str(listed)
    assert "revoked" in desk.delete(f"{URL}/{row['_id']}")["message"]
    assert partner.get("/counselling-packages", status=401)["error"]["code"] == "INVALID_TOKEN"
    found = desk.get(URL)["data"][0]
    assert (found["isActive"], found["revokedAt"] is not None) == (False, True)
    assert desk.delete(f"{URL}/{row['_id']}", status=400)["error"]["code"] == "INVALID_STATE"
    desk.delete(f"{URL}/key_nobody", status=404)


def test_a_key_of_somebody_who_is_no_admin_any_more_is_off(desk: Program, admin: User) -> None:
    left = make_user(role=Role.ADMIN)
    partner_key(left, "stats:read")
    left.active = False
    db.session.commit()
    row = desk.get(URL)["data"][0]
    assert (row["isActive"], row["revokedAt"]) == (False, None)


def test_wrong_fields_are_named(desk: Program) -> None:
    wrong = details(desk.post(URL, {"name": " ", "scopes": ["users:read"], "key": "mine"}, status=400))
    assert set(wrong) == {"name", "scopes.0", "key"}
    assert list(details(desk.post(URL, {"name": "School", "scopes": []}, status=400))) == ["scopes"]


def test_outsiders(app: Flask, admin: User) -> None:
    row, key = partner_key(admin, "stats:write", "packages:write")
    asked: list[tuple[str, str, Any]] = [
        ("GET", URL, None), ("POST", URL, {}), ("DELETE", f"{URL}/{row.public_id}", None),
    ]  # fmt: skip
    people = [(Program(app), 401), (Program(app, key=key), 403)]
    people += [(Program(app, make_user(role=role)), 403) for role in (Role.STUDENT, Role.COUNSELLOR)]
    for program, wanted in people:
        for method, path, body in asked:
            assert program.ask(method, path, body).status_code == wanted, (method, path)


def test_the_list_costs_the_same_at_any_size(desk: Program, admin: User) -> None:
    def ask() -> int:
        db.session.expire_all()
        with count_queries() as seen:
            desk.get(f"{URL}?limit=100")
        return len(seen)

    partner_key(admin, "stats:read")
    few = ask()
    for _ in range(15):
        partner_key(make_user(role=Role.ADMIN), "stats:read")
    assert ask() == few
