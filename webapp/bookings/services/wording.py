"""What a student wants to talk about, changed after booking."""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part, can_edit_agenda, part_of
from webapp.bookings.queries.sessions import get_session_for
from webapp.bookings.services.booking import read_agenda
from webapp.bookings.services.locks import announce, lock_sessions, note
from webapp.core.errors import Forbidden, InvalidState


def edit_agenda(*, actor: User, session_id: str, agenda: str, now: dt.datetime) -> CounsellingSession:
    """Change the agenda of one's own session that has not begun; the counsellor finds it in the brief.

    Nobody is written to and the version stays: it is no change of time or state.

    Raises:
        NotFound, Forbidden: not the actor's, or the actor is not its student.
        ValidationFailed: over the limit; nothing is changed.
        InvalidState: begun, over, cancelled, moved, or a request that ran out.
    """
    seen = get_session_for(actor, session_id)
    if part_of(actor, seen) is not Part.STUDENT:
        raise Forbidden("Only the student changes the agenda.")
    text = read_agenda(agenda)
    (session,) = lock_sessions([seen.id])
    if not can_edit_agenda(actor, session, now):
        raise InvalidState("The agenda can be changed until the session begins.")
    if text != session.agenda:
        session.agenda = text
        note(session, "agenda", before=session.status, actor=actor, now=now)
        announce(session)
    return session
