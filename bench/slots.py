"""Free times against the bare fetch: of what the app asks, and of the same rows as anybody would ask for them.

The app has Postgres pack a counsellor's sessions into whole seconds in one row, which makes the bare fetch cheaper,
too. So each is compared with both, in wall time and in CPU (the driver's or ours, and Postgres's for it).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from sqlalchemy import event, select

from bench.ground import Ground
from bench.report import Report
from bench.seed import add_counsellors
from bench.timing import cpu_ms, duel
from webapp.bookings.queries import free_on_date, free_starts_for
from webapp.core.db import db
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor

DAY = dt.timedelta(days=1)
MANY = 2000
ROUNDS = 12

# What free times are worked out from as plain rows in one statement: rules, hours, days that differ, what is taken.
PLAIN = """
select 0 as kind, counsellor_id, mode || ' ' || zone as words, null::date as day, null::jsonb as ranges,
       array[session_minutes, step_minutes, buffer_before, buffer_after, notice_hours, horizon_days, max_per_day,
             cancel_deadline_hours, is_open::int] as numbers,
       null::timestamptz as starts_at, null::timestamptz as ends_at, null::timestamptz as expires_at
  from calendars where counsellor_id = {whose}
union all
select 1, counsellor_id, null, null, null, array[weekday, start_minute, end_minute]::int[], null, null, null
  from availability_windows join calendars using (counsellor_id)
 where counsellor_id = {whose} and weekday = any({days})
union all
select 2, counsellor_id, null, date, ranges, null, null, null, null
  from availability_exceptions where counsellor_id = {whose} and date between %(first)s and %(last)s
union all
select 3, counsellor_id, status, null, null, null, starts_at, ends_at, expires_at
  from counselling_sessions
 where counsellor_id = {whose} and starts_at >= %(since)s and starts_at < %(until)s
   and (status in ('scheduled', 'completed', 'no_show') or status in ('held', 'requested') and expires_at > %(now)s)
union all
select 4, counsellor_id, status, null, null, null, starts_at, ends_at, expires_at
  from counselling_sessions
 where student_id = %(student)s and starts_at >= %(since)s and starts_at < %(until)s
   and (status = 'scheduled' or status = 'requested' and expires_at > %(now)s)
"""


def measure(ground: Ground, report: Report, *, seconds: float = 4.0) -> None:
    """Time a month of one counsellor and a date of all of them."""
    connection = psycopg.connect(ground.dsn, autocommit=True)
    ring = _Ring(report, connection, seconds / 2)
    try:
        with ground.app.test_request_context("/"):  # as the pages read: in autocommit
            for days in (31, 60):
                _days(ground, ring, days)
            _date(ground, ring)
        if ground.size.counsellors < MANY and seconds >= 1:
            add_counsellors(MANY - ground.size.counsellors, ground.size.counsellors + 1)
            with ground.app.test_request_context("/"):
                _date(ground, ring)
    finally:
        connection.close()


def _days(ground: Ground, ring: _Ring, days: int) -> None:
    counsellor = db.session.scalars(select(Counsellor).order_by(Counsellor.id).limit(1)).one()
    first, last, now = ground.today, ground.today + (days - 1) * DAY, ground.now

    def ours() -> str:
        starts = free_starts_for(counsellor, student_id=None, duration=None, first=first, last=last, now=now)
        return f"{len(starts)} starts"

    ring.compare(f"{days} days of one counsellor", ours, most=1.5)


def _date(ground: Ground, ring: _Ring) -> None:
    date, now = ground.today + 7 * DAY, ground.now
    number = len(db.session.scalars(select(Counsellor.id)).all())

    def ours() -> str:
        people = free_on_date(date, zone=DEFAULT_ZONE, duration=None, student_id=None, now=now)
        return f"{sum(len(starts) for _, starts in people):,} starts of {len(people):,} people"

    ring.compare(f"one date of {number:,} counsellors", ours, most=4)


@dataclass(frozen=True, slots=True)
class _Ring:
    """Where the app and the driver alone are compared; ``seconds`` for each pair."""

    report: Report
    connection: psycopg.Connection
    seconds: float

    def compare(self, name: str, ours: Callable[[], str], *, most: float) -> None:
        """Report what ``ours`` takes of what it asks for, and of the same as plain rows."""
        sent = _sent(ours)
        for of, statements in (
            ("fetching the rows", sent),
            ("fetching them as plain rows", [(_as_rows(*one), one[1]) for one in sent]),
        ):
            bare = self._fetch(statements)
            wall = duel(ours, bare, seconds=self.seconds)
            detail = f"{ours()} in {wall.ours:.2f} ms; the rows alone {wall.bare:.2f} ms"
            self.report.add(f"{name} ÷ {of}", wall.ratio, "×", detail, most=most)
            mine, theirs = self._cpu(ours, bare, wall.ours)
            detail = f"{mine:.2f} ms and {theirs:.2f} ms, with what Postgres takes for it"
            self.report.add(f"{name} ÷ {of}: CPU", mine / theirs, "×", detail, most=most)

    def _fetch(self, statements: list[tuple[str, Any]]) -> Callable[[], object]:
        return lambda: [self.connection.execute(statement, values).fetchall() for statement, values in statements]

    def _cpu(self, ours: Callable[[], object], bare: Callable[[], object], each: float) -> tuple[float, float]:
        """CPU of a run in ms, by turns: the least of some rounds, as whatever else runs only ever adds."""
        mine = db.session.connection().exec_driver_sql("select pg_backend_pid()").scalar_one()
        theirs = self.connection.info.backend_pid
        times = max(2, int(self.seconds * 1000 / each / ROUNDS / 2))
        rounds = [(cpu_ms(ours, mine, times=times), cpu_ms(bare, theirs, times=times)) for _ in range(ROUNDS)]
        return min(one for one, _ in rounds), min(one for _, one in rounds)


def _sent(work: Callable[[], object]) -> list[tuple[str, Any]]:
    """Return what ``work`` asks the database."""
    sent: list[tuple[str, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        sent.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return sent


def _as_rows(statement: str, values: Any) -> str:
    """Return the question for what the app worked with where it asks for calendars, else the question itself."""
    if "counselling_sessions" not in statement:
        return statement
    days = "%(weekdays)s::int[]"
    if values["zone"]:
        days = f"case when zone = %(zone)s then %(own_weekdays)s::int[] else {days} end"
    return PLAIN.format(whose="any(%(whose)s)" if isinstance(values["whose"], list) else "%(whose)s", days=days)
