"""Orders a student has begun and not paid, with the times kept for them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.payments.models import Order
from webapp.payments.rules import OPEN_ORDERS

SHOWN = 3


@dataclass(frozen=True, slots=True)
class Unpaid:
    """An open order. ``kept_until``: when its time runs out, None where none is kept (any more)."""

    order: Order
    kept_until: dt.datetime | None


def unpaid_orders(student_id: int, now: dt.datetime) -> list[Unpaid]:
    """Return a student's latest open orders; one statement, and one for their kept times if they have any."""
    wanted = (
        select(Order)
        .where(Order.user_id == student_id, Order.status.in_(OPEN_ORDERS), Order.expires_at > now)
        .options(joinedload(Order.wanted_counsellor))
        .order_by(Order.id.desc())
        .limit(SHOWN)
    )
    orders = list(db.session.scalars(wanted))
    holds = [order.hold_id for order in orders if order.hold_id is not None]
    kept: dict[int, dt.datetime | None] = {}
    if holds:
        held = select(CounsellingSession.id, CounsellingSession.expires_at).where(
            CounsellingSession.id.in_(holds),
            CounsellingSession.status == SessionStatus.HELD,
            CounsellingSession.expires_at > now,
        )
        kept = {row.id: row.expires_at for row in db.session.execute(held)}
    return [Unpaid(order, kept.get(order.hold_id or 0)) for order in orders]
