"""The student's part: an order at the gateway, and the way back from it."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.crashpoints import crash_point
from webapp.core.db import db, transaction
from webapp.core.errors import InvalidState, NotFound, ServiceUnavailable
from webapp.payments.errors import WrongSignature
from webapp.payments.flows.reconciling import reconcile_order
from webapp.payments.flows.taking import taken
from webapp.payments.gateways import GatewayError, get_gateway
from webapp.payments.models import Order, OrderStatus, Payment
from webapp.payments.rules import OPEN_ORDERS
from webapp.payments.services import checkout, settle
from webapp.payments.services.settle import Outcome, Settlement

AWAY = "The payment gateway is not answering. Your order is kept; please try again in a moment."
log = structlog.get_logger(__name__)


def ensure_gateway_order(order_id: str) -> Order:
    """Make sure that the gateway knows an open order (by its public id); returns it with ``gateway_order_id``.

    Killed between the two steps, the gateway keeps an order that nobody was ever shown: the next visit
    makes another. Of two visits at the same moment the first one's order stays.

    Raises:
        NotFound: no such order. ServiceUnavailable: the gateway does not answer; the order is kept.
    """
    order = _order(order_id)
    if order.gateway_order_id is not None or order.status is not OrderStatus.CREATED or order.amount == 0:
        return order
    pk = order.id
    crash_point("checkout.placed")
    try:
        made = get_gateway().create_order(
            amount=order.amount,
            currency=order.currency,
            receipt=order.public_id,
            notes={"order": order.public_id, "title": order.title},
        )
    except GatewayError as error:
        log.warning("gateway_order_not_made", order=order_id, error=str(error))
        raise ServiceUnavailable(AWAY) from error
    crash_point("checkout.gateway_order_made")
    with transaction():
        return checkout.attach_gateway_order(pk, made.id)


def verify_return(
    *, user: User, gateway_order_id: str, gateway_payment_id: str, signature: str, now: dt.datetime
) -> Settlement:
    """Take in a browser that comes back from the gateway; harmless to repeat.

    When the gateway does not answer, the settlement is pending: the webhook or the reconciler finishes it.

    Raises:
        NotFound: no such order of this student. WrongSignature: not the gateway's signature, or a payment
            of another order; nobody is enrolled and the admins are told once.
    """
    order = db.session.scalar(select(Order).where(Order.gateway_order_id == gateway_order_id, Order.user_id == user.id))
    if order is None:
        raise NotFound("We could not find that order.")
    gateway = get_gateway()
    if not gateway.verify_return(gateway_order_id, gateway_payment_id, signature):
        _refuse(order, gateway_payment_id, now)
    crash_point("return.verified")
    try:
        report = taken(gateway, gateway.fetch_payment(gateway_payment_id))
    except GatewayError as error:
        log.warning("gateway_away_on_return", order=order.public_id, error=str(error))
        return _known(order, gateway_payment_id)
    if report.order_id != gateway_order_id:
        _refuse(order, gateway_payment_id, now)
    crash_point("return.captured")
    with transaction():
        return settle.record_payment(report, source="return", now=now)


def abandon_order(*, student: User, order_id: str, now: dt.datetime) -> Order:
    """End an open order the student does not want any more, after asking the gateway; a paid one stays paid.

    Raises:
        NotFound: not this student's. ServiceUnavailable: the gateway does not answer, so nothing is ended.
        InvalidState: a payment of it is under way.
    """
    order = checkout.find_order(student, order_id)
    pk = order.id
    if order.status in OPEN_ORDERS:
        try:
            waiting = reconcile_order(pk, now)
        except GatewayError as error:
            raise ServiceUnavailable(AWAY) from error
        if waiting:
            raise InvalidState("A payment of this order is under way. Wait a moment and look again.")
        with transaction():
            checkout.end_unpaid(pk, now=now, given_up=True)
    return _order(order_id)


def _refuse(order: Order, payment_id: str, now: dt.datetime) -> None:
    with transaction():
        settle.refuse_return(order, payment_id, now=now)
    log.warning("return_refused", order=order.public_id, payment=payment_id[:60])
    raise WrongSignature


def _known(order: Order, gateway_payment_id: str) -> Settlement:
    payment = db.session.scalar(select(Payment).where(Payment.gateway_payment_id == gateway_payment_id))
    outcome = Outcome.ALREADY if order.status is OrderStatus.PAID else Outcome.PENDING
    return Settlement(outcome, order, payment, order.session)


def _order(order_id: str) -> Order:
    order = db.session.scalar(select(Order).where(Order.public_id == order_id))
    if order is None:
        raise NotFound("We could not find that order.")
    return order
