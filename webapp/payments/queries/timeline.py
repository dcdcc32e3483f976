"""A student's money in plain sentences: every event of every order, the latest first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.money import format_rupees
from webapp.core.times import format_day, format_when
from webapp.payments.emails import method_words
from webapp.payments.models import Match, Order, OrderStatus, Payment, PaymentStatus, Receipt, Refund, RefundStatus
from webapp.payments.queries.orders import history_status, loaded_order, paying_payment
from webapp.payments.rules import OPEN_ORDERS, TAKEN_PAYMENTS
from webapp.payments.services import wanted_time

BY_ITSELF = "If {amount} left your account, it returns by itself within 5 to 7 working days."
UNDERWAY = (RefundStatus.APPROVED, RefundStatus.PENDING)


@dataclass(frozen=True, slots=True)
class MoneyEvent:
    """One line: when (UTC), what happened, in which tone ("ok", "now", "warn", "bad" or none), about which order."""

    at: dt.datetime
    headline: str
    text: str
    tone: str
    order: Order


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One order of the list; ``status`` is a word of api.md's history."""

    order: Order
    status: str
    receipt: Receipt | None
    payment: Payment | None


@dataclass(frozen=True, slots=True)
class StudentMoney:
    """Sums in paise, orders and events, the latest first."""

    paid: int
    refunded: int
    on_its_way: int
    on_its_way_by: dt.datetime | None
    orders: list[OrderLine]
    events: list[MoneyEvent]

    @property
    def receipts(self) -> int:
        """How many receipts there are."""
        return sum(line.receipt is not None for line in self.orders)


def money_of(student: User, now: dt.datetime) -> StudentMoney:
    """Return all money of one student; four statements whatever there is."""
    orders = list(db.session.scalars(loaded_order().where(Order.user_id == student.id).order_by(Order.id.desc())))
    wanted = select(Receipt).join(Receipt.order).where(Order.user_id == student.id)
    receipts = {receipt.order_id: receipt for receipt in db.session.scalars(wanted)}
    lines = [OrderLine(row, history_status(row), receipts.get(row.id), paying_payment(row)) for row in orders]
    events = sorted(
        (event for order in orders for event in order_events(order, student.zone, now)),
        key=lambda event: event.at,
        reverse=True,
    )
    payments = [payment for order in orders for payment in order.payments if payment.status in TAKEN_PAYMENTS]
    refunds = [refund for payment in payments for refund in payment.refunds]
    ahead = [refund for refund in refunds if refund.status in UNDERWAY]
    return StudentMoney(
        paid=sum(payment.amount for payment in payments),
        refunded=sum(refund.amount for refund in refunds if refund.status is RefundStatus.PROCESSED),
        on_its_way=sum(refund.amount for refund in ahead),
        on_its_way_by=max((refund.estimated_at for refund in ahead if refund.estimated_at), default=None),
        orders=lines,
        events=events,
    )


def order_events(order: Order, zone: str, now: dt.datetime) -> Iterator[MoneyEvent]:
    """Yield what happened to one order, in words, times on the clock of ``zone``."""
    amount = format_rupees(order.amount)
    if order.status in OPEN_ORDERS and order.expires_at > now:
        until = f"You can pay it until {format_when(order.expires_at, zone)}."
        yield MoneyEvent(order.placed_at, f"{amount} to pay for {order.title}", until, "now", order)
    elif order.status is not OrderStatus.PAID:
        yield MoneyEvent(
            order.expires_at, f"Order for {order.title} ended", "It was not paid; nothing was taken.", "", order
        )
    if order.status is OrderStatus.PAID and order.amount == 0 and order.paid_at is not None:
        yield MoneyEvent(order.paid_at, f"{order.title} is yours", "There was nothing to pay.", "ok", order)
    for payment in order.payments:
        yield _payment_event(order, payment)
        for refund in payment.refunds:
            yield from _refund_events(order, refund, zone)


def _payment_event(order: Order, payment: Payment) -> MoneyEvent:
    amount, at = format_rupees(payment.amount), payment.captured_at or payment.created_at
    if payment.status is PaymentStatus.FAILED:
        reason = f"{payment.failure.rstrip('.')}. " if payment.failure else ""
        text = reason + BY_ITSELF.format(amount=amount)
        return MoneyEvent(payment.updated_at, "A try did not go through", text, "bad", order)
    if payment.status is PaymentStatus.PENDING:
        return MoneyEvent(at, f"{amount} is on its way to us", "Your bank is still at it.", "now", order)
    if payment.match is Match.DUPLICATE:
        return MoneyEvent(at, f"{amount} paid a second time", "It goes back by itself.", "warn", order)
    if payment.match is not Match.ENROLLED:
        text = "It does not match the order. Our team looks at it and writes to you."
        return MoneyEvent(at, f"{amount} arrived", text, "warn", order)
    return MoneyEvent(at, f"{amount} received", _received(order, payment), "ok", order)


def _received(order: Order, payment: Payment) -> str:
    method = method_words(payment.method)
    words = f"{method[:1].upper()}{method[1:]}. " if method else ""
    enrolment = order.enrolment
    if enrolment is not None:
        added = f"{enrolment.sessions_total} {'session' if enrolment.sessions_total == 1 else 'sessions'} added"
        words += f"{order.title} is active, {added}."
    if wanted_time.is_lost(order):
        words += " The time you chose had run out by then; choose another one."
    return words


def _refund_events(order: Order, refund: Refund, zone: str) -> Iterator[MoneyEvent]:
    amount = format_rupees(refund.amount)
    if refund.requested_by_id is not None:
        yield MoneyEvent(refund.requested_at, f"You asked for {amount} back", refund.reason, "", order)
    if refund.status is RefundStatus.DECLINED and refund.decided_at is not None:
        yield MoneyEvent(refund.decided_at, "Refund declined", refund.answer, "", order)
    elif refund.status in UNDERWAY and refund.decided_at is not None:
        by = f"Reaches your account by {format_day(refund.estimated_at, zone)}." if refund.estimated_at else ""
        yield MoneyEvent(refund.decided_at, f"{amount} refund on its way", by, "warn", order)
    elif refund.status is RefundStatus.PROCESSED and refund.processed_at is not None:
        yield MoneyEvent(refund.processed_at, f"{amount} refunded", f"For {order.title}.", "ok", order)
    elif refund.status is RefundStatus.FAILED:
        text = "The bank did not take it. Our team sends it again."
        yield MoneyEvent(refund.updated_at, f"{amount} refund did not go through", text, "warn", order)
