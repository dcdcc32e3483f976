"""The sandbox's orders, payments and refunds in Razorpay's shape, and the steps they take. Paise, Unix seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from webapp.payments.gateways.sandbox.books import Page, new_id

Thing = dict[str, Any]
DECLINED = {
    "error_code": "BAD_REQUEST_ERROR",
    "error_description": "Your payment was declined by the bank. Try another method.",
    "error_source": "bank",
    "error_step": "payment_authorization",
    "error_reason": "payment_failed",
}
NO_ERROR = dict.fromkeys(DECLINED)


def new_order(*, amount: int, currency: str, receipt: str, notes: Mapping[str, str], at: int) -> Thing:
    """Return a fresh order."""
    return {
        "id": new_id("order"),
        "entity": "order",
        "amount": amount,
        "amount_paid": 0,
        "amount_due": amount,
        "currency": currency,
        "receipt": receipt or None,
        "offer_id": None,
        "status": "created",
        "attempts": 0,
        "notes": dict(notes) or [],
        "created_at": at,
    }


def new_payment(order: Thing, *, status: str, amount: int | None, at: int) -> Thing:
    """Return a fresh payment on an order, of the order's amount unless another is given."""
    return {
        "id": new_id("pay"),
        "entity": "payment",
        "amount": order["amount"] if amount is None else amount,
        "currency": order["currency"],
        "status": status,
        "order_id": order["id"],
        "invoice_id": None,
        "international": False,
        "method": "upi",
        "amount_refunded": 0,
        "refund_status": None,
        "captured": False,
        "description": None,
        "card_id": None,
        "bank": None,
        "wallet": None,
        "vpa": "customer@sandbox",
        "email": "customer@sandbox.example",
        "contact": "+919999999999",
        "notes": [],
        "fee": None,
        "tax": None,
        **(DECLINED if status == "failed" else NO_ERROR),
        "acquirer_data": {"rrn": None},
        "created_at": at,
    }


def new_refund(payment: Thing, *, amount: int, receipt: str, notes: Mapping[str, str], at: int) -> Thing:
    """Return a fresh refund of a payment; it is pending, as all refunds at normal speed are."""
    return {
        "id": new_id("rfnd"),
        "entity": "refund",
        "amount": amount,
        "currency": payment["currency"],
        "payment_id": payment["id"],
        "notes": dict(notes) or [],
        "receipt": receipt,
        "acquirer_data": {"arn": None},
        "created_at": at,
        "batch_id": None,
        "status": "pending",
        "speed_requested": "normal",
        "speed_processed": "normal",
    }


def attempt(page: Page, order: Thing) -> None:
    """Note that somebody tried to pay an order."""
    order["attempts"] += 1
    if order["status"] == "created":
        order["status"] = "attempted"
    page.put(order)


def take_money(page: Page, order: Thing, payment: Thing) -> bool:
    """Capture a payment; tell whether the order is paid in full by it."""
    fee = payment["amount"] * 2 // 100
    payment |= {"status": "captured", "captured": True, "fee": fee, "tax": fee * 18 // 100, **NO_ERROR}
    page.put(payment)
    before = order["status"]
    order["amount_paid"] += payment["amount"]
    order["amount_due"] = max(0, order["amount"] - order["amount_paid"])
    order["status"] = "paid" if order["amount_due"] == 0 else order["status"]
    page.put(order)
    return bool(before != "paid" and order["status"] == "paid")


def move_refunded(page: Page, payment: Thing, paise: int) -> None:
    """Add ``paise`` to (a failed refund: take them from) what was sent back of a payment."""
    payment["amount_refunded"] += paise
    back, whole = payment["amount_refunded"], payment["amount"]
    payment["refund_status"] = "full" if back == whole else ("partial" if back else None)
    payment["status"] = "refunded" if back == whole else "captured"
    page.put(payment)


def finish_refund(page: Page, payment: Thing, refund: Thing, *, fine: bool) -> None:
    """Let the bank process a pending refund, or fail to."""
    refund["status"] = "processed" if fine else "failed"
    if fine:
        refund["acquirer_data"] = {"arn": refund["id"].removeprefix("rfnd_")}
    else:
        move_refunded(page, payment, -refund["amount"])
    page.put(refund)
