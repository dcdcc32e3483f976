"""Booking a session with a credit. Everything is asked again under the row locks, just before the insert."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import cast

from flask import current_app
from sqlalchemy import select

from webapp.accounts.models import Role, User
from webapp.availability.rules import BookingMode
from webapp.bookings.emails import Facts, tell_confirmed, tell_requested
from webapp.bookings.meeting import make_link
from webapp.bookings.models import CounsellingSession, MeetingMode
from webapp.bookings.queries.calendars import CalendarData
from webapp.bookings.queries.sessions import house_deadline_hours
from webapp.bookings.queries.wanted import Wanted, Wish, find_wanted, own_of_booking
from webapp.bookings.rules import SessionStatus, cancel_deadline, next_reminder, request_expiry
from webapp.bookings.rules.topics import join_topics
from webapp.bookings.services.locks import (
    announce,
    drop,
    lock_and_lapse,
    lock_booking,
    lock_people,
    lock_sessions,
    note,
)
from webapp.bookings.services.offer import NOT_VERIFIED, read_offer, require_free, require_instant
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.errors import Conflict, EnrolmentExpired, Forbidden, NoSessionsLeft, NotFound, ValidationFailed
from webapp.core.times import format_when
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.enrolments.queries import may_be_booked
from webapp.enrolments.rules import status_at
from webapp.enrolments.services import debit_credit

S = CounsellingSession
AGENDA_LIMIT = 1000


def book_session(
    *,
    student: User,
    counsellor_id: str,
    enrolment_id: str,
    starts_at: dt.datetime,
    agenda: str,
    description: str = "",
    meeting_mode: str,
    now: dt.datetime,
    wanted: Wanted | None = None,
) -> CounsellingSession:
    """Book a start for a student: a request, or a confirmed session where the counsellor books instantly.

    The length is the enrolment's. One credit is taken; both people are told. ``description`` says more of the agenda.
    ``wanted``: what `look_before_booking` found just now, for this very wish.

    Raises:
        Forbidden: not an active student, or the mail address is not confirmed.
        NotFound: no such counsellor, or no such enrolment of this student.
        ValidationFailed: agenda, mode or time that break a rule, or a counsellor outside the package.
        Conflict: the counsellor takes no bookings any more.
        EnrolmentExpired, NoSessionsLeft: the enrolment cannot book this.
        SlotTaken, StudentBusy: not on offer (any more), with the nearest starts that are.
    """
    require_student(student)
    agenda, mode = read_wishes(starts_at, agenda, meeting_mode, now)
    agenda = join_topics(agenda, read_agenda(description, "description"))
    wish = Wish(counsellor_id, enrolment_id, starts_at)
    wanted = wanted or look_before_booking(student=student, wish=wish, now=now)
    counsellor, student, enrolment = _lock(wanted, student, now)
    data = _require_on_offer(counsellor, enrolment, starts_at, now)
    require_usable(enrolment, starts_at, now)  # a time that is not on offer is told first
    begins, length = starts_at.astimezone(dt.UTC), dt.timedelta(minutes=enrolment.session_minutes)
    own = own_of_booking(student_id=student.id, enrolment_id=enrolment.id, starts_at=begins, ends_at=begins + length)
    _drop_holds(own.holds)
    session = S(counsellor=counsellor, student=student, starts_at=begins, ends_at=begins + length)
    take(session, enrolment, agenda=agenda, mode=mode, booking_mode=data.rules.mode, now=now)
    db.session.add(session)
    hours = house_deadline_hours() if data.deadline_hours is None else data.deadline_hours
    conclude(session, before=None, now=now, facts=Facts(cancel_deadline(begins, hours), own.number))
    return session


def require_student(user: User) -> None:
    """Make sure that this is an active student with a confirmed mail address; Forbidden says what is missing."""
    if user.role is not Role.STUDENT or not user.active:
        raise Forbidden("Only a student's account can book a session.")
    if not user.is_verified:
        raise Forbidden(NOT_VERIFIED)


def require_active(counsellor: Counsellor) -> None:
    """Make sure that the counsellor still counsels."""
    if not counsellor.is_active:
        raise Conflict(f"{counsellor.name} takes no bookings any more. Choose another counsellor.")


def read_wishes(starts_at: dt.datetime, agenda: str, meeting_mode: str, now: dt.datetime) -> tuple[str, MeetingMode]:
    """Return agenda and mode in the form they are kept; ValidationFailed names every wrong field at once."""
    problems: dict[str, str] = {}
    if wrong := require_instant(starts_at, now):
        problems["starts_at"] = wrong
    try:
        agenda = read_agenda(agenda)
    except ValidationFailed as error:
        problems |= error.fields
    if meeting_mode not in list(MeetingMode):
        problems["meeting_mode"] = "Choose how to meet: video, phone, chat or in person."
    if problems:
        raise ValidationFailed(next(iter(problems.values())) if len(problems) == 1 else None, fields=problems)
    return agenda, MeetingMode(meeting_mode)


def read_agenda(agenda: str, field: str = "agenda") -> str:
    """Return what a student wants to talk about as it is kept; ValidationFailed beyond 1000 characters."""
    agenda = agenda.replace("\r\n", "\n").replace("\x00", "").strip()
    if len(agenda) > AGENDA_LIMIT:
        words = f"Keep this within {AGENDA_LIMIT} characters."
        raise ValidationFailed(words, fields={field: words})
    return agenda


def look_before_booking(*, student: User, wish: Wish, now: dt.datetime) -> Wanted:
    """Refuse what is refused anyway, so that who is late is told so without waiting in line; nothing is locked.

    A door may ask this before its transaction: a refusal then has nothing to roll back. `book_session` asks all of
    it again under the locks, and first this where nobody did.

    Raises:
        As `book_session`, as far as it can be told from outside.
    """
    wanted = find_wanted(student_id=student.id, wish=wish, now=now)
    if wanted is None:
        raise NotFound
    if wanted.fits and not wanted.is_taken:
        return wanted
    counsellor = db.session.get_one(Counsellor, wanted.counsellor_id)
    enrolment = db.session.get_one(Enrolment, wanted.enrolment_id)
    if not wanted.fits:
        require_allowed(enrolment, counsellor)
    _require_on_offer(counsellor, enrolment, wish.starts_at, now)
    return wanted


def _lock(wanted: Wanted, student: User, now: dt.datetime) -> tuple[Counsellor, User, Enrolment]:
    """Lock who and what a booking touches, in the house's order, and make sure that both people still may."""
    if wanted.lapses:
        counsellor, student = lock_people(wanted.counsellor_id, student.id)
        lock_and_lapse(counsellor.id, student.id, wanted.enrolment_id, now)
        enrolment = db.session.get_one(Enrolment, wanted.enrolment_id)
    else:
        counsellor, student, enrolment = lock_booking(wanted.counsellor_id, student.id, wanted.enrolment_id)
    require_student(student)
    require_active(counsellor)
    return counsellor, student, enrolment


def _require_on_offer(
    counsellor: Counsellor, enrolment: Enrolment, starts_at: dt.datetime, now: dt.datetime
) -> CalendarData:
    data = read_offer(counsellor, enrolment.user, starts_at, now)
    require_free(
        data,
        starts_at,
        student=enrolment.user,
        duration=enrolment.session_minutes,
        now=now,
        expires_at=enrolment.expires_at,
    )
    return data


def require_allowed(enrolment: Enrolment, counsellor: Counsellor) -> None:
    """Make sure that this enrolment's sessions are with this counsellor, and that they still counsel."""
    require_active(counsellor)
    if not may_be_booked(enrolment, counsellor.id):
        words = f"{counsellor.name} does not counsel in {enrolment.title}. Choose a counsellor of this package."
        raise ValidationFailed(words, fields={"counsellor_id": words})


def require_usable(enrolment: Enrolment, starts_at: dt.datetime, now: dt.datetime) -> None:
    """Make sure that a locked enrolment may book at this time and has a credit left."""
    status = status_at(enrolment, now)
    if status is EnrolmentStatus.EXPIRED:
        when = format_when(enrolment.expires_at, enrolment.user.zone)
        raise EnrolmentExpired(f"{enrolment.title} ended on {when} and can't be booked with any more.")
    if status is not EnrolmentStatus.ACTIVE:
        raise EnrolmentExpired(f"{enrolment.title} was {status.value} and can't be booked with any more.")
    if starts_at >= enrolment.expires_at:
        when = format_when(enrolment.expires_at, enrolment.user.zone)
        raise EnrolmentExpired(f"{enrolment.title} ends on {when}. Choose a time before that.")
    if enrolment.sessions_left < 1:
        raise NoSessionsLeft(f"{enrolment.title} has no sessions left.")


def clear_own_holds(session: CounsellingSession) -> None:
    """Let go of what the student holds at the same time, here or elsewhere: they book it now."""
    ids = db.session.scalars(
        select(S.id).where(
            S.student_id == session.student.id,
            S.status == SessionStatus.HELD,
            S.starts_at < session.ends_at,
            S.ends_at > session.starts_at,
        )
    ).all()
    _drop_holds(ids)


def _drop_holds(ids: Sequence[int]) -> None:
    if ids:
        for held in lock_sessions(ids):
            drop(held)
        db.session.flush()  # the times must be free before the insert


def take(
    session: CounsellingSession,
    enrolment: Enrolment,
    *,
    agenda: str,
    mode: MeetingMode,
    booking_mode: BookingMode,
    now: dt.datetime,
) -> None:
    """Take a credit of a locked enrolment for a session and set the state that booking leads to."""
    debit_credit(enrolment, now)
    session.enrolment = enrolment
    session.agenda, session.meeting_mode = agenda, mode
    session.requested_at = now
    if booking_mode is BookingMode.INSTANT:
        session.status, session.expires_at = SessionStatus.SCHEDULED, None
        confirm(session, now)
    else:
        session.status = SessionStatus.REQUESTED
        session.expires_at = request_expiry(session.starts_at, now)


def confirm(session: CounsellingSession, now: dt.datetime) -> None:
    """Note the confirmation and give the session its room."""
    session.confirmed_at = now
    session.remind_at = next_reminder(session.starts_at, now)
    link = make_link(cast(Settings, current_app.config["SETTINGS"]), session.meeting_mode)
    if link is not None and session.meeting_link is None:
        session.meeting_link, session.meeting_platform = link.url, link.platform


def conclude(
    session: CounsellingSession, *, before: SessionStatus | None, now: dt.datetime, facts: Facts | None = None
) -> None:
    """Write the booking's history, tell both people and the open pages; ``facts`` if they are known already."""
    note(session, "book", before=before, actor=session.student, now=now)
    tell = tell_confirmed if session.status is SessionStatus.SCHEDULED else tell_requested
    tell(session, now, facts)
    announce(session)
