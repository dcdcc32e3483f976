"""Writes of availability. Every one takes the counsellor's row lock first, so that no booking slips between."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm.attributes import flag_modified

from webapp.accounts.models import User
from webapp.availability.models import AvailabilityException, AvailabilityWindow, Calendar
from webapp.availability.permissions import can_edit
from webapp.availability.queries import DayRecord, get_calendar, windows_of
from webapp.availability.rules import (
    CalendarRules,
    Window,
    local_date,
    merge_ranges,
    validate_ranges,
    validate_rules,
    validate_windows,
)
from webapp.core import live
from webapp.core.db import db, lock_for_update
from webapp.core.errors import Conflict, NotFound, ValidationFailed, register_constraint
from webapp.core.ids import new_public_id
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor

MAX_WINDOWS_A_DAY = 12
MAX_RANGE_DAYS = 366
MAX_AHEAD_DAYS = 731
MAX_REASON = 120
MAX_DEADLINE_HOURS = 720
NO_VERSION = 0  # what an editor holds while no calendar was ever saved


class CalendarChanged(Conflict):
    """Somebody else saved this calendar since it was opened."""

    message = "These hours were changed elsewhere since you opened this page."


@dataclass(frozen=True, slots=True)
class Terms:
    """A calendar's rules, its own cancellation deadline (hours; None: the house's), and whether it takes bookings."""

    rules: CalendarRules
    cancel_deadline_hours: int | None = None
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class AvailabilityChange:
    """What one save changes. ``windows`` and ``terms`` None: they stay; ``put`` replaces days, ``drop`` frees them."""

    windows: Sequence[Window] | None = None
    terms: Terms | None = None
    put: Sequence[DayRecord] = ()
    drop: Sequence[dt.date] = ()


def register_errors() -> None:
    """Say what this feature's database constraints mean."""
    register_constraint("ex_availability_windows_overlap", lambda: ValidationFailed("Two windows of one day overlap."))
    register_constraint("pk_calendars", CalendarChanged)


def create_default_calendar(counsellor: Counsellor, *, zone: str = DEFAULT_ZONE) -> Calendar:
    """Give a counsellor the calendar row with the house's defaults and no hours yet; flushes for its version."""
    calendar = Calendar(counsellor_id=counsellor.id, zone=zone)
    db.session.add(calendar)
    db.session.flush()
    return calendar


def save_availability(
    *,
    actor: User,
    counsellor: Counsellor,
    change: AvailabilityChange,
    version: int | None,
    now: dt.datetime,
    confirm: Callable[[], None] | None = None,
) -> Calendar:
    """Save hours, rules and days that differ together.

    ``version`` is what the editor was opened with (`NO_VERSION` without a calendar, None: whatever
    is there). ``confirm`` runs under the lock and may still refuse by raising, for questions that
    only a floor above can ask (sessions outside the new hours).

    Raises:
        NotFound: not this person's calendar.
        ValidationFailed: ``fields`` by weekday ("monday" …), rule name, or "exceptions".
        CalendarChanged: saved by somebody else since ``version``.
    """
    if not can_edit(actor, counsellor):
        raise NotFound
    _validate(change)
    calendar = _locked_calendar(counsellor, version)
    _validate_days(change, calendar, now)
    if confirm is not None:
        confirm()
    if _apply(counsellor, calendar, change, now):
        flag_modified(calendar, "zone")  # also for changes beside the row: the version must rise
        db.session.flush()  # constraints speak here, with their names
        live.bump(f"slots:{counsellor.public_id}")
    return calendar


def dates(first: dt.date, last: dt.date) -> list[dt.date]:
    """Every date from ``first`` to ``last`` inclusive."""
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]


def range_problem(first: dt.date, last: dt.date) -> str | None:
    """What is wrong with a range of dates, None if nothing."""
    if last < first:
        return "The range ends before it starts."
    if (last - first).days >= MAX_RANGE_DAYS:
        return f"A range holds at most {MAX_RANGE_DAYS} days."
    return None


def day_problem(date: dt.date, today: dt.date) -> str | None:
    """What keeps a date from being made to differ, None if nothing."""
    if date < today:
        return "That day has passed; days that differ start from today."
    if (date - today).days > MAX_AHEAD_DAYS:
        return "Choose days within the next two years."
    return None


def _validate(change: AvailabilityChange) -> None:
    fields: dict[str, str] = {}
    if change.windows is not None:
        fields |= {day: " ".join(found) for day, found in validate_windows(change.windows).items()}
        for day in {window.weekday for window in change.windows}:
            if sum(window.weekday == day for window in change.windows) > MAX_WINDOWS_A_DAY:
                fields["windows"] = f"At most {MAX_WINDOWS_A_DAY} windows a day."
    if change.terms is not None:
        fields |= {name: " ".join(found) for name, found in validate_rules(change.terms.rules).items()}
        deadline = change.terms.cancel_deadline_hours
        if deadline is not None and not 0 <= deadline <= MAX_DEADLINE_HOURS:
            fields["cancel_deadline_hours"] = f"Choose 0 to {MAX_DEADLINE_HOURS} hours."
        elif change.terms.rules.notice_minutes % 60:
            fields.setdefault("notice_minutes", "Choose whole hours.")
    if fields:
        raise ValidationFailed(fields=fields)


def _validate_days(change: AvailabilityChange, calendar: Calendar, now: dt.datetime) -> None:
    today = local_date(now, change.terms.rules.zone if change.terms else calendar.zone)
    problems = {
        problem
        for record in change.put
        for problem in [
            day_problem(record.date, today),
            *validate_ranges(record.ranges),
            f"At most {MAX_REASON} characters." if len(record.reason) > MAX_REASON else None,
            f"At most {MAX_WINDOWS_A_DAY} windows a day." if len(record.ranges) > MAX_WINDOWS_A_DAY else None,
        ]
        if problem
    }
    if problems:
        message = " ".join(sorted(problems))
        raise ValidationFailed(message, fields={"exceptions": message})


def _locked_calendar(counsellor: Counsellor, version: int | None) -> Calendar:
    lock_for_update(db.session(), Counsellor, counsellor.id)
    calendar = get_calendar(counsellor.id)
    if calendar is not None:
        db.session.refresh(calendar)
    if version is not None and version != (calendar.version if calendar else NO_VERSION):
        raise CalendarChanged
    return calendar or create_default_calendar(counsellor)


def _apply(counsellor: Counsellor, calendar: Calendar, change: AvailabilityChange, now: dt.datetime) -> bool:
    changed = False
    if change.terms is not None:
        changed |= _put_terms(calendar, change.terms)
    if change.windows is not None:
        changed |= _put_windows(counsellor, change.windows)
    today = local_date(now, calendar.zone)
    changed |= _drop_days(counsellor, [day for day in change.drop if day >= today])
    changed |= _put_days(counsellor, change.put)
    return changed


def _put_terms(calendar: Calendar, terms: Terms) -> bool:
    rules = terms.rules
    wanted = {
        "zone": rules.zone,
        "session_minutes": rules.session_minutes,
        "step_minutes": rules.step_minutes,
        "buffer_before": rules.buffer_before,
        "buffer_after": rules.buffer_after,
        "notice_hours": rules.notice_minutes // 60,
        "horizon_days": rules.horizon_days,
        "max_per_day": rules.max_per_day,
        "mode": rules.mode,
        "cancel_deadline_hours": terms.cancel_deadline_hours,
        "is_open": terms.is_open,
    }
    changed = {name: value for name, value in wanted.items() if getattr(calendar, name) != value}
    for name, value in changed.items():
        setattr(calendar, name, value)
    return bool(changed)


def _put_windows(counsellor: Counsellor, windows: Iterable[Window]) -> bool:
    wanted = {(window.weekday, window.start_minute, window.end_minute) for window in windows}
    stored = {(row.weekday, row.start_minute, row.end_minute): row for row in windows_of(counsellor.id)}
    for key, row in stored.items():
        if key not in wanted:
            db.session.delete(row)
    db.session.flush()  # the old hours leave before the new ones come, or they would overlap
    for weekday, start, end in sorted(wanted - stored.keys()):
        db.session.add(
            AvailabilityWindow(counsellor_id=counsellor.id, weekday=weekday, start_minute=start, end_minute=end)
        )
    return wanted != stored.keys()


def _drop_days(counsellor: Counsellor, days: Sequence[dt.date]) -> bool:
    if not days:
        return False
    gone = db.session.execute(
        delete(AvailabilityException).where(
            AvailabilityException.counsellor_id == counsellor.id, AvailabilityException.date.in_(days)
        )
    )
    return bool(gone.rowcount)  # type: ignore[attr-defined]


def _put_days(counsellor: Counsellor, records: Sequence[DayRecord]) -> bool:
    if not records:
        return False
    rows = {
        record.date: {
            "public_id": new_public_id("exception"),
            "counsellor_id": counsellor.id,
            "date": record.date,
            "ranges": [list(pair) for pair in merge_ranges(record.ranges)],
            "reason": record.reason,
        }
        for record in records
    }
    statement = insert(AvailabilityException).values(list(rows.values()))
    db.session.execute(
        statement.on_conflict_do_update(
            constraint="uq_availability_exceptions_day",
            set_={
                "ranges": statement.excluded.ranges,
                "reason": statement.excluded.reason,
                "updated_at": func.now(),
            },
        )
    )
    return True
