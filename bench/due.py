"""What falls due with time: a sweep against few and many sessions, and reminders a minute through a mail server."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from email.message import EmailMessage
from statistics import median
from typing import Any

from sqlalchemy import event

from bench.due_seed import fill, make_due
from bench.ground import Ground
from bench.report import Report
from bench.timing import seconds_of
from webapp.bookings.jobs import remind_due
from webapp.core import clock
from webapp.core.db import db
from webapp.core.due import run_due_work
from webapp.notifications.delivery import deliver_due
from webapp.notifications.transport import SmtpTransport

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 3
HOST = "127.0.0.1"
START_SECONDS = 20.0
SINK = ("-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l")


def measure(
    ground: Ground, report: Report, *, sizes: tuple[int, ...] = SIZES, due: int = 100, reminded: int = 500
) -> None:
    """Sweep with nothing and with ``due`` of each kind to do, by size; then remind both people of many sessions.

    It replaces the sessions on the ground.
    """
    idle, busy = [], []
    for size in sizes:
        fill(size, ground.size.counsellors, ground.size.students)
        idle.append(_idle(report, size))
        busy.append(_busy(ground, report, size, due))
    times = f"{sizes[-1]:,} sessions against {sizes[0]:,}"
    report.add("a sweep with nothing due, grown by", idle[-1] / idle[0], "×", times)
    report.add("a sweep with the same due, grown by", busy[-1] / busy[0], "×", times)
    _reminders(ground, report, reminded)


def _idle(report: Report, size: int) -> float:
    run_due_work(clock.now())
    with _statements() as asked:
        spent = median(seconds_of(lambda: run_due_work(clock.now())) for _ in range(ROUNDS))
    longest = max(asked, key=lambda one: one[0])[0]
    detail = f"{len(asked) // ROUNDS} statements, the longest {longest * 1000:.1f} ms"
    report.add(f"a sweep with nothing due, {size:,} sessions", spent * 1000, "ms", detail)
    return spent


def _busy(ground: Ground, report: Report, size: int, due: int) -> float:
    times = []
    for number in range(1, ROUNDS + 1):
        make_due(due, ground.size.counsellors, round_=number)
        begun = time.perf_counter()
        done = run_due_work(clock.now())
        times.append(time.perf_counter() - begun)
        assert done["session_reminders"] == done["expired_requests"] == done["expired_holds"] == due, done
    detail = f"{due} reminders, {due} requests and {due} holds that ran out; their mails written to files"
    report.add(f"a sweep with {3 * due} due, {size:,} sessions", median(times) * 1000, "ms", detail)
    return median(times)


def _reminders(ground: Ground, report: Report, sessions: int) -> None:
    fill(0, ground.size.counsellors, ground.size.students)
    make_due(sessions, ground.size.counsellors, with_rest=False)
    planned = seconds_of(lambda: remind_due(clock.now()))
    mails = 2 * sessions
    with mail_server() as port:
        changes = {"smtp_host": HOST, "smtp_port": port, "smtp_tls": "none"}
        way = SmtpTransport(ground.app.config["SETTINGS"].model_copy(update=changes))
        begun, left = time.perf_counter(), mails
        while left > 0:
            left -= deliver_due(clock.now(), transport=way).sent
        sent = time.perf_counter() - begun
        bare = mails / seconds_of(lambda: _bare_mails(port, mails))
    detail = f"{mails:,} mails: written in {planned:.1f} s, composed and sent in {sent:.1f} s, one process"
    report.add("reminders a minute", mails / (planned + sent) * 60, "", detail)
    report.add("sending ÷ the same number of ready mails", mails / sent / bare, "×", f"bare smtplib: {bare:.0f}/s")


@contextlib.contextmanager
def mail_server() -> Iterator[int]:
    """Run a mail server on loopback, in a process of its own, that takes every mail; give its port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen([sys.executable, *SINK, f"{HOST}:{port}"])
    try:
        _wait(process, port)
        yield port
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError), closing(smtplib.SMTP(HOST, port, timeout=5)):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the mail server did not come up (status {process.poll()})")


def _bare_mails(port: int, number: int) -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "us@bench.test", "you@bench.test", "Starts at 10:30"
    message.set_content("words " * 200)
    message.add_alternative("<p>words</p>" * 400, subtype="html")
    with smtplib.SMTP(HOST, port) as server:
        for _ in range(number):
            server.send_message(message)


@contextlib.contextmanager
def _statements() -> Iterator[list[tuple[float, str]]]:
    """Collect every statement with its seconds."""
    asked: list[tuple[float, str]] = []
    begun: list[float] = []

    def before(*_all: Any) -> None:
        begun.append(time.perf_counter())

    def after(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        asked.append((time.perf_counter() - begun.pop(), statement))

    event.listen(db.engine, "before_cursor_execute", before)
    event.listen(db.engine, "after_cursor_execute", after)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", before)
        event.remove(db.engine, "after_cursor_execute", after)
