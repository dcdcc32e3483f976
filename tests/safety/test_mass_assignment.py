"""Fields nobody asked for change nothing: every form of visitors, students and counsellors, sent with a wish list."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from tests.browser.pages import VISITOR
from tests.conftest import login
from tests.rollback import rolled_back
from tests.safety.forms import Target, targets_of
from tests.safety.visits import unlimited, visit_everything
from webapp.accounts.models import User
from webapp.core.db import db

WISHES = {
    "role": "admin", "roles": "admin", "is_admin": "1", "admin": "true", "user.role": "admin", "user[role]": "admin",
    "active": "1", "is_active": "1", "verified": "1", "email_verified_at": "2026-01-01T00:00:00Z", "auth_version": "0",
    "password_hash": "x", "user_id": "1", "student_id": "1", "owner_id": "1", "id": "1", "price": "1", "amount": "1",
    "total": "1", "discount_price": "0", "sessions_used": "0", "max_sessions": "999", "total_sessions": "999",
    "sessions_left": "999", "rating_start": "5", "reviews_start": "999", "hourly_rate": "999999", "is_featured": "1",
    "published": "1", "published_at": "2026-01-01T00:00:00Z", "share_percent": "100", "amount_paid": "1",
    "created_at": "2020-01-01", "expires_at": "2099-01-01",
}  # fmt: skip
STATE = {
    "who has which rights": "select id, role, active, email_verified_at from users",
    "what is sold": "select id, price, discount_price, max_sessions, is_active, is_featured from packages",
    "what services cost": "select id, price from services",
    "what was asked for": "select id, user_id, amount from orders",
    "what was taken": "select id, status, amount from payments",
    "what was bought": "select id, user_id, sessions_total, amount_paid, expires_at from enrolments",
    "whose profile is open, and how it stands": "select id, user_id, is_active, rating, review_count, rating_start,"
    " reviews_start from counsellors",
    "what is published": "select id, student_id, published_at from reviews",
    "whose sessions they are": "select id, student_id, counsellor_id from counselling_sessions",
}
DEMO = {"student": "student@demo.test", "counsellor": "counsellor@demo.test"}


@dataclass
class House:
    """The demo with its forms, and who sends them."""

    targets: list[Target]
    clients: dict[str, FlaskClient]


@pytest.fixture(scope="module")
def house(app: Flask) -> Iterator[House]:
    with rolled_back(app), unlimited(app):
        targets = [one for one in targets_of(visit_everything(app, htmx=False)) if one.method != "GET"]
        clients = {VISITOR: app.test_client()}
        for role, email in DEMO.items():
            clients[role] = app.test_client()
            login(clients[role], db.session.scalars(select(User).where(User.email == email)).one())
        db.session.commit()
        guarded, app.config["WTF_CSRF_ENABLED"] = app.config.get("WTF_CSRF_ENABLED", True), False
        try:
            yield House([one for one in targets if one.role in clients], clients)
        finally:
            app.config["WTF_CSRF_ENABLED"] = guarded


def _state() -> dict[str, dict[int, tuple[object, ...]]]:
    return {what: {row[0]: tuple(row) for row in db.session.execute(text(query))} for what, query in STATE.items()}


def _left_out(target: Target) -> bool:
    """What ends the login it is sent with, and links of mails, which may do what they were made for."""
    path = target.path
    return path in {"/logout", "/account/password"} or path.startswith(("/account/security", "/verify/", "/welcome/"))


def test_there_are_forms_to_try(house: House) -> None:
    assert len(house.targets) > 25
    assert {one.role for one in house.targets} == {VISITOR, *DEMO}


def test_no_wish_comes_true(house: House) -> None:
    before, answers = _state(), []
    for target in house.targets:
        if _left_out(target):
            continue
        sent = {name: value for name, value in target.fields if name not in WISHES}
        answers.append(house.clients[target.role].post(target.path, data={**sent, **WISHES}).status_code)
        db.session.expire_all()
    after = _state()
    for what, rows in before.items():
        kept = {key: row for key, row in after[what].items() if key in rows}
        assert kept == {key: row for key, row in rows.items() if key in kept}, what
    assert not {
        row[1] for key, row in after["who has which rights"].items() if key not in before["who has which rights"]
    } & {"admin"}
    assert max(answers) < 500
    assert sum(status in {200, 204, 303} for status in answers) > 5  # forms were taken, without the wishes


def test_who_signs_up_is_a_student_and_nothing_more(house: House) -> None:
    typed = {"name": "Ira Sen", "email": "ira.wish@example.com", "password": "Kavi-ta-2026", "zone": "Asia/Kolkata"}
    assert house.clients[VISITOR].post("/signup", data={**WISHES, **typed}).status_code == 303
    made = db.session.scalars(select(User).where(User.email == "ira.wish@example.com")).one()
    assert (made.role.value, made.active, made.email_verified_at) == ("student", True, None)
    assert made.public_id.startswith("user_")


def test_who_saves_a_profile_changes_the_profile_alone(house: House) -> None:
    student = db.session.scalars(select(User).where(User.email == DEMO["student"])).one()
    before = (student.id, student.role, student.email, student.password_hash, student.auth_version)
    typed = {"name": "Ananya C.", "phone": "", "zone": "Asia/Kolkata", "email": "other@example.com"}
    assert house.clients["student"].post("/account", data={**WISHES, **typed}).status_code == 303
    db.session.expire_all()
    assert student.name == "Ananya C."
    assert (student.id, student.role, student.email, student.password_hash, student.auth_version) == before
