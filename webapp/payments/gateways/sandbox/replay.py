"""Sends a webhook of an order again, or one that is forged: for rehearsing what the shop makes of it."""

from __future__ import annotations

from typing import Any

from webapp.core import clock
from webapp.payments.gateways.base import GatewayRefused
from webapp.payments.gateways.sandbox import courier
from webapp.payments.gateways.sandbox.account import Account
from webapp.payments.gateways.sandbox.books import Page, new_id
from webapp.payments.gateways.sandbox.clearing import settle_refund
from webapp.payments.gateways.sandbox.merchant import must_find
from webapp.payments.gateways.sandbox.things import Thing, new_payment, new_refund

PAYMENT_EVENTS = {"payment.authorized": "authorized", "payment.captured": "captured", "payment.failed": "failed"}
REFUND_EVENTS = {"refund.created": "pending", "refund.processed": "processed", "refund.failed": "failed"}


def replay(account: Account, order_id: str, event: str, *, times: int = 1, forged: bool = False) -> str:
    """Put out ``event`` of an order ``times`` times, all with one event id; return that id.

    A webhook sent before is sent again as it was. A pending refund is processed (or fails) when its event is
    asked for. A forged one carries a wrong signature, changes nothing here and may tell what never happened.

    Raises:
        GatewayRefused: no such order, or nothing on it that this event could tell of.
    """
    at = int(clock.now().timestamp())
    with account.books.open() as page:
        order = must_find(page, "order", order_id)
        things = _forged(page, order, event, at) if forged else _things(page, account, order, event)
        thing_id = courier.subject(event, things)
        event_id, body = page.posted(thing_id, event) or (new_id("evt"), courier.pack(event, things, at))
        signature = account.sign_webhook(body + b"?" if forged else body)
        for _ in range(times):
            page.post(
                event_id=event_id,
                event=event,
                thing_id=thing_id,
                body=body,
                signature=signature,
                at=at,
                tries=1 if forged else courier.TRIES,
            )
    courier.wake()
    return event_id


def _things(page: Page, account: Account, order: Thing, event: str) -> dict[str, Any]:
    payments = page.children("payment", order["id"])
    if event in PAYMENT_EVENTS:
        return {"payment": _last(payments, PAYMENT_EVENTS[event])}
    if event == "order.paid":
        if order["status"] != "paid":
            raise GatewayRefused("The order is not paid")
        return {"payment": _last(payments, "captured"), "order": order}
    if event in REFUND_EVENTS:
        return _refund(page, account, payments, REFUND_EVENTS[event])
    return {"order": order}


def _last(payments: list[Thing], status: str) -> Thing:
    """Return the newest payment an event may tell of; one refunded since was captured, too."""
    for payment in reversed(payments):
        if payment["status"] == status or (status != "failed" and payment["captured"]):
            return payment
    raise GatewayRefused(f"No payment of this order is {status}")


def _refund(page: Page, account: Account, payments: list[Thing], status: str) -> dict[str, Any]:
    refunds = [refund for payment in payments for refund in page.children("refund", payment["id"])]
    pending = [refund for refund in refunds if refund["status"] == "pending"]
    if pending and status != "pending":
        settle_refund(page, account, pending[-1], fine=status == "processed", tell=False)
    for refund in reversed(refunds):
        if status in {refund["status"], "pending"}:
            return {"refund": refund, "payment": must_find(page, "payment", refund["payment_id"])}
    raise GatewayRefused(f"No refund of this order is {status}")


def _forged(page: Page, order: Thing, event: str, at: int) -> dict[str, Any]:
    payments = page.children("payment", order["id"])
    if event in PAYMENT_EVENTS and payments:
        status = PAYMENT_EVENTS[event]
        return {"payment": payments[-1] | {"status": status, "captured": status == "captured"}}
    status = PAYMENT_EVENTS.get(event, "captured")
    payment = new_payment(order, status=status, amount=None, at=at) | {"captured": status == "captured"}
    if event in REFUND_EVENTS:
        refund = new_refund(payment, amount=payment["amount"], receipt="", notes={}, at=at)
        return {"refund": refund | {"status": REFUND_EVENTS[event]}, "payment": payment}
    return {"payment": payment, "order": order | {"status": "paid"}} if event == "order.paid" else {"payment": payment}
