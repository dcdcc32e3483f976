"""Moving a session to another time, in one piece: the old one gives way only if the new one can be had."""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import Role, User
from webapp.bookings.emails import tell_rescheduled
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part, part_of
from webapp.bookings.queries.moves import without_session
from webapp.bookings.queries.sessions import chain_of, deadline_hours_of, get_session_for
from webapp.bookings.rules import SessionEvent, SessionStatus, may_reschedule, next_reminder
from webapp.bookings.rules.topics import split_topics
from webapp.bookings.services.answers import WORDS, cancel_session, read_reason
from webapp.bookings.services.booking import book_session, clear_own_holds, require_active
from webapp.bookings.services.locks import announce, lock_and_lapse, lock_people, lock_sessions, note, step
from webapp.bookings.services.offer import read_offer, require_free, require_instant
from webapp.core.db import db
from webapp.core.errors import EnrolmentExpired, Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.enrolments.models import EnrolmentStatus

S = CounsellingSession
STILL_A_REQUEST = "This request has no answer yet. Ask for another time instead; the request is taken back with it."
BEGUN = "This session has begun and can't be moved any more."


def reschedule_session(
    *, actor: User, session_id: str, starts_at: dt.datetime, reason: str, now: dt.datetime
) -> CounsellingSession:
    """Move a confirmed session to another free start of its counsellor; return the session that carries on.

    The old row ends as rescheduled, the new one takes over credit, room, agenda and notes and stays
    confirmed, also with a counsellor who answers requests: they have met this student's booking
    already, their hours and notice bound the choice, and they may move or cancel it themselves.
    A student may until the deadline (until the start where another time was offered), counsellor
    and admin until the start; these need no notice.

    Raises:
        NotFound: no such session, or not the actor's.
        InvalidState: it is not confirmed (any more), has begun, or was moved already.
        Forbidden: a student after the deadline.
        ValidationFailed: the same time, one that has passed, within the notice or beyond the horizon; a long reason.
        EnrolmentExpired: the package ends before that time, or was ended.
        SlotTaken, StudentBusy: not on offer (any more), with the nearest starts that are.
    """
    seen = get_session_for(actor, session_id)
    part = part_of(actor, seen)
    if part is None:
        raise NotFound
    reason = read_reason(reason, required=False)
    _require_instant(seen, starts_at, now)
    counsellor, student = lock_people(seen.counsellor_id, seen.student_id)
    lock_and_lapse(counsellor.id, student.id, seen.enrolment_id, now)
    (old,) = lock_sessions([seen.id])
    _require_movable(old, part, now)
    require_active(counsellor)
    _require_free(old, student, starts_at, by_staff=part is not Part.STUDENT, now=now)
    return _carry_on(old, starts_at.astimezone(dt.UTC), actor=actor, part=part, reason=reason, now=now)


def change_time(
    *, actor: User, session_id: str, starts_at: dt.datetime, reason: str, now: dt.datetime
) -> CounsellingSession:
    """Give a session another time: a confirmed one is moved, one's own request is taken back and asked anew.

    Either way it costs no further credit; a student after the deadline is refused, as `reschedule_session` says.

    Raises:
        As `reschedule_session`; for one's own request as `rebook_session`.
    """
    seen = get_session_for(actor, session_id)
    asks = seen.status is SessionStatus.REQUESTED and part_of(actor, seen) is Part.STUDENT
    move = rebook_session if asks else reschedule_session
    return move(actor=actor, session_id=session_id, starts_at=starts_at, reason=reason, now=now)


def rebook_session(
    *, actor: User, session_id: str, starts_at: dt.datetime, reason: str, now: dt.datetime
) -> CounsellingSession:
    """Cancel one's own session or request and book another time with the same counsellor, both or neither.

    For what cannot be moved: a request without an answer, or a session after the deadline. The credit of
    the cancelled one comes back or not as `cancel_session` says, and booking takes one.

    Raises:
        Forbidden: not the session's student. Others: as `cancel_session` and `book_session`.
    """
    seen = get_session_for(actor, session_id)
    if actor.role is not Role.STUDENT or seen.enrolment is None:
        raise Forbidden("Only the student can book another time.")
    _require_instant(seen, starts_at, now)
    lock_people(seen.counsellor_id, seen.student_id)  # booking wants them before what cancelling locks
    old = cancel_session(actor=actor, session_id=session_id, reason=reason, now=now)
    db.session.flush()  # its time and credit are free for the booking
    agenda, description = split_topics(old.agenda)
    return book_session(
        student=actor,
        counsellor_id=old.counsellor.public_id,
        enrolment_id=seen.enrolment.public_id,
        starts_at=starts_at,
        agenda=agenda,
        description=description,
        meeting_mode=old.meeting_mode.value,
        now=now,
    )


def _require_instant(seen: S, starts_at: dt.datetime, now: dt.datetime) -> None:
    wrong = require_instant(starts_at, now)
    if wrong is None and starts_at == seen.starts_at:
        wrong = "It is at that time already. Choose another one."
    if wrong:
        raise ValidationFailed(wrong, fields={"starts_at": wrong})


def _require_movable(old: S, part: Part, now: dt.datetime) -> None:
    if old.status is SessionStatus.REQUESTED:
        raise InvalidState(STILL_A_REQUEST)
    if old.status is not SessionStatus.SCHEDULED:
        raise InvalidState(WORDS.get(old.status))
    if now >= old.starts_at:
        raise InvalidState(BEGUN)
    hours = deadline_hours_of(old.counsellor_id)
    if not may_reschedule(part.value, old.starts_at, now, hours, waived=old.move_offered_at is not None):
        raise Forbidden(f"A session can be moved until {hours} h before its start. Cancelling is still possible.")


def _require_free(old: S, student: User, starts_at: dt.datetime, *, by_staff: bool, now: dt.datetime) -> None:
    enrolment = old.enrolment
    if enrolment is not None and enrolment.status in (EnrolmentStatus.CANCELLED, EnrolmentStatus.REFUNDED):
        raise EnrolmentExpired(f"{enrolment.title} was {enrolment.status.value}: its sessions can't be moved.")
    data = without_session(read_offer(old.counsellor, student, starts_at, now), old, by_staff=by_staff)
    ends = enrolment.expires_at if enrolment else None
    require_free(data, starts_at, student=student, duration=old.minutes, now=now, expires_at=ends)


def _carry_on(
    old: S, starts_at: dt.datetime, *, actor: User, part: Part, reason: str, now: dt.datetime
) -> CounsellingSession:
    old.reason = reason
    step(old, SessionEvent.RESCHEDULE, actor=actor, now=now, detail={"to": starts_at.isoformat()})
    db.session.flush()  # its time is free before the insert
    new = S(
        counsellor=old.counsellor,
        student=old.student,
        enrolment=old.enrolment,
        status=SessionStatus.SCHEDULED,
        starts_at=starts_at,
        ends_at=starts_at + (old.ends_at - old.starts_at),
        agenda=old.agenda,
        meeting_mode=old.meeting_mode,
        meeting_link=old.meeting_link,
        meeting_platform=old.meeting_platform,
        private_notes=old.private_notes,
        shared_notes=old.shared_notes,
        student_notes=old.student_notes,
        requested_at=old.requested_at,
        confirmed_at=now,
        version=old.version,
        calendar_uid=chain_of(old),
        rescheduled_from_id=old.id,
        remind_at=next_reminder(starts_at, now),
    )
    if part is Part.STUDENT:
        clear_own_holds(new)
    db.session.add(new)
    note(new, "carry_on", before=None, actor=actor, now=now, detail={"from": old.starts_at.isoformat()})
    tell_rescheduled(old, new, part, now)
    announce(new)
    return new
