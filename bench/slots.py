"""Free times against the bare fetch of the same rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import psycopg
from sqlalchemy import event, select

from bench.ground import Ground
from bench.report import Report
from bench.seed import add_counsellors
from bench.timing import duel
from webapp.bookings.queries import free_on_date, free_starts_for
from webapp.core.db import db
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor

DAY = dt.timedelta(days=1)
MANY = 2000


def measure(ground: Ground, report: Report, *, seconds: float = 4.0) -> None:
    """Time a month of one counsellor and a date of all of them."""
    connection = psycopg.connect(ground.dsn, autocommit=True)
    try:
        with ground.app.test_request_context("/"):  # as the pages read: in autocommit
            for days in (31, 60):
                _days(ground, report, connection, days, seconds)
            _date(ground, report, connection, seconds)
        if ground.size.counsellors < MANY and seconds >= 1:
            add_counsellors(MANY - ground.size.counsellors, ground.size.counsellors + 1)
            with ground.app.test_request_context("/"):
                _date(ground, report, connection, seconds)
    finally:
        connection.close()


def _days(ground: Ground, report: Report, connection: psycopg.Connection, days: int, seconds: float) -> None:
    counsellor = db.session.scalars(select(Counsellor).order_by(Counsellor.id).limit(1)).one()
    first, last, now = ground.today, ground.today + (days - 1) * DAY, ground.now
    found: list[int] = []

    def ours() -> None:
        starts = free_starts_for(counsellor, student_id=None, duration=None, first=first, last=last, now=now)
        found[:] = [len(starts)]

    result = duel(ours, _replayed(ours, connection), seconds=seconds)
    detail = f"{found[0]} starts in {result.ours:.2f} ms; the rows alone {result.bare:.2f} ms"
    report.add(f"{days} days of one counsellor ÷ fetching the rows", result.ratio, "×", detail, most=1.5)


def _date(ground: Ground, report: Report, connection: psycopg.Connection, seconds: float) -> None:
    date, now = ground.today + 7 * DAY, ground.now
    number = len(db.session.scalars(select(Counsellor.id)).all())
    found: list[int] = []

    def ours() -> None:
        people = free_on_date(date, zone=DEFAULT_ZONE, duration=None, student_id=None, now=now)
        found[:] = [len(people), sum(len(starts) for _, starts in people)]

    result = duel(ours, _replayed(ours, connection), seconds=seconds)
    detail = f"{found[1]:,} starts of {found[0]:,} people in {result.ours:.1f} ms; the rows alone {result.bare:.1f} ms"
    report.add(f"one date of {number:,} counsellors ÷ fetching the rows", result.ratio, "×", detail, most=4)


def _replayed(work: Callable[[], object], connection: psycopg.Connection) -> Callable[[], object]:
    """Return the bare fetch: what ``work`` asks the database, sent again by the driver alone."""
    sent: list[tuple[bytes, Any]] = []

    def note(_conn: object, _cursor: object, statement: str, values: Any, *_rest: object) -> None:
        sent.append((statement.encode(), values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(db.engine, "before_cursor_execute", note)
    return lambda: [connection.execute(statement, values).fetchall() for statement, values in sent]
