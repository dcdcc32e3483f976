"""Keeping a time for what is bought with it: on the student's open order for the same thing, else on a new one."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.bookings.services.booking import read_wishes
from webapp.core.db import db
from webapp.counsellors.models import Counsellor
from webapp.packages.models import Package
from webapp.payments.models import Order
from webapp.payments.permissions import may_buy
from webapp.payments.rules import OPEN_ORDERS
from webapp.payments.services.checkout import Item, place_order, quote, set_time


def keep_time(
    *,
    student: User,
    item: Item,
    counsellor: Counsellor,
    starts_at: dt.datetime,
    agenda: str,
    meeting_mode: str,
    now: dt.datetime,
) -> Order:
    """Keep a time for ``item`` and return the order that it is paid with.

    Who comes back for another time keeps the order, and with it the coupon; one whose price has
    changed since is left alone. Raises as `place_order` and `set_time`.
    """
    may_buy(student)
    agenda, _ = read_wishes(starts_at, agenda, meeting_mode, now)
    order = open_order_of(student, item, now)
    if order is None:
        return place_order(
            student=student,
            package_id=item.public_id if isinstance(item, Package) else None,
            service_id=None if isinstance(item, Package) else item.public_id,
            counsellor_id=counsellor.public_id,
            starts_at=starts_at,
            agenda=agenda,
            meeting_mode=meeting_mode,
            now=now,
        )
    order = set_time(
        student=student,
        order_id=order.public_id,
        starts_at=starts_at,
        counsellor_id=counsellor.public_id,
        now=now,
    )
    order.agenda, order.meeting_mode = agenda, meeting_mode
    return order


def open_order_of(student: User, item: Item, now: dt.datetime) -> Order | None:
    """Return the student's latest order for ``item`` that can still be paid, at the price of today."""
    today = quote(student=None, item=item, coupon_code=None, now=now)
    return db.session.scalar(
        select(Order)
        .where(
            Order.user_id == student.id,
            Order.package_id == item.id if isinstance(item, Package) else Order.service_id == item.id,
            Order.status.in_(OPEN_ORDERS),
            Order.expires_at > now,
            Order.price == today.price,
            Order.discount == today.discount,
        )
        .order_by(Order.id.desc())
        .limit(1)
    )
