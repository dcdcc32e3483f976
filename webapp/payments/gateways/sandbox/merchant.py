"""The sandbox as the shop calls it: the interface of all gateways, with Razorpay's limits and refusals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from webapp.config import Settings
from webapp.core import clock
from webapp.payments.gateways.base import (
    Gateway,
    GatewayOrder,
    GatewayPayment,
    GatewayRefund,
    GatewayRefused,
    WebhookEvent,
)
from webapp.payments.gateways.entities import read_event, read_order, read_payment, read_refund
from webapp.payments.gateways.sandbox import courier
from webapp.payments.gateways.sandbox.account import Account
from webapp.payments.gateways.sandbox.books import Page
from webapp.payments.gateways.sandbox.things import Thing, move_refunded, new_order, new_refund, take_money
from webapp.payments.gateways.signatures import return_message, signed

SMALLEST_PAISE = 100
LONGEST_RECEIPT = 40
MOST_NOTES = 15
_KEY = re.compile(r"[A-Za-z0-9_-]{10,60}")


def make_gateway(settings: Settings) -> Gateway:
    """Return the gateway for these settings."""
    return SandboxGateway(Account.of(settings))


class SandboxGateway:
    """The shop's account at the sandbox."""

    name = "sandbox"

    def __init__(self, account: Account) -> None:
        self.account = account
        self.key_id = account.key_id

    def __repr__(self) -> str:
        return f"SandboxGateway({self.key_id!r})"

    def create_order(self, *, amount: int, currency: str, receipt: str, notes: Mapping[str, str]) -> GatewayOrder:
        """Make an order whose payments are captured by themselves."""
        if amount < SMALLEST_PAISE:
            raise GatewayRefused("Order amount less than minimum amount allowed")
        if not re.fullmatch(r"[A-Z]{3}", currency):
            raise GatewayRefused("Currency is not supported")
        if len(receipt) > LONGEST_RECEIPT or len(notes) > MOST_NOTES:
            raise GatewayRefused("The receipt may not be greater than 40 characters, nor the notes more than 15")
        order = new_order(amount=amount, currency=currency, receipt=receipt, notes=notes, at=_now())
        with self.account.books.open() as page:
            page.add(order, receipt=receipt)
        return read_order(order)

    def fetch_order(self, order_id: str) -> GatewayOrder:
        """Return an order."""
        with self.account.books.open() as page:
            return read_order(must_find(page, "order", order_id))

    def find_order(self, receipt: str) -> GatewayOrder | None:
        """Return the order made for ``receipt``, the newest one of several."""
        with self.account.books.open() as page:
            order = page.find_by_receipt("order", receipt)
        return read_order(order) if order else None

    def payments_of(self, order_id: str) -> list[GatewayPayment]:
        """Return every payment tried on an order."""
        with self.account.books.open() as page:
            must_find(page, "order", order_id)
            return [read_payment(payment) for payment in page.children("payment", order_id)]

    def fetch_payment(self, payment_id: str) -> GatewayPayment:
        """Return a payment."""
        with self.account.books.open() as page:
            return read_payment(must_find(page, "payment", payment_id))

    def capture(self, payment_id: str, amount: int, currency: str) -> GatewayPayment:
        """Take the money of an authorized payment; a captured one is returned as it is."""
        with self.account.books.open() as page:
            payment = must_find(page, "payment", payment_id)
            if (payment["amount"], payment["currency"]) != (amount, currency):
                raise GatewayRefused("Capture amount must be equal to the amount authorized")
            if payment["captured"]:
                return read_payment(payment)
            if payment["status"] != "authorized":
                raise GatewayRefused("Only payments which have been authorized and not yet captured can be captured")
            capture_payment(page, self.account, payment)
        courier.wake()
        return read_payment(payment)

    def refund(self, payment_id: str, amount: int, *, idempotency_key: str, notes: Mapping[str, str]) -> GatewayRefund:
        """Send ``amount`` paise back; the same key again returns the same refund."""
        if not _KEY.fullmatch(idempotency_key):
            raise ValueError("an idempotency key has 10 to 60 letters, digits, hyphens and underscores")
        with self.account.books.open() as page:
            earlier = page.find_by_receipt("refund", idempotency_key)
            if earlier is not None:
                if (earlier["payment_id"], earlier["amount"]) != (payment_id, amount):
                    raise GatewayRefused("Different request body sent for the same Idempotency Header")
                return read_refund(earlier)
            payment = must_find(page, "payment", payment_id)
            _refuse_refund(payment, amount)
            refund = new_refund(payment, amount=amount, receipt=idempotency_key, notes=notes, at=_now())
            page.add(refund, parent=payment_id, receipt=idempotency_key, due_at=_now())
            move_refunded(page, payment, amount)
            courier.post(page, self.account, "refund.created", _now(), refund=refund, payment=payment)
        courier.wake()
        return read_refund(refund)

    def fetch_refund(self, payment_id: str, refund_id: str) -> GatewayRefund:
        """Return a refund."""
        with self.account.books.open() as page:
            refund = must_find(page, "refund", refund_id)
        if refund["payment_id"] != payment_id:
            raise GatewayRefused("The id provided does not exist")
        return read_refund(refund)

    def refunds_of(self, payment_id: str) -> list[GatewayRefund]:
        """Return every refund of a payment."""
        with self.account.books.open() as page:
            must_find(page, "payment", payment_id)
            return [read_refund(refund) for refund in page.children("refund", payment_id)]

    def verify_return(self, order_id: str, payment_id: str, signature: str) -> bool:
        """Whether the browser's return carries the sandbox's signature."""
        return signed(self.account.key_secret, return_message(order_id, payment_id), signature)

    def verify_webhook(self, raw_body: bytes, signature: str) -> bool:
        """Whether a webhook's raw body carries the sandbox's signature."""
        return signed(self.account.webhook_secret, raw_body, signature)

    def parse_event(self, raw_body: bytes, event_id: str) -> WebhookEvent:
        """Read a verified webhook; ValueError when it is not one."""
        return read_event(raw_body, event_id)


def must_find(page: Page, kind: str, thing_id: str) -> Thing:
    """Return an entity; GatewayRefused, in Razorpay's words, when there is none."""
    thing = page.find(kind, thing_id)
    if thing is None:
        raise GatewayRefused("The id provided does not exist")
    return thing


def capture_payment(page: Page, account: Account, payment: Thing, *, tell: bool = True) -> None:
    """Capture a payment and, unless asked not to, put out the webhooks that tell of it."""
    order = must_find(page, "order", payment["order_id"])
    paid = take_money(page, order, payment)
    if not tell:
        return
    told: dict[str, Any] = {"payment": payment}
    courier.post(page, account, "payment.captured", _now(), **told)
    if paid:
        courier.post(page, account, "order.paid", _now(), **told, order=order)


def _refuse_refund(payment: Thing, amount: int) -> None:
    if not payment["captured"]:
        raise GatewayRefused("The payment status should be captured for action to be taken")
    if amount < SMALLEST_PAISE:
        raise GatewayRefused("The amount must be at least INR 1.00")
    if payment["amount_refunded"] + amount > payment["amount"]:
        raise GatewayRefused("The total refund amount is greater than the refund payment amount")


def _now() -> int:
    return int(clock.now().timestamp())
