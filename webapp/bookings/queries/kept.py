"""What a picker is made of, kept while it has not changed (core/pieces.py): counsellor, calendars, packages.

For pages alone: whoever books asks the database.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from webapp.accounts.models import User
from webapp.bookings.queries.calendars import DAY, CalendarData, calendar_data
from webapp.bookings.queries.free import soonest_until
from webapp.bookings.rules import Busy
from webapp.core.pieces import (
    ALL,
    apart,
    columns_of,
    kept,
    kept_each,
    know,
    live_key,
    number_of,
    remember_number,
    rows_key,
    table_key,
)
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import get_public
from webapp.enrolments.models import Enrolment
from webapp.enrolments.queries import enrolments_and_fit
from webapp.packages.models import Package

REACH = 367 * DAY  # no horizon reaches further, and nothing is taken beyond it


def know_picker(counsellor_id: str, user: User | None) -> None:
    """Ask for all versions that a picker goes by in one question; ``counsellor_id`` is the public one."""
    keys = [ALL, live_key(f"slots:{counsellor_id}"), table_key(Package)]
    if user is not None:
        keys += [rows_key(User, user.id), live_key(f"user:{user.public_id}")]
    number = number_of(counsellor_id)
    if number is not None:
        keys.append(rows_key(Counsellor, number))
    know(*keys)


def kept_counsellor(public_id: str, *, now: dt.datetime) -> Counsellor:
    """Return what `get_public` returns, without the session.

    Raises:
        NotFound: there is none, or the profile is not active.
    """
    number = number_of(public_id)
    if number is None:
        found = get_public(public_id)
        remember_number(public_id, found.id)
        return apart(found)
    rows = [rows_key(Counsellor, number)]
    return kept("counsellor", (public_id,), rows, lambda: apart(get_public(public_id)), now=now, facts=columns_of)


def kept_calendar(counsellor_id: int, today: dt.date, *, student_id: int | None, now: dt.datetime) -> CalendarData:
    """Return a counsellor's calendar from yesterday as far as anybody books; see `calendar_data`."""

    def read() -> CalendarData:
        days = (today - DAY, today + REACH)
        return calendar_data([counsellor_id], *days, student_id=student_id, now=now)[counsellor_id]

    return kept(
        "calendar",
        (counsellor_id, student_id, today),
        calendar_rows(counsellor_id, student_id),
        read,
        now=now,
        until=next_lapse,
        facts=lambda data: _facts(data, now - DAY),
    )


def calendar_rows(counsellor_id: int, student_id: int | None) -> list[str]:
    """Return the keys of the rows that a calendar is made of, as one student (None: a visitor) sees it."""
    rows = [rows_key(Counsellor, counsellor_id)]
    return rows if student_id is None else [*rows, rows_key(User, student_id)]


def next_lapse(data: CalendarData) -> dt.datetime | None:
    """Return when the first request or hold in it runs out."""
    ends = [one.until for taken in (data.promised, data.own, data.held) for one in taken if one.until is not None]
    return min(ends, default=None)


def kept_soonest(
    counsellor_ids: Sequence[int], *, now: dt.datetime, duration: int | None = None
) -> dict[int, dt.datetime]:
    """Return what `soonest_free` returns; only those are worked out of whom something has changed."""
    found = kept_each(
        f"soonest {duration}",
        counsellor_ids,
        lambda one: rows_key(Counsellor, one),
        lambda missing: soonest_until(missing, now=now, duration=duration),
        now=now,
    )
    return {one: start for one, start in found.items() if start is not None}


def kept_enrolments(user_id: int, counsellor_id: int, *, now: dt.datetime) -> list[tuple[Enrolment, bool]]:
    """Return what `enrolments_and_fit` returns, without the session."""

    def read() -> list[tuple[Enrolment, bool]]:
        return [(apart(one), fits) for one, fits in enrolments_and_fit(user_id, counsellor_id)]

    return kept(
        "enrolments",
        (user_id, counsellor_id),
        [rows_key(User, user_id), rows_key(Counsellor, counsellor_id), table_key(Package)],
        read,
        now=now,
        facts=lambda found: [(columns_of(one), fits) for one, fits in found],
    )


def _facts(data: CalendarData, since: dt.datetime) -> object:
    """What is the same whenever it is read: rows come in any order, and what is past goes as the clock goes."""

    def later(taken: Iterable[Busy]) -> list[Busy]:
        return sorted(one for one in taken if one.start > since)

    hours = (data.rules, data.is_open, data.deadline_hours, data.windows, sorted(data.exceptions, key=str))
    return hours, later(data.busy), later(data.own), later(data.held)
