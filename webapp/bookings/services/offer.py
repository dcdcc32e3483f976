"""Whether a start is on offer to a student right now, and the refusal in words when it is not."""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import User
from webapp.bookings.queries.calendars import CalendarData, calendar_data
from webapp.bookings.queries.free import NEAR_AFTER, NEAR_BEFORE, REACH, free_in
from webapp.bookings.rules import Blocker, BlockerKind, first_blocker, nearest
from webapp.core.errors import DomainError, EnrolmentExpired, SlotTaken, StudentBusy, ValidationFailed
from webapp.core.times import format_clock, format_day, format_when
from webapp.counsellors.models import Counsellor

NOT_VERIFIED = "Confirm your mail address first: the link is in your inbox, and we can send it again."
NOT_BOOKABLE = frozenset({BlockerKind.PAST, BlockerKind.NOTICE, BlockerKind.HORIZON})
TAKEN = frozenset({BlockerKind.SESSION, BlockerKind.REQUEST, BlockerKind.HOLD, BlockerKind.BUFFER})


def require_instant(starts_at: dt.datetime, now: dt.datetime) -> str | None:
    """Return what is wrong with a wanted start by itself, None if it may be asked for."""
    if starts_at.tzinfo is None:
        return "The time needs its zone."
    if starts_at <= now:
        return "This time has passed. Choose a later one."
    if starts_at > now + REACH:
        return "This time is too far ahead. Choose an earlier one."
    return None


def read_offer(counsellor: Counsellor, student: User, starts_at: dt.datetime, now: dt.datetime) -> CalendarData:
    """Read the calendars around a wanted start: enough to judge it and to name the nearest others."""
    date = starts_at.date()
    around = calendar_data([counsellor.id], date - NEAR_BEFORE, date + NEAR_AFTER, student_id=student.id, now=now)
    return around[counsellor.id]


def require_free(
    data: CalendarData,
    starts_at: dt.datetime,
    *,
    student: User,
    duration: int,
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
) -> None:
    """Make sure that ``starts_at`` is a free start.

    Raises:
        ValidationFailed: past, nearer than the notice, or beyond the horizon.
        EnrolmentExpired: the enrolment ends before it.
        StudentBusy: the student's own calendar has something then; with the nearest free starts.
        SlotTaken: taken, or not a start on offer; with the nearest free starts.
    """
    question = data.question(now=now, duration=duration, expires_at=expires_at)
    blocker = first_blocker(starts_at, **question)
    if blocker is None:
        return
    if blocker.kind in NOT_BOOKABLE:
        raise ValidationFailed(blocker.message, fields={"starts_at": blocker.message})
    if blocker.kind is BlockerKind.EXPIRY and expires_at is not None:
        raise EnrolmentExpired(
            f"This package ends on {format_when(expires_at, student.zone)}. Choose a time before that."
        )
    date = starts_at.date()
    free = free_in(data, date - NEAR_BEFORE, date + NEAR_AFTER, now=now, duration=duration, expires_at=expires_at)
    raise _refusal(blocker, starts_at, student.zone, nearest(free, starts_at), open_=data.is_open)


def _refusal(
    blocker: Blocker, starts_at: dt.datetime, zone: str, near: list[dt.datetime], *, open_: bool
) -> DomainError:
    clock = format_clock(starts_at, zone)
    if blocker.kind is BlockerKind.OWN:
        return StudentBusy(f"You already have a session at {clock} on {format_day(starts_at, zone)}.", nearest=near)
    if not open_:
        return SlotTaken("This counsellor takes no bookings at the moment.")
    if blocker.kind in TAKEN:
        return SlotTaken(f"{clock} was taken just now.", nearest=near)
    if blocker.kind is BlockerKind.CAP:
        return SlotTaken("This day has just filled up.", nearest=near)
    return SlotTaken(f"{clock} on {format_day(starts_at, zone)} is not among the times on offer.", nearest=near)
