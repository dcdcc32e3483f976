"""What counsellors earn: the value of each completed session, booked once. Paise."""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import current_app
from sqlalchemy import select

from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.config import Settings
from webapp.core.db import db, lock_for_update
from webapp.enrolments.models import Enrolment
from webapp.payments.models import Account, Order, Payment
from webapp.payments.rules import counsellor_share, session_value
from webapp.payments.services.ledger import Entry, booked_sessions, post, session_reference, unearned_of


def post_earning(session_id: int, *, now: dt.datetime) -> bool:
    """Book a completed session's value: the counsellor's share and the house's, out of what is not yet earned.

    Whatever comes of it, the session is marked as seen by the ledger; a granted one has no value.

    A package's session is worth what was paid ÷ sessions, a service its price (product.md "Money"). Where
    less is left, after a partial refund or a coupon, the house bears the rest. False when there is
    nothing to book, or it is booked already.
    """
    session = db.session.get(CounsellingSession, session_id)
    if session is None or session.status is not SessionStatus.COMPLETED or session.enrolment_id is None:
        return False
    enrolment: Enrolment = lock_for_update(db.session(), Enrolment, session.enrolment_id)
    session.value_booked = True
    if not enrolment.amount_paid and enrolment.service_id is None:
        return False
    order = db.session.scalar(select(Order).where(Order.enrolment_id == enrolment.id))
    value = _value(enrolment, order)
    share = counsellor_share(value, cast(Settings, current_app.config["SETTINGS"]).counsellor_share_percent)
    payments = select(Payment.id).where(Payment.order_id == order.id) if order else None
    paid = list(db.session.scalars(payments)) if payments is not None else []
    owed = min(max(unearned_of(enrolment.id, paid), 0), value)
    return post(
        reference=session_reference(session.id),
        description=f"Session {session.public_id}",
        entries=[
            Entry(Account.UNEARNED, owed),
            Entry(Account.COUNSELLOR, -share, session.counsellor_id),
            Entry(Account.REVENUE, share - owed),
        ],
        now=now,
    )


def _value(enrolment: Enrolment, order: Order | None) -> int:
    if enrolment.service_id is not None and order is not None:
        return order.price
    number = min(booked_sessions(enrolment.id) + 1, enrolment.sessions_total)
    return session_value(enrolment.amount_paid, enrolment.sessions_total, number)
