"""What happens to the sessions of an enrolment that ends before its time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.bookings.emails import tell_cancelled
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part
from webapp.bookings.rules import SessionEvent, SessionStatus, has_lapsed
from webapp.bookings.services.locks import expire, give_credit_back, lock_sessions, step
from webapp.core.db import db
from webapp.enrolments.models import Enrolment

S = CounsellingSession


def free_sessions(
    enrolment: Enrolment, *, actor: User | None, reason: str, now: dt.datetime
) -> list[CounsellingSession]:
    """Cancel every session and request of a locked enrolment that has not begun; return the cancelled ones.

    Their times are free again and both people are told, by the house. The credits go back to the
    enrolment, which its end keeps from booking. ``actor`` None is the house itself.
    """
    ahead = select(S.id).where(
        S.enrolment_id == enrolment.id,
        S.status.in_((SessionStatus.REQUESTED, SessionStatus.SCHEDULED)),
        S.starts_at > now,
    )
    freed = []
    for session in lock_sessions(db.session.scalars(ahead).all()):
        if session.status is SessionStatus.REQUESTED and session.expires_at and has_lapsed(session.expires_at, now):
            expire(session, now)
        elif session.status in (SessionStatus.REQUESTED, SessionStatus.SCHEDULED):
            session.reason = reason
            give_credit_back(session)
            step(session, SessionEvent.CANCEL, actor=actor, now=now)
            tell_cancelled(session, Part.ADMIN, now)
            freed.append(session)
    return freed
