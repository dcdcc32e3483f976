"""Times kept for somebody who is paying. A hold is no session: it has no credit and is deleted when it ends."""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import current_app
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.availability.rules import SESSION_LENGTHS, BookingMode
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.free import nearest_free
from webapp.bookings.rules import SessionStatus, has_lapsed
from webapp.bookings.services.booking import (
    conclude,
    read_wishes,
    require_active,
    require_allowed,
    require_student,
    require_usable,
    take,
)
from webapp.bookings.services.locks import announce, drop, lock_and_lapse, lock_enrolments, lock_people, lock_sessions
from webapp.bookings.services.offer import read_offer, require_free, require_instant
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.errors import BookingExpired, NotFound, SlotTaken, ValidationFailed
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment

S = CounsellingSession


class HoldLost(SlotTaken):
    """The kept time ran out and somebody else has it; ``nearest`` names the closest that are free."""

    code = BookingExpired.code
    message = BookingExpired.message


def hold_slot(
    *, student: User, counsellor_id: str, starts_at: dt.datetime, duration: int, now: dt.datetime
) -> CounsellingSession:
    """Keep a free start for a student for the minutes of the setting; their earlier hold goes.

    ``duration`` in minutes. Raises as `book_session`, without the enrolment's reasons.
    """
    require_student(student)
    if duration not in SESSION_LENGTHS:
        raise ValidationFailed(fields={"duration": "Choose a session length of 30, 45, 60 or 90 minutes."})
    if wrong := require_instant(starts_at, now):
        raise ValidationFailed(wrong, fields={"starts_at": wrong})
    known = db.session.scalar(select(Counsellor).where(Counsellor.public_id == counsellor_id))
    if known is None:
        raise NotFound
    counsellor, student = lock_people(known.id, student.id)
    require_active(counsellor)
    lock_and_lapse(counsellor.id, student.id, None, now)
    require_free(
        read_offer(counsellor, student, starts_at, now), starts_at, student=student, duration=duration, now=now
    )
    _drop_holds(student.id)
    held = S(
        counsellor=counsellor,
        student=student,
        status=SessionStatus.HELD,
        starts_at=starts_at.astimezone(dt.UTC),
        ends_at=starts_at.astimezone(dt.UTC) + dt.timedelta(minutes=duration),
        requested_at=now,
        expires_at=now + dt.timedelta(minutes=cast(Settings, current_app.config["SETTINGS"]).hold_minutes),
    )
    db.session.add(held)
    db.session.flush()  # a violated constraint comes out here
    announce(held)
    return held


def _drop_holds(student_id: int) -> None:
    ids = db.session.scalars(select(S.id).where(S.student_id == student_id, S.status == SessionStatus.HELD)).all()
    for held in lock_sessions(ids):
        drop(held)
    db.session.flush()  # the times must be free before the insert


def get_hold_for(student: User, hold_id: str) -> CounsellingSession:
    """Return a student's own hold, run out or not, as long as nobody else needed the time; else NotFound."""
    wanted = select(S).where(S.public_id == hold_id, S.student_id == student.id, S.status == SessionStatus.HELD)
    held = db.session.scalar(wanted)
    if held is None:
        raise NotFound
    return held


def release_hold(*, student: User, hold_id: str) -> None:
    """Give a kept time up; nothing happens when it is gone already."""
    wanted = select(S.id).where(S.public_id == hold_id, S.student_id == student.id, S.status == SessionStatus.HELD)
    for held in lock_sessions(db.session.scalars(wanted).all()):
        if held.status is SessionStatus.HELD:
            drop(held)


def drop_hold(hold_pk: int, *, now: dt.datetime) -> bool:
    """Delete one hold if its time is over; False if somebody else is at it or was first."""
    for held in lock_sessions([hold_pk], skip_locked=True):
        if held.status is SessionStatus.HELD and held.expires_at is not None and held.expires_at <= now:
            drop(held)
            return True
    return False


def book_held(
    *, student: User, hold_id: str, enrolment: Enrolment, agenda: str, meeting_mode: str, now: dt.datetime
) -> CounsellingSession:
    """Turn a kept time into a session with a credit of ``enrolment``, also when it ran out but nobody took it.

    Raises:
        HoldLost: the time is gone or has begun; the nearest free starts come along where they are known.
        ValidationFailed, EnrolmentExpired, NoSessionsLeft: as `book_session`.
    """
    wanted = select(S).where(S.public_id == hold_id, S.student_id == student.id)
    seen = db.session.scalar(wanted)
    if seen is None or seen.status is not SessionStatus.HELD:
        raise HoldLost(nearest=_near(seen, student, now))
    agenda, mode = read_wishes(seen.starts_at, agenda, meeting_mode, now)
    require_allowed(enrolment, seen.counsellor)
    counsellor, student = lock_people(seen.counsellor_id, student.id)
    lock_enrolments([enrolment.id])
    require_usable(enrolment, seen.starts_at, now)
    held = next((row for row in lock_sessions([seen.id]) if row.status is SessionStatus.HELD), None)
    if held is None:
        raise HoldLost(nearest=_near(seen, student, now))
    if held.minutes != enrolment.session_minutes:
        raise ValidationFailed(
            fields={"duration": f"{enrolment.title} has sessions of {enrolment.session_minutes} minutes."}
        )
    booking_mode = _require_still_free(held, counsellor, student, now)
    take(held, enrolment, agenda=agenda, mode=mode, booking_mode=booking_mode, now=now)
    conclude(held, before=SessionStatus.HELD, now=now)
    return held


def _require_still_free(held: S, counsellor: Counsellor, student: User, now: dt.datetime) -> BookingMode:
    """Return the counsellor's mode; a hold that ran out must still be on offer as if it had never been."""
    data = read_offer(counsellor, student, held.starts_at, now)
    if held.expires_at is not None and has_lapsed(held.expires_at, now):
        try:
            require_free(data, held.starts_at, student=student, duration=held.minutes, now=now)
        except (SlotTaken, ValidationFailed):
            raise HoldLost(nearest=_near(held, student, now)) from None
    return data.rules.mode


def _near(held: S | None, student: User, now: dt.datetime) -> list[dt.datetime]:
    if held is None:
        return []
    return nearest_free(held.counsellor, held.starts_at, duration=held.minutes, student_id=student.id, now=now)
