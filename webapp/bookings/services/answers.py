"""What happens to a booked session: accepted, declined, cancelled, expired.

Each is compare-and-swap: the row is locked, its state is looked at again, and only then changed.
"""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import User
from webapp.bookings.emails import tell_cancelled, tell_confirmed, tell_declined
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part, part_of
from webapp.bookings.queries.sessions import deadline_hours_of, get_session_for
from webapp.bookings.rules import (
    SessionEvent,
    SessionStatus,
    allowed_events,
    credit_returns,
    has_lapsed,
    may_cancel,
)
from webapp.bookings.services.booking import confirm
from webapp.bookings.services.locks import expire, give_credit_back, lock_enrolments, lock_sessions, step
from webapp.core.db import db
from webapp.core.errors import BookingExpired, Forbidden, InvalidState, NotFound, ValidationFailed

S = CounsellingSession
REASON_LIMIT = 500
LAPSED = "This request ran out without an answer. The session goes back to the student's package."
WORDS = {
    SessionStatus.SCHEDULED: "This session is already confirmed.",
    SessionStatus.DECLINED: "This request was already declined.",
    SessionStatus.EXPIRED: "This request ran out without an answer.",
    SessionStatus.CANCELLED: "This session was already cancelled.",
    SessionStatus.RESCHEDULED: "This session was moved to another time.",
    SessionStatus.COMPLETED: "This session is over.",
    SessionStatus.NO_SHOW: "This session is over.",
}


def accept_session(*, actor: User, session_id: str, now: dt.datetime) -> CounsellingSession:
    """Confirm a request: it gets its room, and both people a mail with the calendar file.

    Raises:
        NotFound: no such session, or not the actor's.
        Forbidden: its student cannot answer it.
        InvalidState: it is not a request any more.
        BookingExpired: it ran out before the answer.
    """
    session, _part = _locked(actor, session_id, SessionEvent.ACCEPT, now)
    confirm(session, now)
    step(session, SessionEvent.ACCEPT, actor=actor, now=now)
    db.session.flush()  # numbering for the mail counts this row's new state
    tell_confirmed(session, now)
    return session


def decline_session(*, actor: User, session_id: str, reason: str, now: dt.datetime) -> CounsellingSession:
    """Decline a request with a reason that the student reads; the credit comes back.

    Raises:
        ValidationFailed: no reason, or more than 500 characters.
        NotFound, Forbidden, InvalidState, BookingExpired: as `accept_session`.
    """
    session, _part = _locked(actor, session_id, SessionEvent.DECLINE, now)
    session.reason = read_reason(reason, required=True)
    give_credit_back(session)
    step(session, SessionEvent.DECLINE, actor=actor, now=now)
    tell_declined(session, now)
    return session


def cancel_session(*, actor: User, session_id: str, reason: str, now: dt.datetime) -> CounsellingSession:
    """Cancel a session or a request before its start; the credit comes back as the policy says.

    Raises:
        ValidationFailed: a reason of more than 500 characters.
        NotFound: no such session, or not the actor's.
        InvalidState: it is over, or has begun.
        BookingExpired: a request that ran out already; its credit comes back anyway.
    """
    session, part = _locked(actor, session_id, SessionEvent.CANCEL, now)
    if not may_cancel(session.starts_at, now):
        raise InvalidState("This session has begun and can't be cancelled any more.")
    session.reason = read_reason(reason, required=False)
    hours, waived = deadline_hours_of(session.counsellor_id), session.move_offered_at is not None
    if credit_returns(SessionEvent.CANCEL, part.value, session.starts_at, now, hours, waived=waived):
        give_credit_back(session)
    step(session, SessionEvent.CANCEL, actor=actor, now=now)
    tell_cancelled(session, part, now)
    return session


def expire_session(session_pk: int, *, now: dt.datetime) -> bool:
    """Expire one request if its time is over; False if somebody else is at it or was first."""
    found = db.session.get(S, session_pk)
    if found is None:
        return False
    enrolments = lock_enrolments([found.enrolment_id], skip_locked=True)
    if found.enrolment_id is not None and not enrolments:
        return False
    for session in lock_sessions([session_pk], skip_locked=True):
        if _is_lapsed(session, now):
            expire(session, now)
            return True
    return False


def _locked(actor: User, session_id: str, event: SessionEvent, now: dt.datetime) -> tuple[CounsellingSession, Part]:
    """Return the session, locked after its enrolment, if ``event`` is open to the actor in its state of now."""
    seen = get_session_for(actor, session_id)
    part = part_of(actor, seen)
    if part is None:
        raise NotFound
    if part is Part.STUDENT and event is not SessionEvent.CANCEL:
        raise Forbidden("Only the counsellor answers a request.")
    lock_enrolments([seen.enrolment_id])
    (session,) = lock_sessions([seen.id])
    if event not in allowed_events(session.status):
        raise InvalidState(WORDS.get(session.status))
    if _is_lapsed(session, now):
        raise BookingExpired(LAPSED)
    return session, part


def _is_lapsed(session: CounsellingSession, now: dt.datetime) -> bool:
    if session.status is not SessionStatus.REQUESTED or session.expires_at is None:
        return False
    return has_lapsed(session.expires_at, now)


def read_reason(reason: str, *, required: bool) -> str:
    """Return a reason as it is kept; ValidationFailed when it is missing or too long."""
    reason = reason.replace("\r\n", "\n").replace("\x00", "").strip()
    if required and not reason:
        raise ValidationFailed(fields={"reason": "Say in a few words why; the student reads it."})
    if len(reason) > REASON_LIMIT:
        raise ValidationFailed(fields={"reason": f"Keep the reason within {REASON_LIMIT} characters."})
    return reason
