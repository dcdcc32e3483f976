"""What free times are worked out from: one statement for any number of counsellors.

A hold or a request that has run out is left out by the statement itself, so an abandoned checkout
never keeps a time longer than it said, whether or not a sweep has come by.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, Self

from webapp.availability.rules import BookingMode, CalendarRules, ExceptionDay, Ranges, Window
from webapp.bookings.rules import Busy, BusyKind, Question, Taken, instant_at
from webapp.core.db import db
from webapp.core.times import DEFAULT_ZONE, midnight

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
MARGIN = 6 * HOUR  # the longest buffer and the longest session
RULES, WINDOWS, EXCEPTION, SESSIONS, REQUEST, HOLD, MINE, OWN = range(8)
EPOCH_ORDINAL = dt.date(1970, 1, 1).toordinal()

# Times of the past only count for today's cap, hence the two days before now. Hours come as words, which find what was
# once made of them; a counsellor's sessions as two arrays of epoch seconds in one row, so that nobody reads a time in
# words and makes a row of each. Requests and holds (few, each with its own end of waiting) keep a row each, and what
# the student has at other counsellors. A start is rounded down and an end up, though both are whole seconds.
_PARTS = """
select 0 as kind, counsellor_id, mode || ' ' || zone as words,
       array[session_minutes, step_minutes, buffer_before, buffer_after, notice_hours, horizon_days, max_per_day,
             cancel_deadline_hours, is_open::int]::bigint[] as numbers, null::bigint[] as ends,
       null::timestamptz as expires_at
  from calendars where counsellor_id {whose}
union all
select 1, counsellor_id, string_agg(weekday || ' ' || start_minute || ' ' || end_minute, ' '), null, null, null
  from availability_windows {windows} group by counsellor_id
union all
select 2, counsellor_id, ranges::text, array[date - date '1970-01-01']::bigint[], null, null
  from availability_exceptions where counsellor_id {whose} and date between %(first)s and %(last)s
union all
select case when status not in ('held', 'requested') then 3 when status = 'requested' then 4
            when student_id = %(student)s then 6 else 5 end as kind,
       counsellor_id, null, array_agg(floor(date_part('epoch', starts_at))::bigint),
       array_agg(ceil(date_part('epoch', ends_at))::bigint), min(expires_at)
  from counselling_sessions
 where counsellor_id {whose} and starts_at >= %(since)s and starts_at < %(until)s
   and (status in ('scheduled', 'completed', 'no_show') or status in ('held', 'requested') and expires_at > %(now)s)
 group by counsellor_id, 1, case when status in ('held', 'requested') then id end
union all
select 7, counsellor_id, null, array[floor(date_part('epoch', starts_at))]::bigint[],
       array[ceil(date_part('epoch', ends_at))]::bigint[], expires_at
  from counselling_sessions
 where student_id = %(student)s and starts_at >= %(since)s and starts_at < %(until)s
   and (status = 'scheduled' or status = 'requested' and expires_at > %(now)s)
"""
_ALL_DAYS = "where counsellor_id {whose} and weekday = any(%(weekdays)s)"
# A calendar that runs on the asker's clock has no other days: of thousands, most windows need not be read.
_OWN_DAYS = """join calendars using (counsellor_id) where counsellor_id {whose}
   and weekday = any(case when zone = %(zone)s then %(own_weekdays)s::int[] else %(weekdays)s::int[] end)"""
# One id is asked for with =, many with ANY: the planner takes another index. Plain strings for the driver:
# putting a statement together anew would take as long as working out a month of free times.
_ONE, _MANY = "= %(whose)s", "= any(%(whose)s)"
_STATEMENTS = {
    (one, zoned): _PARTS.format(whose=whose, windows=windows.format(whose=whose))
    for one, whose in ((True, _ONE), (False, _MANY))
    for zoned, windows in ((True, _OWN_DAYS), (False, _ALL_DAYS))
}
NO_RULES = CalendarRules(zone=DEFAULT_ZONE)


@dataclass(slots=True)
class CalendarData:
    """A counsellor's hours and taken times over some days, as the pure rules want them.

    ``busy`` is the counsellor's in any order, ``own`` the asking student's; a time that this student holds is in
    neither but in ``held``. ``deadline_hours`` None: the house's setting.
    """

    rules: CalendarRules = NO_RULES
    is_open: bool = False
    deadline_hours: int | None = None
    windows: Sequence[Window] = ()
    exceptions: list[ExceptionDay] = field(default_factory=list)
    busy: Sequence[Busy] = ()
    own: list[Busy] = field(default_factory=list)
    held: list[Busy] = field(default_factory=list)

    @property
    def promised(self) -> Sequence[Busy]:
        """The counsellor's requests and holds, which run out by themselves."""
        return self.busy.promised if isinstance(self.busy, Taken) else [one for one in self.busy if one.until]

    def question(
        self, *, now: dt.datetime, duration: int | None = None, expires_at: dt.datetime | None = None
    ) -> Question:
        """Return the arguments the rules of free time take; a closed calendar has no hours.

        ``duration`` in minutes, None: the counsellor's own length.
        """
        return {
            "rules": self.rules,
            "windows": self.windows if self.is_open else (),
            "exceptions": self.exceptions if self.is_open else (),
            "busy": self.busy,
            "own": self.own,
            "now": now,
            "duration": duration or self.rules.session_minutes,
            "expires_at": expires_at,
        }


def calendar_data(
    counsellor_ids: Sequence[int],
    first: dt.date,
    last: dt.date,
    *,
    student_id: int | None,
    now: dt.datetime,
    zone: str | None = None,
) -> dict[int, CalendarData]:
    """Return every counsellor's calendar for the dates ``first`` … ``last``, by id; one statement.

    The dates are each counsellor's own, or those of ``zone`` where it is given. What is taken is read
    for whole counsellor's days around them, so that the day's cap counts right. A counsellor without
    a calendar has an empty, closed one.
    """
    found = {counsellor_id: CalendarData() for counsellor_id in counsellor_ids}
    if not found:
        return found
    own: list[Busy] = []
    for kind, whose, words, numbers, ends, expires_at in _rows(
        list(found), _Span.of(first, last, zone), student_id, now
    ):
        if kind == OWN:
            own.append(_busy(numbers, ends, BusyKind.OWN, expires_at))
        elif kind == WINDOWS:
            found[whose].windows = _windows(words)
        elif kind == RULES:
            _read_rules(found[whose], words, numbers)
        elif kind == EXCEPTION:
            found[whose].exceptions.append(ExceptionDay(_date(numbers[0]), _ranges(words)))
        else:
            _take(found[whose], kind, numbers, ends, expires_at)
    for data in found.values():
        data.own = own
    return found


def _take(data: CalendarData, kind: int, starts: list[int], ends: list[int], expires_at: dt.datetime | None) -> None:
    """Note taken times of a counsellor."""
    if kind == MINE:
        data.held.append(_busy(starts, ends, BusyKind.HOLD, expires_at))
        return
    taken = data.busy
    if not isinstance(taken, Taken):
        taken = data.busy = Taken([], [])
    if kind == SESSIONS:
        taken.sessions.extend(zip(starts, ends, strict=True))
    else:
        promise = BusyKind.REQUEST if kind == REQUEST else BusyKind.HOLD
        taken.promised.append(_busy(starts, ends, promise, expires_at))


def _busy(starts: list[int], ends: list[int], kind: BusyKind, expires_at: dt.datetime | None) -> Busy:
    return Busy(instant_at(starts[0]), instant_at(ends[0]), kind, expires_at)


class _Span(NamedTuple):
    """Dates on any counsellor's calendar, and the instants whose sessions matter for them.

    ``own`` are the weekdays of the dates asked for, where ``zone`` is the calendar's own.
    """

    first: dt.date
    last: dt.date
    since: dt.datetime
    until: dt.datetime
    zone: str | None = None
    own: list[int] | None = None

    @classmethod
    def of(cls, first: dt.date, last: dt.date, zone: str | None) -> Self:
        if zone is None:  # a date begins up to 14 h before UTC's and ends up to 12 h after it
            begin, end = midnight(first, "UTC"), midnight(last + DAY, "UTC")
            return cls(first, last, begin - MARGIN - 14 * HOUR, end + MARGIN + 12 * HOUR)
        begin, end = midnight(first, zone), midnight(last + DAY, zone)
        own = _weekdays(first, last)
        return cls(first - DAY, last + DAY, begin - DAY - 2 * HOUR, end + DAY + 2 * HOUR, zone, own)


def _weekdays(first: dt.date, last: dt.date) -> list[int]:
    days = min((last - first).days + 1, 7)
    return sorted((first.weekday() + offset) % 7 for offset in range(days))


def _rows(ids: list[int], span: _Span, student_id: int | None, now: dt.datetime) -> Sequence[Any]:
    one = len(ids) == 1
    values = {
        "whose": ids[0] if one else ids,
        "weekdays": _weekdays(span.first, span.last),
        "own_weekdays": span.own,
        "zone": span.zone,
        "first": span.first,
        "last": span.last,
        "student": student_id,
        "since": max(span.since, now - 2 * DAY),
        "until": span.until,
        "now": now,
    }
    statement = _STATEMENTS[one, span.zone is not None]
    result = db.session.connection().exec_driver_sql(statement, values)
    return result.cursor.fetchall()  # what the driver read, without a row of SQLAlchemy's for each


def _read_rules(data: CalendarData, words: str, numbers: Sequence[Any]) -> None:
    *asked, data.deadline_hours, is_open = numbers
    data.rules = _rules(words, tuple(asked))
    data.is_open = bool(is_open)


# Most calendars are alike, and what is made of words never changes: it is shared.
_date = lru_cache(maxsize=1024)(lambda day: dt.date.fromordinal(EPOCH_ORDINAL + day))


@lru_cache(maxsize=2048)
def _windows(words: str) -> tuple[Window, ...]:
    """Weekly hours of "weekday start end weekday start end …", in the order of the week."""
    numbers = [int(word) for word in words.split()]
    return tuple(sorted(Window(*numbers[at : at + 3]) for at in range(0, len(numbers), 3)))


@lru_cache(maxsize=2048)
def _ranges(words: str) -> Ranges:
    """A day's hours of "[[start, end], …]"."""
    return tuple((low, high) for low, high in json.loads(words))


@lru_cache(maxsize=1024)
def _rules(words: str, numbers: tuple[Any, ...]) -> CalendarRules:
    mode, _, zone = words.partition(" ")
    minutes, step, before, after, notice, horizon, cap = numbers
    return CalendarRules(
        zone=zone,
        session_minutes=minutes,
        step_minutes=step,
        buffer_before=before,
        buffer_after=after,
        notice_minutes=notice * 60,
        horizon_days=horizon,
        max_per_day=cap,
        mode=BookingMode(mode),
    )
