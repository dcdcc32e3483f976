"""What only Razorpay over a network can do to us: silence, slowness, refusals, nonsense."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.pace import patience
from tests.payments import razorpay_server
from tests.payments.razorpay_server import RazorpayServer, Trouble
from webapp.config import Settings
from webapp.payments.gateways import GatewayRefused, GatewayTimeout, razorpay
from webapp.payments.gateways.razorpay import Line, RazorpayGateway

PRICE = 499_900
READ_SECONDS = 0.4


@pytest.fixture
def server() -> Iterator[RazorpayServer]:
    with razorpay_server.running() as server:
        yield server


@pytest.fixture
def gateway(server: RazorpayServer) -> RazorpayGateway:
    return _gateway(server.base_url)


@pytest.fixture
def hasty(server: RazorpayServer) -> RazorpayGateway:
    """A gateway's line that waits for nobody; the others do, as long as a busy machine needs."""
    return _gateway(server.base_url, read=READ_SECONDS)


def _gateway(base_url: str, key_secret: str = razorpay_server.KEY_SECRET, *, read: float = 20.0) -> RazorpayGateway:
    return RazorpayGateway(
        key_id=razorpay_server.KEY_ID,
        key_secret=key_secret,
        webhook_secret=razorpay_server.WEBHOOK_SECRET,
        base_url=base_url,
        make_line=partial(Line, connect=10.0, read=read),
    )


def _order(gateway: RazorpayGateway, receipt: str = "order_ours1") -> str:
    return gateway.create_order(amount=PRICE, currency="INR", receipt=receipt, notes={"a": "b"}).id


def test_what_is_sent_to_make_an_order(server: RazorpayServer, gateway: RazorpayGateway) -> None:
    _order(gateway)
    (sent,) = server.sent
    assert (sent.method, sent.path) == ("POST", "/v1/orders")
    assert sent.body == {
        "amount": PRICE,
        "currency": "INR",
        "receipt": "order_ours1",
        "notes": {"a": "b"},
        "payment_capture": 1,
    }
    assert sent.headers["content-type"] == "application/json"
    assert sent.headers["authorization"].startswith("Basic ")


def test_what_is_sent_to_capture_and_refund(server: RazorpayServer, gateway: RazorpayGateway) -> None:
    payment_id = server.pay(_order(gateway), "authorized")
    gateway.capture(payment_id, PRICE, "INR")
    gateway.refund(payment_id, 100_000, idempotency_key="refund_0001", notes={"refund": "refund_1"})
    capture, refund = server.sent[-2:]
    assert capture.body == {"amount": PRICE, "currency": "INR"}
    assert refund.headers["x-refund-idempotency"] == "refund_0001"
    assert refund.body == {
        "amount": 100_000,
        "speed": "normal",
        "receipt": "refund_0001",
        "notes": {"refund": "refund_1"},
    }


def test_a_strange_id_never_reaches_a_path(server: RazorpayServer, gateway: RazorpayGateway) -> None:
    for strange in ("../orders", "pay_1/refund", "", "pay_₹", "x" * 61, "pay_1?x=1"):
        with pytest.raises(GatewayRefused):
            gateway.fetch_payment(strange)
    assert server.sent == []


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 599])
def test_overload_and_faults_are_temporary(server: RazorpayServer, gateway: RazorpayGateway, status: int) -> None:
    # a 429 of Razorpay says BAD_REQUEST_ERROR in its body, like a refusal
    words = b'{"error":{"code":"BAD_REQUEST_ERROR","description":"Request failed. Please try after sometime."}}'
    server.trouble = Trouble(status=status, body=words)
    with pytest.raises(GatewayTimeout, match=str(status)) as raised:
        gateway.fetch_order("order_1")
    assert raised.value.temporary


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"[1]", b'{"error": "text"}', b"\xff\xfe"])
def test_a_fault_need_not_be_json(server: RazorpayServer, gateway: RazorpayGateway, body: bytes) -> None:
    server.trouble = Trouble(status=502, body=body)
    with pytest.raises(GatewayTimeout):
        gateway.fetch_order("order_1")
    server.trouble = Trouble(status=404, body=body)
    with pytest.raises(GatewayRefused, match="404"):
        gateway.fetch_order("order_1")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b'"order"',
        b"[]",
        b"{}",
        b'{"entity": "payment", "id": "pay_1"}',
        b'{"entity": "order", "id": "order_1", "amount": "1", "currency": "INR", "status": "paid"}',
        b'{"entity": "order", "id": "order_1", "amount": -1, "currency": "INR", "status": "paid"}',
        b'{"entity": "order", "id": "order_1", "amount": 1.5, "currency": "INR", "status": "paid"}',
        b'{"entity": "order", "id": "order_1", "amount": 1, "currency": "INR", "status": "new"}',
        b'{"entity": "order", "amount": 1, "currency": "INR", "status": "paid"}',
        b"[" * 100_000,
    ],
)
def test_an_answer_that_makes_no_sense_settles_nothing(
    server: RazorpayServer, gateway: RazorpayGateway, body: bytes
) -> None:
    server.trouble = Trouble(body=body)
    with pytest.raises(GatewayTimeout):
        gateway.fetch_order("order_1")


def test_a_collection_without_items_settles_nothing(server: RazorpayServer, gateway: RazorpayGateway) -> None:
    server.trouble = Trouble(body=b'{"entity": "collection", "count": 1}')
    with pytest.raises(GatewayTimeout):
        gateway.payments_of("order_1")


def test_a_redirect_is_not_followed(server: RazorpayServer, gateway: RazorpayGateway) -> None:
    server.trouble = Trouble(status=302, headers={"Location": "/v1/orders/order_2"})
    with pytest.raises(GatewayTimeout):
        gateway.fetch_order("order_1")
    assert len(server.sent) == 1


def test_silence_ends_in_time(server: RazorpayServer, hasty: RazorpayGateway) -> None:
    server.trouble = Trouble(pause=2.0)
    began = time.monotonic()
    with pytest.raises(GatewayTimeout, match="no answer"):
        hasty.fetch_order("order_1")
    assert time.monotonic() - began < patience(1.5)


def test_slow_is_fine(server: RazorpayServer, gateway: RazorpayGateway) -> None:
    order_id = _order(gateway)
    server.trouble = Trouble(pause=READ_SECONDS / 2, after_work=True)
    assert gateway.fetch_order(order_id).id == order_id


def test_an_answer_that_drips_ends_in_time(
    server: RazorpayServer, gateway: RazorpayGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(razorpay, "ANSWER_SECONDS", 0.5)
    server.trouble = Trouble(body=b" " * 400, drip=0.05)
    began = time.monotonic()
    with pytest.raises(GatewayTimeout):
        gateway.fetch_order("order_1")
    assert time.monotonic() - began < patience(2)


def test_an_endless_answer_is_cut_off(
    server: RazorpayServer, gateway: RazorpayGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(razorpay, "LARGEST_ANSWER", 1000)
    server.trouble = Trouble(body=b" " * 100_000)
    with pytest.raises(GatewayTimeout):
        gateway.fetch_order("order_1")


def test_a_broken_line_is_temporary(server: RazorpayServer, gateway: RazorpayGateway) -> None:
    server.trouble = Trouble(hang_up=True)
    with pytest.raises(GatewayTimeout):
        gateway.fetch_order("order_1")


def test_nobody_there_is_temporary() -> None:
    with pytest.raises(GatewayTimeout):
        _gateway("http://127.0.0.1:9").fetch_order("order_1")


def test_a_refund_whose_answer_was_lost_is_not_paid_twice(server: RazorpayServer, gateway: RazorpayGateway) -> None:
    payment_id = server.pay(_order(gateway))
    server.trouble = Trouble(hang_up=True, after_work=True)
    with pytest.raises(GatewayTimeout):
        gateway.refund(payment_id, 100_000, idempotency_key="refund_0001", notes={})
    server.trouble = None
    refund = gateway.refund(payment_id, 100_000, idempotency_key="refund_0001", notes={})
    assert gateway.refunds_of(payment_id) == [refund]


def test_an_order_whose_answer_was_lost_is_found(server: RazorpayServer, gateway: RazorpayGateway) -> None:
    server.trouble = Trouble(hang_up=True, after_work=True)
    with pytest.raises(GatewayTimeout):
        _order(gateway)
    server.trouble = None
    (made,) = server.orders
    found = gateway.find_order("order_ours1")
    assert found is not None
    assert found.id == made


def test_of_several_orders_the_paid_one_is_found(server: RazorpayServer, gateway: RazorpayGateway) -> None:
    first = _order(gateway)
    _order(gateway)
    _order(gateway, "order_ours12")
    server.pay(first)
    found = gateway.find_order("order_ours1")
    assert found is not None
    assert found.id == first


def test_a_wrong_key_is_refused_and_nothing_secret_is_told(
    server: RazorpayServer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    gateway = _gateway(server.base_url, "another-secret-never-shown")
    with pytest.raises(GatewayRefused, match="Authentication failed") as refused:
        gateway.fetch_order("order_1")
    server.trouble = Trouble(pause=2.0)
    with pytest.raises(GatewayTimeout) as silent:
        gateway.fetch_order("order_1")
    output = capfd.readouterr()
    told = "".join([str(refused.value), str(silent.value), repr(gateway), output.out, output.err, caplog.text])
    assert "never-shown" not in told
    assert output.out == ""  # the SDK prints; we never let it


def test_settings_make_the_gateway() -> None:
    settings = Settings.model_validate(
        {
            "app_env": "test",
            "razorpay_key_id": "rzp_live_1",
            "razorpay_key_secret": "s",
            "razorpay_base_url": "https://api.razorpay.com/",
        }
    )
    gateway = razorpay.make_gateway(settings)
    assert (gateway.name, gateway.key_id) == ("razorpay", "rzp_live_1")
    assert not gateway.verify_webhook(b"{}", "")  # no webhook secret: nothing is genuine
