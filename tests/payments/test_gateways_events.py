"""Webhooks as they are read: every shape of body, known or not."""

from __future__ import annotations

import json
from typing import Any

import pytest

from webapp.payments.gateways.entities import read_event

PAYMENT = {
    "id": "pay_1", "entity": "payment", "amount": 49900, "currency": "INR", "status": "captured", "order_id": "order_1",
    "captured": True, "amount_refunded": 0, "error_description": None, "method": "upi", "notes": [],
}  # fmt: skip


def _body(event: str, payload: Any) -> bytes:
    return json.dumps({"entity": "event", "event": event, "payload": payload, "created_at": 1567674606}).encode()


def test_an_unknown_event_is_kept_as_it_is() -> None:
    body = _body("invoice.paid", {"invoice": {"entity": {"id": "inv_1"}}})
    event = read_event(body, "evt_1")
    assert (event.id, event.event, event.payment, event.order, event.refund) == (
        "evt_1",
        "invoice.paid",
        None,
        None,
        None,
    )
    assert event.raw == json.loads(body)


def test_an_unknown_event_may_carry_anything() -> None:
    event = read_event(_body("subscription.charged", {"payment": {"entity": {"id": 1}}}), "evt_1")
    assert event.payment is None
    assert read_event(_body("payment.downtime.started", []), "evt_1").payment is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount": "49900"}, {"amount": 499.0}, {"amount": -1}, {"amount": True}, {"amount": None}, {"amount": 10**20},
        {"status": "done"}, {"id": ""}, {"id": None}, {"currency": 1}, {"order_id": 7}, {"entity": "order"},
    ],
)  # fmt: skip
def test_a_payment_we_cannot_read_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"amount|status|id|currency|payment"):
        read_event(_body("payment.captured", {"payment": {"entity": PAYMENT | wrong}}), "evt_1")


@pytest.mark.parametrize("payload", [{"payment": None}, {"payment": []}, {"payment": {}}, {"payment": "x"}])
def test_a_payload_without_its_thing_is_refused(payload: Any) -> None:
    with pytest.raises(ValueError, match="payment"):
        read_event(_body("payment.captured", payload), "evt_1")


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b"1", b"{}", b'{"event": 1}', b'{"event": ""}', b'{"event": "x", "a": NaN}', b"\xff"],
)
def test_what_is_no_webhook_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|event"):
        read_event(body, "evt_1")


def test_deep_nonsense_is_refused() -> None:
    with pytest.raises(ValueError, match="JSON"):
        read_event(b'{"event": "x", "a": ' + b"[" * 50_000 + b"]" * 50_000 + b"}", "evt_1")


def test_what_a_database_cannot_keep_is_taken_out() -> None:
    event = read_event(b'{"event": "x", "a\\u0000b": ["c\\u0000", "\\ud800"], "d": 1}', "evt_1")
    assert event.raw == {"event": "x", "ab": ["c", "?"], "d": 1}


def test_without_an_id_the_body_gives_one() -> None:
    body, other = _body("invoice.paid", {}), _body("invoice.expired", {})
    first, again = read_event(body, ""), read_event(body, "")
    assert first.id == again.id
    assert first.id != read_event(other, "").id
    assert 10 < len(first.id) <= 80


@pytest.mark.parametrize("given", ["x" * 81, "a\nb", "a\x00"])
def test_an_id_we_cannot_keep_is_replaced(given: str) -> None:
    event = read_event(_body("invoice.paid", {}), given)
    assert event.id.startswith("sha256_")
    assert event.id != read_event(_body("invoice.paid", {}), "").id
