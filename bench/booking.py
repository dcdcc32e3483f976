"""Booking: how many a second beside bare inserts, and what a rush on one time does."""

from __future__ import annotations

import datetime as dt
import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import psycopg
from sqlalchemy import select, text

from bench.ground import Ground
from bench.report import Report
from bench.timing import quantile
from webapp.accounts.models import User
from webapp.bookings.queries import free_starts_for
from webapp.bookings.services import book_session
from webapp.core.db import db, transaction
from webapp.core.errors import DomainError
from webapp.counsellors.models import Counsellor

THREADS = 4
DAY = dt.timedelta(days=1)
Task = Callable[[], str]
BARE = """insert into counselling_sessions (public_id, counsellor_id, student_id, enrolment_id, status, starts_at,
 ends_at, requested_at, confirmed_at, meeting_mode, meeting_link)
 values (%s, %s, %s, %s, 'scheduled', %s, %s, now(), now(), 'video', %s)"""


def measure(ground: Ground, report: Report, *, bookings: int = 400, clients: int = 64, volleys: int = 5) -> None:
    """Time distinct slots against bare inserts, then volleys of many clients on one slot."""
    _distinct(ground, report, bookings)
    _contended(ground, report, clients, volleys)


def _distinct(ground: Ground, report: Report, bookings: int) -> None:
    people = askers(2 * bookings)
    slots = list(itertools.islice(free_slots(ground, 42), 2 * bookings))
    tasks = [_booking(ground, asker, *slot) for asker, slot in zip(people, slots, strict=False)]
    inserts = _Inserts(ground)
    taken = [inserts.task(number, *pair) for number, pair in enumerate(zip(people, slots, strict=False))]
    # Halves by turns, each on slots of its own.
    ours, bare = Counter[str](), Counter[str]()
    spent = [0.0, 0.0]
    step = max(1, bookings // 4)
    for first in range(0, bookings, step):
        spent[0] += _timed(tasks[first : min(first + step, bookings)], ours)
        spent[1] += _timed(taken[bookings + first : min(bookings + first + step, 2 * bookings)], bare)
    inserts.close()
    rate, insert_rate = ours["done"] / spent[0], bare["done"] / spent[1]
    detail = f"{ours['done']} bookings at {rate:.0f}/s; {bare['done']} bare inserts at {insert_rate:.0f}/s"
    report.add("distinct slots: bookings ÷ bare inserts of the same row", rate / insert_rate, "×", detail)
    report.add("a booking's cost", insert_rate / rate, "inserts", f"{THREADS} threads, every one durable")
    failed = sum(ours.values()) - ours["done"] + sum(bare.values()) - bare["done"]
    report.add("bookings refused or failed", failed, "", str(dict(ours)))


def _contended(ground: Ground, report: Report, clients: int, volleys: int) -> None:
    slots = list(itertools.islice(free_slots(ground, 60), volleys))
    people = askers(clients)
    before, outcomes, waits = deadlocks(), Counter[str](), []
    for slot in slots:
        seconds = _volley(ground, [_booking(ground, asker, *slot) for asker in people], outcomes)
        waits += seconds
    detail = f"{volleys} volleys of {clients} clients, p50 {quantile(waits, 0.5) * 1000:.0f} ms"
    report.add("one slot, many clients: longest answer", max(waits) * 1000, "ms", detail)
    report.add("winners a volley", outcomes["done"] / volleys, "", str(dict(outcomes)))
    report.add("deadlocks", deadlocks() - before, "", "counted by Postgres")


def askers(number: int) -> Sequence[tuple[int, int, str]]:
    """Students with their enrolments: (user id, enrolment id, its public id)."""
    rows = db.session.execute(
        text(
            "select u.id, e.id, e.public_id from users u join enrolments e on e.user_id = u.id order by u.id limit :n"
        ),
        {"n": number},
    ).all()
    db.session.rollback()
    return [(row[0], row[1], row[2]) for row in itertools.islice(itertools.cycle(rows), number)]


def free_slots(ground: Ground, day: int) -> Iterator[tuple[int, str, dt.datetime]]:
    """Free starts on days from ``day`` on, one counsellor after the other; at a start only once for a student."""
    counsellors = db.session.scalars(
        select(Counsellor).where(Counsellor.user_id.is_not(None)).order_by(Counsellor.id)
    ).all()
    for date in (ground.today + number * DAY for number in range(day, day + 15)):
        for counsellor in counsellors:
            starts = free_starts_for(counsellor, student_id=None, duration=None, first=date, last=date, now=ground.now)
            for start in starts[:2]:
                yield counsellor.id, counsellor.public_id, start
    raise ValueError("no free slots left to book")


def _booking(ground: Ground, asker: tuple[int, int, str], who: int, public_id: str, start: dt.datetime) -> Task:
    del who

    def task() -> str:
        with ground.app.app_context():
            student = db.session.get_one(User, asker[0])
            db.session.rollback()
            try:
                with transaction():
                    book_session(
                        student=student,
                        counsellor_id=public_id,
                        enrolment_id=asker[2],
                        starts_at=start,
                        agenda="Choice list",
                        meeting_mode="video",
                        now=ground.now,
                    )
            except DomainError as error:
                return type(error).__name__
            return "done"

    return task


class _Inserts:
    """Bare inserts, each committed by itself, on a connection for every thread."""

    def __init__(self, ground: Ground) -> None:
        self.dsn = ground.dsn
        self.local = threading.local()
        self.connections: list[psycopg.Connection] = []

    def task(self, number: int, asker: tuple[int, int, str], slot: tuple[int, str, dt.datetime]) -> Task:
        """Return the insert of one session."""
        who, _, start = slot
        end = start + dt.timedelta(minutes=30)
        row = (f"session_bare{number}", who, asker[0], asker[1], start, end, "https://meet.jit.si/bench")

        def task() -> str:
            try:
                self._connection().execute(BARE, row)
            except psycopg.Error as error:
                return type(error).__name__
            return "done"

        return task

    def _connection(self) -> psycopg.Connection:
        if not hasattr(self.local, "connection"):
            self.local.connection = psycopg.connect(self.dsn, autocommit=True)
            self.connections.append(self.local.connection)
        found: psycopg.Connection = self.local.connection
        return found

    def close(self) -> None:
        """Let go of all connections."""
        for connection in self.connections:
            connection.close()


def _timed(tasks: Sequence[Task], outcomes: Counter[str]) -> float:
    """Run all with a few threads; return the seconds it took."""
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda _: time.sleep(0.01), range(THREADS)))  # the threads are there
        begun = time.perf_counter()
        outcomes.update(pool.map(lambda task: task(), tasks))
        return time.perf_counter() - begun


def _volley(ground: Ground, tasks: Sequence[Task], outcomes: Counter[str]) -> list[float]:
    """Run all at the same moment, a connected thread each; return every one's seconds."""
    gate = threading.Barrier(len(tasks))

    def run(task: Task) -> float:
        with ground.app.app_context():
            db.session.execute(text("select 1"))
            db.session.rollback()
        gate.wait()
        begun = time.perf_counter()
        answer = task()
        spent = time.perf_counter() - begun
        outcomes[answer] += 1
        return spent

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def deadlocks() -> int:
    """Return how many deadlocks Postgres has counted in this database."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("select pg_stat_clear_snapshot()"))
        found = connection.scalar(text("select deadlocks from pg_stat_database where datname = current_database()"))
        return int(found or 0)
