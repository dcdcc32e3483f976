"""`/api/v1/audit-log`: filters, words, and for admins alone."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from tests.audit.test_pages import AT, entry
from tests.factories import make_counsellor, make_user
from tests.programs import Program, details
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.audit.models import ActorKind
from webapp.core.db import db

URL = "/audit-log"


@pytest.fixture
def admin(db_session: Session, redis: Redis) -> User:
    return make_user(role=Role.ADMIN, name="Rohan Mehta")


@pytest.fixture
def desk(app: Flask, admin: User) -> Program:
    return Program(app, admin)


def test_a_change_is_told_in_words(desk: Program, admin: User) -> None:
    counsellor = make_counsellor(name="Dr. Meera Krishnan")
    changes = [
        {"field": "discount_price", "before": None, "after": 450_000, "personal": False},
        {"field": "counsellor_id", "before": None, "after": counsellor.id, "personal": False},
    ]
    made = entry(actor_id=admin.id, actor_name=admin.name, changes=changes, reason="Asked")
    row = desk.get(f"{URL}?entity=package")["data"][0]
    assert row == {
        "_id": made.public_id,
        "createdAt": "2026-12-01T04:00:00.000Z",
        "actor": {"_id": admin.public_id, "kind": "admin", "name": "Rohan Mehta"},
        "action": "package.changed",
        "entity": "package",
        "entityId": "pkg_0000",
        "entityLabel": "Plan 0",
        "changes": [
            {"field": "discountPrice", "before": "nothing", "after": "₹4,500"},
            {"field": "counsellorId", "before": "nothing", "after": "Dr. Meera Krishnan"},
        ],
        "reason": "Asked",
        "ipAddress": "203.0.113.9",
        "requestId": "",
    }


def test_it_is_narrowed(desk: Program, admin: User) -> None:
    entry(1, actor_id=admin.id)
    entry(2, action="user.changed", entity="user")
    entry(3, actor_kind=ActorKind.SYSTEM, actor_id=None, actor_name="", at=AT + dt.timedelta(days=3))

    def labels(query: str) -> list[str]:
        rows = desk.get(f"{URL}?{query}")["data"]
        return [row["entityLabel"] for row in rows if row["entityLabel"].startswith("Plan")]

    assert labels("") == ["Plan 3", "Plan 2", "Plan 1"]
    assert labels(f"actor={admin.public_id}") == ["Plan 1"]
    assert labels("actor=system&entity=package") == ["Plan 3"]
    assert labels("actor=user_nobody") == []
    assert labels("action=user.changed") == ["Plan 2"]
    assert labels("entityId=pkg_0001") == ["Plan 1"]
    assert labels("dateFrom=2026-12-02&dateTo=2026-12-04") == ["Plan 3"]
    assert labels("dateTo=2026-12-01") == ["Plan 2", "Plan 1"]
    page = desk.get(f"{URL}?limit=1&page=2&entity=package")
    assert (page["data"][0]["entityLabel"], page["pagination"]["hasPrev"]) == ("Plan 1", True)


def test_wrong_parameters_are_named(desk: Program) -> None:
    wrong = details(desk.get(f"{URL}?dateFrom=2026-02-30&colour=1&limit=101", status=400))
    assert set(wrong) == {"dateFrom", "colour", "limit"}
    wrong = details(desk.get(f"{URL}?dateFrom=2026-12-05&dateTo=2026-12-01", status=400))
    assert wrong == {"dateTo": "The last day is before the first."}


def test_outsiders(app: Flask, db_session: Session, redis: Redis) -> None:
    Program(app).get(URL, status=401)
    for role in (Role.STUDENT, Role.COUNSELLOR):
        Program(app, make_user(role=role)).get(URL, status=403)


def test_it_costs_the_same_at_any_size(desk: Program, admin: User) -> None:
    def ask() -> int:
        db.session.commit()
        db.session.expire_all()
        with count_queries() as seen:
            desk.get(f"{URL}?limit=100")
        return len(seen)

    entry(actor_id=admin.id)
    few = ask()
    for number in range(1, 20):
        entry(number, actor_id=make_user(role=Role.ADMIN).id)
    assert ask() == few
