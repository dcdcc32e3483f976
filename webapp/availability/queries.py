"""Reads of availability: the calendar, weekly windows, and days that differ."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from webapp.accounts.models import Role, User
from webapp.availability.models import AvailabilityException, AvailabilityWindow, Calendar
from webapp.availability.permissions import can_edit
from webapp.availability.rules import CalendarRules, ExceptionDay, Ranges, Window
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.counsellors.models import Counsellor

HOUR = 60


@dataclass(frozen=True, slots=True)
class DayRecord:
    """A stored exception: the date, its hours (none: a day off) and the reason only staff see."""

    date: dt.date
    ranges: Ranges
    reason: str = ""


def editable_counsellor(actor: User, public_id: str | None = None) -> Counsellor:
    """Return the counsellor whose availability ``actor`` edits: their own, or the one named.

    Raises:
        NotFound: there is none, or it is not theirs to edit.
    """
    wanted = select(Counsellor)
    if public_id is None:
        wanted = wanted.where(Counsellor.user_id == actor.id)
    else:
        wanted = wanted.where(Counsellor.public_id == public_id)
    if actor.role is Role.COUNSELLOR:
        wanted = wanted.where(Counsellor.user_id == actor.id)
    counsellor = db.session.scalar(wanted)
    if counsellor is None or not can_edit(actor, counsellor):
        raise NotFound
    return counsellor


def get_calendar(counsellor_id: int) -> Calendar | None:
    """Return a counsellor's zone and rules, None if none were ever saved."""
    return db.session.scalar(select(Calendar).where(Calendar.counsellor_id == counsellor_id))


def windows_of(counsellor_id: int) -> list[AvailabilityWindow]:
    """Return the weekly windows in the order of the week."""
    return list(
        db.session.scalars(
            select(AvailabilityWindow)
            .where(AvailabilityWindow.counsellor_id == counsellor_id)
            .order_by(AvailabilityWindow.weekday, AvailabilityWindow.start_minute)
        )
    )


def exceptions_of(counsellor_id: int, first: dt.date, last: dt.date) -> list[AvailabilityException]:
    """Return the days that differ from ``first`` to ``last`` inclusive, in order of date."""
    return list(
        db.session.scalars(
            select(AvailabilityException)
            .where(
                AvailabilityException.counsellor_id == counsellor_id,
                AvailabilityException.date >= first,
                AvailabilityException.date <= last,
            )
            .order_by(AvailabilityException.date)
        )
    )


def rules_of(calendar: Calendar) -> CalendarRules:
    """Return a stored calendar as the pure rules know it."""
    return CalendarRules(
        zone=calendar.zone,
        session_minutes=calendar.session_minutes,
        step_minutes=calendar.step_minutes,
        buffer_before=calendar.buffer_before,
        buffer_after=calendar.buffer_after,
        notice_minutes=calendar.notice_hours * HOUR,
        horizon_days=calendar.horizon_days,
        max_per_day=calendar.max_per_day,
        mode=calendar.mode,
    )


def plain_windows(rows: Iterable[AvailabilityWindow]) -> list[Window]:
    """Return stored windows as the pure rules know them."""
    return [Window(row.weekday, row.start_minute, row.end_minute) for row in rows]


def plain_ranges(stored: Sequence[Sequence[int]]) -> Ranges:
    """Return an exception's stored hours as minute pairs."""
    return tuple((int(start), int(end)) for start, end in stored)


def day_records(rows: Iterable[AvailabilityException]) -> list[DayRecord]:
    """Return stored exceptions as plain records."""
    return [DayRecord(row.date, plain_ranges(row.ranges), row.reason) for row in rows]


def exception_days(records: Iterable[DayRecord]) -> list[ExceptionDay]:
    """Return records as the pure rules know them, without their reasons."""
    return [ExceptionDay(record.date, record.ranges) for record in records]
