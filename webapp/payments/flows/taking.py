"""Taking the money of a payment that the bank has only promised."""

from __future__ import annotations

from sqlalchemy import select

from webapp.core.db import db
from webapp.payments.gateways import Gateway, GatewayPayment
from webapp.payments.models import Order, OrderStatus


def taken(gateway: Gateway, report: GatewayPayment) -> GatewayPayment:
    """Return a payment with its money taken: an authorized one is captured, unless its order is paid already.

    What is not captured the gateway gives back by itself. GatewayError as the gateway says.
    """
    if report.status != "authorized":
        return report
    order = db.session.scalar(select(Order).where(Order.gateway_order_id == report.order_id))
    if order is None or order.status is OrderStatus.PAID:
        return report
    if (report.amount, report.currency) != (order.amount, order.currency):
        return report  # never take a wrong amount
    return gateway.capture(report.id, report.amount, report.currency)
