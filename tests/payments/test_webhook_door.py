"""The webhooks' door: takes what is genuine, refuses the rest with a reason, changes nothing else."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator, MutableMapping
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.conftest import NOW, login
from tests.factories import make_user
from webapp.core import clock
from webapp.core.db import db
from webapp.core.jobs import get_redis, queue
from webapp.payments.gateways import get_gateway
from webapp.payments.gateways.sandbox.account import Account
from webapp.payments.gateways.sandbox.courier import pack
from webapp.payments.gateways.signatures import sign
from webapp.payments.models import GatewayEvent, Payment
from webapp.payments.views.webhook import LARGEST_BODY

DOORS = ("/webhooks/razorpay", "/api/v1/payments/webhook")
BODY = pack("payment.downtime.started", {"payment.downtime": {"id": "down_1", "method": "upi"}}, 1567674606)


@pytest.fixture
def account(app: Flask) -> Account:
    return Account.of(app.config["SETTINGS"])


@pytest.fixture
def logs() -> Iterator[list[MutableMapping[str, Any]]]:
    with structlog.testing.capture_logs() as entries:
        yield entries


def _send(
    client: FlaskClient,
    account: Account,
    body: bytes = BODY,
    *,
    path: str = DOORS[0],
    event_id: str | None = "evt_1",
    signature: str | None = None,
    content_type: str = "application/json",
) -> TestResponse:
    headers = {"X-Razorpay-Signature": account.sign_webhook(body) if signature is None else signature}
    if event_id is not None:
        headers["x-razorpay-event-id"] = event_id
    return client.post(path, data=body, headers=headers, content_type=content_type)


def _stored() -> list[GatewayEvent]:
    return list(db.session.scalars(select(GatewayEvent).order_by(GatewayEvent.id)))


@pytest.mark.parametrize("path", DOORS)
def test_a_genuine_webhook_is_stored_and_queued(client: FlaskClient, account: Account, path: str) -> None:
    with clock.frozen(NOW):
        answer = _send(client, account, path=path)
    assert (answer.status_code, answer.get_json()) == (200, {"received": True})
    (row,) = _stored()
    assert (row.event_id, row.event, row.gateway) == ("evt_1", "payment.downtime.started", "sandbox")
    assert (row.payload, row.received_at, row.processed_at) == (json.loads(BODY), NOW, None)
    assert [job.args for job in queue().jobs] == [(row.id,)]


def test_it_comes_twice_and_is_stored_once(client: FlaskClient, account: Account) -> None:
    for _ in range(3):
        assert _send(client, account).status_code == 200
    assert _send(client, account, path=DOORS[1]).status_code == 200
    assert len(_stored()) == 1
    assert len(queue().jobs) == 1


def test_a_charset_and_a_login_do_not_matter(client: FlaskClient, account: Account) -> None:
    login(client, make_user(role="student"))
    assert _send(client, account, content_type="application/json; charset=utf-8").status_code == 200


def test_without_an_id_the_body_tells_repeats_apart(client: FlaskClient, account: Account) -> None:
    other = pack("invoice.paid", {"invoice": {"id": "inv_1"}}, 1567674606)
    for body in (BODY, other, BODY):
        assert _send(client, account, body, event_id=None).status_code == 200
    first, second = _stored()
    assert first.event_id != second.event_id


@pytest.mark.parametrize("given", ["e" * 500, "evt₹".encode().decode("latin-1")])
def test_an_odd_id_is_no_reason_to_refuse(client: FlaskClient, account: Account, given: str) -> None:
    assert _send(client, account, event_id=given).status_code == 200
    assert _send(client, account, event_id=given).status_code == 200
    assert len(_stored()) == 1


def test_a_body_the_database_cannot_keep_is_stored_without_it(client: FlaskClient, account: Account) -> None:
    body = b'{"event": "payment.downtime.started", "payload": {}, "by": "a\\u0000b\\ud800"}'
    assert _send(client, account, body).status_code == 200
    assert _stored()[0].payload["by"] == "ab?"


@pytest.mark.parametrize(
    "case",
    [
        ({"signature": "", "path": DOORS[1]}, 400),
        ({"body": b"x" * (2 * LARGEST_BODY), "path": DOORS[1]}, 413),
        ({"content_type": "text/plain", "path": DOORS[1]}, 415),
        ({"signature": ""}, 400),
        ({"signature": "0" * 64}, 400),
        ({"signature": "₹".encode().decode("latin-1")}, 400),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": ""}, 415),
        ({"body": b"x" * (2 * LARGEST_BODY)}, 413),
        ({"body": b""}, 400),
        ({"body": b"{"}, 400),
        ({"body": b"[]"}, 400),
        ({"body": b'{"event": "payment.captured", "payload": {"payment": {"entity": {"id": "pay_1"}}}}'}, 400),
    ],
)
def test_anything_else_is_refused_once_logged_and_changes_nothing(
    client: FlaskClient,
    account: Account,
    logs: list[MutableMapping[str, Any]],
    case: tuple[dict[str, Any], int],
) -> None:
    change, status = case
    answer = _send(client, account, **change)
    assert answer.status_code == status
    told = answer.get_json()
    assert told["received"] is False
    assert told["error"]
    assert _stored() == []
    assert queue().jobs == []
    assert [entry["event"] for entry in logs if entry["log_level"] == "warning"] == ["webhook_refused"]
    assert account.webhook_secret not in str(logs)


def test_a_signature_of_another_body_is_refused(client: FlaskClient, account: Account) -> None:
    signature = account.sign_webhook(BODY)
    assert _send(client, account, BODY.replace(b"down_1", b"down_2"), signature=signature).status_code == 400
    assert _send(client, account, BODY + b"\n", signature=signature).status_code == 400
    assert _stored() == []


def test_the_key_of_returns_signs_no_webhook(client: FlaskClient, account: Account) -> None:
    assert _send(client, account, signature=sign(account.key_secret, BODY)).status_code == 400


def test_a_large_webhook_is_taken_up_to_a_megabyte(client: FlaskClient, account: Account) -> None:
    filler = "x" * (LARGEST_BODY - len(BODY) - 100)
    body = pack("payment.downtime.started", {"payment.downtime": {"id": "down_1", "note": filler}}, 1567674606)
    assert 0.99 * LARGEST_BODY < len(body) <= LARGEST_BODY
    assert _send(client, account, body).status_code == 200


def test_a_stream_without_length_is_cut_off(client: FlaskClient, account: Account) -> None:
    answer = client.post(
        DOORS[0],
        input_stream=io.BytesIO(b"x" * (2 * LARGEST_BODY)),
        content_type="application/json",
        headers={"Transfer-Encoding": "chunked", "X-Razorpay-Signature": "0" * 64},
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("path", DOORS)
def test_it_is_only_posted_to(client: FlaskClient, path: str) -> None:
    for method in ("get", "put", "delete"):
        assert getattr(client, method)(path).status_code == 405


def test_an_unknown_event_settles_nothing(client: FlaskClient, account: Account) -> None:
    _send(client, account)
    (job,) = queue().jobs
    job.func(*job.args)
    db.session.expire_all()
    (row,) = _stored()
    assert (row.outcome, row.processed_at is not None) == ("ignored", True)
    assert db.session.scalar(select(func.count()).select_from(Payment)) == 0


@pytest.mark.race
def test_many_copies_at_once_are_stored_once(app: Flask, account: Account) -> None:
    statuses: list[int] = []

    def send() -> None:
        statuses.append(_send(app.test_client(), account, event_id="evt_race_1").status_code)

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with app.app_context():
        rows = db.session.scalars(select(GatewayEvent).where(GatewayEvent.event_id == "evt_race_1")).all()
        try:
            assert statuses == [200] * 12
            assert len(rows) == 1
        finally:
            for row in rows:
                db.session.delete(row)
            db.session.commit()
            get_redis().flushdb()


def test_the_gateway_of_the_tests_is_the_sandbox(app: Flask, db_session: Session) -> None:
    assert get_gateway().name == "sandbox"
