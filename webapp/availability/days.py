"""Days that differ, one at a time, each under its own id; the editor of the pages saves many at once."""

from __future__ import annotations

import datetime as dt
from typing import NoReturn

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.availability.models import AvailabilityException
from webapp.availability.queries import DayRecord, plain_ranges
from webapp.availability.rules import Ranges, local_date, validate_ranges
from webapp.availability.services import AvailabilityChange, save_availability
from webapp.core.db import db
from webapp.core.errors import DuplicateEntry, InvalidState, NotFound, ValidationFailed
from webapp.counsellors.models import Counsellor

E = AvailabilityException
TAKEN = "This date differs already. Change that entry."
OVER = "That day has passed, so it stays as it was."


def add_day(*, actor: User, counsellor: Counsellor, record: DayRecord, now: dt.datetime) -> AvailabilityException:
    """Make one date differ.

    Raises:
        NotFound: not this person's calendar.
        ValidationFailed: ``fields`` "windows" or "exceptions" (the date). DuplicateEntry: it differs already.
    """
    _require_ranges(record.ranges)

    def confirm() -> None:
        if _on(counsellor.id, record.date) is not None:
            _refuse_twin()

    change = AvailabilityChange(put=[record])
    save_availability(actor=actor, counsellor=counsellor, change=change, version=None, now=now, confirm=confirm)
    made = _on(counsellor.id, record.date)
    if made is None:
        raise NotFound
    return made


def change_day(
    *,
    actor: User,
    counsellor: Counsellor,
    exception_id: str,
    date: dt.date | None = None,
    ranges: Ranges | None = None,
    reason: str | None = None,
    now: dt.datetime,
) -> AvailabilityException:
    """Change a day that differs; what is None stays, and so does its id.

    Raises:
        As `add_day`. NotFound: no such day of this counsellor, too.
    """
    row = find_day(counsellor.id, exception_id)
    record = DayRecord(
        date or row.date,
        plain_ranges(row.ranges) if ranges is None else ranges,
        row.reason if reason is None else reason,
    )
    _require_ranges(record.ranges)

    def confirm() -> None:
        db.session.refresh(row)
        if record.date != row.date:
            if _on(counsellor.id, record.date) is not None:
                _refuse_twin()
            row.date = record.date
            db.session.flush()  # what is put next finds this row by its date

    change = AvailabilityChange(put=[record])
    save_availability(actor=actor, counsellor=counsellor, change=change, version=None, now=now, confirm=confirm)
    db.session.refresh(row)
    return row


def remove_day(*, actor: User, counsellor: Counsellor, exception_id: str, now: dt.datetime) -> None:
    """Give a date its weekly hours back.

    Raises:
        NotFound: no such day of this counsellor, or not this person's calendar. InvalidState: it has passed.
    """
    row = find_day(counsellor.id, exception_id)
    change = AvailabilityChange(drop=[row.date])
    calendar = save_availability(actor=actor, counsellor=counsellor, change=change, version=None, now=now)
    if row.date < local_date(now, calendar.zone):
        raise InvalidState(OVER)


def find_day(counsellor_id: int, public_id: str) -> AvailabilityException:
    """Return a day that differs. Raises NotFound where this counsellor has none of this id."""
    found = db.session.scalar(select(E).where(E.public_id == public_id, E.counsellor_id == counsellor_id))
    if found is None:
        raise NotFound("We could not find that day.")
    return found


def _on(counsellor_id: int, date: dt.date) -> AvailabilityException | None:
    wanted = select(E).where(E.counsellor_id == counsellor_id, E.date == date)
    return db.session.scalar(wanted.execution_options(populate_existing=True))


def _require_ranges(ranges: Ranges) -> None:
    if problems := validate_ranges(ranges):
        raise ValidationFailed(fields={"windows": " ".join(problems)})


def _refuse_twin() -> NoReturn:
    raise DuplicateEntry(TAKEN, fields={"date": TAKEN})
