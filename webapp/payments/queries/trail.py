"""What happened to an order and its payments, in plain words for admins: who said what, and when."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import and_, or_, select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.money import format_rupees
from webapp.core.times import format_day, format_when
from webapp.payments.emails import method_words
from webapp.payments.models import (
    GatewayEvent,
    LedgerTransaction,
    Match,
    Order,
    OrderStatus,
    Payment,
    PaymentStatus,
    Receipt,
    Refund,
    RefundStatus,
)
from webapp.payments.rules import OPEN_ORDERS
from webapp.payments.services import wanted_time

DAY = dt.timedelta(days=1)
MOST_EVENTS = 60
HOUSE, GATEWAY = "Disha", "Gateway"
EVENTS = {
    "payment.authorized": "the bank promised the money",
    "payment.captured": "the money was taken",
    "payment.failed": "the payment failed",
    "order.paid": "the order is paid",
    "refund.created": "a refund was begun",
    "refund.processed": "a refund went out",
    "refund.failed": "a refund failed",
    "refund.speed_changed": "a refund takes another way",
}
OUTCOMES = {
    "enrolled": "it enrolled the student",
    "already": "nothing new",
    "pending": "not taken yet",
    "failed": "noted",
    "duplicate": "the order was paid already",
    "wrong_amount": "the amount is wrong, so nobody was enrolled",
    "wrong_order": "it names another order, so nothing changed",
    "unknown_order": "it names no order of ours",
    "refunded": "the money had gone back already",
    "ignored": "nothing to do",
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the timeline: who did what, when (UTC), in which tone ("ok", "now", "warn", "bad" or none)."""

    at: dt.datetime
    who: str
    text: str
    tone: str = ""


def money(payment: Payment, paise: int | None = None) -> str:
    """Return an amount of a payment in its own currency."""
    amount = payment.amount if paise is None else paise
    if payment.currency == "INR":
        return format_rupees(amount)
    return f"{payment.currency} {amount // 100:,}.{amount % 100:02d}"


def trail_of(
    order: Order | None, payments: Sequence[Payment], receipt: Receipt | None, *, zone: str, now: dt.datetime
) -> list[Step]:
    """Return everything known of an order and its payments, the earliest first; three statements."""
    refunds = [refund for payment in payments for refund in payment.refunds]
    steps = [_placed_step(order, zone)] if order is not None else []
    steps += _gateway_steps(order, payments, refunds)
    for payment in payments:
        steps += _payment_steps(payment)
    if order is not None:
        steps += _order_steps(order, receipt, now)
    steps += _settled_steps(payments)
    names = _deciders(refunds)
    for refund in refunds:
        steps += _refund_steps(refund, order, names, zone)
    return sorted(steps, key=lambda step: step.at)  # what happened at one instant stays in this order


def _placed_step(order: Order, zone: str) -> Step:
    text = f"ordered {order.title} for {format_rupees(order.amount)}"
    if order.coupon is not None and order.coupon_discount:
        text += f"; the coupon {order.coupon.code} took {format_rupees(order.coupon_discount)}"
    if order.wanted_starts_at is not None and order.wanted_counsellor is not None:
        text += f"; wanted {format_when(order.wanted_starts_at, zone)} with {order.wanted_counsellor.name}"
    return Step(order.placed_at, order.user.name, text)


def _order_steps(order: Order, receipt: Receipt | None, now: dt.datetime) -> Iterator[Step]:
    if order.status is OrderStatus.EXPIRED:
        yield Step(order.expires_at, HOUSE, "the order ended; nobody paid it")
    elif order.status in OPEN_ORDERS and order.expires_at <= now:
        yield Step(order.expires_at, HOUSE, "its time was over; it ends once the gateway has been asked", "warn")
    if order.status is OrderStatus.PAID and order.paid_at is not None:
        yield Step(order.paid_at, HOUSE, _paid_words(order, receipt), "ok")
        if wanted_time.is_lost(order):
            yield Step(order.paid_at, HOUSE, "the wanted time was gone; the credit is kept, times were offered", "warn")


def _paid_words(order: Order, receipt: Receipt | None) -> str:
    count = order.enrolment.sessions_total if order.enrolment else 0
    text = f"enrolled in {order.title}, {count} {'session' if count == 1 else 'sessions'}"
    if order.session is not None:
        text += ", and booked the wanted time"
    return text + (f"; receipt {receipt.receipt_number}" if receipt else "")


def _payment_steps(payment: Payment) -> Iterator[Step]:
    amount, way = money(payment), method_words(payment.method)
    by = f" by {way}" if way else ""
    if payment.status is PaymentStatus.FAILED:
        why = f": {payment.failure}" if payment.failure else ""
        yield Step(payment.updated_at, GATEWAY, f"{amount}{by} was refused{why}", "bad")
    elif payment.status is PaymentStatus.PENDING:
        yield Step(payment.created_at, GATEWAY, f"{amount}{by} is tried; not taken yet", "now")
    else:
        tone = "ok" if payment.match in (Match.ENROLLED, Match.SETTLED) else "warn"
        at = payment.captured_at or payment.created_at
        yield Step(at, GATEWAY, f"{amount}{by} was taken ({payment.gateway_payment_id})", tone)


def _refund_steps(refund: Refund, order: Order | None, names: dict[int, str], zone: str) -> Iterator[Step]:
    amount, status = money(refund.payment, refund.amount), refund.status
    decider = names.get(refund.decided_by_id or 0, HOUSE)
    if refund.requested_by_id is not None:
        student = order.user.name if order else "The student"
        yield Step(refund.requested_at, student, f"asked for {amount} back: {refund.reason}", "warn")
    if status is RefundStatus.DECLINED and refund.decided_at is not None:
        yield Step(refund.decided_at, decider, f"declined to give {amount} back: {refund.answer}")
        return
    if refund.decided_at is not None:
        why = refund.answer if refund.requested_by_id else refund.reason
        by = f"; it arrives by {format_day(refund.estimated_at, zone)}" if refund.estimated_at else ""
        yield Step(refund.decided_at, decider, f"gives {amount} back{by}" + (f": {why}" if why else ""))
    if refund.processed_at is not None:
        yield Step(refund.processed_at, GATEWAY, f"{amount} went back", "ok")
    elif status is RefundStatus.FAILED:
        why = refund.last_error or "no reason given"
        yield Step(refund.updated_at, GATEWAY, f"{amount} could not go back: {why}", "bad")


def _deciders(refunds: Sequence[Refund]) -> dict[int, str]:
    ids = {refund.decided_by_id for refund in refunds if refund.decided_by_id}
    return {row[0]: row[1] for row in db.session.execute(select(User.id, User.name).where(User.id.in_(ids)))}


def _settled_steps(payments: Sequence[Payment]) -> list[Step]:
    """When an admin settled unmatched money; the words stand in the payment's note."""
    by_reference = {f"settled:{payment.id}": payment for payment in payments}
    wanted = select(LedgerTransaction).where(LedgerTransaction.reference.in_(by_reference))
    return [
        Step(row.at, HOUSE, f"settled by hand: {by_reference[row.reference].note}", "ok")
        for row in db.session.scalars(wanted)
    ]


def _gateway_steps(order: Order | None, payments: Sequence[Payment], refunds: Sequence[Refund]) -> list[Step]:
    """Webhooks that name the order or one of its payments, looked for around the days when something happened."""
    ids = [payment.gateway_payment_id for payment in payments]
    body = GatewayEvent.payload["payload"]
    names = or_(
        body["payment"]["entity"]["id"].astext.in_(ids),
        body["refund"]["entity"]["payment_id"].astext.in_(ids),
        body["payment"]["entity"]["order_id"].astext == (order.gateway_order_id if order else None),
        body["order"]["entity"]["id"].astext == (order.gateway_order_id if order else None),
    )
    spans = [
        and_(GatewayEvent.received_at >= since, GatewayEvent.received_at <= until)
        for since, until in _busy_days(order, payments, refunds)
    ]
    wanted = select(GatewayEvent).where(or_(*spans), names).order_by(GatewayEvent.id).limit(MOST_EVENTS)
    return [_event_step(row) for row in db.session.scalars(wanted)]


def _busy_days(
    order: Order | None, payments: Sequence[Payment], refunds: Sequence[Refund]
) -> Iterator[tuple[dt.datetime, dt.datetime]]:
    """When webhooks are to be expected: the table is large, and only its times are indexed."""
    if order is not None:
        yield order.placed_at - DAY, max(order.expires_at, order.paid_at or order.expires_at) + DAY
    for payment in payments:
        yield (payment.captured_at or payment.created_at) - DAY, (payment.captured_at or payment.created_at) + DAY
    for refund in refunds:
        yield refund.requested_at, max(refund.processed_at or refund.requested_at, refund.updated_at) + DAY


def _event_step(row: GatewayEvent) -> Step:
    said = EVENTS.get(row.event, row.event)
    if row.processed_at is None:
        return Step(row.received_at, GATEWAY, f"webhook, {said}; not worked on yet ({row.attempts} tries)", "warn")
    done = OUTCOMES.get(row.outcome, row.outcome)
    return Step(row.received_at, GATEWAY, f"webhook, {said}" + (f": {done}" if done else ""))
