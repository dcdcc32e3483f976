"""The sandbox by itself: its books outlive kills, its courier comes again, its banks take their time."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, current_app

from tests.conftest import NOW
from tests.payments.shop_server import Shop, open_shop
from webapp.config import ROOT, Settings
from webapp.core import clock
from webapp.payments.gateways import GatewayRefused
from webapp.payments.gateways.sandbox import Checkout, SandboxGateway, clear_due, remember_past_payment
from webapp.payments.gateways.sandbox import courier as courier_module
from webapp.payments.gateways.sandbox.account import Account
from webapp.payments.gateways.sandbox.courier import deliver_webhooks
from webapp.payments.gateways.sandbox.replay import replay
from webapp.payments.gateways.signatures import sign

PRICE = 499_900
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with open_shop() as shop:
        yield shop


@pytest.fixture
def settings_here(settings: Settings, shop: Shop, tmp_path: Path) -> Settings:
    return settings.model_copy(update={"data_dir": tmp_path, "base_url": shop.url})


@pytest.fixture
def account(app: Flask, settings_here: Settings) -> Iterator[Account]:
    """Give the account of an app whose data folder is this test's own."""
    with app.app_context():
        before = current_app.config["SETTINGS"]
        current_app.config["SETTINGS"] = settings_here
        yield Account.of(settings_here)
        current_app.config["SETTINGS"] = before


@pytest.fixture
def order_id(account: Account) -> str:
    return SandboxGateway(account).create_order(amount=PRICE, currency="INR", receipt="order_ours1", notes={}).id


def _names(shop: Shop) -> list[str]:
    return [json.loads(body)["event"] for _, _, body in shop.came]


# ── webhooks ───────────────────────────────────────────────────────────────────────────────────


def test_a_payment_is_told_over_http_with_signature_and_id(account: Account, shop: Shop, order_id: str) -> None:
    Checkout(account, order_id).pay("success")
    assert deliver_webhooks() == 3
    assert _names(shop) == ["payment.authorized", "payment.captured", "order.paid"]
    ids = set()
    for path, headers, body in shop.came:
        assert path == "/webhooks/razorpay"
        assert headers["content-type"] == "application/json"
        assert headers["x-razorpay-signature"] == sign(account.webhook_secret, body)
        ids.add(headers["x-razorpay-event-id"])
    assert len(ids) == 3
    assert deliver_webhooks() == 0


def test_each_webhook_tells_of_its_own_moment(account: Account, shop: Shop, order_id: str) -> None:
    Checkout(account, order_id).pay("success")
    deliver_webhooks()
    states = [json.loads(body)["payload"]["payment"]["entity"]["status"] for _, _, body in shop.came]
    assert states == ["authorized", "captured", "captured"]


def test_a_declined_payment_is_told(account: Account, shop: Shop, order_id: str) -> None:
    paid = Checkout(account, order_id).pay("failure")
    deliver_webhooks()
    assert _names(shop) == ["payment.failed"]
    assert (paid.signature, paid.payment.status) == ("", "failed")


def test_a_payment_may_go_untold(account: Account, shop: Shop, order_id: str) -> None:
    assert Checkout(account, order_id).pay("success", webhook=False).payment.captured
    assert deliver_webhooks() == 0
    assert SandboxGateway(account).fetch_order(order_id).status == "paid"


@pytest.mark.parametrize("status", [500, 400, 301, 404])
def test_a_webhook_comes_again_until_it_is_taken(account: Account, shop: Shop, order_id: str, status: int) -> None:
    with clock.frozen(NOW):
        Checkout(account, order_id).pay("failure")
        shop.status = status
        assert deliver_webhooks() == 0
        assert deliver_webhooks() == 0
    assert len(shop.came) == 1  # not before its pause is over
    shop.status = 200
    with clock.frozen(NOW + dt.timedelta(seconds=courier_module.PAUSES[0])):
        assert deliver_webhooks() == 1
    first, second = shop.came
    assert first[2] == second[2]
    assert first[1]["x-razorpay-event-id"] == second[1]["x-razorpay-event-id"]


def test_the_pauses_grow_and_end_after_a_day(account: Account, shop: Shop, order_id: str) -> None:
    shop.status = 503
    with clock.frozen(NOW):
        Checkout(account, order_id).pay("failure")
    came_at: list[int] = []
    for minutes in range(0, 60 * 30, 5):
        with clock.frozen(NOW + minutes * MINUTE):
            deliver_webhooks()
        came_at += [minutes] * (len(shop.came) - len(came_at))
    assert 20 < len(came_at) < 40
    assert came_at[-1] >= 24 * 60
    assert came_at[-1] < 26 * 60
    gaps = [after - before for before, after in itertools.pairwise(came_at)]
    assert gaps == sorted(gaps)


def test_a_shop_that_is_away_or_slow_does_not_hold_the_courier(
    account: Account, shop: Shop, order_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(courier_module, "TIME_LIMITS", (5.0, 0.5))
    shop.pause = 1.5
    with clock.frozen(NOW):
        replay_of = Checkout(account, order_id)
        for _ in range(6):
            replay_of.pay("failure")
        deliver_webhooks()
    assert len(shop.came) == courier_module.GIVE_UP_AFTER


def test_a_courier_that_was_killed_on_the_way_comes_again(account: Account, shop: Shop, order_id: str) -> None:
    with clock.frozen(NOW):
        Checkout(account, order_id).pay("failure")
    with account.books.open() as page:  # taken, and then the process is gone
        assert page.take(NOW.timestamp(), NOW.timestamp() + courier_module.LEASE_SECONDS)
    with clock.frozen(NOW + dt.timedelta(seconds=1)):
        assert deliver_webhooks() == 0
    with clock.frozen(NOW + dt.timedelta(seconds=courier_module.LEASE_SECONDS)):
        assert deliver_webhooks() == 1


# ── what banks do with time ────────────────────────────────────────────────────────────────────


def test_a_late_payment_arrives_when_its_time_has_come(account: Account, shop: Shop, order_id: str) -> None:
    gateway = SandboxGateway(account)
    with clock.frozen(NOW):
        late = Checkout(account, order_id).pay_late(11 * MINUTE)
    assert (late.status, gateway.fetch_order(order_id).status) == ("created", "attempted")
    assert Checkout(account, order_id).result(late.id).signature == ""
    assert clear_due(NOW + 10 * MINUTE) == 0
    assert clear_due(NOW + 11 * MINUTE) == 1
    assert clear_due(NOW + 12 * MINUTE) == 0
    assert gateway.fetch_payment(late.id).captured
    deliver_webhooks()
    assert _names(shop) == ["payment.captured", "order.paid"]


def test_a_refund_is_processed_by_the_next_sweep_and_told(account: Account, shop: Shop, order_id: str) -> None:
    payment = Checkout(account, order_id).pay("success", webhook=False).payment
    refund = SandboxGateway(account).refund(payment.id, 100_000, idempotency_key="refund_0001", notes={})
    assert refund.status == "pending"
    assert clear_due(clock.now()) == 1
    deliver_webhooks()
    assert _names(shop) == ["refund.created", "refund.processed"]
    told = json.loads(shop.came[-1][2])["payload"]
    assert told["refund"]["entity"]["id"] == refund.id
    assert told["payment"]["entity"]["amount_refunded"] == 100_000


def test_a_sweep_as_of_later_brings_waiting_webhooks_now(account: Account, shop: Shop, order_id: str) -> None:
    shop.status = 500
    Checkout(account, order_id).pay("failure")
    deliver_webhooks()
    shop.status = 200
    assert deliver_webhooks() == 0
    clear_due(clock.now() + MINUTE)
    assert deliver_webhooks() == 1


# ── webhooks sent again ────────────────────────────────────────────────────────────────────────


def test_a_replay_is_the_same_webhook(account: Account, shop: Shop, order_id: str) -> None:
    Checkout(account, order_id).pay("success")
    deliver_webhooks()
    original = shop.came[1]
    shop.came.clear()
    event_id = replay(account, order_id, "payment.captured", times=3)
    assert deliver_webhooks() == 3
    assert {(headers["x-razorpay-event-id"], body) for _, headers, body in shop.came} == {(event_id, original[2])}
    assert original[1]["x-razorpay-event-id"] == event_id


def test_a_replay_can_be_the_first_time(account: Account, shop: Shop, order_id: str) -> None:
    Checkout(account, order_id).pay("success", webhook=False)
    for event in ("payment.authorized", "payment.captured", "order.paid", "something.else"):
        replay(account, order_id, event)
    assert deliver_webhooks() == 4
    assert _names(shop) == ["payment.authorized", "payment.captured", "order.paid", "something.else"]


@pytest.mark.parametrize(
    "event", ["payment.captured", "payment.failed", "order.paid", "refund.created", "refund.processed", "refund.failed"]
)
def test_what_did_not_happen_is_not_told(account: Account, shop: Shop, order_id: str, event: str) -> None:
    with pytest.raises(GatewayRefused):
        replay(account, order_id, event)
    with pytest.raises(GatewayRefused):
        replay(account, "order_nothing", event)
    assert deliver_webhooks() == 0


@pytest.mark.parametrize(("event", "state"), [("refund.processed", "processed"), ("refund.failed", "failed")])
def test_asking_for_the_end_of_a_refund_brings_it_about(
    account: Account, shop: Shop, order_id: str, event: str, state: str
) -> None:
    gateway = SandboxGateway(account)
    payment = Checkout(account, order_id).pay("success", webhook=False).payment
    refund = gateway.refund(payment.id, PRICE, idempotency_key="refund_0001", notes={})
    replay(account, order_id, event, times=2)
    deliver_webhooks()
    assert _names(shop) == ["refund.created", event, event]
    assert gateway.fetch_refund(payment.id, refund.id).status == state
    after = gateway.fetch_payment(payment.id)
    assert (after.status, after.amount_refunded) == (("refunded", PRICE) if state == "processed" else ("captured", 0))


@pytest.mark.parametrize("event", ["payment.captured", "order.paid", "refund.processed"])
def test_a_forged_webhook_may_tell_anything_and_comes_once(
    account: Account, shop: Shop, order_id: str, event: str
) -> None:
    shop.status = 400
    with clock.frozen(NOW):
        replay(account, order_id, event, times=2, forged=True)
        deliver_webhooks()
    with clock.frozen(NOW + 60 * MINUTE):
        deliver_webhooks()
    assert _names(shop) == [event, event]
    for _, headers, body in shop.came:
        assert headers["x-razorpay-signature"] != sign(account.webhook_secret, body)
    assert SandboxGateway(account).fetch_order(order_id).status == "created"


# ── books ──────────────────────────────────────────────────────────────────────────────────────

_PAY_AND_DIE = """
import os, sys
from pathlib import Path
from webapp.config import Settings
from webapp.payments.gateways.sandbox import Checkout, SandboxGateway
from webapp.payments.gateways.sandbox.account import Account
settings = Settings(app_env="test", secret_key="s" * 40, base_url="http://localhost", data_dir=Path(sys.argv[1]))
account = Account.of(settings)
order = SandboxGateway(account).create_order(amount=499900, currency="INR", receipt="order_ours1", notes={})
print(order.id, flush=True)
Checkout(account, order.id).pay("success", webhook=False)
with account.books.open() as page:
    page.put(page.find("order", order.id) | {"status": "created"})
    os.kill(os.getpid(), 9)
"""


def test_the_books_outlive_a_kill_in_the_middle_of_a_page(tmp_path: Path, settings: Settings) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _PAY_AND_DIE, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert ran.returncode == -9, ran.stderr
    gateway = SandboxGateway(Account.of(settings.model_copy(update={"data_dir": tmp_path})))
    found = gateway.find_order("order_ours1")
    assert found is not None
    assert (found.id, found.status) == (ran.stdout.strip(), "paid")


@pytest.mark.race
def test_many_at_once_open_the_books_one_after_the_other(account: Account, order_id: str, app: Flask) -> None:
    errors: list[BaseException] = []

    def pay() -> None:
        try:
            with app.app_context():
                Checkout(account, order_id).pay("success", webhook=False)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=pay) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    gateway = SandboxGateway(account)
    assert len(gateway.payments_of(order_id)) == 12
    refunded: list[Any] = []
    payment = gateway.payments_of(order_id)[0]

    def refund(number: int) -> None:
        with app.app_context():
            try:
                refunded.append(gateway.refund(payment.id, 100_000, idempotency_key=f"refund_{number:04d}", notes={}))
            except GatewayRefused:
                return

    threads = [threading.Thread(target=refund, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refunded) == PRICE // 100_000
    assert gateway.fetch_payment(payment.id).amount_refunded <= PRICE


def test_payments_of_the_past_can_be_refunded(account: Account, settings_here: Settings) -> None:
    for _ in range(2):
        remember_past_payment(
            settings_here,
            order_id="order_past1",
            payment_id="pay_past1",
            receipt="order_ours9",
            amount=PRICE,
            currency="INR",
            paid_at=NOW - dt.timedelta(days=9),
        )
    gateway = SandboxGateway(account)
    (payment,) = gateway.payments_of("order_past1")
    assert (payment.id, payment.captured) == ("pay_past1", True)
    assert gateway.refund("pay_past1", PRICE, idempotency_key="refund_0001", notes={}).status == "pending"


def test_its_keys_are_those_given_or_made_from_the_secret(settings: Settings) -> None:
    made = Account.of(settings)
    assert len({made.key_secret, made.webhook_secret, settings.secret_key.get_secret_value()}) == 3
    assert Account.of(settings).webhook_secret == made.webhook_secret  # the worker signs, the web server verifies
    given = settings.model_copy(
        update={
            "razorpay_key_secret": type(settings.secret_key)("k"),
            "razorpay_webhook_secret": type(settings.secret_key)("w"),
        }
    )
    assert (Account.of(given).key_secret, Account.of(given).webhook_secret) == ("k", "w")
    assert made.key_secret not in repr(made)
