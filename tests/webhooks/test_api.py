"""`/api/v1/webhook-endpoints`: made, changed, listed, sent again."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tests.factories import NOW, make_user
from tests.programs import Program, details, partner_key
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.core.db import db, transaction
from webapp.webhooks.api import EXAMPLE
from webapp.webhooks.models import AttemptStatus, WebhookDelivery
from webapp.webhooks.services import WebhookEvent, emit

URL = "/webhook-endpoints"


@pytest.fixture
def admin(db_session: Session, redis: Redis) -> User:
    return make_user(role=Role.ADMIN)


@pytest.fixture
def desk(app: Flask, admin: User) -> Program:
    return Program(app, admin)


def make(desk: Program, **change: Any) -> str:
    made: dict[str, Any] = desk.post(URL, {**EXAMPLE, **change})["data"]
    return str(made["_id"])


def told(number: int = 1) -> None:
    for key in range(number):
        with transaction():
            emit(WebhookEvent.SESSION_BOOKED, {"sessionId": "session_1"}, dedupe_key=f"booked:{key}", now=NOW)


def test_the_secret_is_told_once(desk: Program) -> None:
    made = desk.post(URL, EXAMPLE)["data"]
    assert made["secret"]
    assert {name: made[name] for name in ("url", "description", "isActive")} == {
        "url": EXAMPLE["url"],
        "description": EXAMPLE["description"],
        "isActive": True,
    }
    assert set(made["events"]) == set(EXAMPLE["events"])
    found = desk.get(f"{URL}/{made['_id']}")["data"]
    assert "secret" not in found
    assert {name: value for name, value in made.items() if name != "secret"} == found
    answer = desk.get(URL)
    assert (answer["data"], answer["pagination"]["total"]) == ([found], 1)


def test_every_wrong_field_is_named(desk: Program) -> None:
    wrong = details(desk.post(URL, {"url": "", "events": ["x"], "secret": "mine"}, status=400))
    assert set(wrong) == {"url", "events.0", "secret"}
    assert list(details(desk.post(URL, {**EXAMPLE, "url": "ftp://example.com/"}, status=400))) == ["url"]
    assert list(details(desk.post(URL, {**EXAMPLE, "events": []}, status=400))) == ["events"]


def test_what_is_left_out_stays(desk: Program) -> None:
    one = make(desk)
    changed = desk.patch(f"{URL}/{one}", {"events": ["counselling.inquiry.new"]})["data"]
    assert (changed["events"], changed["url"]) == (["counselling.inquiry.new"], EXAMPLE["url"])
    off = desk.patch(f"{URL}/{one}", {"isActive": False})["data"]
    assert (off["isActive"], bool(off["disabledReason"])) == (False, True)
    assert desk.patch(f"{URL}/{one}", {"isActive": True, "description": "New"})["data"]["isActive"] is True
    assert make(desk, isActive=False)


def test_a_deleted_one_is_gone(desk: Program) -> None:
    one = make(desk)
    assert "deleted" in desk.delete(f"{URL}/{one}")["message"]
    for method in ("GET", "PATCH", "DELETE"):
        desk.ask(method, f"{URL}/{one}", {} if method == "PATCH" else None, status=404)
    desk.get(f"{URL}/{one}/deliveries", status=404)


def test_deliveries_are_listed_and_sent_again(desk: Program) -> None:
    one = make(desk)
    told(2)
    answer = desk.get(f"{URL}/{one}/deliveries")
    assert answer["pagination"]["total"] == 2
    row = answer["data"][0]
    assert (row["event"], row["status"], row["payload"]) == (
        "counselling.session.booked",
        "pending",
        {"sessionId": "session_1"},
    )
    assert row["nextAttemptAt"].endswith("Z")
    db.session.execute(update(WebhookDelivery).values(status=AttemptStatus.FAILED, attempts=9, response_status=500))
    db.session.commit()
    assert len(desk.get(f"{URL}/{one}/deliveries?status=failed&event=counselling.session.booked")["data"]) == 2
    assert desk.get(f"{URL}/{one}/deliveries?status=delivered")["data"] == []
    again = desk.post(f"{URL}/deliveries/{row['_id']}/replay")["data"]
    assert (again["_id"], again["status"], again["attempts"]) == (row["_id"], "pending", 0)
    desk.patch(f"{URL}/{one}", {"isActive": False})
    refused = desk.post(f"{URL}/deliveries/{row['_id']}/replay", status=400)
    assert refused["error"]["code"] == "INVALID_STATE"
    desk.post(f"{URL}/deliveries/delivery_nobody/replay", status=404)


def test_outsiders(app: Flask, desk: Program, admin: User) -> None:
    one = make(desk)
    told()
    delivery = db.session.scalars(select(WebhookDelivery.public_id)).one()
    asked: list[tuple[str, str, Any]] = [
        ("GET", URL, None), ("POST", URL, {}), ("GET", f"{URL}/{one}", None), ("PATCH", f"{URL}/{one}", {}),
        ("DELETE", f"{URL}/{one}", None), ("GET", f"{URL}/{one}/deliveries", None),
        ("POST", f"{URL}/deliveries/{delivery}/replay", {}),
    ]  # fmt: skip
    key = Program(app, key=partner_key(admin, "stats:write")[1])
    people = [(Program(app), 401), (key, 403)]
    people += [(Program(app, make_user(role=role)), 403) for role in (Role.STUDENT, Role.COUNSELLOR)]
    for program, wanted in people:
        for method, path, body in asked:
            assert program.ask(method, path, body).status_code == wanted, (method, path)


def test_lists_cost_the_same_at_any_size(desk: Program) -> None:
    one = make(desk)

    def ask(path: str) -> int:
        db.session.commit()
        db.session.expire_all()
        with count_queries() as seen:
            desk.get(f"{path}?limit=100")
        return len(seen)

    paths = (URL, f"{URL}/{one}/deliveries")
    few = [ask(path) for path in paths]
    told(15)
    for _ in range(10):
        make(desk)
    assert [ask(path) for path in paths] == few
