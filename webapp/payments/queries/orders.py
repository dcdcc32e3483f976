"""One order, payment, receipt or refund for whom it concerns: its student and the admins; for others there is none."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from webapp.accounts.models import Role, User
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.counsellors.models import Service
from webapp.payments.models import Match, Order, OrderStatus, Payment, PaymentStatus, Receipt, Refund
from webapp.payments.services import wanted_time

NO_ORDER = "We could not find that order."
NO_RECEIPT = "We could not find that receipt."
NO_PAYMENT = "We could not find that payment."


def loaded_order() -> Select[Order]:
    """Return a query of orders with all that their pages show: two statements whatever the number."""
    return select(Order).options(
        joinedload(Order.user),
        joinedload(Order.package),
        joinedload(Order.service).joinedload(Service.counsellor),
        joinedload(Order.coupon),
        joinedload(Order.enrolment),
        joinedload(Order.wanted_counsellor),
        joinedload(Order.session),
        selectinload(Order.payments).selectinload(Payment.refunds),
    )


def order_for(user: User, public_id: str) -> Order:
    """Return an order to its student or an admin, with payments, refunds and what was bought; else NotFound."""
    found: Order | None = db.session.scalar(_visible(loaded_order().where(Order.public_id == public_id), user))
    if found is None:
        raise NotFound(NO_ORDER)
    return found


def order_by_gateway_id(user: User, gateway_order_id: str) -> Order:
    """Return an order by the gateway's id for it, to its student or an admin; else NotFound."""
    found: Order | None = db.session.scalar(
        _visible(loaded_order().where(Order.gateway_order_id == gateway_order_id), user)
    )
    if found is None:
        raise NotFound(NO_ORDER)
    return found


def payment_for(user: User, public_id: str) -> Payment:
    """Return a payment with its order and refunds, to the order's student or an admin; else NotFound."""
    wanted = loaded_payment().where(Payment.public_id == public_id)
    found = db.session.scalar(wanted if user.role is Role.ADMIN else wanted.where(Order.user_id == user.id))
    if found is None:
        raise NotFound(NO_PAYMENT)
    return found


def loaded_payment() -> Select[Payment]:
    """Return a query of payments with order, its user and refunds."""
    return (
        select(Payment)
        .outerjoin(Payment.order)
        .options(
            contains_eager(Payment.order).joinedload(Order.user),
            contains_eager(Payment.order).joinedload(Order.coupon),
            selectinload(Payment.refunds),
        )
    )


def receipt_for(user: User, public_id: str) -> Receipt:
    """Return a receipt with order and payment to its owner or an admin; else NotFound."""
    wanted = select(Receipt).join(Receipt.order).where(Receipt.public_id == public_id)
    found: Receipt | None = db.session.scalar(
        _visible(wanted, user).options(contains_eager(Receipt.order), joinedload(Receipt.payment))
    )
    if found is None:
        raise NotFound(NO_RECEIPT)
    return found


def receipt_of(order: Order) -> Receipt | None:
    """Return the receipt of an order, if it is paid."""
    return db.session.scalar(select(Receipt).where(Receipt.order_id == order.id))


def refund_by_id(public_id: str) -> Refund:
    """Return a refund with payment and order, for admins; else NotFound."""
    found = db.session.scalar(
        select(Refund)
        .options(joinedload(Refund.payment).joinedload(Payment.order).joinedload(Order.user))
        .where(Refund.public_id == public_id)
    )
    if found is None:
        raise NotFound("We could not find that refund.")
    return found


def late_offer(order: Order, now: dt.datetime) -> list[dt.datetime]:
    """Return the free starts (UTC) to offer for a paid order whose time was lost; empty where none was."""
    if order.enrolment is None or not wanted_time.is_lost(order) or order.enrolment.sessions_left < 1:
        return []
    return wanted_time.offer(order, order.enrolment, now)


def paying_payment(order: Order) -> Payment | None:
    """Return the payment that enrolled, None for an unpaid or a free order."""
    return next((payment for payment in order.payments if payment.match is Match.ENROLLED), None)


def history_status(order: Order) -> str:
    """Return an order's state as api.md names it: created, pending, succeeded, failed, or a refund's state."""
    paid = paying_payment(order)
    if order.status is OrderStatus.PAID:
        return paid.status.value if paid else PaymentStatus.SUCCEEDED.value
    tried = [payment.status for payment in order.payments]
    if order.status is OrderStatus.EXPIRED or (tried and tried[-1] is PaymentStatus.FAILED):
        return PaymentStatus.FAILED.value
    return PaymentStatus.PENDING.value if PaymentStatus.PENDING in tried else OrderStatus.CREATED.value


def _visible(query: Select[Any], user: User) -> Select[Any]:
    return query if user.role is Role.ADMIN else query.where(Order.user_id == user.id)
