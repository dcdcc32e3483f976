"""Saving one part of a calendar, as the editor saves all of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from webapp.accounts.models import User
from webapp.availability.models import Calendar
from webapp.availability.queries import DayRecord
from webapp.availability.rules import Ranges, Window
from webapp.availability.services import AvailabilityChange, Terms, dates, range_problem, save_availability
from webapp.core.errors import ValidationFailed
from webapp.counsellors.models import Counsellor


def save_weekly(
    *, actor: User, counsellor: Counsellor, windows: Sequence[Window], version: int | None, now: dt.datetime
) -> Calendar:
    """Replace the weekly hours. Errors: see `save_availability`."""
    change = AvailabilityChange(windows=windows)
    return save_availability(actor=actor, counsellor=counsellor, change=change, version=version, now=now)


def save_rules(*, actor: User, counsellor: Counsellor, terms: Terms, version: int | None, now: dt.datetime) -> Calendar:
    """Replace zone, rules and cancellation deadline. Errors: see `save_availability`."""
    change = AvailabilityChange(terms=terms)
    return save_availability(actor=actor, counsellor=counsellor, change=change, version=version, now=now)


def add_exceptions(
    *,
    actor: User,
    counsellor: Counsellor,
    first: dt.date,
    last: dt.date,
    ranges: Ranges,
    reason: str,
    now: dt.datetime,
    version: int | None = None,
) -> Calendar:
    """Make every date from ``first`` to ``last`` differ: ``ranges`` in local minutes, none for off."""
    if problem := range_problem(first, last):
        raise ValidationFailed(problem, fields={"exceptions": problem})
    change = AvailabilityChange(put=[DayRecord(day, ranges, reason) for day in dates(first, last)])
    return save_availability(actor=actor, counsellor=counsellor, change=change, version=version, now=now)


def remove_exceptions(
    *,
    actor: User,
    counsellor: Counsellor,
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
    version: int | None = None,
) -> Calendar:
    """Give the dates from ``first`` to ``last`` their weekly hours back; past ones stay as they were."""
    if problem := range_problem(first, last):
        raise ValidationFailed(problem, fields={"exceptions": problem})
    change = AvailabilityChange(drop=dates(first, last))
    return save_availability(actor=actor, counsellor=counsellor, change=change, version=version, now=now)
