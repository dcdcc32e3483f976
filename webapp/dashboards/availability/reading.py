"""What is stored for the calendar being edited, read once per request."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from webapp.availability.queries import (
    DayRecord,
    day_records,
    exceptions_of,
    get_calendar,
    plain_windows,
    rules_of,
    windows_of,
)
from webapp.availability.rules import CalendarRules, Window
from webapp.availability.services import MAX_AHEAD_DAYS, NO_VERSION, Terms
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor


@dataclass(frozen=True, slots=True)
class Saved:
    """A calendar as it is stored: days that differ from yesterday on, so that today is whole in every zone."""

    version: int
    terms: Terms
    windows: list[Window]
    records: list[DayRecord]

    @property
    def zone(self) -> str:
        """The calendar's IANA zone."""
        return self.terms.rules.zone


def load_saved(counsellor: Counsellor, now: dt.datetime) -> Saved:
    """Read calendar, windows and days that differ: three statements; defaults where nothing was saved."""
    calendar = get_calendar(counsellor.id)
    if calendar is None:
        version, terms = NO_VERSION, Terms(CalendarRules(zone=DEFAULT_ZONE))
    else:
        version, terms = calendar.version, Terms(rules_of(calendar), calendar.cancel_deadline_hours, calendar.is_open)
    first = now.date() - dt.timedelta(days=1)
    last = first + dt.timedelta(days=MAX_AHEAD_DAYS + 3)
    return Saved(
        version,
        terms,
        plain_windows(windows_of(counsellor.id)),
        day_records(exceptions_of(counsellor.id, first, last)),
    )
