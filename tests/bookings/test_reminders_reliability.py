"""Reminders through a real mail server while the processes that plan and send them are killed."""

from __future__ import annotations

import collections
import datetime as dt
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url

from tests.core.supervised import free_port
from tests.factories import make_counsellor, make_enrolment, make_package, make_session, make_user
from tests.servers import new_database
from webapp import create_app
from webapp.bookings.jobs import remind_due
from webapp.bookings.models import CounsellingSession
from webapp.config import ROOT, Settings
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.jobs import get_redis
from webapp.notifications.delivery import deliver_due
from webapp.notifications.models import DeliveryStatus, OutboxMail

SESSIONS = 100
KILLS = 4
WORKER = """
from webapp import create_app
from webapp.bookings.jobs import remind_due
from webapp.core import clock
from webapp.notifications.delivery import deliver_due

app = create_app()
print("ready", flush=True)
with app.app_context():
    while True:
        remind_due(clock.now())
        deliver_due(clock.now())
"""


class Desk:
    """Takes every mail and remembers which: the Message-ID and the address it is for."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []
        self.lock = threading.Lock()

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content)
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


def sessions_within_the_hour() -> None:
    """Make confirmed sessions, booked days ago, that start in fifty minutes; each has two people to remind."""
    now = clock.now()
    package = make_package()
    for _ in range(SESSIONS):
        enrolment = make_enrolment(make_user(), package, now=now)
        start, booked = now + dt.timedelta(minutes=50), now - dt.timedelta(days=3)
        make_session(enrolment, make_counsellor(), start, confirmed_at=booked, requested_at=booked)
    db.session.commit()


def start_worker(settings: Settings) -> subprocess.Popen[bytes]:
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
    return subprocess.Popen(
        [sys.executable, "-c", WORKER], env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def let_leases_run_out() -> None:
    with transaction() as session:
        session.execute(text("update outbox_mails set claimed_at = claimed_at - interval '1 hour'"))


def left_to_do() -> int:
    """Return how many reminders are neither planned nor sent."""
    planned = db.session.scalar(select(func.count()).where(CounsellingSession.remind_at.is_not(None))) or 0
    unsent = db.session.scalar(select(func.count()).where(OutboxMail.status != DeliveryStatus.SENT)) or 0
    db.session.rollback()
    return 2 * planned + unsent


@pytest.mark.reliability
def test_killed_at_any_moment_everybody_is_reminded_once(
    mailing: tuple[Flask, Settings], desk: tuple[Desk, int]
) -> None:
    _, settings = mailing
    sessions_within_the_hour()
    for _ in range(KILLS):  # while they are planned
        kill_a_worker(settings)
    remind_due(clock.now())
    assert 0 < left_to_do() <= 2 * SESSIONS
    for _ in range(KILLS):  # while they are sent
        kill_a_worker(settings)
    while left_to_do():
        deliver_due(clock.now())
    taken = collections.Counter(desk[0].taken)
    assert len(taken) == 2 * SESSIONS
    assert len({address for _, address in taken}) == 2 * SESSIONS  # nobody has two different mails
    assert sum(taken.values()) - len(taken) <= 2 * KILLS  # the one in flight at a kill, with the same Message-ID


def kill_a_worker(settings: Settings) -> None:
    with start_worker(settings) as worker:
        assert worker.stdout is not None
        worker.stdout.readline()
        time.sleep(random.uniform(0.05, 0.5))
        worker.kill()
    assert worker.returncode == -signal.SIGKILL
    let_leases_run_out()
