"""Running a session: its link, its actual start and end, missed or held, and what is written down.

Only the session's counsellor and admins; every step locks the row and looks at its state again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from webapp.accounts.models import User
from webapp.bookings.emails import tell_link, tell_no_show
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part, part_of
from webapp.bookings.queries.sessions import get_session_for
from webapp.bookings.reminder_mails import tell_notes
from webapp.bookings.rules import (
    SessionEvent,
    SessionStatus,
    actual_end,
    allowed_events,
    join_opens,
    may_complete,
    may_mark_no_show,
)
from webapp.bookings.rules.links import PLATFORM_LIMIT, platform_of, wrong_link
from webapp.bookings.services.answers import WORDS
from webapp.bookings.services.locks import announce, lock_sessions, note, step
from webapp.bookings.services.steps import StepText, write_steps
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed

S = CounsellingSession
NOTES_LIMIT = 5000
LONG_NOTES = f"Keep this within {NOTES_LIMIT} characters."
RECORDING_DAYS = range(1, 366)
HELD = frozenset({SessionStatus.SCHEDULED, SessionStatus.COMPLETED})
NOTED = HELD | {SessionStatus.NO_SHOW}


def start_session(*, actor: User, session_id: str, now: dt.datetime) -> CounsellingSession:
    """Note the actual start, from ten minutes before the planned one; a second time changes nothing.

    Raises:
        NotFound, Forbidden: not the actor's, or the actor is its student.
        InvalidState: not confirmed, or too early.
    """
    session = lock_for_staff(actor, session_id)
    _require(session, SessionEvent.COMPLETE)
    if now < join_opens(session.starts_at):
        raise InvalidState("It is too early to start: Join opens 10 minutes before the time.")
    if session.started_at is None:
        session.started_at = now
        note(session, "start", before=session.status, actor=actor, now=now)
        announce(session)
    return session


def complete_session(
    *,
    actor: User,
    session_id: str,
    notes: str | None = None,
    next_steps: Sequence[StepText] | None = None,
    private_notes: str | None = None,
    now: dt.datetime,
) -> CounsellingSession:
    """Finish a session: actual end, shared and private notes, next steps for the student's list; None stays as it is.

    Without an actual start the planned one counts; finished hours late, so does the planned end.

    Raises:
        NotFound, Forbidden: not the actor's, or the actor is its student.
        InvalidState: not confirmed, or not begun yet.
        ValidationFailed: notes or steps over their limits; nothing is changed.
    """
    session = lock_for_staff(actor, session_id)
    _require(session, SessionEvent.COMPLETE)
    if not may_complete(session.starts_at, now):
        raise InvalidState("This session has not begun yet, so it can't be finished.")
    _write(session, notes, private_notes, next_steps)
    session.started_at = session.started_at or session.starts_at
    session.finished_at = max(actual_end(session.ends_at, now), session.started_at)
    step(session, SessionEvent.COMPLETE, actor=actor, now=now)
    tell_notes(session, now)
    return session


def mark_no_show(
    *,
    actor: User,
    session_id: str,
    notes: str | None = None,
    next_steps: Sequence[StepText] | None = None,
    now: dt.datetime,
) -> CounsellingSession:
    """Note that the student did not come; the credit stays used and the student is told. What is None stays as it is.

    Raises:
        NotFound, Forbidden: not the actor's, or the actor is its student.
        InvalidState: not confirmed, or not begun yet.
        ValidationFailed: notes or steps over their limits; nothing is changed.
    """
    session = lock_for_staff(actor, session_id)
    _require(session, SessionEvent.MARK_NO_SHOW)
    if not may_mark_no_show(session.starts_at, now):
        raise InvalidState("This session has not begun yet, so nobody has missed it.")
    _write(session, notes, None, next_steps)
    step(session, SessionEvent.MARK_NO_SHOW, actor=actor, now=now)
    tell_no_show(session, now)
    return session


def save_notes(
    *,
    actor: User,
    session_id: str,
    notes: str | None = None,
    private_notes: str | None = None,
    next_steps: Sequence[StepText] | None = None,
    now: dt.datetime,
) -> CounsellingSession:
    """Write notes and next steps, before or after the session is finished; what is None stays as it is.

    Raises:
        NotFound, Forbidden: not the actor's, or the actor is its student.
        InvalidState: never confirmed, or cancelled or moved.
        ValidationFailed: over the limits; nothing is changed.
    """
    session = lock_for_staff(actor, session_id)
    if session.status not in NOTED:
        raise InvalidState("Notes belong to a session that is confirmed or was held.")
    _write(session, notes, private_notes, next_steps)
    if session.status is SessionStatus.COMPLETED:
        tell_notes(session, now)
    announce(session)
    return session


def set_meeting_link(
    *, actor: User, session_id: str, link: str, platform: str = "", now: dt.datetime
) -> CounsellingSession:
    """Set where the two meet; of a confirmed session both are told, with a calendar file that carries it.

    Raises:
        NotFound, Forbidden: not the actor's, or the actor is its student.
        InvalidState: neither a request nor a confirmed session, or over.
        ValidationFailed: not an https address of at most 500 characters.
    """
    session = lock_for_staff(actor, session_id)
    link = link.strip()
    if wrong := wrong_link(link):
        raise ValidationFailed(wrong, fields={"link": wrong})
    if session.status not in (SessionStatus.REQUESTED, SessionStatus.SCHEDULED) or now >= session.ends_at:
        raise InvalidState(WORDS.get(session.status) if session.status not in HELD else "This session is over.")
    changed = link != session.meeting_link
    session.meeting_link = link
    session.meeting_platform = (platform.strip() or platform_of(link))[:PLATFORM_LIMIT]
    if changed and session.status is SessionStatus.SCHEDULED:
        session.version += 1
        note(session, "link", before=session.status, actor=actor, now=now)
        tell_link(session, now)
        announce(session)
    return session


def set_recording(
    *, actor: User, session_id: str, link: str, days: int = 30, downloadable: bool = False, now: dt.datetime
) -> CounsellingSession:
    """Put a recording's link on a session for some days; an empty one takes it off.

    Raises:
        NotFound, Forbidden: not the actor's, or the actor is its student.
        InvalidState: the session was not held (yet).
        ValidationFailed: not an https address, or not 1–365 days.
    """
    session = lock_for_staff(actor, session_id)
    link = link.strip()
    problems = {"link": wrong} if link and (wrong := wrong_link(link)) else {}
    if link and days not in RECORDING_DAYS:
        problems["days"] = "Choose between 1 and 365 days."
    if problems:
        raise ValidationFailed(next(iter(problems.values())) if len(problems) == 1 else None, fields=problems)
    if session.status not in HELD or now < session.starts_at:
        raise InvalidState("A recording belongs to a session that was held.")
    session.recording_link = link or None
    session.recording_expires_at = now + dt.timedelta(days=days) if link else None
    session.recording_downloadable = bool(link) and downloadable
    announce(session)
    return session


def lock_for_staff(actor: User, session_id: str) -> CounsellingSession:
    """Return a session, locked, to its counsellor or an admin; NotFound or Forbidden for others."""
    seen = get_session_for(actor, session_id)
    part = part_of(actor, seen)
    if part is None:
        raise NotFound
    if part is Part.STUDENT:
        raise Forbidden("Only the counsellor can do this.")
    (session,) = lock_sessions([seen.id])
    return session


def _require(session: S, event: SessionEvent) -> None:
    if event in allowed_events(session.status):
        return
    if session.status is SessionStatus.REQUESTED:
        raise InvalidState("This session is not confirmed yet.")
    over = {SessionStatus.COMPLETED: "already finished", SessionStatus.NO_SHOW: "already marked as missed"}
    words = over.get(session.status)
    raise InvalidState(f"This session is {words}." if words else WORDS.get(session.status))


def _write(session: S, notes: str | None, private_notes: str | None, next_steps: Sequence[StepText] | None) -> None:
    """Write what is given and leave what is None."""
    given = {"notes": notes, "private_notes": private_notes}
    kept = {name: clean_notes(text) for name, text in given.items() if text is not None}
    long = {name: LONG_NOTES for name, text in kept.items() if len(text) > NOTES_LIMIT}
    if long:
        raise ValidationFailed(fields=long)
    session.shared_notes = kept.get("notes", session.shared_notes)
    session.private_notes = kept.get("private_notes", session.private_notes)
    if next_steps is not None:
        write_steps(session, next_steps)


def clean_notes(text: str) -> str:
    """Return notes as they are kept."""
    return text.replace("\r\n", "\n").replace("\x00", "").strip()
