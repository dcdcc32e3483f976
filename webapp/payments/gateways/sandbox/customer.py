"""What a person does at the sandbox's checkout: pay, be declined, or pay so slowly that the shop has given up."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

from webapp.core import clock
from webapp.payments.gateways.base import GatewayOrder, GatewayPayment, GatewayRefused
from webapp.payments.gateways.entities import read_order, read_payment
from webapp.payments.gateways.sandbox import courier
from webapp.payments.gateways.sandbox.account import Account
from webapp.payments.gateways.sandbox.books import Page
from webapp.payments.gateways.sandbox.merchant import capture_payment, must_find
from webapp.payments.gateways.sandbox.things import DECLINED, Thing, attempt, new_payment

Outcome = Literal["success", "failure", "authorized"]


@dataclass(frozen=True, slots=True)
class Paid:
    """What the checkout hands back; only a payment that took the money (or reserved it) is signed."""

    payment: GatewayPayment
    signature: str


class Checkout:
    """The sandbox's checkout of one order. Every step raises GatewayRefused for an unknown order."""

    def __init__(self, account: Account, order_id: str) -> None:
        self.account = account
        self.order_id = order_id

    def order(self) -> GatewayOrder:
        """Return the order to pay."""
        with self.account.books.open() as page:
            return read_order(must_find(page, "order", self.order_id))

    def pay(self, outcome: Outcome, *, amount: int | None = None, webhook: bool = True) -> Paid:
        """Pay, or be declined.

        Args:
            outcome: "authorized" stops before the capture, as a manual capture does.
            amount: paise, when it shall not be the order's (a real gateway never does that).
            webhook: whether the shop is told by webhook.
        """
        status = "failed" if outcome == "failure" else "authorized"
        with self.account.books.open() as page:
            payment = self._attempt(page, status, amount)
            if webhook:
                courier.post(page, self.account, f"payment.{status}", payment["created_at"], payment=payment)
            if outcome == "success":
                capture_payment(page, self.account, payment, tell=webhook)
        if webhook:
            courier.wake()
        return self._handed_back(payment)

    def pay_late(self, after: dt.timedelta) -> GatewayPayment:
        """Start a payment that the bank confirms only ``after`` some time."""
        with self.account.books.open() as page:
            order = must_find(page, "order", self.order_id)
            attempt(page, order)
            payment = new_payment(order, status="created", amount=None, at=_now())
            page.add(payment, parent=order["id"], due_at=_now() + after.total_seconds())
        return read_payment(payment)

    def result(self, payment_id: str) -> Paid:
        """Return what was handed back for a payment of this order."""
        with self.account.books.open() as page:
            must_find(page, "order", self.order_id)
            payment = must_find(page, "payment", payment_id)
        if payment["order_id"] != self.order_id:
            raise GatewayRefused("The id provided does not exist")
        return self._handed_back(payment)

    def _attempt(self, page: Page, status: str, amount: int | None) -> Thing:
        order = must_find(page, "order", self.order_id)
        attempt(page, order)
        payment = new_payment(order, status=status, amount=amount, at=_now())
        page.add(payment, parent=order["id"])
        return payment

    def _handed_back(self, payment: Thing) -> Paid:
        paid = read_payment(payment)
        good = payment["error_code"] != DECLINED["error_code"] and payment["status"] != "created"
        return Paid(paid, self.account.sign_return(self.order_id, paid.id) if good else "")


def _now() -> int:
    return int(clock.now().timestamp())
