"""What every payment gateway can do, and the words it answers in. Amounts in paise, never called in a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

OrderState = Literal["created", "attempted", "paid"]
PaymentState = Literal["created", "authorized", "captured", "failed", "refunded"]
RefundState = Literal["pending", "processed", "failed"]


@dataclass(frozen=True, slots=True)
class GatewayOrder:
    """An order as the gateway keeps it; ``receipt`` is our order's public id."""

    id: str
    amount: int
    currency: str
    status: OrderState
    receipt: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class GatewayPayment:
    """A payment as the gateway keeps it; ``method`` is a word like "upi", ``error`` the bank's reason of a failure."""

    id: str
    order_id: str | None
    amount: int
    currency: str
    status: PaymentState
    method: str = ""
    error: str = ""
    amount_refunded: int = 0
    captured: bool = False


@dataclass(frozen=True, slots=True)
class GatewayRefund:
    """A refund as the gateway keeps it; ``notes`` carry back what we sent along."""

    id: str
    payment_id: str
    amount: int
    status: RefundState
    notes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """One webhook, read: what it is called and the things it speaks of."""

    id: str
    event: str
    payment: GatewayPayment | None = None
    order: GatewayOrder | None = None
    refund: GatewayRefund | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


class GatewayError(Exception):
    """The gateway did not do what we asked. ``temporary``: asking again later is right."""

    temporary = False


class GatewayTimeout(GatewayError):
    """No answer, a broken line, too many requests or a 5xx: nobody knows whether it was done."""

    temporary = True


class GatewayRefused(GatewayError):
    """The gateway understood and said no."""


class Gateway(Protocol):
    """The interface of all gateways. Every network call may raise GatewayTimeout or GatewayRefused."""

    name: str
    key_id: str

    def create_order(self, *, amount: int, currency: str, receipt: str, notes: Mapping[str, str]) -> GatewayOrder:
        """Make an order of ``amount`` paise."""

    def fetch_order(self, order_id: str) -> GatewayOrder:
        """Return an order."""

    def find_order(self, receipt: str) -> GatewayOrder | None:
        """Return the order made for ``receipt`` (ours, kept through a crash), the furthest one of several."""

    def payments_of(self, order_id: str) -> list[GatewayPayment]:
        """Return every payment tried on an order."""

    def fetch_payment(self, payment_id: str) -> GatewayPayment:
        """Return a payment."""

    def capture(self, payment_id: str, amount: int, currency: str) -> GatewayPayment:
        """Take the money of an authorized payment; a captured one is returned as it is."""

    def refund(self, payment_id: str, amount: int, *, idempotency_key: str, notes: Mapping[str, str]) -> GatewayRefund:
        """Send ``amount`` paise back; the same key again returns the same refund."""

    def fetch_refund(self, payment_id: str, refund_id: str) -> GatewayRefund:
        """Return a refund."""

    def refunds_of(self, payment_id: str) -> list[GatewayRefund]:
        """Return every refund of a payment."""

    def verify_return(self, order_id: str, payment_id: str, signature: str) -> bool:
        """Whether the browser's return carries the gateway's signature (constant time, no network)."""

    def verify_webhook(self, raw_body: bytes, signature: str) -> bool:
        """Whether a webhook's raw body carries the gateway's signature (constant time, no network)."""

    def parse_event(self, raw_body: bytes, event_id: str) -> WebhookEvent:
        """Read a verified webhook (no network); ValueError when it is not one."""
