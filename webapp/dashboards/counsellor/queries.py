"""What a counsellor's home reads: four statements beside the profile, whatever is booked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from webapp.bookings.queries import AgendaRow, CalendarData, agenda_of_counsellor, calendar_data
from webapp.bookings.queries.lists import waiting_requests
from webapp.bookings.rules import SessionStatus
from webapp.bookings.session_cards import RequestCard
from webapp.core.times import zone_info
from webapp.counsellors.models import Counsellor
from webapp.dashboards.counsellor.dayline import DAY, Span, open_spans

LOOK_AHEAD = 8  # days
HELD = frozenset({SessionStatus.COMPLETED, SessionStatus.SCHEDULED})


@dataclass(frozen=True, slots=True)
class CounsellorHome:
    """Rows from Monday on to a week ahead, the requests that wait, and the hours of today. All instants UTC."""

    rows: list[AgendaRow]
    requests: list[RequestCard]
    hours: list[Span]
    days: list[dt.datetime]  # midnights of the viewer's zone: today, tomorrow, the day after
    week: Span
    now: dt.datetime

    def between(self, start: dt.datetime, end: dt.datetime) -> list[AgendaRow]:
        """The rows that start between two instants."""
        return [row for row in self.rows if start <= row.starts_at < end]

    @property
    def today(self) -> list[AgendaRow]:
        """Today's sessions and requests."""
        return self.between(self.days[0], self.days[1])

    @property
    def tomorrow(self) -> list[AgendaRow]:
        """Tomorrow's confirmed sessions."""
        return [row for row in self.between(self.days[1], self.days[2]) if row.status is SessionStatus.SCHEDULED]

    @property
    def next(self) -> AgendaRow | None:
        """The confirmed session that is on or comes next."""
        ahead = (row for row in self.rows if row.status is SessionStatus.SCHEDULED and row.ends_at > self.now)
        return next(ahead, None)

    @property
    def done_today(self) -> int:
        """Sessions of today that are over."""
        return sum(row.ends_at <= self.now and row.status in HELD for row in self.today)

    @property
    def to_go_today(self) -> int:
        """Confirmed sessions of today that are on or still to come."""
        return sum(row.ends_at > self.now and row.status is SessionStatus.SCHEDULED for row in self.today)

    @property
    def unfinished(self) -> int:
        """Sessions of these days that are over and wait to be finished."""
        return sum(row.ends_at <= self.now and row.status is SessionStatus.SCHEDULED for row in self.rows)

    def in_week(self, *, over: bool) -> int:
        """How many sessions of this week, Monday to Sunday, are over, or still ahead."""
        return sum((row.ends_at <= self.now) is over and row.status in HELD for row in self.between(*self.week))


def read_home(counsellor: Counsellor, zone: str, now: dt.datetime) -> CounsellorHome:
    """Read everything the home shows; days are those of ``zone``."""
    today = now.astimezone(zone_info(zone)).date()
    days = [_midnight(today + offset * DAY, zone) for offset in range(3)]
    monday = today - today.weekday() * DAY
    week = (_midnight(monday, zone), _midnight(monday + 7 * DAY, zone))
    until = max(week[1], _midnight(today + LOOK_AHEAD * DAY, zone))
    data = calendar_data([counsellor.id], today - DAY, today + 2 * DAY, student_id=None, now=now)[counsellor.id]
    return CounsellorHome(
        rows=agenda_of_counsellor(counsellor.id, week[0], until, now=now),
        requests=waiting_requests(counsellor.id, now),
        hours=_open(data, days[0], days[1]),
        days=days,
        week=week,
        now=now,
    )


def _open(data: CalendarData, first: dt.datetime, last: dt.datetime) -> list[Span]:
    if not data.is_open:
        return []
    return open_spans(data.windows, data.exceptions, data.rules.zone, first, last)


def _midnight(date: dt.date, zone: str) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), zone_info(zone)).astimezone(dt.UTC)
