"""Asking twice acts once: at the same moment, after a crash, a day later; a key is its owner's."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from unittest.mock import patch

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests.api.operations import Operation
from tests.crowd import Rush, crowded_app, rush
from tests.factories import NOW, make_package, make_user
from tests.payments.gateway_double import GatewayDouble
from tests.programs import Program
from webapp.accounts.models import Role, User
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.jsonapi.idempotency import HEADER, forget_old_keys
from webapp.core.jsonapi.models import IdempotencyKey
from webapp.inquiries.api import EXAMPLE as INQUIRY
from webapp.inquiries.models import Inquiry
from webapp.packages.api import EXAMPLE as PACKAGE
from webapp.packages.models import Package
from webapp.payments.gateways import EXTENSION
from webapp.payments.models import Order
from webapp.payments.services.checkout import place_order

__all__ = ["crowded_app", "rush"]
TWINS = 12
KEY = {HEADER: "one-key"}


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def gateway(crowded_app: Flask) -> Iterator[GatewayDouble]:
    before = crowded_app.extensions.pop(EXTENSION, None)
    double = crowded_app.extensions[EXTENSION] = GatewayDouble()
    yield double
    crowded_app.extensions.pop(EXTENSION)
    if before is not None:
        crowded_app.extensions[EXTENSION] = before


def number_of(model: Any) -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def together(program: Program, path: str, bodies: list[Any], headers: dict[str, str]) -> list[TestResponse]:
    """Send all at the same moment, each over a client and a connection of its own."""
    app, gate = program.client.application, Barrier(len(bodies))

    def ask(body: Any) -> TestResponse:
        gate.wait()
        return app.test_client().post(f"/api/v1{path}", json=body, headers={**program.headers, **headers})

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(ask, bodies))


def committed(**columns: Any) -> User:
    user = make_user(**columns)
    db.session.commit()
    return user


def test_twins_make_one_package_and_hear_the_same(crowded_app: Flask, rush: Rush) -> None:
    desk = Program(crowded_app, committed(role=Role.ADMIN))
    answers = together(desk, "/counselling-packages", [PACKAGE] * TWINS, KEY)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_data() for answer in answers}) == 1
    assert sum("Idempotency-Replayed" in answer.headers for answer in answers) == TWINS - 1
    assert number_of(Package) == 1


def test_of_two_bodies_under_one_key_one_is_done(crowded_app: Flask, rush: Rush) -> None:
    desk = Program(crowded_app, committed(role=Role.ADMIN))
    bodies = [{**PACKAGE, "price": 20_000 + number} for number in range(4)]
    answers = together(desk, "/counselling-packages", bodies, KEY)
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    assert number_of(Package) == 1


def test_twins_make_one_order_at_the_gateway(crowded_app: Flask, rush: Rush, gateway: GatewayDouble) -> None:
    student, package = committed(), make_package()
    db.session.commit()
    body = {"packageId": package.public_id}
    answers = together(Program(crowded_app, student), "/payments/create-order", [body] * 6, KEY)
    done = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 409}  # 409: the first is still at the gateway
    assert len({answer.get_data() for answer in done}) == 1
    assert number_of(Order) == 1
    assert len(gateway.orders) == 1
    again = together(Program(crowded_app, student), "/payments/create-order", [body], KEY)
    assert again[0].get_data() == done[0].get_data()


def test_a_crash_between_leaves_nothing(app: Flask, db_session: Any) -> None:
    desk = Program(app, committed(role=Role.ADMIN))
    with patch("webapp.core.jsonapi.idempotency._keep", side_effect=SystemExit), pytest.raises(SystemExit):
        desk.post("/counselling-packages", PACKAGE, headers=KEY)
    assert (number_of(Package), number_of(IdempotencyKey)) == (0, 0)
    assert desk.post("/counselling-packages", PACKAGE, status=201, headers=KEY)


def test_a_crash_at_the_gateway_is_taken_up_again(app: Flask, db_session: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    student, package = committed(), make_package()
    db.session.commit()
    gateway = GatewayDouble()
    monkeypatch.setitem(app.extensions, EXTENSION, gateway)
    body = {"packageId": package.public_id}
    with clock.frozen(NOW):
        _killed_after_placing(body, student)
        refused = Program(app, student).post("/payments/create-order", body, headers=KEY, status=409)
        assert "still being worked on" in refused["error"]["message"]
    with clock.frozen(NOW + dt.timedelta(seconds=61)):
        made = Program(app, student).post("/payments/create-order", body, headers=KEY)["data"]
        assert made["razorpayOrderId"] in gateway.orders
    assert number_of(Order) == 1


def _killed_after_placing(body: dict[str, str], student: User) -> None:
    """Leave what a killed process leaves: an order that no gateway knows, and a claim without an answer."""
    plain = json.dumps(body, sort_keys=True, separators=(",", ":"))
    hashed = hashlib.sha256(f"POST /api/v1/payments/create-order\n{plain}".encode()).hexdigest()
    with transaction() as session:
        place_order(student=student, package_id=body["packageId"], now=NOW)
        session.add(
            IdempotencyKey(owner=f"user:{student.public_id}", key=KEY[HEADER], request_hash=hashed, claimed_at=NOW)
        )


def test_a_key_lives_a_day(app: Flask, db_session: Any) -> None:
    user = committed(role=Role.ADMIN)
    first = Program(app, user).post("/counselling-packages", PACKAGE, status=201, headers=KEY)
    with clock.frozen(NOW + dt.timedelta(hours=23, minutes=59)):
        again = Program(app, user).post("/counselling-packages", PACKAGE, status=201, headers=KEY)
    with clock.frozen(NOW + dt.timedelta(hours=24, minutes=1)):
        other = Program(app, user).post("/counselling-packages", {**PACKAGE, "price": 30_000}, status=201, headers=KEY)
    assert first == again
    assert other["data"]["_id"] != first["data"]["_id"]
    assert forget_old_keys(now=NOW + dt.timedelta(hours=47)) == 0
    assert forget_old_keys(now=NOW + dt.timedelta(hours=49)) == 1


def test_a_key_is_its_users(app: Flask, db_session: Any) -> None:
    one = Program(app, committed(role=Role.ADMIN)).post("/counselling-packages", PACKAGE, status=201, headers=KEY)
    two = Program(app, committed(role=Role.ADMIN)).post("/counselling-packages", PACKAGE, status=201, headers=KEY)
    assert one["data"]["_id"] != two["data"]["_id"]


def test_of_visitors_a_key_is_their_addresss(app: Flask, db_session: Any) -> None:
    visitor = Program(app)
    first = visitor.post("/counselling-inquiries", INQUIRY, status=201, headers=KEY)
    assert visitor.post("/counselling-inquiries", INQUIRY, status=201, headers=KEY) == first
    assert number_of(Inquiry) == 1
    other = {**INQUIRY, "name": "Somebody Else", "email": "else@example.com", "phone": "9831022335"}
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    visitor.ask("POST", "/counselling-inquiries", other, headers=KEY, environ_base=elsewhere, status=201)
    assert number_of(Inquiry) == 2
    assert visitor.post("/counselling-inquiries", other, status=409, headers=KEY)["error"]["code"] == "CONFLICT"


def test_what_was_refused_is_not_kept(app: Flask, db_session: Any) -> None:
    desk = Program(app, committed(role=Role.ADMIN))
    assert desk.post("/counselling-packages", {**PACKAGE, "price": -1}, status=400, headers=KEY)
    assert number_of(IdempotencyKey) == 0
    assert desk.post("/counselling-packages", PACKAGE, status=201, headers=KEY)


@pytest.mark.parametrize("key", ["", "x" * 201, "smörgås"])
def test_a_key_that_is_none(app: Flask, db_session: Any, key: str) -> None:
    desk = Program(app, committed(role=Role.ADMIN))
    sent = {HEADER: key.encode().decode("latin-1")}
    refused = desk.post("/counselling-packages", PACKAGE, status=400, headers=sent)
    assert [one["field"] for one in refused["error"]["details"]] == [HEADER]


def test_every_post_says_whether_it_takes_a_key(every: list[Operation]) -> None:
    for one in every:
        names = [parameter.get("name") for parameter in one.spec.get("parameters", ())]
        if one.method != "post":
            assert HEADER not in names, one.name
        elif one.success == 201 or one.tag in ("payments", "counselling-enrollments"):
            assert HEADER in names, one.name
