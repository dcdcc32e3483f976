"""The free times that a picker shows: a month by the viewer's days, the soonest, and why a chosen one cannot be had."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from webapp.availability.rules import local_date
from webapp.bookings.picker_url import PickerQuery
from webapp.bookings.presenters import grid_span, month_of
from webapp.bookings.queries import CalendarData, free_in
from webapp.bookings.queries.kept import calendar_rows, kept_calendar, next_lapse
from webapp.bookings.rules import Blocker, first_blocker, first_free, free_starts, group_by_day, horizon_date
from webapp.bookings.views.offer import Offer
from webapp.core.pieces import kept, minute_of

DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Times:
    """What is free, by the viewer's days, around what was asked for."""

    data: CalendarData
    minutes: int
    expires_at: dt.datetime | None
    now: dt.datetime
    today: dt.date
    last: dt.date
    month: dt.date
    day: dt.date | None
    days: dict[dt.date, list[dt.datetime]]
    soonest: dt.datetime | None
    blocker: Blocker | None

    def free(self, first: dt.date, last: dt.date) -> list[dt.datetime]:
        """Free starts on the counsellor's dates ``first`` … ``last``."""
        return free_in(self.data, first, last, now=self.now, duration=self.minutes, expires_at=self.expires_at)


def read_times(offer: Offer, query: PickerQuery, now: dt.datetime) -> Times:
    """Return the free times around what was asked for: kept for a minute where nothing changes, one statement else."""
    who, student_id, today = offer.counsellor.id, offer.student_id, local_date(now, query.zone)
    data = kept_calendar(who, today, student_id=student_id, now=now)
    minutes, expires_at = offer.minutes or data.rules.session_minutes, offer.ends(now)
    asked = _Asked(query.zone, query.day, query.month, minutes, expires_at, today)
    if offer.moving is not None:
        asked = replace(asked, minutes=offer.moving.session.minutes)
        times = _work_out(asked, offer.moving.adapt(data), now)
    else:
        times = kept(
            "times",
            (who, student_id, asked, minute_of(now)),
            calendar_rows(who, student_id),
            lambda: _work_out(asked, data, now),
            now=now,
            until=lambda found: next_lapse(found.data),
            facts=lambda found: (found.last, found.month, found.day, found.days, found.soonest),
        )
    if query.at is None:
        return times
    question = times.data.question(now=now, duration=times.minutes, expires_at=expires_at)
    return replace(times, now=now, blocker=first_blocker(query.at, **question))


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the times of a picker depend on besides calendars and the minute."""

    zone: str
    day: dt.date | None
    month: dt.date | None
    minutes: int
    expires_at: dt.datetime | None
    today: dt.date


def _work_out(asked: _Asked, data: CalendarData, now: dt.datetime) -> Times:
    """Work out the free times of a month: the one asked for, else that of the first free time."""
    question = data.question(now=now, duration=asked.minutes, expires_at=asked.expires_at)
    from_date = asked.day or (asked.month if asked.month and asked.month > asked.today else asked.today - DAY)
    soonest = first_free(first=from_date - DAY, **question) if asked.day is None else None
    month = month_of(asked.day or asked.month or (local_date(soonest, asked.zone) if soonest else asked.today))
    first, last = grid_span(month)
    starts = free_starts(first=first - DAY, last=last + DAY, **question)
    days = group_by_day(starts, asked.zone)
    return Times(
        data=data,
        minutes=asked.minutes,
        expires_at=asked.expires_at,
        now=now,
        today=asked.today,
        last=horizon_date(data.rules, now),
        month=month,
        day=asked.day or next((date for date in sorted(days) if month_of(date) == month), None),
        days=days,
        soonest=soonest,
        blocker=None,
    )
