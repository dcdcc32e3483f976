"""A counsellor's hours as they are saved, with the booked sessions that lie outside them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from webapp.availability.programs import Availability, availability_of, windows_in
from webapp.availability.queries import exceptions_of
from webapp.availability.rules import ExceptionDay, local_date
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.free import affected_sessions
from webapp.counsellors.models import Counsellor

AHEAD = dt.timedelta(days=366)  # no session is booked further ahead than the longest horizon, a year


@dataclass(frozen=True, slots=True)
class SavedAvailability(Availability):
    """Hours and rules, and what is booked outside them, the soonest first."""

    affected_sessions: list[CounsellingSession]


def saved_availability(counsellor: Counsellor, *, now: dt.datetime) -> SavedAvailability:
    """Return a counsellor's hours and the upcoming sessions and open requests outside them; four statements.

    All of them, not only those that the last change left outside: who asks again is told again.
    """
    saved = availability_of(counsellor)
    today = local_date(now, saved.timezone)
    windows = windows_in({day: [(part["start"], part["end"]) for part in parts] for day, parts in saved.weekly.items()})
    outside = affected_sessions(
        counsellor.id,
        windows=windows,
        exceptions=[
            ExceptionDay(row.date, tuple((low, high) for low, high in row.ranges))
            for row in exceptions_of(counsellor.id, today, today + AHEAD)
        ],
        zone=saved.timezone,
        now=now,
    )
    return SavedAvailability(saved.counsellor_id, saved.timezone, saved.weekly, saved.rules, saved.is_active, outside)
