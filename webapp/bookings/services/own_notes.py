"""What a student writes about a session: for the two of them, or for nobody else's eyes."""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part, part_of
from webapp.bookings.queries.sessions import get_session_for
from webapp.bookings.services.locks import announce, lock_sessions
from webapp.bookings.services.running import LONG_NOTES, NOTED, NOTES_LIMIT, clean_notes, save_notes
from webapp.core.errors import InvalidState, ValidationFailed


def add_notes(*, actor: User, session_id: str, notes: str, shared: bool, now: dt.datetime) -> CounsellingSession:
    """Write notes on a session as whoever the actor is in it.

    Counsellor and admin write the shared or the private notes anew. A student adds to the shared ones, under the
    own name, or writes notes that nobody else reads.

    Raises:
        NotFound: no such session, or not the actor's.
        InvalidState: never confirmed, or cancelled or moved.
        ValidationFailed: over the limit; nothing is changed.
    """
    seen = get_session_for(actor, session_id)
    if part_of(actor, seen) is not Part.STUDENT:
        public, private = (notes, None) if shared else (None, notes)
        return save_notes(actor=actor, session_id=session_id, notes=public, private_notes=private, now=now)
    (session,) = lock_sessions([seen.id])
    if session.status not in NOTED:
        raise InvalidState("Notes belong to a session that is confirmed or was held.")
    text = clean_notes(notes)
    if shared and text:
        text = f"{session.shared_notes}\n\n{actor.name}: {text}".strip()
    if len(text) > NOTES_LIMIT:
        raise ValidationFailed(fields={"notes": LONG_NOTES})
    if not shared:
        session.student_notes = text
    elif text:
        session.shared_notes = text
    announce(session)
    return session
