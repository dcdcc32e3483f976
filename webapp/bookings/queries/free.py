"""Questions about free time: of one counsellor, of all on a date, the soonest, the nearest, and why not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.availability.rules import ExceptionDay, Window, fits_hours, local_date
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.calendars import DAY, CalendarData, calendar_data
from webapp.bookings.rules import (
    Blocker,
    BlockerKind,
    SessionStatus,
    explain,
    first_free,
    free_starts,
    horizon_date,
    nearest,
)
from webapp.core.db import db
from webapp.core.times import midnight
from webapp.counsellors.models import Counsellor

SOON_DAYS = 21
FIRST_LOOK_DAYS = 4  # most counsellors have something by then; only the rest are asked about further days
NEAR_BEFORE, NEAR_AFTER = 3 * DAY, 10 * DAY
REACH = 400 * DAY  # beyond any horizon; keeps the arithmetic of dates within their limits
SECOND = dt.timedelta(seconds=1)
INSTANT = dt.timedelta(microseconds=1)
CLOSED = Blocker(BlockerKind.WINDOW, "The calendar is closed: no bookings are taken at the moment.")


def free_starts_for(
    counsellor: Counsellor,
    *,
    student_id: int | None,
    duration: int | None,
    first: dt.date,
    last: dt.date,
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
    zone: str | None = None,
) -> list[dt.datetime]:
    """Return the free starts (UTC, ascending) on the dates ``first`` … ``last``; one statement.

    The dates are those of ``zone`` (the viewer's), or of the counsellor's calendar where it is None.
    ``duration`` in minutes (None: the counsellor's length); ``expires_at`` is the enrolment's end.
    """
    data = calendar_data([counsellor.id], first, last, student_id=student_id, now=now, zone=zone)[counsellor.id]
    if zone is None:
        return free_in(data, first, last, now=now, duration=duration, expires_at=expires_at)
    begin, end = midnight(first, zone), midnight(last + DAY, zone)
    return _free_between(data, begin, end, zone=zone, now=now, duration=duration, expires_at=expires_at)


def free_in(
    data: CalendarData,
    first: dt.date,
    last: dt.date,
    *,
    now: dt.datetime,
    duration: int | None = None,
    expires_at: dt.datetime | None = None,
) -> list[dt.datetime]:
    """Return the free starts of data already read, on the counsellor's dates ``first`` … ``last``."""
    return free_starts(first=first, last=last, **data.question(now=now, duration=duration, expires_at=expires_at))


def _free_between(
    data: CalendarData,
    begin: dt.datetime,
    end: dt.datetime,
    *,
    zone: str,
    now: dt.datetime,
    duration: int | None,
    expires_at: dt.datetime | None,
) -> list[dt.datetime]:
    """Return the free starts from one midnight of ``zone`` until another, looking at no other date."""
    first, last = _dates(begin, end, data.rules.zone)
    found = free_in(data, first, last, now=now, duration=duration, expires_at=expires_at)
    if data.rules.zone == zone:
        return found
    return [start for start in found if begin <= start < end]


@lru_cache(maxsize=256)
def _dates(begin: dt.datetime, end: dt.datetime, zone: str) -> tuple[dt.date, dt.date]:
    return local_date(begin, zone), local_date(end - SECOND, zone)


def free_on_date(
    date: dt.date,
    *,
    zone: str,
    duration: int | None,
    student_id: int | None,
    now: dt.datetime,
    counsellor_ids: Sequence[int] | None = None,
    expires_at: dt.datetime | None = None,
) -> list[tuple[int, list[dt.datetime]]]:
    """Return who is free on a date of ``zone``, as ids with their starts, the earliest first; two statements.

    Active counsellors only; ``counsellor_ids`` narrows them. ``duration`` in minutes; None: each one's
    own length. A page shows a few of them: `in_order` reads those.
    """
    wanted = select(Counsellor.id).where(Counsellor.is_active)
    if counsellor_ids is not None:
        wanted = wanted.where(Counsellor.id.in_(counsellor_ids))
    people = list(db.session.scalars(wanted.order_by(Counsellor.display_order, Counsellor.id)))
    data = calendar_data(people, date, date, student_id=student_id, now=now, zone=zone)
    begin, end = midnight(date, zone), midnight(date + DAY, zone)
    starts = (
        _free_between(data[one], begin, end, zone=zone, now=now, duration=duration, expires_at=expires_at)
        for one in people
    )
    found = [(one, times) for one, times in zip(people, starts, strict=True) if times]
    return sorted(found, key=lambda pair: pair[1][0])


def soonest_free(
    counsellor_ids: Sequence[int], *, now: dt.datetime, duration: int | None = None, days: int = SOON_DAYS
) -> dict[int, dt.datetime]:
    """Return each counsellor's first free start within ``days``; who has none is left out. Two statements."""
    found = soonest_until(counsellor_ids, now=now, duration=duration, days=days)
    return {one: start for one, (start, _until) in found.items() if start is not None}


def soonest_until(
    counsellor_ids: Sequence[int], *, now: dt.datetime, duration: int | None = None, days: int = SOON_DAYS
) -> dict[int, tuple[dt.datetime | None, dt.datetime]]:
    """Return each counsellor's soonest start, None without one, and from when on time alone may make it another."""
    today = now.date()
    found: dict[int, tuple[dt.datetime | None, dt.datetime]] = {}
    missing, lapses = list(counsellor_ids), dict.fromkeys(counsellor_ids, midnight(today + DAY, "UTC"))
    for first, last in (
        (today - DAY, today + FIRST_LOOK_DAYS * DAY),
        (today + (FIRST_LOOK_DAYS + 1) * DAY, today + days * DAY),
    ):
        for one, data in calendar_data(missing, first, last, student_id=None, now=now).items():
            start = first_free(first=first, last=last, **data.question(now=now, duration=duration))
            lapses[one] = min([lapses[one], *(taken.until for taken in data.promised if taken.until is not None)])
            if start is not None:
                late = start - dt.timedelta(minutes=data.rules.notice_minutes) + INSTANT
                found[one] = start, min(lapses[one], late)
        missing = [one for one in counsellor_ids if one not in found]
    begun = now.replace(second=0, microsecond=0)
    found |= {one: (None, min(lapses[one], begun + dt.timedelta(minutes=1))) for one in missing}  # a day may open
    return found


def nearest_free(
    counsellor: Counsellor,
    wanted: dt.datetime,
    *,
    duration: int | None,
    student_id: int | None,
    now: dt.datetime,
    expires_at: dt.datetime | None = None,
    limit: int = 4,
) -> list[dt.datetime]:
    """Return the ``limit`` free starts closest to a wanted one, in order of time; the first at all if none is near."""
    middle = wanted.date()
    first, last = middle - NEAR_BEFORE, middle + NEAR_AFTER
    data = calendar_data([counsellor.id], first, last, student_id=student_id, now=now)[counsellor.id]
    near = nearest(free_in(data, first, last, now=now, duration=duration, expires_at=expires_at), wanted, limit)
    if near:
        return near
    first, last = now.date() - DAY, horizon_date(data.rules, now)
    data = calendar_data([counsellor.id], first, last, student_id=student_id, now=now)[counsellor.id]
    return nearest(free_in(data, first, last, now=now, duration=duration, expires_at=expires_at), wanted, limit)


def explain_time(
    counsellor: Counsellor,
    instant: dt.datetime,
    *,
    duration: int | None,
    now: dt.datetime,
    student_id: int | None = None,
) -> list[Blocker]:
    """Return everything that keeps ``instant`` from being a free start; empty means free. One statement."""
    date = min(max(instant, now - REACH), now + REACH).date()
    data = calendar_data([counsellor.id], date - DAY, date + DAY, student_id=student_id, now=now)[counsellor.id]
    reasons = explain(instant, **data.question(now=now, duration=duration))
    if data.is_open:
        return reasons
    hours = {BlockerKind.WINDOW, BlockerKind.EXCEPTION, BlockerKind.STEP}
    return [CLOSED, *(reason for reason in reasons if reason.kind not in hours)]


def affected_sessions(
    counsellor_id: int,
    *,
    windows: Iterable[Window],
    exceptions: Iterable[ExceptionDay],
    zone: str,
    now: dt.datetime,
) -> list[CounsellingSession]:
    """Return upcoming sessions and open requests that would lie outside these hours, with their students."""
    windows, exceptions = list(windows), list(exceptions)
    upcoming = db.session.scalars(
        select(CounsellingSession)
        .options(joinedload(CounsellingSession.student))
        .where(
            CounsellingSession.counsellor_id == counsellor_id,
            CounsellingSession.starts_at > now,
            CounsellingSession.status.in_((SessionStatus.REQUESTED, SessionStatus.SCHEDULED)),
            CounsellingSession.expires_at.is_(None) | (CounsellingSession.expires_at > now),
        )
        .order_by(CounsellingSession.starts_at)
    )
    return [row for row in upcoming if not fits_hours(row.starts_at, row.minutes, zone, windows, exceptions)]
