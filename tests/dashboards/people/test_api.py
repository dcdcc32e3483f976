"""`/api/v1/users`: found, changed, closed and opened by admins."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_user
from tests.programs import Program, details, partner_key
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.core.db import db

URL = "/users"


@pytest.fixture
def admin(db_session: Session, redis: Redis) -> User:
    return make_user(role=Role.ADMIN, name="Rohan Mehta")


@pytest.fixture
def desk(app: Flask, admin: User) -> Program:
    return Program(app, admin)


def test_accounts_are_found(desk: Program) -> None:
    make_user(name="Ananya Chatterjee", email="ananya@example.com")
    make_user(name="Bela Roy", active=False, verified=False)
    make_user(role=Role.COUNSELLOR, name="Dr. Meera Krishnan")
    answer = desk.get(URL)
    assert [row["name"] for row in answer["data"]] == [
        "Dr. Meera Krishnan",
        "Bela Roy",
        "Ananya Chatterjee",
        "Rohan Mehta",
    ]

    def names(query: str) -> list[str]:
        return [row["name"] for row in desk.get(f"{URL}?{query}")["data"]]

    assert names("role=student&isActive=true") == ["Ananya Chatterjee"]
    assert names("isActive=false") == ["Bela Roy"]
    assert names("emailVerified=false") == ["Bela Roy"]
    assert names("search=anan") == ["Ananya Chatterjee"]
    assert set(details(desk.get(f"{URL}?role=boss&isActive=1&name=x", status=400))) == {"role", "isActive", "name"}


def test_one_account(desk: Program, admin: User) -> None:
    found = desk.get(f"{URL}/{admin.public_id}")["data"]
    assert (found["_id"], found["role"], found["isActive"]) == (admin.public_id, "admin", True)
    assert "passwordHash" not in found
    desk.get(f"{URL}/user_nobody", status=404)


def test_a_deactivated_person_is_out_at_once(app: Flask, desk: Program) -> None:
    user = make_user()
    theirs, url = Program(app, user), f"{URL}/{user.public_id}"
    theirs.get("/auth/me")
    assert list(details(desk.patch(url, {"isActive": False}, status=400))) == ["reason"]
    closed = desk.patch(url, {"isActive": False, "reason": "Left"})["data"]
    assert (closed["isActive"], closed["deactivatedReason"]) == (False, "Left")
    assert theirs.get("/auth/me", status=403)["error"]["code"] == "ACCOUNT_DISABLED"
    assert desk.patch(url, {"isActive": False})["data"]["isActive"] is False  # it is so already
    opened = desk.patch(url, {"isActive": True})["data"]
    assert (opened["isActive"], opened["deactivatedReason"]) == (True, None)
    assert theirs.get("/auth/me", status=401)["error"]["code"] == "SESSION_REVOKED"


def test_a_role_is_changed(desk: Program) -> None:
    user = make_user()
    db.session.commit()  # a refusal rolls back
    url = f"{URL}/{user.public_id}"
    assert list(details(desk.patch(url, {"role": "admin"}, status=400))) == ["reason"]
    assert desk.patch(url, {"role": "admin", "reason": "Joins the desk"})["data"]["role"] == "admin"
    assert desk.patch(url, {"role": "admin"})["data"]["role"] == "admin"
    assert set(details(desk.patch(url, {"role": "boss", "email": "x@example.com"}, status=400))) == {"role", "email"}


def test_rules_of_other_rooms_hold(desk: Program, admin: User) -> None:
    counsellor = make_counsellor().user
    assert counsellor is not None
    db.session.commit()
    for who in (counsellor, admin):  # an open profile; one's own account
        refused = desk.patch(f"{URL}/{who.public_id}", {"isActive": False, "reason": "Left"}, status=400)
        assert refused["error"]["code"] == "INVALID_STATE"
    desk.patch(f"{URL}/user_nobody", {"isActive": True}, status=404)


def test_outsiders(app: Flask, admin: User) -> None:
    one = f"{URL}/{admin.public_id}"
    asked: list[tuple[str, str, Any]] = [("GET", URL, None), ("GET", one, None), ("PATCH", one, {})]
    key = Program(app, key=partner_key(admin, "stats:write")[1])
    people = [(Program(app), 401), (key, 403)]
    people += [(Program(app, make_user(role=role)), 403) for role in (Role.STUDENT, Role.COUNSELLOR)]
    for program, wanted in people:
        for method, path, body in asked:
            assert program.ask(method, path, body).status_code == wanted, (method, path)


def test_the_list_costs_the_same_at_any_size(desk: Program) -> None:
    def ask() -> int:
        db.session.commit()
        db.session.expire_all()
        with count_queries() as seen:
            desk.get(f"{URL}?limit=100")
        return len(seen)

    few = ask()
    for _ in range(20):
        make_user()
    assert ask() == few


class TestStats:
    def test_the_numbers_of_the_home(self, app: Flask, desk: Program, admin: User) -> None:
        make_user()
        make_counsellor(name="Dr. Meera Krishnan")
        db.session.commit()
        found = desk.get("/admin/stats")["data"]
        assert set(found) == {
            "sessions", "enrollments", "students", "revenue", "inquiries", "reviewsWaiting", "counsellors",
        }  # fmt: skip
        assert found["students"]["active"] == 1
        assert found["revenue"] == {"days": 30, "amount": 0, "before": 0, "changePercentage": None}
        assert found["inquiries"]["last30Days"] == 0
        assert [row["name"] for row in found["counsellors"]] == ["Dr. Meera Krishnan"]
        assert details(desk.get("/admin/stats?timezone=Mars/Base", status=400))
        assert Program(app, key=partner_key(admin, "stats:read")[1]).get("/admin/stats")
        Program(app, key=partner_key(admin, "reviews:write")[1]).get("/admin/stats", status=403)
        Program(app, make_user()).get("/admin/stats", status=403)
        Program(app).get("/admin/stats", status=401)
