"""A gateway in memory, for tests of what the shop does with any gateway; the real ones have tests of their own."""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import itertools
import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from webapp.core.db import db
from webapp.payments.gateways import (
    GatewayOrder,
    GatewayPayment,
    GatewayRefund,
    GatewayRefused,
    GatewayTimeout,
    WebhookEvent,
)
from webapp.payments.gateways.base import PaymentState, RefundState

SECRET = b"a secret of the double"
_numbers = itertools.count(1)


class GatewayDouble:
    """Keeps orders, payments and refunds; refuses to be called inside a transaction."""

    name = "double"
    key_id = "key_double"

    def __init__(self) -> None:
        self.orders: dict[str, GatewayOrder] = {}
        self.payments: dict[str, GatewayPayment] = {}
        self.refunds: dict[str, GatewayRefund] = {}
        self.keys: dict[str, str] = {}
        self.events: list[tuple[bytes, str]] = []
        self.calls: list[str] = []
        self.away = 0  # how many calls get no answer
        self.refuses = ""

    def _call(self, name: str) -> None:
        session: Session = db.session()
        assert not session.info.get("writing"), f"{name} inside a transaction"
        self.calls.append(name)
        if self.away:
            self.away -= 1
            raise GatewayTimeout("no answer")
        if self.refuses:
            raise GatewayRefused(self.refuses)

    # what the shop calls

    def create_order(self, *, amount: int, currency: str, receipt: str, notes: Mapping[str, str]) -> GatewayOrder:
        self._call("create_order")
        made = GatewayOrder(f"order_{next(_numbers)}", amount, currency, "created", receipt, dict(notes))
        self.orders[made.id] = made
        return made

    def fetch_order(self, order_id: str) -> GatewayOrder:
        self._call("fetch_order")
        return self.orders[order_id]

    def find_order(self, receipt: str) -> GatewayOrder | None:
        self._call("find_order")
        return next((row for row in reversed(self.orders.values()) if row.receipt == receipt), None)

    def payments_of(self, order_id: str) -> list[GatewayPayment]:
        self._call("payments_of")
        return [row for row in self.payments.values() if row.order_id == order_id]

    def fetch_payment(self, payment_id: str) -> GatewayPayment:
        self._call("fetch_payment")
        if payment_id not in self.payments:
            raise GatewayRefused("The id provided does not exist")
        return self.payments[payment_id]

    def capture(self, payment_id: str, amount: int, currency: str) -> GatewayPayment:
        self._call("capture")
        payment = self.payments[payment_id]
        assert (payment.amount, payment.currency) == (amount, currency)
        if payment.status == "authorized":
            self._put(dataclasses.replace(payment, status="captured", captured=True))
            self.tell("payment.captured", payment_id)
        return self.payments[payment_id]

    def refund(self, payment_id: str, amount: int, *, idempotency_key: str, notes: Mapping[str, str]) -> GatewayRefund:
        self._call("refund")
        if idempotency_key in self.keys:
            return self.refunds[self.keys[idempotency_key]]
        payment = self.payments[payment_id]
        if payment.amount_refunded + amount > payment.amount:
            raise GatewayRefused("The total refund amount is greater than the refund payment amount")
        made = GatewayRefund(f"rfnd_{next(_numbers)}", payment_id, amount, "pending", dict(notes))
        self.refunds[made.id], self.keys[idempotency_key] = made, made.id
        self._move(payment, amount)
        return made

    def fetch_refund(self, payment_id: str, refund_id: str) -> GatewayRefund:
        self._call("fetch_refund")
        return self.refunds[refund_id]

    def refunds_of(self, payment_id: str) -> list[GatewayRefund]:
        self._call("refunds_of")
        return [row for row in self.refunds.values() if row.payment_id == payment_id]

    def verify_return(self, order_id: str, payment_id: str, signature: str) -> bool:
        return hmac.compare_digest(signature, self.sign_return(order_id, payment_id))

    def verify_webhook(self, raw_body: bytes, signature: str) -> bool:
        return hmac.compare_digest(signature, _sign(raw_body))

    def parse_event(self, raw_body: bytes, event_id: str) -> WebhookEvent:
        data = json.loads(raw_body)
        payment, refund = data.get("payment"), data.get("refund")
        return WebhookEvent(
            id=event_id,
            event=data["event"],
            payment=GatewayPayment(**payment) if payment else None,
            refund=GatewayRefund(**refund) if refund else None,
            raw=data,
        )

    # what a person, a bank or the gateway does

    def pay(
        self,
        order_id: str,
        status: PaymentState = "captured",
        *,
        amount: int | None = None,
        currency: str = "INR",
        error: str = "",
    ) -> GatewayPayment:
        """Pay at the gateway; every payment is told of by webhook."""
        asked = self.orders[order_id].amount if order_id in self.orders else 0
        made = GatewayPayment(
            id=f"pay_{next(_numbers)}",
            order_id=order_id,
            amount=asked if amount is None else amount,
            currency=currency,
            status=status,
            method="upi",
            error=error,
            captured=status == "captured",
        )
        self._put(made)
        self.tell(f"payment.{status}", made.id)
        return made

    def change(self, payment_id: str, status: PaymentState) -> GatewayPayment:
        """Move a payment on; told by webhook."""
        self._put(dataclasses.replace(self.payments[payment_id], status=status, captured=status == "captured"))
        self.tell(f"payment.{status}", payment_id)
        return self.payments[payment_id]

    def refund_outside(self, payment_id: str, amount: int, status: RefundState = "processed") -> GatewayRefund:
        """Refund on the gateway's own screen."""
        made = GatewayRefund(f"rfnd_{next(_numbers)}", payment_id, amount, status)
        self.refunds[made.id] = made
        self._move(self.payments[payment_id], amount)
        return made

    def finish_refund(self, refund_id: str, status: RefundState = "processed") -> GatewayRefund:
        """The bank has done it, or cannot; told by webhook."""
        refund = self.refunds[refund_id] = dataclasses.replace(self.refunds[refund_id], status=status)
        if status == "failed":
            payment = self.payments[refund.payment_id]
            self._move(payment, -refund.amount)
        body: dict[str, Any] = {"event": f"refund.{status}", "refund": dataclasses.asdict(refund)}
        self.events.append((json.dumps(body).encode(), f"evt_{next(_numbers)}"))
        return refund

    def tell(self, event: str, payment_id: str) -> tuple[bytes, str]:
        """Put a webhook of a payment out; returns its body and event id."""
        body = {"event": event, "payment": dataclasses.asdict(self.payments[payment_id])}
        self.events.append((json.dumps(body).encode(), f"evt_{next(_numbers)}"))
        return self.events[-1]

    def sign_return(self, order_id: str, payment_id: str) -> str:
        """Return the signature the browser carries back."""
        return _sign(f"{order_id}|{payment_id}".encode())

    def sign_webhook(self, body: bytes) -> str:
        """Return the signature of a webhook."""
        return _sign(body)

    def _put(self, payment: GatewayPayment) -> None:
        self.payments[payment.id] = payment

    def _move(self, payment: GatewayPayment, amount: int) -> None:
        refunded = payment.amount_refunded + amount
        status: PaymentState = "refunded" if refunded == payment.amount else "captured"
        self._put(dataclasses.replace(payment, amount_refunded=refunded, status=status))


def _sign(message: bytes) -> str:
    return hmac.new(SECRET, message, hashlib.sha256).hexdigest()
