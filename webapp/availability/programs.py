"""A counsellor's availability as one thing, for the JSON door: read whole, changed in part."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app
from sqlalchemy import select

from webapp.accounts.models import User
from webapp.availability.models import AvailabilityException, AvailabilityWindow, Calendar
from webapp.availability.permissions import can_edit
from webapp.availability.queries import get_calendar, plain_windows, rules_of, windows_of
from webapp.availability.rules import WEEKDAYS, CalendarRules, Window
from webapp.availability.services import AvailabilityChange, Terms, save_availability
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor

Week = dict[str, list[dict[str, int]]]
DAYS = tuple(day.lower() for day in WEEKDAYS)
HOUR = 60  # minutes
IN_RULES = {
    "max_advance_days": "horizon_days",
    "slot_step_minutes": "step_minutes",
    "buffer_before_minutes": "buffer_before",
    "buffer_after_minutes": "buffer_after",
    "max_per_day": "max_per_day",
    "booking_mode": "mode",
    "session_duration": "session_minutes",
}
FIELDS = {
    **{day: f"weekly.{day}" for day in DAYS},
    "windows": "weekly",
    "zone": "timezone",
    "session_minutes": "rules.sessionDuration",
    "step_minutes": "rules.slotStepMinutes",
    "buffer_before": "rules.bufferBeforeMinutes",
    "buffer_after": "rules.bufferAfterMinutes",
    "notice_minutes": "rules.minBookingNoticeHours",
    "horizon_days": "rules.maxAdvanceDays",
    "max_per_day": "rules.maxPerDay",
    "cancel_deadline_hours": "rules.cancellationDeadlineHours",
}


@dataclass(frozen=True, slots=True)
class Availability:
    """Hours by day ("monday" …, minutes of the wall clock), zone and rules by their outside names."""

    counsellor_id: str
    timezone: str
    weekly: Week
    rules: dict[str, Any]
    is_active: bool


def seen_counsellor(reader: User | None, public_id: str) -> Counsellor:
    """Return a counsellor whose hours ``reader`` may see: an active one, the own one, any for an admin.

    Raises:
        NotFound: there is none, or it is not theirs to see.
    """
    found = db.session.scalar(select(Counsellor).where(Counsellor.public_id == public_id))
    if found is None or not (found.is_active or (reader is not None and can_edit(reader, found))):
        raise NotFound("We could not find that counsellor.")
    return found


def availability_of(counsellor: Counsellor) -> Availability:
    """Return a counsellor's hours and rules, the house's where none were saved; two statements."""
    calendar = get_calendar(counsellor.id)
    terms = _terms(calendar)
    return Availability(
        counsellor.public_id,
        terms.rules.zone,
        week_of(windows_of(counsellor.id)),
        _outside(terms),
        terms.is_open and calendar is not None,
    )


def week_of(rows: Iterable[AvailabilityWindow]) -> Week:
    """Return weekly windows by day."""
    week: Week = {day: [] for day in DAYS}
    for window in plain_windows(rows):
        week[DAYS[window.weekday]].append({"start": window.start_minute, "end": window.end_minute})
    return week


def windows_in(week: Mapping[str, Sequence[tuple[int, int]] | None]) -> list[Window]:
    """Return days with their pairs of minutes as weekly windows."""
    return [Window(number, start, end) for number, day in enumerate(DAYS) for start, end in week.get(day) or ()]


def change_availability(*, actor: User, counsellor: Counsellor, given: Mapping[str, Any], now: dt.datetime) -> None:
    """Change what is given of zone, week, rules and whether bookings are taken; sessions that are booked stay.

    Raises:
        As `save_availability`.
    """
    calendar = get_calendar(counsellor.id)
    terms = _terms(calendar)
    rules = dict(given.get("rules") or {})
    changed: dict[str, Any] = {IN_RULES[name]: value for name, value in rules.items() if name in IN_RULES}
    if "min_booking_notice_hours" in rules:
        changed["notice_minutes"] = rules["min_booking_notice_hours"] * HOUR
    if "timezone" in given:
        changed["zone"] = given["timezone"]
    kept = None if calendar is None else calendar.cancel_deadline_hours
    save_availability(
        actor=actor,
        counsellor=counsellor,
        change=AvailabilityChange(
            windows=windows_in(given["weekly"]) if "weekly" in given else None,
            terms=Terms(
                replace(terms.rules, **changed),
                rules.get("cancellation_deadline_hours", kept),
                given.get("is_active", terms.is_open),
            ),
        ),
        version=calendar.version if calendar is not None else None,
        now=now,
    )


def exceptions_page(
    counsellor_id: int, *, first: dt.date | None, last: dt.date | None, page: int, limit: int
) -> Page[AvailabilityException]:
    """Return one page of the days that differ, in order of date; two statements."""
    wanted = select(AvailabilityException).where(AvailabilityException.counsellor_id == counsellor_id)
    if first is not None:
        wanted = wanted.where(AvailabilityException.date >= first)
    if last is not None:
        wanted = wanted.where(AvailabilityException.date <= last)
    return paginate(db.session(), wanted.order_by(AvailabilityException.date), page=page, limit=limit)


def _terms(calendar: Calendar | None) -> Terms:
    if calendar is None:
        return Terms(CalendarRules(zone=DEFAULT_ZONE))
    return Terms(rules_of(calendar), calendar.cancel_deadline_hours, calendar.is_open)


def _outside(terms: Terms) -> dict[str, Any]:
    house: int = current_app.config["SETTINGS"].cancellation_deadline_hours
    deadline = terms.cancel_deadline_hours
    return {
        **{name: getattr(terms.rules, inside) for name, inside in IN_RULES.items()},
        "min_booking_notice_hours": terms.rules.notice_minutes // HOUR,
        "cancellation_deadline_hours": house if deadline is None else deadline,
    }
