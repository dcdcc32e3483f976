"""The house's one order of row locks, whole, and the locks of money.

    gateway event → counsellor → student → coupon → order → payment → refund → package → enrolment → session
    → receipt counter

Every transaction takes what it needs in this order, leaving out what it does not; rows of one kind
by ascending id. `webapp.bookings.services.locks` holds the part that bookings need. Inserting a row
whose foreign key points at a locked one never waits: locks are FOR NO KEY UPDATE.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.db import db, lock_for_update
from webapp.counsellors.models import Counsellor
from webapp.payments.models import Coupon, Order, Payment, Refund


def lock_people(counsellor_id: int | None, student_id: int, *, also: int | None = None) -> User:
    """Lock the counsellor, if a time is at stake (``also``: the one of an earlier wish), then the student."""
    for one in sorted({counsellor_id, also} - {None}):  # type: ignore[type-var]
        lock_for_update(db.session(), Counsellor, one)  # type: ignore[arg-type]
    student: User = lock_for_update(db.session(), User, student_id)
    return student


def lock_order(seen: Order, *, people: bool = True) -> Order:
    """Lock and re-read an order after whom it concerns: counsellor of the wanted time, student, coupon.

    ``people`` False leaves out the two persons: for steps that touch nobody's calendar.
    """
    if people:
        lock_people(seen.wanted_counsellor_id, seen.user_id)
    if seen.coupon_id is not None:
        lock_for_update(db.session(), Coupon, seen.coupon_id)
    order: Order = lock_for_update(db.session(), Order, seen.id)
    return order


def lock_payment(payment_id: int) -> Payment:
    """Lock and re-read a payment; its order is locked before where it is needed."""
    payment: Payment = lock_for_update(db.session(), Payment, payment_id)
    return payment


def lock_refunds(payment_ids: Iterable[int]) -> list[Refund]:
    """Lock and re-read all refunds of locked payments, by id."""
    return list(
        db.session.scalars(
            select(Refund)
            .where(Refund.payment_id.in_(list(payment_ids)))
            .order_by(Refund.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )
    )
