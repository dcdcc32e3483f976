"""The demo's helpers for the sandbox gateway: play its customer, send its webhooks again. On this machine only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pydantic import SecretStr
from werkzeug.test import TestResponse

from webapp import create_app
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.jobs import get_redis, queue
from webapp.payments.gateways.sandbox import Checkout, SandboxGateway
from webapp.payments.gateways.sandbox.account import Account

PRICE = 499_900


@pytest.fixture(scope="module")
def demo(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Give an app in demo mode, with a data folder and so a gateway of its own."""
    app = create_app(_demo(settings, tmp_path_factory.mktemp("demo")))
    with app.app_context():
        yield app
        db.engine.dispose()
        get_redis().flushdb()
        get_redis().close()


def _demo(settings: Settings, folder: Path, **more: Any) -> Settings:
    return settings.model_copy(update={"app_env": "demo", "data_dir": folder, **more})


@pytest.fixture
def account(demo: Flask) -> Account:
    return Account.of(demo.config["SETTINGS"])


@pytest.fixture
def order_id(account: Account) -> str:
    gateway = SandboxGateway(account)
    return gateway.create_order(amount=PRICE, currency="INR", receipt="order_ours1", notes={}).id


def _post(app: Flask, path: str, body: Any, *, address: str = "127.0.0.1") -> TestResponse:
    return app.test_client().post(f"/dev/sandbox/{path}", json=body, environ_overrides={"REMOTE_ADDR": address})


def _waiting(account: Account) -> list[tuple[str, bytes, str]]:
    with account.books.open() as page:
        parcels = []
        while parcel := page.take(10.0**11, 10.0**12):
            parcels.append((parcel.event_id, parcel.body, parcel.signature))
            page.settle(parcel.number, answer=200, next_at=None)
    return parcels


def test_a_customer_pays(demo: Flask, account: Account, order_id: str) -> None:
    answer = _post(demo, "pay", {"razorpayOrderId": order_id, "outcome": "success"})
    told = answer.get_json()
    assert answer.status_code == 200
    gateway = SandboxGateway(account)
    payment = gateway.fetch_payment(told["razorpayPaymentId"])
    assert (payment.order_id, payment.captured, payment.amount) == (order_id, True, PRICE)
    assert gateway.verify_return(order_id, payment.id, told["razorpaySignature"])
    assert len(_waiting(account)) == 3
    assert queue().jobs  # the courier was called


def test_a_customer_is_declined(demo: Flask, account: Account, order_id: str) -> None:
    told = _post(demo, "pay", {"razorpayOrderId": order_id, "outcome": "failure"}).get_json()
    assert SandboxGateway(account).fetch_payment(told["razorpayPaymentId"]).status == "failed"
    assert told["razorpaySignature"] is None


def test_a_wrong_amount_in_paise_and_no_webhook(demo: Flask, account: Account, order_id: str) -> None:
    _waiting(account)
    body = {"razorpayOrderId": order_id, "outcome": "success", "amount": 100, "webhook": False}
    told = _post(demo, "pay", body).get_json()
    assert SandboxGateway(account).fetch_payment(told["razorpayPaymentId"]).amount == 100
    assert _waiting(account) == []


def test_a_payment_can_stop_before_its_capture(demo: Flask, account: Account, order_id: str) -> None:
    told = _post(demo, "pay", {"razorpayOrderId": order_id, "outcome": "authorized"}).get_json()
    assert (told["status"], SandboxGateway(account).fetch_order(order_id).status) == ("authorized", "attempted")
    assert told["razorpaySignature"]


@pytest.mark.parametrize("forged", [False, True])
def test_a_webhook_is_sent_again(demo: Flask, account: Account, order_id: str, forged: bool) -> None:
    Checkout(account, order_id).pay("success")
    _waiting(account)
    body = {"razorpayOrderId": order_id, "event": "payment.captured", "times": 3, "badSignature": forged}
    answer = _post(demo, "webhook", body)
    parcels = _waiting(account)
    assert answer.get_json() == {"eventId": parcels[0][0], "queued": 3}
    assert len(parcels) == 3
    assert len({event_id for event_id, _, _ in parcels}) == 1
    gateway = SandboxGateway(account)
    assert {gateway.verify_webhook(raw, signature) for _, raw, signature in parcels} == {not forged}


def test_the_end_of_a_refund(demo: Flask, account: Account, order_id: str) -> None:
    gateway = SandboxGateway(account)
    payment = Checkout(account, order_id).pay("success").payment
    refund = gateway.refund(payment.id, 100_000, idempotency_key="refund_" + order_id[6:], notes={})
    assert _post(demo, "webhook", {"razorpayOrderId": order_id, "event": "refund.processed"}).status_code == 200
    assert gateway.fetch_refund(payment.id, refund.id).status == "processed"


@pytest.mark.parametrize(
    "case",
    [
        ("pay", {"outcome": "maybe"}, 422),
        ("pay", {"outcome": None}, 422),
        ("pay", {"amount": 0}, 422),
        ("pay", {"amount": -100}, 422),
        ("pay", {"amount": 49.999}, 422),
        ("pay", {"amount": "100"}, 422),
        ("pay", {"amount": True}, 422),
        ("pay", {"webhook": "no"}, 422),
        ("pay", {"razorpayOrderId": 7}, 422),
        ("pay", {"razorpayOrderId": ""}, 422),
        ("pay", {"razorpayOrderId": "order_nothing"}, 404),
        ("pay", {"surprise": 1}, 422),
        ("webhook", {"times": 0}, 422),
        ("webhook", {"times": 101}, 422),
        ("webhook", {"times": "2"}, 422),
        ("webhook", {"badSignature": 1}, 422),
        ("webhook", {"event": ""}, 422),
        ("webhook", {"razorpayOrderId": "order_nothing"}, 404),
        ("webhook", {"event": "payment.captured"}, 409),
    ],
)
def test_a_wrong_wish_is_named_and_nothing_happens(
    demo: Flask, account: Account, order_id: str, case: tuple[str, dict[str, Any], int]
) -> None:
    path, change, status = case
    _waiting(account)
    wish = {"razorpayOrderId": order_id} | ({"outcome": "success"} if path == "pay" else {"event": "order.paid"})
    answer = _post(demo, path, wish | change)
    assert answer.status_code == status
    assert answer.get_json()["error"]
    assert SandboxGateway(account).payments_of(order_id) == []
    assert _waiting(account) == []


@pytest.mark.parametrize("body", [[], "text", 1, None])
@pytest.mark.parametrize("path", ["pay", "webhook"])
def test_only_an_object_is_a_wish(demo: Flask, path: str, body: Any) -> None:
    assert _post(demo, path, body).status_code == 422


@pytest.mark.parametrize("path", ["pay", "webhook"])
def test_nobody_else_finds_it(demo: Flask, settings: Settings, app: Flask, order_id: str, path: str) -> None:
    wish = {"razorpayOrderId": order_id, "outcome": "success"}
    assert _post(demo, path, wish, address="203.0.113.7").status_code == 404
    assert _post(app, path, wish).status_code == 404  # not a demo


def test_a_demo_with_razorpay_has_no_sandbox(settings: Settings, tmp_path: Path) -> None:
    keys = {"razorpay_key_id": "rzp_test_1", "razorpay_key_secret": SecretStr("s")}
    app = create_app(_demo(settings, tmp_path, payment_gateway="razorpay", **keys))
    assert _post(app, "pay", {}).status_code == 404
    assert app.test_client().get("/sandbox/checkout/order_1").status_code == 404
    with app.app_context():
        db.engine.dispose()
        get_redis().close()
