"""What the student's pages of money share: their blueprint, their addresses, and the way to the gateway."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.models import User
from webapp.core.errors import ServiceUnavailable
from webapp.core.htmx import see_other
from webapp.payments import flows
from webapp.payments.models import Order, OrderStatus
from webapp.payments.views.handover import handover

blueprint = Blueprint("payments", __name__)


def order_page(order: Order, **asked: Any) -> str:
    """Return the address where an order is looked at, paid and taken up again."""
    return url_for("payments.order", public_id=order.public_id, **asked)


def done_page(order: Order) -> str:
    """Return the address that says what was bought and what comes next."""
    return url_for("payments.done", public_id=order.public_id)


def to_gateway(order: Order, student: User) -> BaseResponse:
    """Make the order known at the gateway and send the student there; outside any transaction.

    What is paid already goes on to its success page. When the gateway does not answer, the order is
    kept and its page says so.
    """
    try:
        order = flows.ensure_gateway_order(order.public_id)
    except ServiceUnavailable as error:
        flash(error.message, "warn")
        return see_other(order_page(order))
    if order.status is OrderStatus.PAID:
        return see_other(done_page(order))
    return see_other(handover(order, student).checkout_url or order_page(order, pay="1"))
