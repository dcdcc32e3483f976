"""What admins see of money: payments, orders, refunds to decide, unmatched money, the gateway's health."""

from __future__ import annotations

import datetime as dt
import enum
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, cast

from flask import current_app
from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.pagination import DEFAULT_LIMIT, Page, paginate
from webapp.payments.models import (
    GatewayEvent,
    Match,
    Order,
    OrderStatus,
    Payment,
    PaymentStatus,
    Receipt,
    Refund,
    RefundStatus,
)
from webapp.payments.queries.orders import loaded_order, loaded_payment
from webapp.payments.rules import OPEN_ORDERS, TAKEN_PAYMENTS
from webapp.payments.services.by_hand import UNMATCHED

AnySelect: TypeAlias = Select[*tuple[Any, ...]]
EXPORT_BATCH = 500
RECEIPT_NUMBER = re.compile(r"(\d{4}-\d{2})/(\d{1,9})", re.ASCII)


@dataclass(frozen=True, slots=True)
class PaymentFilter:
    """What a list of payments is narrowed to; an empty part narrows nothing. ``since`` ≤ arrived < ``until``.

    ``search`` finds a part of the student's name or mail, or a whole id: of the order, the payment or a refund,
    ours or the gateway's, or a receipt's number.
    """

    status: PaymentStatus | None = None
    match: Match | None = None
    search: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None


def payments_page(filters: PaymentFilter, page: int = 1, *, limit: int = DEFAULT_LIMIT) -> Page[Payment]:
    """Return one page of payments, the latest first, with order, student and refunds; three statements."""
    return paginate(db.session(), _payments(filters).order_by(Payment.id.desc()), page=page, limit=limit)


def every_payment(filters: PaymentFilter) -> Iterator[Payment]:
    """Yield all payments of a filter, the latest first, in batches: for an export."""
    before: int | None = None
    while True:
        wanted = _payments(filters).order_by(Payment.id.desc()).limit(EXPORT_BATCH)
        rows = list(db.session.scalars(wanted if before is None else wanted.where(Payment.id < before)))
        yield from rows
        if len(rows) < EXPORT_BATCH:
            return
        before = rows[-1].id


def _payments(filters: PaymentFilter) -> Select[Any]:
    return cast("Select[Any]", _narrowed(loaded_payment(), filters))


def _narrowed(wanted: AnySelect, filters: PaymentFilter) -> AnySelect:
    """Narrow a query of payments outer-joined with their orders."""
    arrived = func.coalesce(Payment.captured_at, Payment.created_at)
    if filters.status is not None:
        wanted = wanted.where(Payment.status == filters.status)
    if filters.match is not None:
        wanted = wanted.where(Payment.match == filters.match)
    if filters.since is not None:
        wanted = wanted.where(arrived >= filters.since)
    if filters.until is not None:
        wanted = wanted.where(arrived < filters.until)
    if text := plain(filters.search):
        wanted = wanted.where(or_(_names_payment(text), _names_order(text)))
    return wanted


def plain(search: str) -> str:
    """Return typed search text as it is looked for."""
    return search.replace("\x00", "").strip()[:80]


def student_like(text: str) -> ColumnElement[bool]:
    """Return whether a user's name or mail holds ``text``, whatever its case."""
    return or_(User.name.icontains(text, autoescape=True), User.email.icontains(text, autoescape=True))


def _names_order(text: str) -> ColumnElement[bool]:
    """Return whether ``text`` is part of the student's name or mail, or an id of the order or its receipt."""
    student = exists().where(User.id == Order.user_id, student_like(text))
    found = or_(student, Order.public_id == text, Order.gateway_order_id == text)
    if match := RECEIPT_NUMBER.fullmatch(text):
        year, number = match.groups()
        found |= exists().where(
            Receipt.order_id == Order.id, Receipt.financial_year == year, Receipt.number == int(number)
        )
    return found


def _names_payment(text: str) -> ColumnElement[bool]:
    refund = exists().where(
        Refund.payment_id == Payment.id, or_(Refund.public_id == text, Refund.gateway_refund_id == text)
    )
    return or_(Payment.gateway_payment_id == text, Payment.public_id == text, refund)


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a filter, in paise: what was taken, what of it goes or went back. Rupees only."""

    payments: int
    taken: int
    refunded: int

    @property
    def kept(self) -> int:
        """What is left."""
        return self.taken - self.refunded


def payment_totals(filters: PaymentFilter) -> Totals:
    """Add up all payments of a filter, not only one page; one statement."""
    taken = Payment.status.in_(TAKEN_PAYMENTS) & (Payment.currency == "INR")
    wanted: AnySelect = select(
        func.count(),
        func.coalesce(func.sum(Payment.amount).filter(taken), 0),
        func.coalesce(func.sum(Payment.refunded).filter(taken), 0),
    ).select_from(Payment)
    row = db.session.execute(_narrowed(wanted.outerjoin(Payment.order), filters)).one()
    return Totals(row[0], int(row[1]), int(row[2]))


def receipt_numbers(payments: Sequence[Payment]) -> dict[int, str]:
    """Return the receipt numbers of these payments, by the payment's key; one statement."""
    ids = [payment.id for payment in payments]
    rows = db.session.scalars(select(Receipt).where(Receipt.payment_id.in_(ids)))
    return {row.payment_id: row.receipt_number for row in rows if row.payment_id is not None}


class OrderPart(enum.StrEnum):
    """A part of all orders, for a list."""

    OPEN = "open"
    ENDED = "ended"  # nobody paid
    FREE = "free"  # a coupon took all of it
    PAID = "paid"


def orders_page(part: OrderPart | None, search: str = "", page: int = 1, *, limit: int = DEFAULT_LIMIT) -> Page[Order]:
    """Return one page of orders, the latest first, with student and payments; four statements."""
    return paginate(db.session(), shown_orders(part, search), page=page, limit=limit)


def shown_orders(part: OrderPart | None, search: str) -> Select[Order]:
    """Return the query of `orders_page`, for its page and its file."""
    wanted = loaded_order().order_by(Order.id.desc())
    if part is OrderPart.OPEN:
        wanted = wanted.where(Order.status.in_(OPEN_ORDERS))
    elif part is OrderPart.ENDED:
        wanted = wanted.where(Order.status == OrderStatus.EXPIRED)
    elif part is not None:
        free = Order.amount == 0
        wanted = wanted.where(Order.status == OrderStatus.PAID, free if part is OrderPart.FREE else ~free)
    if text := plain(search):
        wanted = wanted.where(_names_order(text))
    return wanted


def unmatched_payments() -> list[Payment]:
    """Return captured money that enrolled nobody and has not gone back whole, the earliest first."""
    return list(db.session.scalars(_unmatched(loaded_payment()).order_by(Payment.id)))


def unmatched_page(page: int = 1, *, limit: int = DEFAULT_LIMIT) -> Page[Payment]:
    """Return one page of `unmatched_payments`; three statements."""
    return paginate(db.session(), _unmatched(loaded_payment()).order_by(Payment.id), page=page, limit=limit)


def unmatched_count() -> int:
    """Return how many payments `unmatched_payments` lists; one statement."""
    return db.session.scalar(_unmatched(select(func.count()).select_from(Payment))) or 0


def _unmatched(wanted: Select[Any]) -> Select[Any]:
    return wanted.where(Payment.match.in_(UNMATCHED), Payment.refunded < Payment.amount)


def refunds_page(status: RefundStatus | None = None, page: int = 1, *, limit: int = DEFAULT_LIMIT) -> Page[Refund]:
    """Return one page of refunds, the latest first, with payment, order and student."""
    wanted = _refunds().order_by(Refund.id.desc())
    return paginate(db.session(), wanted.where(Refund.status == status) if status else wanted, page=page, limit=limit)


def every_refund(status: RefundStatus | None = None) -> Iterator[Refund]:
    """Yield all refunds of a status (None: of every one), the latest first, in batches: for an export."""
    before: int | None = None
    while True:
        wanted = _refunds().order_by(Refund.id.desc()).limit(EXPORT_BATCH)
        wanted = wanted.where(Refund.status == status) if status else wanted
        rows = list(db.session.scalars(wanted if before is None else wanted.where(Refund.id < before)))
        yield from rows
        if len(rows) < EXPORT_BATCH:
            return
        before = rows[-1].id


def refunds_waiting() -> list[Refund]:
    """Return the requests that wait for a decision, the earliest first, then those that failed at the gateway."""
    wanted = _refunds().where(Refund.status.in_((RefundStatus.REQUESTED, RefundStatus.FAILED)))
    return list(db.session.scalars(wanted.order_by(Refund.status.desc(), Refund.id)))


def _refunds() -> Select[Refund]:
    return select(Refund).options(
        joinedload(Refund.requested_by),
        joinedload(Refund.payment).joinedload(Payment.order).joinedload(Order.user),
    )


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """How the gateway's webhooks are: ``quiet`` is the banner's condition."""

    last_event_at: dt.datetime | None
    open_orders: int
    waiting: int
    quiet: bool


def webhook_health(now: dt.datetime) -> WebhookHealth:
    """Return whether webhooks come: quiet when none came for the setting's hours while orders are open so long.

    One statement. ``waiting`` counts stored webhooks that are not worked on yet.
    """
    since = now - dt.timedelta(hours=cast(Settings, current_app.config["SETTINGS"]).webhook_quiet_hours)
    open_orders = select(func.count()).where(
        Order.status.in_(OPEN_ORDERS), Order.gateway_order_id.is_not(None), Order.placed_at <= since
    )
    last, waiting, orders = db.session.execute(
        select(
            select(func.max(GatewayEvent.received_at)).scalar_subquery(),
            select(func.count()).where(GatewayEvent.processed_at.is_(None)).scalar_subquery(),
            open_orders.scalar_subquery(),
        )
    ).one()
    return WebhookHealth(last, orders, waiting, quiet=bool(orders) and (last is None or last < since))
