"""Money for the JSON door: a history of orders, and a payment or receipt by any id that a program may hold. Paise."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from webapp.accounts.models import Role, User
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.enrolments.rules import status_at
from webapp.payments.errors import RefundNotAllowed
from webapp.payments.models import Match, Order, OrderStatus, Payment, PaymentStatus, Receipt
from webapp.payments.queries.orders import (
    NO_RECEIPT,
    history_status,
    loaded_order,
    loaded_payment,
    order_for,
    paying_payment,
)
from webapp.payments.rules import OPEN_ORDERS

CREATED = "created"
HISTORY_WORDS = (CREATED, *(status.value for status in PaymentStatus))
NOTHING_TAKEN = "Nothing was taken for this order, so nothing can go back."
NOT_PAID = "There is no receipt yet: this is not paid."


@dataclass(frozen=True, slots=True)
class Paid:
    """An order with the payment that enrolled and the receipt, where there are."""

    order: Order
    payment: Payment | None
    receipt: Receipt | None

    @property
    def public_id(self) -> str:
        """What names it: the payment, or the order as long as there is none."""
        return self.payment.public_id if self.payment else self.order.public_id

    @property
    def status(self) -> str:
        """A word of api.md's history."""
        return history_status(self.order)


@dataclass(frozen=True, slots=True)
class HistoryFilter:
    """What a history shows; ``since`` ≤ placed < ``until``."""

    status: str | None = None
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def history_page(user: User, wanted: HistoryFilter, *, page: int, limit: int) -> Page[Order]:
    """Return a page of orders, the latest first: a student's own, all for an admin; four statements."""
    query = loaded_order().order_by(Order.id.desc())
    if user.role is not Role.ADMIN:
        query = query.where(Order.user_id == user.id)
    if wanted.since is not None:
        query = query.where(Order.placed_at >= wanted.since)
    if wanted.until is not None:
        query = query.where(Order.placed_at < wanted.until)
    if wanted.status is not None:
        query = query.where(_has_status(wanted.status))
    return paginate(db.session(), query, page=page, limit=limit)


def paid_rows(orders: Sequence[Order]) -> list[Paid]:
    """Return these orders with their payments and receipts; one statement."""
    wanted = select(Receipt).where(Receipt.order_id.in_([order.id for order in orders]))
    receipts = {receipt.order_id: receipt for receipt in db.session.scalars(wanted)}
    return [Paid(order, paying_payment(order), receipts.get(order.id)) for order in orders]


def _has_status(word: str) -> ColumnElement[bool]:
    """Say in SQL what `history_status` says of one order."""
    if word in (PaymentStatus.REFUND_PENDING, PaymentStatus.PARTIALLY_REFUNDED, PaymentStatus.REFUNDED):
        return and_(Order.status == OrderStatus.PAID, _enrolled_by(PaymentStatus(word)))
    if word == PaymentStatus.SUCCEEDED:
        any_payment = exists().where(Payment.order_id == Order.id, Payment.match == Match.ENROLLED)
        return and_(Order.status == OrderStatus.PAID, or_(~any_payment, _enrolled_by(PaymentStatus.SUCCEEDED)))
    refused, still_open = _last_try_failed(), Order.status.in_(OPEN_ORDERS)
    if word == PaymentStatus.FAILED:
        return or_(Order.status == OrderStatus.EXPIRED, and_(still_open, refused))
    tried = exists().where(Payment.order_id == Order.id, Payment.status == PaymentStatus.PENDING)
    return and_(still_open, ~refused, tried if word == PaymentStatus.PENDING else ~tried)


def _enrolled_by(status: PaymentStatus) -> ColumnElement[bool]:
    return exists().where(Payment.order_id == Order.id, Payment.match == Match.ENROLLED, Payment.status == status)


def _last_try_failed() -> ColumnElement[bool]:
    later = aliased(Payment)
    return exists().where(
        Payment.order_id == Order.id,
        Payment.status == PaymentStatus.FAILED,
        ~exists().where(later.order_id == Payment.order_id, later.id > Payment.id),
    )


def find_payment(user: User, any_id: str) -> Payment:
    """Return a payment with its order and refunds by our id, the gateway's, or its order's.

    Raises:
        NotFound: there is none, or it is not theirs. RefundNotAllowed: an order nothing was taken for.
    """
    by_order = and_(Order.public_id == any_id, Payment.match == Match.ENROLLED)
    named = or_(Payment.public_id == any_id, Payment.gateway_payment_id == any_id, by_order)
    wanted = loaded_payment().where(named)
    found = db.session.scalar(wanted if user.role is Role.ADMIN else wanted.where(Order.user_id == user.id))
    if found is None:
        order_for(user, any_id)
        raise RefundNotAllowed(NOTHING_TAKEN)
    return found


def find_receipt(user: User, any_id: str) -> Receipt:
    """Return a receipt with order, payment and refunds by its own id, the payment's (ours, the gateway's), the order's.

    Raises:
        NotFound: there is none (yet), or it is not theirs.
    """
    named = or_(
        Receipt.public_id == any_id,
        Order.public_id == any_id,
        Payment.public_id == any_id,
        Payment.gateway_payment_id == any_id,
    )
    wanted = (
        select(Receipt)
        .join(Receipt.order)
        .outerjoin(Receipt.payment)
        .where(named)
        .options(
            contains_eager(Receipt.order).joinedload(Order.user),
            contains_eager(Receipt.order).joinedload(Order.coupon),
            contains_eager(Receipt.payment).selectinload(Payment.refunds),
        )
    )
    found = db.session.scalar(wanted if user.role is Role.ADMIN else wanted.where(Order.user_id == user.id))
    if found is None:
        raise NotFound(NOT_PAID if any_id.startswith("order_") else NO_RECEIPT)
    return found


@dataclass(frozen=True, slots=True)
class Bought:
    """An enrolment with the order and the payment that it came from; both None for a gift."""

    enrolment: Enrolment
    order: Order | None
    payment: Payment | None
    now: dt.datetime | None = None

    @property
    def status(self) -> EnrolmentStatus:
        """How it stands; past its end it is expired, whatever the row still says."""
        return self.enrolment.status if self.now is None else status_at(self.enrolment, self.now)


def with_orders(enrolments: Sequence[Enrolment], now: dt.datetime | None = None) -> list[Bought]:
    """Return these enrolments with orders, coupons and payments; two statements."""
    wanted = (
        select(Order)
        .where(Order.enrolment_id.in_([one.id for one in enrolments]))
        .options(joinedload(Order.coupon), selectinload(Order.payments))
    )
    orders = {order.enrolment_id: order for order in db.session.scalars(wanted)} if enrolments else {}
    rows = [(one, orders.get(one.id)) for one in enrolments]
    return [Bought(one, order, paying_payment(order) if order else None, now) for one, order in rows]
