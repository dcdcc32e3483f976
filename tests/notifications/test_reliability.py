"""Every mail goes, none twice: senders killed at any point, and many senders at once."""

from __future__ import annotations

import collections
import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from flask import Flask, current_app
from sqlalchemy import select, text

from tests.forks import Forks
from tests.notifications.conftest import folder_of, put_many, teach
from webapp.config import Settings
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.notifications import delivery
from webapp.notifications.delivery import deliver_due
from webapp.notifications.models import DeliveryStatus, OutboxMail
from webapp.notifications.transport import Connection, MaildirTransport


class Dying(MaildirTransport):
    """Logs what it sends and dies by its own hand with one mail, before or after that has left."""

    def __init__(self, folder: Path, log: str, left: int, before_writing: bool) -> None:
        super().__init__(folder)
        self.log, self.left, self.before_writing = Path(log), left, before_writing

    def send(self, message: EmailMessage, *, name: str) -> None:
        if self.left == 0 and self.before_writing:
            os.kill(os.getpid(), signal.SIGKILL)
        super().send(message, name=name)
        with self.log.open("a") as log:
            log.write(f"{name}\n")
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1


def send(log: str, dies_after: int = -1, before_writing: bool = False) -> None:
    """What a sender does."""
    teach(current_app)
    deliver_due(clock.now(), transport=Dying(folder_of(current_app), log, dies_after, before_writing))


def let_leases_run_out() -> None:
    with transaction() as session:
        session.execute(text("update outbox_mails set claimed_at = claimed_at - interval '1 hour'"))


def unsent() -> int:
    with transaction() as session:
        return len(session.scalars(select(OutboxMail.id).where(OutboxMail.status != DeliveryStatus.SENT)).all())


def files(app: Flask) -> list[str]:
    return sorted(path.name for path in folder_of(app).glob("mail_*.eml"))


@pytest.mark.reliability
@pytest.mark.parametrize("before_writing", [True, False], ids=["before-it-leaves", "before-it-is-marked"])
def test_a_killed_sender_loses_nothing_and_repeats_nothing(
    committing: Flask, mail_settings: Settings, forks: Forks, tmp_path: Path, before_writing: bool
) -> None:
    put_many(12)
    log = tmp_path / "sent"
    log.touch()
    assert forks.start(mail_settings, send, str(log), 5, before_writing).wait() == -signal.SIGKILL
    assert unsent() == 7
    assert len(files(committing)) == (5 if before_writing else 6)
    let_leases_run_out()
    assert deliver_due(clock.now()).sent == 7
    assert unsent() == 0
    assert len(files(committing)) == 12  # the one that left and was not marked went to the same file again
    assert not list(folder_of(committing).glob(".*"))


@pytest.mark.reliability
def test_senders_killed_at_random_moments(
    committing: Flask, mail_settings: Settings, forks: Forks, tmp_path: Path
) -> None:
    total, log = 400, tmp_path / "sent"
    log.touch()
    put_many(total)
    kills = 0
    for _ in range(4):
        sender = forks.start(mail_settings, send, str(log))
        time.sleep(random.uniform(0.02, 0.25))
        sender.kill()
        kills += 1
        let_leases_run_out()
    deliver_due(clock.now())
    assert unsent() == 0
    assert len(files(committing)) == total
    repeated = [count for count in collections.Counter(log.read_text().split()).values() if count > 1]
    assert sum(repeated) - len(repeated) <= kills  # at most the one in flight, and it overwrote itself


class Counting(MaildirTransport):
    """Counts how often each mail is sent."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.times: collections.Counter[str] = collections.Counter()
        self.lock = threading.Lock()

    @contextlib.contextmanager
    def connect(self) -> Iterator[Connection]:
        self.folder.mkdir(parents=True, exist_ok=True)
        yield self

    def send(self, message: EmailMessage, *, name: str) -> None:
        super().send(message, name=name)
        with self.lock:
            self.times[name] += 1


@pytest.mark.race
def test_many_senders_never_send_one_mail_twice(committing: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "BATCH", 7)
    total, senders = 150, 6
    put_many(total)
    transport = Counting(folder_of(committing))
    start = threading.Barrier(senders)
    shares: list[int] = []

    def send() -> None:
        with committing.app_context():
            start.wait()
            shares.append(deliver_due(clock.now(), transport=transport).sent)
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(transport.times.values()) == {1}
    assert len(transport.times) == sum(shares) == total
    assert sum(1 for share in shares if share) > 1
    assert unsent() == 0
