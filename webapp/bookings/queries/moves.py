"""The calendars as somebody who moves a session sees them: its own time is free for it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.calendars import CalendarData
from webapp.bookings.rules import Busy


def without_session(data: CalendarData, session: CounsellingSession, *, by_staff: bool) -> CalendarData:
    """Return the calendars without the session that moves.

    A counsellor or admin needs no notice to move one, but what the student keeps while paying is taken for them.
    """
    span = (session.starts_at, session.ends_at)

    def others(taken: Iterable[Busy]) -> list[Busy]:
        return [one for one in taken if (one.start, one.end) != span]

    busy = others(data.busy) + (data.held if by_staff else [])
    rules = replace(data.rules, notice_minutes=0) if by_staff else data.rules
    return replace(data, rules=rules, busy=busy, own=others(data.own))
