"""The calendar on a counsellor's page: days are chosen here, a time leads into the picker."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from webapp.availability.rules import BookingMode, local_date
from webapp.bookings.picker_url import PickerQuery, PickerUrls
from webapp.bookings.presenters import DayList, MonthGrid, day_list, grid_span, month_grid, month_of
from webapp.bookings.queries import CalendarData, calendar_data, free_in
from webapp.bookings.rules import first_free, group_by_day, horizon_date
from webapp.core.times import format_day, zone_choices
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment

DAY = dt.timedelta(days=1)
FURTHEST = 367 * DAY  # no horizon reaches further, and nothing is taken beyond it


@dataclass(frozen=True, slots=True)
class CounsellorCalendar:
    """What the calendar's partials read; the month is the picker's own partial."""

    query: PickerQuery
    path: str
    month: MonthGrid
    day: DayList | None
    minutes: int
    asks: bool
    soonest: dt.datetime | None
    nothing_free: str
    enrolment: Enrolment | None
    zones: Sequence[tuple[str, str]]
    picker_url: str

    @property
    def zone(self) -> str:
        """The zone all times are shown in."""
        return self.query.zone

    @property
    def problems(self) -> Sequence[str]:
        """What could not be read in the address."""
        return self.query.problems

    @property
    def kept(self) -> tuple[tuple[str, str], ...]:
        """What the zone's form carries along."""
        pairs = {
            "month": f"{self.query.month:%Y-%m}" if self.query.month else "",
            "date": self.query.date.isoformat() if self.query.date else "",
        }
        return tuple((name, value) for name, value in pairs.items() if value)


def build_calendar(
    counsellor: Counsellor,
    query: PickerQuery,
    *,
    path: str,
    picker_path: str,
    student_id: int | None,
    enrolment: Enrolment | None,
    now: dt.datetime,
) -> CounsellorCalendar:
    """Return the calendar around what ``query`` asks for; one statement.

    ``path`` is where days and months are shown, ``picker_path`` where times lead to. An ``enrolment``
    that books here gives the length of the sessions and their last day.
    """
    today = local_date(now, query.zone)
    data = calendar_data([counsellor.id], today - DAY, today + FURTHEST, student_id=student_id, now=now)[counsellor.id]
    minutes = enrolment.session_minutes if enrolment else data.rules.session_minutes
    expires_at = enrolment.expires_at if enrolment else None
    soonest = first_free(first=today - DAY, **data.question(now=now, duration=minutes, expires_at=expires_at))
    month = month_of(query.date or query.month or (local_date(soonest, query.zone) if soonest else today))
    first, last = grid_span(month)
    starts = free_in(data, first - DAY, last + DAY, now=now, duration=minutes, expires_at=expires_at)
    days = group_by_day(starts, query.zone)
    chosen = query.date or next((date for date in sorted(days) if month_of(date) == month), None)
    here, picker = PickerUrls(path, query), PickerUrls(picker_path, _into_picker(query, enrolment))
    return CounsellorCalendar(
        query=query,
        path=path,
        month=month_grid(
            month,
            days=days,
            chosen=chosen,
            today=today,
            last=horizon_date(data.rules, now),
            mine=frozenset(local_date(own.start, query.zone) for own in data.own),
            urls=here,
        ),
        day=day_list(chosen, days.get(chosen, ()), zone=query.zone, chosen=None, urls=picker) if chosen else None,
        minutes=minutes,
        asks=data.rules.mode is BookingMode.APPROVAL,
        soonest=soonest,
        nothing_free=_nothing_free(data, soonest, month, query.zone, now),
        enrolment=enrolment,
        zones=tuple(zone_choices(now, query.zone)),
        picker_url=picker.time(soonest) if soonest else picker.here(),
    )


def _into_picker(query: PickerQuery, enrolment: Enrolment | None) -> PickerQuery:
    return replace(query, month=None, date=None, enrolment=enrolment.public_id if enrolment else "")


def _nothing_free(data: CalendarData, soonest: dt.datetime | None, month: dt.date, zone: str, now: dt.datetime) -> str:
    if soonest is None:
        return f"Nothing is free up to {format_day(horizon_date(data.rules, now))}."
    return f"Nothing is free in {month:%B}. The next free day is {format_day(soonest, zone)}."
