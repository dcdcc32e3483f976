"""What has to be settled before a person can be forgotten."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules.states import SessionStatus
from webapp.core.db import db
from webapp.core.money import format_rupees
from webapp.core.times import format_day, format_when
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.payments.models import Order, Payment, Refund, RefundStatus
from webapp.payments.rules import OPEN_ORDERS
from webapp.payments.services.by_hand import UNMATCHED
from webapp.payments.services.ledger import balance_of

OPEN_SESSIONS = (SessionStatus.HELD, SessionStatus.REQUESTED, SessionStatus.SCHEDULED)
OPEN_REFUNDS = (RefundStatus.REQUESTED, RefundStatus.APPROVED, RefundStatus.PENDING)


def obstacles(user: User, *, now: dt.datetime) -> list[str]:
    """Return what stands in the way, each in a sentence that says what to do; at most seven statements."""
    counsellor = db.session.scalar(select(Counsellor).where(Counsellor.user_id == user.id))
    return [
        *_sessions(user, counsellor),
        *_enrolments(user, now),
        *_orders(user, now),
        *_payments(user),
        *_refunds(user),
        *(_as_counsellor(counsellor) if counsellor else ()),
    ]


def _sessions(user: User, counsellor: Counsellor | None) -> Iterator[str]:
    mine = CounsellingSession.student_id == user.id
    if counsellor is not None:
        mine |= CounsellingSession.counsellor_id == counsellor.id
    wanted = (
        select(CounsellingSession)
        .where(mine, CounsellingSession.status.in_(OPEN_SESSIONS))
        .options(joinedload(CounsellingSession.counsellor))
        .order_by(CounsellingSession.starts_at)
    )
    for one in db.session.scalars(wanted):
        when = format_when(one.starts_at, user.zone)
        yield f"The session on {when} with {one.counsellor.name} is {one.status.value}: complete or cancel it."


def _enrolments(user: User, now: dt.datetime) -> Iterator[str]:
    wanted = select(Enrolment).where(
        Enrolment.user_id == user.id, Enrolment.status == EnrolmentStatus.ACTIVE, Enrolment.expires_at > now
    )
    for one in db.session.scalars(wanted):
        if one.sessions_left:
            left = f"{one.sessions_left} {'session' if one.sessions_left == 1 else 'sessions'}"
            yield f"{one.title} has {left} left: refund its payment, or cancel it."


def _orders(user: User, now: dt.datetime) -> Iterator[str]:
    wanted = select(Order).where(Order.user_id == user.id, Order.status.in_(OPEN_ORDERS))
    for one in db.session.scalars(wanted):
        until = format_when(one.expires_at, user.zone)
        waits = f"it ends on {until}" if one.expires_at > now else "it ends with the next look at the gateway"
        yield f"The order of {format_rupees(one.amount)} for {one.title} is not paid yet: {waits}."


def _payments(user: User) -> Iterator[str]:
    wanted = select(Payment).join(Order, Payment.order_id == Order.id)
    for one in db.session.scalars(wanted.where(Order.user_id == user.id, Payment.match.in_(UNMATCHED))):
        if one.refunded < one.amount:
            yield f"A payment of {format_rupees(one.amount)} belongs to nothing: refund or settle it."


def _refunds(user: User) -> Iterator[str]:
    wanted = (
        select(Refund)
        .join(Payment, Refund.payment_id == Payment.id)
        .join(Order, Payment.order_id == Order.id)
        .where(Order.user_id == user.id, Refund.status.in_(OPEN_REFUNDS))
    )
    for one in db.session.scalars(wanted):
        day = format_day(one.requested_at, user.zone)
        yield f"The refund of {format_rupees(one.amount)} of {day} is not through: decide it, or wait for the bank."


def _as_counsellor(counsellor: Counsellor) -> Iterator[str]:
    if counsellor.is_active:
        yield "The counsellor profile is active: deactivate it."
    if owed := balance_of(counsellor.id):
        yield f"{format_rupees(owed)} is owed to this counsellor: record the payout."
