"""The demo counsellors' calendars: weekly hours, rules of booking, days that differ.

Both ways of booking can be tried: Meera, Arvind, Kavita and Anil answer requests, the others
confirm at once. Notice is short, so that every one of them is free within a few days.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from webapp.availability.models import AvailabilityException, AvailabilityWindow, Calendar
from webapp.availability.rules import BookingMode, parse_clock
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor

WORKDAYS = (0, 1, 2, 3, 4)
ALL_DAYS = (0, 1, 2, 3, 4, 5, 6)
SAT, SUN = (5,), (6,)


@dataclass(frozen=True, slots=True)
class Hours:
    """A calendar to make: (days, "HH:MM-HH:MM …") lines and its rules."""

    weekly: tuple[tuple[tuple[int, ...], str], ...]
    mode: BookingMode = BookingMode.INSTANT
    minutes: int = 45
    step: int | None = 30
    before: int = 0
    after: int = 0
    notice: int = 2  # hours
    horizon: int = 60
    cap: int | None = None
    zone: str = DEFAULT_ZONE


HOURS = {
    "meera": Hours(
        (
            (WORKDAYS, "10:00-12:00 14:00-20:00"),
            (SAT, "09:00-13:00 16:00-19:00"),
            (SUN, "10:00-13:00 17:00-20:00"),
        ),
        BookingMode.APPROVAL,
        after=15,
        notice=4,
        cap=7,
    ),
    "sourav": Hours(((ALL_DAYS, "08:00-13:00 14:00-22:00"),), notice=1, horizon=90),
    "arvind": Hours(
        ((WORKDAYS, "17:00-21:30"), (SAT, "10:00-13:00 17:00-21:30"), (SUN, "10:00-14:00")),
        BookingMode.APPROVAL,
        before=5,
        after=10,
        notice=6,
    ),
    "farhana": Hours((((1, 2, 3, 4, 5, 6), "11:00-16:00"), ((0,), "18:00-20:00")), after=15, cap=5),
    "harpreet": Hours(((ALL_DAYS, "07:00-10:00 12:00-22:00"),), notice=1, horizon=45),
    "kavita": Hours(
        ((WORKDAYS, "10:00-13:00 15:00-18:00"), (SAT, "10:00-13:00")),
        BookingMode.APPROVAL,
        step=None,
        after=15,
        notice=12,
    ),
    "imran": Hours(((ALL_DAYS, "19:00-23:00"), ((4, 5), "23:00-24:00")), before=10, notice=3),
    "lakshmi": Hours(((WORKDAYS, "07:00-09:00 19:00-21:00"), (SAT, "08:00-12:00")), step=15, notice=8, cap=4),
    "ritu": Hours(((ALL_DAYS, "09:00-12:00 16:00-20:00"),), minutes=30, after=5, horizon=120),
    "anil": Hours(
        ((WORKDAYS, "13:00-18:00"), (SAT, "09:00-13:00")),
        BookingMode.APPROVAL,
        step=15,
        before=10,
        notice=12,
        horizon=90,
        zone="Europe/London",
    ),
}
# (who, days from today, hours or "", reason)
DAYS_THAT_DIFFER = (
    ("meera", 9, "", "Family function"),
    ("meera", 11, "08:00-11:00", "Round day, early start"),
    ("farhana", 1, "", "Conference in Delhi"),
    ("farhana", 2, "", "Conference in Delhi"),
    ("kavita", 6, "09:00-12:00", "Afternoon off"),
    ("anil", 4, "", "Hospital duty"),
    ("harpreet", 13, "", "Travelling"),
)


def ranges_of(text: str) -> list[list[int]]:
    """Return "10:00-12:00 14:00-20:00" as minutes: [[600, 720], [840, 1200]]."""
    return [[parse_clock(clock) for clock in part.split("-")] for part in text.split()]


def make_calendars(session: Session, counsellors: dict[str, Counsellor]) -> None:
    """Add calendar and weekly hours of the given new counsellors."""
    for key, counsellor in counsellors.items():
        hours = HOURS[key]
        session.add(_calendar(counsellor, hours))
        session.add_all(_windows(counsellor, hours))


def _calendar(counsellor: Counsellor, hours: Hours) -> Calendar:
    return Calendar(
        counsellor_id=counsellor.id,
        zone=hours.zone,
        session_minutes=hours.minutes,
        step_minutes=hours.step,
        buffer_before=hours.before,
        buffer_after=hours.after,
        notice_hours=hours.notice,
        horizon_days=hours.horizon,
        max_per_day=hours.cap,
        mode=hours.mode,
    )


def _windows(counsellor: Counsellor, hours: Hours) -> Iterable[AvailabilityWindow]:
    for days, text in hours.weekly:
        for day in days:
            for start, end in ranges_of(text):
                yield AvailabilityWindow(counsellor_id=counsellor.id, weekday=day, start_minute=start, end_minute=end)


def make_exceptions(session: Session, counsellors: dict[str, Counsellor], today: dt.date) -> None:
    """Add the days that differ of the given new counsellors, counted from ``today``."""
    for key, days, text, reason in DAYS_THAT_DIFFER:
        if key in counsellors:
            session.add(
                AvailabilityException(
                    counsellor_id=counsellors[key].id,
                    date=today + dt.timedelta(days=days),
                    ranges=ranges_of(text),
                    reason=reason,
                )
            )
