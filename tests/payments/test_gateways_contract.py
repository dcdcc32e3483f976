"""One contract, two gateways: Razorpay's SDK against its protocol, and the sandbox for real."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from flask import Flask

from tests.payments import razorpay_server
from webapp.core import clock
from webapp.payments.gateways import Gateway, GatewayRefused
from webapp.payments.gateways.razorpay import RazorpayGateway
from webapp.payments.gateways.sandbox import Checkout, SandboxGateway, clear_due
from webapp.payments.gateways.sandbox.account import Account
from webapp.payments.gateways.sandbox.books import Books
from webapp.payments.gateways.sandbox.customer import Outcome
from webapp.payments.gateways.sandbox.replay import replay
from webapp.payments.gateways.signatures import sign

PRICE = 499_900
OUTCOMES: dict[str, Outcome] = {"captured": "success", "failed": "failure", "authorized": "authorized"}


class World(Protocol):
    """A gateway with its customers and banks."""

    gateway: Gateway
    key_secret: str

    def pay(self, order_id: str, status: str = "captured", amount: int | None = None) -> str: ...

    def process_refund(self, refund_id: str) -> None: ...

    def event(self, order_id: str, name: str) -> tuple[bytes, str]: ...


class RazorpayWorld:
    def __init__(self, server: razorpay_server.RazorpayServer) -> None:
        self.server = server
        self.key_secret = razorpay_server.KEY_SECRET
        self.gateway: Gateway = RazorpayGateway(
            key_id=razorpay_server.KEY_ID,
            key_secret=razorpay_server.KEY_SECRET,
            webhook_secret=razorpay_server.WEBHOOK_SECRET,
            base_url=server.base_url,
        )

    def pay(self, order_id: str, status: str = "captured", amount: int | None = None) -> str:
        return self.server.pay(order_id, status, amount)

    def process_refund(self, refund_id: str) -> None:
        self.server.process_refund(refund_id)

    def event(self, order_id: str, name: str) -> tuple[bytes, str]:
        payment = [row for row in self.server.payments.values() if row["order_id"] == order_id][-1]
        things: dict[str, Any] = {"payment": payment}
        if name == "order.paid":
            things["order"] = self.server.orders[order_id]
        if name.startswith("refund."):
            things["refund"] = list(self.server.refunds.values())[-1]
        return self.server.event(name, **things)


class SandboxWorld:
    def __init__(self, app: Flask, folder: Path) -> None:
        self.account = Account.of(app.config["SETTINGS"])
        self.account = Account(
            self.account.key_id, "key-secret-never-shown", "webhook-secret-never-shown", "", Books(folder)
        )
        self.key_secret = self.account.key_secret
        self.gateway: Gateway = SandboxGateway(self.account)

    def pay(self, order_id: str, status: str = "captured", amount: int | None = None) -> str:
        return Checkout(self.account, order_id).pay(OUTCOMES[status], amount=amount).payment.id

    def process_refund(self, refund_id: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Account, "of", lambda _settings: self.account)
            assert clear_due(clock.now() + dt.timedelta(minutes=1)) == 1

    def event(self, order_id: str, name: str) -> tuple[bytes, str]:
        replay(self.account, order_id, name)
        at = clock.now().timestamp() + 1
        with self.account.books.open() as page:
            bodies = []
            while parcel := page.take(at, at + 1000):
                bodies.append((parcel.body, parcel.signature))
        return next(pair for pair in reversed(bodies) if json.loads(pair[0])["event"] == name)


@pytest.fixture(params=["razorpay", "sandbox"])
def world(request: pytest.FixtureRequest, app: Flask, tmp_path: Path) -> Iterator[World]:
    if request.param == "razorpay":
        with razorpay_server.running() as server:
            yield RazorpayWorld(server)
    else:
        with app.app_context():
            yield SandboxWorld(app, tmp_path)


def _order(world: World, receipt: str = "order_ours1", amount: int = PRICE) -> str:
    return world.gateway.create_order(amount=amount, currency="INR", receipt=receipt, notes={}).id


class TestGateway:
    def test_an_order_is_made_and_found_again(self, world: World) -> None:
        made = world.gateway.create_order(amount=PRICE, currency="INR", receipt="order_ours1", notes={"package": "jee"})
        assert (made.amount, made.currency, made.status) == (PRICE, "INR", "created")
        assert (made.receipt, dict(made.notes)) == ("order_ours1", {"package": "jee"})
        assert world.gateway.fetch_order(made.id) == made
        assert world.gateway.find_order("order_ours1") == made
        assert world.gateway.find_order("order_ours") is None

    def test_what_does_not_exist_is_refused_for_good(self, world: World) -> None:
        order_id = _order(world)
        for ask in (
            lambda: world.gateway.fetch_order("order_nothing"),
            lambda: world.gateway.payments_of("order_nothing"),
            lambda: world.gateway.fetch_payment("pay_nothing"),
            lambda: world.gateway.fetch_payment("../orders/" + order_id),
            lambda: world.gateway.capture("pay_nothing", PRICE, "INR"),
            lambda: world.gateway.refund("pay_nothing", PRICE, idempotency_key="refund_0001", notes={}),
            lambda: world.gateway.refunds_of("pay_nothing"),
        ):
            with pytest.raises(GatewayRefused) as refused:
                ask()
            assert not refused.value.temporary

    def test_less_than_a_rupee_is_refused(self, world: World) -> None:
        with pytest.raises(GatewayRefused):
            _order(world, amount=99)
        assert world.gateway.find_order("order_ours1") is None

    def test_a_declined_payment_then_one_that_works(self, world: World) -> None:
        order_id = _order(world)
        assert world.gateway.payments_of(order_id) == []
        world.pay(order_id, "failed")
        assert world.gateway.fetch_order(order_id).status == "attempted"
        paid = world.pay(order_id)
        first, second = world.gateway.payments_of(order_id)
        assert (first.status, first.captured) == ("failed", False)
        assert first.error
        assert (second.id, second.status, second.captured, second.error) == (paid, "captured", True, "")
        assert (second.order_id, second.amount, second.currency) == (order_id, PRICE, "INR")
        assert second.method
        assert world.gateway.fetch_payment(paid) == second
        assert world.gateway.fetch_order(order_id).status == "paid"

    def test_a_wrong_amount_is_reported_as_it_was_paid(self, world: World) -> None:
        order_id = _order(world)
        paid = world.pay(order_id, amount=100)
        assert world.gateway.fetch_payment(paid).amount == 100
        assert world.gateway.fetch_order(order_id).status == "attempted"

    def test_an_authorized_payment_is_captured_once(self, world: World) -> None:
        order_id = _order(world)
        payment_id = world.pay(order_id, "authorized")
        assert not world.gateway.fetch_payment(payment_id).captured
        with pytest.raises(GatewayRefused):
            world.gateway.capture(payment_id, PRICE - 100, "INR")
        captured = world.gateway.capture(payment_id, PRICE, "INR")
        assert (captured.status, captured.captured) == ("captured", True)
        assert world.gateway.capture(payment_id, PRICE, "INR") == captured
        assert world.gateway.fetch_order(order_id).status == "paid"

    def test_a_declined_payment_cannot_be_captured(self, world: World) -> None:
        payment_id = world.pay(_order(world), "failed")
        with pytest.raises(GatewayRefused):
            world.gateway.capture(payment_id, PRICE, "INR")

    def test_refunds_in_parts_never_more_than_was_paid(self, world: World) -> None:
        payment_id = world.pay(_order(world))
        part = world.gateway.refund(payment_id, 100_000, idempotency_key="refund_0001", notes={"refund": "refund_1"})
        assert (part.payment_id, part.amount, part.status) == (payment_id, 100_000, "pending")
        assert dict(part.notes) == {"refund": "refund_1"}
        assert world.gateway.fetch_payment(payment_id).amount_refunded == 100_000
        with pytest.raises(GatewayRefused):
            world.gateway.refund(payment_id, PRICE - 100_000 + 1, idempotency_key="refund_0002", notes={})
        rest = world.gateway.refund(payment_id, PRICE - 100_000, idempotency_key="refund_0003", notes={})
        payment = world.gateway.fetch_payment(payment_id)
        assert (payment.status, payment.amount_refunded, payment.captured) == ("refunded", PRICE, True)
        assert [refund.id for refund in world.gateway.refunds_of(payment_id)] == [part.id, rest.id]

    def test_the_same_key_refunds_once(self, world: World) -> None:
        payment_id = world.pay(_order(world))
        ask = {"idempotency_key": "refund_0001", "notes": {"refund": "refund_1"}}
        first = world.gateway.refund(payment_id, 100_000, **ask)  # type: ignore[arg-type]
        assert world.gateway.refund(payment_id, 100_000, **ask) == first  # type: ignore[arg-type]
        with pytest.raises(GatewayRefused):
            world.gateway.refund(payment_id, 200_000, **ask)  # type: ignore[arg-type]
        assert world.gateway.refunds_of(payment_id) == [first]

    def test_a_bad_key_is_our_own_mistake(self, world: World) -> None:
        with pytest.raises(ValueError, match="idempotency key"):
            world.gateway.refund("pay_1", 100, idempotency_key="short", notes={})

    def test_a_refund_is_processed_later(self, world: World) -> None:
        payment_id = world.pay(_order(world))
        refund = world.gateway.refund(payment_id, PRICE, idempotency_key="refund_0001", notes={})
        world.process_refund(refund.id)
        assert world.gateway.fetch_refund(payment_id, refund.id).status == "processed"

    def test_money_not_captured_cannot_be_refunded(self, world: World) -> None:
        payment_id = world.pay(_order(world), "authorized")
        with pytest.raises(GatewayRefused):
            world.gateway.refund(payment_id, PRICE, idempotency_key="refund_0001", notes={})

    def test_the_signature_of_a_return(self, world: World) -> None:
        order_id, other = _order(world), _order(world, "order_ours2")
        payment_id = world.pay(order_id)
        good = sign(world.key_secret, f"{order_id}|{payment_id}".encode())
        assert world.gateway.verify_return(order_id, payment_id, good)
        for wrong in ("", "0" * 64, good[:-1], good.upper(), "₹", "\ud800"):
            assert not world.gateway.verify_return(order_id, payment_id, wrong)
        assert not world.gateway.verify_return(other, payment_id, good)
        assert not world.gateway.verify_return(order_id, world.pay(order_id), good)

    @pytest.mark.parametrize("name", ["payment.captured", "order.paid", "refund.processed"])
    def test_a_webhook_is_signed_and_read(self, world: World, name: str) -> None:
        order_id = _order(world)
        payment_id = world.pay(order_id)
        refund = world.gateway.refund(payment_id, 100_000, idempotency_key="refund_0001", notes={})
        body, signature = world.event(order_id, name)
        assert world.gateway.verify_webhook(body, signature)
        assert not world.gateway.verify_webhook(body + b" ", signature)
        assert not world.gateway.verify_webhook(body, "")
        event = world.gateway.parse_event(body, "evt_1")
        assert (event.id, event.event) == ("evt_1", name)
        assert event.raw["payload"].keys() == set(event.raw["contains"])
        assert event.payment
        assert (event.payment.id, event.payment.order_id) == (payment_id, order_id)
        assert (event.order and event.order.id) == (order_id if name == "order.paid" else None)
        assert (event.refund and event.refund.id) == (refund.id if name == "refund.processed" else None)

    def test_its_secrets_stay_inside(self, world: World) -> None:
        assert "never-shown" not in repr(world.gateway)
        assert world.gateway.key_id in repr(world.gateway)
