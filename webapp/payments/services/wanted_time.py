"""The time that was bought along: booked when the money comes while it is kept, else the nearest times are offered.

Once the ten minutes are over the student keeps the credit and chooses again (product.md "Money"), also
where the time happens to be free still: then it is the first of those offered.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import nearest_free
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services import book_held, release_hold
from webapp.core.db import db
from webapp.core.errors import DomainError, EnrolmentExpired
from webapp.core.times import format_when
from webapp.counsellors.models import Service
from webapp.enrolments.models import Enrolment
from webapp.enrolments.rules import expiry
from webapp.packages.models import Package
from webapp.payments.models import Order

Booked = tuple[CounsellingSession | None, list[dt.datetime]]


def require_before_end(item: Package | Service, starts_at: dt.datetime | None, student: User, now: dt.datetime) -> None:
    """Make sure that a package bought now lasts until the time wanted with it; EnrolmentExpired says its end."""
    if starts_at is None or starts_at.tzinfo is None or not isinstance(item, Package):
        return  # a time without a zone is refused by whoever keeps it
    ends = expiry(now, item.validity_days)
    if starts_at >= ends:
        raise EnrolmentExpired(f"Bought today, {item.name} ends on {format_when(ends, student.zone)}.")


def is_lost(order: Order) -> bool:
    """Whether a paid order wanted a time and did not get it."""
    return order.wanted_starts_at is not None and order.session_id is None and order.session is None


def book(order: Order, enrolment: Enrolment, *, expired: bool, now: dt.datetime) -> Booked:
    """Turn a paid (locked) order's hold into its session; or return the nearest free times. Never raises."""
    if order.wanted_starts_at is None:
        return None, []
    held = _held(order)
    if held is None:
        return None, offer(order, enrolment, now)
    kept = held.expires_at is not None and held.expires_at > now
    session = _try(order, held, enrolment, now) if kept and not expired else None
    if session is None:
        release_hold(student=order.user, hold_id=held.public_id)
        db.session.flush()  # the time is free before others are looked for
        order.hold_id = None
        return None, offer(order, enrolment, now)
    order.session, order.hold_id = session, None
    return session, []


def _held(order: Order) -> CounsellingSession | None:
    wanted = select(CounsellingSession).where(
        CounsellingSession.id == order.hold_id, CounsellingSession.status == SessionStatus.HELD
    )
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def _try(order: Order, held: CounsellingSession, enrolment: Enrolment, now: dt.datetime) -> CounsellingSession | None:
    """A booking that is refused must not undo the enrolment that was paid for."""
    try:
        with db.session.begin_nested():
            return book_held(
                student=order.user,
                hold_id=held.public_id,
                enrolment=enrolment,
                agenda=order.agenda,
                meeting_mode=order.meeting_mode,
                now=now,
            )
    except (DomainError, IntegrityError):
        return None


def offer(order: Order, enrolment: Enrolment, now: dt.datetime) -> list[dt.datetime]:
    """Return the free starts (UTC) nearest to the one an order wanted; the wanted one is the first if it is free."""
    counsellor, wanted = order.wanted_counsellor, order.wanted_starts_at
    if counsellor is None or wanted is None or not counsellor.is_active:
        return []
    near = nearest_free(
        counsellor,
        max(wanted, now),
        duration=order.wanted_minutes,
        student_id=order.user_id,
        now=now,
        expires_at=enrolment.expires_at,
    )
    return [start for start in near if start == wanted] + [start for start in near if start != wanted]
