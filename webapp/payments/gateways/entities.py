"""Reads the things Razorpay tells about: orders, payments, refunds and the webhooks that carry them.

Field names are those of its public documentation (API reference: orders, payments, refunds; webhook payloads).
Amounts there are paise already. Every reader raises ValueError for what is not such a thing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast, get_args

from webapp.payments.gateways.base import (
    GatewayOrder,
    GatewayPayment,
    GatewayRefund,
    OrderState,
    PaymentState,
    RefundState,
    WebhookEvent,
)

T = TypeVar("T")
LONGEST_EVENT_ID = 80
LARGEST_AMOUNT = 10**15  # paise; more is nobody's money and would not fit a column
_OURS = ("payment.", "order.", "refund.")  # events whose things we must be able to read


def read_order(data: object) -> GatewayOrder:
    """Return an order entity."""
    row = _object(data, "order")
    return GatewayOrder(
        id=_text(row, "id"),
        amount=_paise(row, "amount"),
        currency=_text(row, "currency"),
        status=cast(OrderState, _word(row, "status", get_args(OrderState))),
        receipt=_text(row, "receipt", ""),
        notes=_notes(row),
    )


def read_payment(data: object) -> GatewayPayment:
    """Return a payment entity."""
    row = _object(data, "payment")
    status = cast(PaymentState, _word(row, "status", get_args(PaymentState)))
    return GatewayPayment(
        id=_text(row, "id"),
        order_id=_text(row, "order_id", "") or None,
        amount=_paise(row, "amount"),
        currency=_text(row, "currency"),
        status=status,
        method=_text(row, "method", ""),
        error=_text(row, "error_description", ""),
        amount_refunded=_paise(row, "amount_refunded", 0),
        captured=bool(row.get("captured", status in {"captured", "refunded"})),
    )


def read_refund(data: object) -> GatewayRefund:
    """Return a refund entity."""
    row = _object(data, "refund")
    return GatewayRefund(
        id=_text(row, "id"),
        payment_id=_text(row, "payment_id"),
        amount=_paise(row, "amount"),
        status=cast(RefundState, _word(row, "status", get_args(RefundState))),
        notes=_notes(row),
    )


def read_list(data: object, read: Callable[[object], T]) -> list[T]:
    """Return the things of a collection."""
    items = data.get("items") if isinstance(data, Mapping) else None
    if not isinstance(items, list):
        raise ValueError("not a collection")
    return [read(item) for item in items]


def read_event(raw_body: bytes, event_id: str) -> WebhookEvent:
    """Return a webhook. One that came without an id gets one from its body, so a repeat is still known."""
    try:
        body = _storable(json.loads(raw_body, parse_constant=_no_number))
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON") from None
    if not isinstance(body, dict) or not isinstance(body.get("event"), str) or not body["event"]:
        raise ValueError("the body names no event")
    payload = body.get("payload")
    things = payload if isinstance(payload, dict) else {}
    strict = body["event"].startswith(_OURS)
    return WebhookEvent(
        id=_event_id(raw_body, event_id),
        event=body["event"],
        payment=_inside(things, "payment", read_payment, strict=strict),
        order=_inside(things, "order", read_order, strict=strict),
        refund=_inside(things, "refund", read_refund, strict=strict),
        raw=body,
    )


def _storable(value: Any) -> Any:
    """Return JSON that Postgres can keep: no NUL characters, no halves of surrogate pairs."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _event_id(raw_body: bytes, given: str) -> str:
    if given and len(given) <= LONGEST_EVENT_ID and given.isprintable():
        return given
    return "sha256_" + hashlib.sha256(given.encode("utf-8", "replace") + raw_body).hexdigest()


def _inside(things: Mapping[str, Any], name: str, read: Callable[[object], T], *, strict: bool) -> T | None:
    if name not in things:
        return None
    holder = things[name]
    try:
        return read(holder.get("entity") if isinstance(holder, dict) else None)
    except ValueError:
        if strict:
            raise
        return None


def _object(data: object, kind: str) -> Mapping[str, Any]:
    if not isinstance(data, Mapping) or data.get("entity", kind) != kind:
        raise ValueError(f"not a {kind}")
    return data


def _text(row: Mapping[str, Any], name: str, default: str | None = None) -> str:
    value = row.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str) or (default is None and not value):
        raise ValueError(f"{name} is missing")
    return value


def _paise(row: Mapping[str, Any], name: str, default: int | None = None) -> int:
    value = row.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_AMOUNT:
        raise ValueError(f"{name} is no amount")
    return value


def _word(row: Mapping[str, Any], name: str, known: tuple[str, ...]) -> str:
    value = _text(row, name)
    if value not in known:
        raise ValueError(f"unknown {name} {value!r}")
    return value


def _notes(row: Mapping[str, Any]) -> dict[str, str]:
    notes = row.get("notes")  # an empty one comes as a list
    return {str(key): str(value) for key, value in notes.items()} if isinstance(notes, dict) else {}
