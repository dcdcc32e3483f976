"""Asking students for another time: the session stands until its student has chosen one."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part, part_of
from webapp.bookings.queries.sessions import get_session_for
from webapp.bookings.reminder_mails import tell_move_offered, tell_offer_withdrawn
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services.answers import WORDS, read_reason
from webapp.bookings.services.locks import announce, lock_sessions, note
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed

S = CounsellingSession
OFFER = "offer_move"
WITHDRAW = "withdraw_offer"
MOST_AT_ONCE = 100


def offer_another_time(
    *, actor: User, session_ids: Sequence[str], message: str, now: dt.datetime
) -> list[CounsellingSession]:
    """Ask the students of these confirmed sessions to choose another time; return the sessions, all or none.

    Until each starts, moving it and cancelling it are free for its student, whatever the deadline.
    One that was asked for already stays as it is and is not asked again.

    Raises:
        ValidationFailed: none or more than 100 chosen, or a message over 500 characters.
        NotFound, Forbidden: one of them is not the actor's, or the actor is its student.
        InvalidState: one is not confirmed, or has begun.
    """
    message, wanted = read_reason(message, required=False), list(dict.fromkeys(session_ids))
    if not 0 < len(wanted) <= MOST_AT_ONCE:
        words = f"Choose at most {MOST_AT_ONCE} at once." if wanted else "Choose at least one session."
        raise ValidationFailed(words, fields={"sessions": words})
    sessions = _locked(actor, wanted)
    for session in sessions:
        _require_ahead(session, now)
        if session.move_offered_at is None:
            session.move_offered_at = now
            note(session, OFFER, before=session.status, actor=actor, now=now, detail={"message": message})
            tell_move_offered(session, message, now)
            announce(session)
    return sessions


def withdraw_offer(*, actor: User, session_id: str, now: dt.datetime) -> CounsellingSession:
    """Take the question for another time back: the session stays where it is, and its student is told.

    Raises:
        NotFound, Forbidden: not the actor's, or the actor is its student.
        InvalidState: nothing was asked, or the session is not confirmed any more or has begun.
    """
    (session,) = _locked(actor, [session_id])
    _require_ahead(session, now)
    if session.move_offered_at is None:
        raise InvalidState("No other time was asked for.")
    tell_offer_withdrawn(session, now)
    session.move_offered_at = None
    note(session, WITHDRAW, before=session.status, actor=actor, now=now)
    announce(session)
    return session


def _locked(actor: User, session_ids: Sequence[str]) -> list[S]:
    seen = [get_session_for(actor, session_id) for session_id in session_ids]
    for session in seen:
        part = part_of(actor, session)
        if part is None:
            raise NotFound
        if part is Part.STUDENT:
            raise Forbidden("Only the counsellor asks for another time.")
    return lock_sessions(session.id for session in seen)


def _require_ahead(session: S, now: dt.datetime) -> None:
    who = session.student.name
    if session.status is SessionStatus.REQUESTED:
        raise InvalidState(f"The request of {who} has no answer yet: decline it with a reason instead.")
    if session.status is not SessionStatus.SCHEDULED:
        raise InvalidState(f"{who}: {WORDS.get(session.status, 'this session is not confirmed.')}")
    if now >= session.starts_at:
        raise InvalidState(f"The session of {who} has begun and can't be moved any more.")
