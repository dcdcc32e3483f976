"""Free times as programs read them: of one counsellor over some days, of all on a date, and a month in blocks."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import defer, selectinload

from webapp.availability.models import Calendar
from webapp.bookings.queries.calendars import DAY, CalendarData, calendar_data
from webapp.bookings.rules import Busy, free_starts
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.times import DEFAULT_ZONE, midnight, zone_info
from webapp.counsellors.models import Counsellor

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
USUAL_MINUTES = 30
# What no list of times shows: reading it for all counsellors costs more than their free times.
UNUSED = [
    defer(column, raiseload=True)
    for column in (Counsellor.bio, Counsellor.social_links, Counsellor.qualifications, Counsellor.certifications)
]


class SlotState(enum.StrEnum):
    """What a time on a public calendar is."""

    AVAILABLE = "available"
    BOOKED = "booked"
    BLOCKED = "blocked"  # off, too near, too far ahead, too close to another session, or a full day


@dataclass(frozen=True, slots=True)
class Slot:
    """A start, with the clock of one zone; ``price`` is paise, None where the counsellor names none."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    date: dt.date
    start_time: str
    end_time: str
    duration: int
    price: int | None = None
    state: SlotState = SlotState.AVAILABLE

    @property
    def day_name(self) -> str:
        """The day of the week."""
        return DAY_NAMES[self.date.weekday()]

    @property
    def formatted_time(self) -> str:
        """The start as a person reads it: "10:30 AM"."""
        hour, minute = int(self.start_time[:2]), self.start_time[3:]
        return f"{hour % 12 or 12}:{minute} {'AM' if hour < 12 else 'PM'}"


@dataclass(frozen=True, slots=True)
class CounsellorSlots:
    """An active counsellor and the free times of a date."""

    counsellor: Counsellor
    slots: list[Slot]


@dataclass(frozen=True, slots=True)
class Clock:
    """An active counsellor with the zone and the length that hold where nobody names others."""

    counsellor: Counsellor
    zone: str
    minutes: int


def clock_of(public_id: str) -> Clock:
    """Return an active counsellor with services, and the calendar's zone and length; two statements.

    Raises:
        NotFound: there is none, or the profile is not active.
    """
    wanted = (
        select(Counsellor, Calendar.zone, Calendar.session_minutes)
        .outerjoin(Calendar, Calendar.counsellor_id == Counsellor.id)
        .options(*UNUSED, selectinload(Counsellor.services))
        .where(Counsellor.public_id == public_id, Counsellor.is_active)
    )
    found = db.session.execute(wanted).one_or_none()
    if found is None:
        raise NotFound("We could not find that counsellor.")
    return Clock(found[0], found[1] or DEFAULT_ZONE, found[2] or USUAL_MINUTES)


def slots_between(
    clock: Clock, first: dt.date, last: dt.date, *, zone: str, duration: int, student_id: int | None, now: dt.datetime
) -> list[Slot]:
    """Return the free times on dates of ``zone``, the earliest first; one statement."""
    data = _data(clock.counsellor, first, last, zone=zone, student_id=student_id, now=now)
    starts = _between(data, first, last, zone=zone, duration=duration, now=now)
    return _slots(starts, duration, zone, price_of(clock.counsellor, duration))


def slots_of_all(
    date: dt.date, *, zone: str, duration: int | None, student_id: int | None, now: dt.datetime
) -> list[CounsellorSlots]:
    """Return all active counsellors in the house's order with their free times on a date; three statements."""
    wanted = select(Counsellor).where(Counsellor.is_active).options(*UNUSED, selectinload(Counsellor.services))
    people = list(db.session.scalars(wanted.order_by(Counsellor.display_order, Counsellor.id)))
    known = calendar_data([one.id for one in people], date, date, student_id=student_id, now=now, zone=zone)
    found = []
    for one in people:
        data = known[one.id]
        minutes = duration or data.rules.session_minutes
        starts = _between(data, date, date, zone=zone, duration=minutes, now=now)
        found.append(CounsellorSlots(one, _slots(starts, minutes, zone, price_of(one, minutes))))
    return found


def month_blocks(
    clock: Clock, first: dt.date, last: dt.date, *, zone: str, student_id: int | None, now: dt.datetime
) -> dict[dt.date, list[Slot]]:
    """Return every date with all times of its hours: free, booked or blocked; a day off is one blocked time."""
    minutes = clock.minutes
    data = _data(clock.counsellor, first, last, zone=zone, student_id=student_id, now=now)
    free = set(_between(data, first, last, zone=zone, duration=minutes, now=now))
    days: dict[dt.date, list[Slot]] = {day: [] for day in _dates(first, last)}
    for day in _days_off(data, first, last):
        days[day].append(_whole_day(day, data.rules.zone))
    length = dt.timedelta(minutes=minutes)
    for start in _hours(data, first, last, zone=zone, minutes=minutes):
        state = SlotState.AVAILABLE if start in free else _taken(start, start + length, data.busy)
        slot = _slots([start], minutes, zone, None)[0]
        days[slot.date].append(replace(slot, state=state))
    return days


def price_of(counsellor: Counsellor, minutes: int) -> int | None:
    """Return what a single session of this length costs (paise): a service's price, else by the hour."""
    sold = [one.price for one in counsellor.services if one.is_active and one.duration == minutes]
    if sold:
        return min(sold)
    return round(counsellor.hourly_rate * minutes / 60) or None


def _data(
    counsellor: Counsellor, first: dt.date, last: dt.date, *, zone: str, student_id: int | None, now: dt.datetime
) -> CalendarData:
    return calendar_data([counsellor.id], first, last, student_id=student_id, now=now, zone=zone)[counsellor.id]


def _between(
    data: CalendarData, first: dt.date, last: dt.date, *, zone: str, duration: int, now: dt.datetime
) -> list[dt.datetime]:
    begin, end = midnight(first, zone), midnight(last + DAY, zone)
    starts = free_starts(first=first - DAY, last=last + DAY, **data.question(now=now, duration=duration))
    return [start for start in starts if begin <= start < end]


def _slots(starts: Iterable[dt.datetime], minutes: int, zone: str, price: int | None) -> list[Slot]:
    info, length = zone_info(zone), dt.timedelta(minutes=minutes)
    found = []
    for start in starts:
        end = start + length
        local = start.astimezone(info)
        times = local.strftime("%H:%M"), end.astimezone(info).strftime("%H:%M")
        found.append(Slot(start, end, local.date(), *times, minutes, price))
    return found


def _hours(data: CalendarData, first: dt.date, last: dt.date, *, zone: str, minutes: int) -> list[dt.datetime]:
    """Every start that the hours alone would give."""
    begin, end = midnight(first, zone), midnight(last + DAY, zone)
    rules = replace(data.rules, notice_minutes=0, horizon_days=365, max_per_day=None)
    bare = replace(data, rules=rules, busy=[], own=[])
    question = bare.question(now=begin - DAY, duration=minutes)
    starts = free_starts(first=first - DAY, last=last + DAY, **question)
    return [start for start in starts if begin <= start < end]


def _taken(start: dt.datetime, end: dt.datetime, busy: Sequence[Busy]) -> SlotState:
    overlaps = any(start < one.end and end > one.start for one in busy)
    return SlotState.BOOKED if overlaps else SlotState.BLOCKED


def _dates(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + number * DAY for number in range((last - first).days + 1)]


def _days_off(data: CalendarData, first: dt.date, last: dt.date) -> list[dt.date]:
    return [day.date for day in data.exceptions if not day.ranges and first <= day.date <= last]


def _whole_day(day: dt.date, zone: str) -> Slot:
    begin, end = midnight(day, zone), midnight(day + DAY, zone)
    return Slot(begin, end, day, "00:00", "24:00", round((end - begin).total_seconds() / 60), state=SlotState.BLOCKED)
