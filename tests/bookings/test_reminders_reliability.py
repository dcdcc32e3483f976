"""Reminders through a real mail server while the processes that plan and send them are killed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from email.parser import BytesHeaderParser
from functools import partial
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy import ColumnElement, func, select, text
from sqlalchemy.engine import make_url

from tests.core.supervised import free_port
from tests.servers import new_database
from webapp import create_app
from webapp.bookings.jobs import remind_due
from webapp.bookings.models import CounsellingSession
from webapp.config import ROOT, Settings
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.jobs import get_redis
from webapp.notifications.models import DeliveryStatus, OutboxMail

SESSIONS = 500  # two people each: a thousand reminders
PAIR = 2  # workers that race for the same rows
KILLS = 4  # times that both are killed while they plan, and again while they send
PATIENCE_SECONDS = 120.0
HEADERS = BytesHeaderParser()


class Desk:
    """Takes every mail and remembers which: the Message-ID and the address it is for."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = HEADERS.parsebytes(envelope.content)
        with self.lock:
            self.taken.append((str(message["Message-ID"]), envelope.rcpt_tos[0]))
        return "250 taken"


@pytest.fixture
def desk() -> Iterator[tuple[Desk, int]]:
    """Give a mail server on loopback and its port."""
    desk = Desk()
    port = free_port()
    controller = Controller(desk, hostname="127.0.0.1", port=port)
    controller.start()
    yield desk, port
    controller.stop()


@pytest.fixture
def mailing(settings: Settings, desk: tuple[Desk, int], tmp_path: Path) -> Iterator[tuple[Flask, Settings]]:
    """Give an app on a database of its own, whose commits are real and whose mail goes to the desk."""
    url = settings.database_url or ""
    changes = {
        "database_url": new_database(url, f"{make_url(url).database}_reminders"),
        "data_dir": tmp_path,
        "smtp_host": "127.0.0.1",
        "smtp_port": desk[1],
        "smtp_tls": "none",
    }
    own = settings.model_copy(update=changes)
    app = create_app(own)
    with app.app_context():
        yield app, own
        db.session.remove()
        db.engine.dispose()
        get_redis().close()


def sessions_within_the_hour(first: int, last: int) -> None:
    """Make confirmed sessions, booked days ago, that start in fifty minutes; each has two people to remind."""
    with transaction() as session:
        for statement in SEED.split(";\n"):
            session.execute(text(statement), {"first": first, "last": last})


SEED = """
insert into users (public_id, email, name, password_hash, role, zone, email_verified_at)
select 'user_' || role || n, role || n || '@example.com', 'Person ' || n, 'unusable', role, 'Asia/Kolkata', now()
from generate_series(cast(:first as int), :last) n, (values ('student'), ('counsellor')) r(role);
insert into counsellors (public_id, user_id, name, title, email)
select 'counsellor_' || n, u.id, 'Dr. ' || n, 'Counsellor', u.email
from generate_series(cast(:first as int), :last) n join users u on u.public_id = 'user_counsellor' || n;
insert into packages (public_id, name, slug, exam_type, price, validity_days, max_sessions, session_minutes)
select 'pkg_1', 'JEE Complete', 'jee-complete', 'jee', 1999900, 365, 4, 30 where cast(:first as int) = 1;
insert into enrolments (public_id, user_id, package_id, title, source, status, sessions_total, sessions_used,
                        session_minutes, enrolled_at, expires_at)
select 'enroll_' || n, u.id, p.id, p.name, 'grant', 'active', 4, 1, 30, now(),
       now() + interval '99 days'
from generate_series(cast(:first as int), :last) n join users u on u.public_id = 'user_student' || n, packages p;
insert into counselling_sessions (public_id, counsellor_id, student_id, enrolment_id, status, starts_at, ends_at,
                                  requested_at, confirmed_at, meeting_mode, remind_at)
select 'session_' || n, c.id, u.id, e.id, 'scheduled', now() + interval '50 minutes', now() + interval '80 minutes',
       now() - interval '3 days', now() - interval '3 days', 'video', now() - interval '10 minutes'
from generate_series(cast(:first as int), :last) n join users u on u.public_id = 'user_student' || n
join counsellors c on c.public_id = 'counsellor_' || n join enrolments e on e.user_id = u.id
"""


class Workers:
    """Forks workers from one warm process and kills them."""

    def __init__(self, settings: Settings) -> None:
        environ = {
            **os.environ,
            "APP_ENV": "test",
            "SECRET_KEY": settings.secret_key.get_secret_value(),
            "DATABASE_URL": settings.database_url or "",
            "REDIS_URL": settings.redis_url or "",
            "DATA_DIR": str(settings.data_dir),
            "SMTP_HOST": settings.smtp_host,
            "SMTP_PORT": str(settings.smtp_port),
            "SMTP_TLS": settings.smtp_tls,
        }
        argv = [sys.executable, "-m", "tests.bookings.reminder_workers"]
        self.parent = subprocess.Popen(
            argv,
            env=environ,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.parent.stdout is not None
        return self.parent.stdout.readline().strip()

    def _ask(self, request: str) -> int:
        assert self.parent.stdin is not None
        self.parent.stdin.write(f"{request}\n")
        self.parent.stdin.flush()
        return int(self._line())

    @contextlib.contextmanager
    def racing(self) -> Iterator[None]:
        """Run a pair at once for the length of the block, then kill both; what they held is free again."""
        pids = [self._ask("start") for _ in range(PAIR)]
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGKILL)
            ends = [self._ask(f"bury {pid}") for pid in pids]
        assert ends == [-signal.SIGKILL] * PAIR
        let_leases_run_out()

    def close(self) -> None:
        """End the process they come from."""
        self.parent.communicate()


def let_leases_run_out() -> None:
    with transaction() as session:
        session.execute(
            text("update outbox_mails set claimed_at = claimed_at - interval '1 hour' where status = 'sending'")
        )


def unplanned() -> int:
    """Return how many sessions nobody has been reminded of yet."""
    return _count(CounsellingSession.remind_at.is_not(None))


def unsent() -> int:
    """Return how many mails have not left."""
    return _count(OutboxMail.status != DeliveryStatus.SENT)


def _count(condition: ColumnElement[bool]) -> int:
    number = db.session.scalar(select(func.count()).where(condition)) or 0
    db.session.rollback()
    return number


def fewer_unplanned(than: int) -> bool:
    return unplanned() < than


def more_taken(taken: list[tuple[str, str]], than: int) -> bool:
    return len(taken) > than


def wait_until(done: Callable[[], bool], every: float = 0.02) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(every)


@pytest.mark.reliability
def test_killed_at_any_moment_a_thousand_people_are_reminded_once(
    mailing: tuple[Flask, Settings], desk: tuple[Desk, int]
) -> None:
    taken = desk[0].taken
    sessions_within_the_hour(1, 1)
    workers = Workers(mailing[1])
    sessions_within_the_hour(2, SESSIONS)
    for _ in range(KILLS):  # while they plan
        before = unplanned()
        with workers.racing():
            wait_until(partial(fewer_unplanned, before - random.randrange(60)))
    assert 0 < unplanned() < SESSIONS
    remind_due(clock.now())
    for _ in range(KILLS):  # while they send
        before = len(taken)
        with workers.racing():
            wait_until(partial(more_taken, taken, before + random.randrange(20, 100)))
    assert unsent() > 0
    with workers.racing():
        wait_until(lambda: unsent() == 0, every=0.2)
    workers.close()
    once = set(taken)
    assert len(once) == len({address for _, address in once}) == 2 * SESSIONS  # nobody has two different mails
    assert len(taken) - len(once) <= 2 * KILLS * PAIR  # the one in flight at a kill, with the same Message-ID
    assert {address for _, address in once} == {
        f"{role}{n}@example.com" for role in ("student", "counsellor") for n in range(1, SESSIONS + 1)
    }
