"""What a person may do with a session they can see, and whether they see its meeting link."""

from __future__ import annotations

import datetime as dt
import enum

from webapp.accounts.models import Role, User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import (
    SessionEvent,
    SessionStatus,
    join_opens,
    may_accept,
    may_cancel,
    may_complete,
    may_reschedule,
)

LINK_SHOWN = frozenset({SessionStatus.SCHEDULED, SessionStatus.COMPLETED, SessionStatus.NO_SHOW})
STAFF = frozenset({"counsellor", "admin"})
ANSWERS = frozenset({SessionEvent.ACCEPT, SessionEvent.DECLINE})


class MoveKind(enum.StrEnum):
    """How a session gets another time."""

    MOVE = "move"  # the new one carries on
    REBOOK = "rebook"  # cancelled and booked anew, in one step


class Part(enum.StrEnum):
    """In which part somebody acts on a session; the policy of credits knows the same words."""

    STUDENT = "student"
    COUNSELLOR = "counsellor"
    ADMIN = "admin"


def part_of(user: User, session: CounsellingSession) -> Part | None:
    """Return the part ``user`` has in a session, None for an outsider."""
    if session.student_id == user.id:
        return Part.STUDENT
    if session.counsellor.user_id == user.id:
        return Part.COUNSELLOR
    return Part.ADMIN if user.role is Role.ADMIN else None


def possible_events(user: User, session: CounsellingSession, now: dt.datetime) -> frozenset[SessionEvent]:
    """Return which of accept, decline and cancel are open to ``user`` now: the buttons of a page."""
    part = part_of(user, session)
    events: set[SessionEvent] = set()
    if part is None:
        return frozenset()
    waiting = session.status is SessionStatus.REQUESTED
    open_request = waiting and session.expires_at is not None and may_accept(session.starts_at, session.expires_at, now)
    if open_request and part is not Part.STUDENT:
        events |= ANSWERS
    if (open_request or session.status is SessionStatus.SCHEDULED) and may_cancel(session.starts_at, now):
        events.add(SessionEvent.CANCEL)
    return frozenset(events)


def can_cancel(user: User, session: CounsellingSession, now: dt.datetime) -> bool:
    """Whether ``user`` may cancel the session now."""
    return SessionEvent.CANCEL in possible_events(user, session, now)


def can_answer(user: User, session: CounsellingSession, now: dt.datetime) -> bool:
    """Whether ``user`` may accept or decline the request now."""
    return SessionEvent.ACCEPT in possible_events(user, session, now)


def can_edit_agenda(user: User, session: CounsellingSession, now: dt.datetime) -> bool:
    """Whether ``user`` is its student and the session, or open request, still lies ahead."""
    return part_of(user, session) is Part.STUDENT and can_cancel(user, session, now)


def move_kind(user: User, session: CounsellingSession, hours: int, now: dt.datetime) -> MoveKind | None:
    """Return how ``user`` may give the session another time now, None: not at all. ``hours`` is the deadline."""
    part = part_of(user, session)
    if part is None:
        return None
    waived = session.move_offered_at is not None
    if session.status is SessionStatus.SCHEDULED and may_reschedule(
        part.value, session.starts_at, now, hours, waived=waived
    ):
        return MoveKind.MOVE
    return MoveKind.REBOOK if part is Part.STUDENT and can_cancel(user, session, now) else None


def can_run(user: User, session: CounsellingSession, now: dt.datetime) -> bool:
    """Whether ``user`` may finish the session or mark it as missed now."""
    is_staff = part_of(user, session) in STAFF
    return is_staff and session.status is SessionStatus.SCHEDULED and may_complete(session.starts_at, now)


def can_start(user: User, session: CounsellingSession, now: dt.datetime) -> bool:
    """Whether ``user`` may note the actual start now."""
    is_open = session.status is SessionStatus.SCHEDULED and now >= join_opens(session.starts_at)
    return part_of(user, session) in STAFF and is_open and session.started_at is None


def visible_link(user: User, session: CounsellingSession) -> str | None:
    """Return the meeting link to the two people and admins, and only once the session is confirmed."""
    if part_of(user, session) is None or session.status not in LINK_SHOWN:
        return None
    return session.meeting_link
