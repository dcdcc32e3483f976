"""What processes do that deal with money as the web and the worker do; they die at marked places."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.db import db, transaction
from webapp.payments import flows
from webapp.payments.gateways import GatewayPayment, get_gateway
from webapp.payments.gateways.sandbox import Checkout, SandboxGateway
from webapp.payments.models import Order, Payment
from webapp.payments.services import checkout, refunds

NOW = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
Ids = dict[str, Any]


def place(ids: Ids) -> Order:
    """Place an order with a coupon and make it known to the gateway."""
    with transaction():
        order = checkout.place_order(
            student=db.session.get_one(User, ids["student"]),
            package_id=ids["package"],
            coupon_code=ids["coupon"],
            now=NOW,
        )
    return flows.ensure_gateway_order(order.public_id)


def pay(order: Order, *, authorized: bool = False, webhook: bool = False) -> GatewayPayment:
    """Pay at the sandbox's checkout."""
    assert order.gateway_order_id is not None
    account = cast(SandboxGateway, get_gateway()).account
    return (
        Checkout(account, order.gateway_order_id)
        .pay("authorized" if authorized else "success", webhook=webhook)
        .payment
    )


def come_back(ids: Ids, order: Order, payment: GatewayPayment) -> None:
    """Return as the browser does."""
    account = cast(SandboxGateway, get_gateway()).account
    flows.verify_return(
        user=db.session.get_one(User, ids["student"]),
        gateway_order_id=str(order.gateway_order_id),
        gateway_payment_id=payment.id,
        signature=account.sign_return(str(order.gateway_order_id), payment.id),
        now=NOW,
    )


def deliver(payment: GatewayPayment, event: str) -> None:
    """Bring the sandbox's webhook to the door."""
    account = cast(SandboxGateway, get_gateway()).account
    with account.books.open() as page:
        posted = page.posted(payment.id, event)
    assert posted is not None
    event_id, body = posted
    flows.receive_event(raw_body=body, signature=account.sign_webhook(body), event_id=event_id, now=NOW)


def buy_and_return(ids: Ids) -> None:
    """The browser comes back; no webhook ever does."""
    order = place(ids)
    come_back(ids, order, pay(order))


def buy_by_webhook(ids: Ids) -> None:
    """The browser never comes back; the webhook of an authorized payment does."""
    order = place(ids)
    deliver(pay(order, authorized=True, webhook=True), "payment.authorized")
    flows.process_due_events(NOW)


def buy_unseen(ids: Ids) -> None:
    """Neither comes: the reconciler asks."""
    pay(place(ids))
    flows.reconcile_due(NOW + 2 * HOUR)


def pay_twice(ids: Ids) -> None:
    """Two payments of one order."""
    order = place(ids)
    for payment in (pay(order), pay(order)):
        come_back(ids, order, payment)


def leave(ids: Ids) -> None:
    """Nobody pays: the order ends after a day."""
    place(ids)
    flows.reconcile_due(NOW + 25 * HOUR)


def refund(ids: Ids) -> None:
    """An admin gives the money back."""
    buy_and_return(ids)
    payment = db.session.scalars(select(Payment.public_id)).one()
    with transaction():
        refunds.refund_payment(
            actor=db.session.get_one(User, ids["admin"]), payment_id=payment, reason="Goodwill", now=NOW
        )
    flows.send_refunds(NOW)


SCENARIOS: dict[str, Callable[[Ids], None]] = {
    function.__name__: function for function in (buy_and_return, buy_by_webhook, buy_unseen, pay_twice, leave, refund)
}
