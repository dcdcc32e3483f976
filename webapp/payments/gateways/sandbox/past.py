"""Writes payments of the past into the sandbox's books, so that demo data can be refunded like any other."""

from __future__ import annotations

import datetime as dt

from webapp.config import Settings
from webapp.payments.gateways.sandbox.account import Account
from webapp.payments.gateways.sandbox.things import new_order, new_payment, take_money


def remember_past_payment(
    settings: Settings,
    *,
    order_id: str,
    payment_id: str,
    receipt: str,
    amount: int,
    currency: str,
    paid_at: dt.datetime,
) -> None:
    """Write a captured payment and its order under the given ids; no webhook tells of it. Harmless to repeat."""
    at = int(paid_at.timestamp())
    with Account.of(settings).books.open() as page:
        if page.find("order", order_id) is not None:
            return
        order = new_order(amount=amount, currency=currency, receipt=receipt, notes={}, at=at)
        order |= {"id": order_id, "attempts": 1}
        page.add(order, receipt=receipt)
        payment = new_payment(order, status="authorized", amount=None, at=at) | {"id": payment_id}
        page.add(payment, parent=order_id)
        take_money(page, order, payment)
