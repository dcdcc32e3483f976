"""Every event arrives, whatever dies meanwhile; many senders never send one twice."""

from __future__ import annotations

import collections
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from flask import Flask

from tests.webhooks.conftest import add_endpoint, deliveries, pass_time, states, tell
from tests.webhooks.receiver import Receiver
from webapp.config import ROOT, Settings
from webapp.core import clock
from webapp.core.crashpoints import KILLED, VARIABLE
from webapp.core.db import db
from webapp.webhooks.delivery import LEASE, deliver_due

SENDER = """
from webapp import create_app
from webapp.core import clock
from webapp.webhooks.delivery import deliver_due
app = create_app()
print("ready", flush=True)
with app.app_context():
    deliver_due(clock.now())
"""


def start_sender(settings: Settings, **more: str) -> subprocess.Popen[bytes]:
    environ = {
        **os.environ,
        "APP_ENV": "test",
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "ENCRYPTION_KEY": settings.encryption_key.get_secret_value(),
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "DATA_DIR": str(settings.data_dir),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        **more,
    }
    return subprocess.Popen(
        [sys.executable, "-c", SENDER], env=environ, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


@pytest.mark.reliability
def test_a_sender_killed_after_sending_sends_again_under_the_same_id(
    committing: Flask, hook_settings: Settings, receiver: Receiver
) -> None:
    add_endpoint(receiver.url())
    tell()
    with start_sender(hook_settings, **{VARIABLE: "webhook_sent"}) as sender:
        assert sender.wait(60) == KILLED
    assert states() == ["sending"]
    assert deliver_due(clock.now()).delivered == 0  # its lease still runs
    pass_time(LEASE)
    assert deliver_due(clock.now()).delivered == 1
    assert len(receiver.taken) == 2
    assert len({taken.delivery for taken in receiver.taken}) == 1


@pytest.mark.reliability
def test_senders_killed_at_random_moments_lose_nothing(
    committing: Flask, hook_settings: Settings, receiver: Receiver, tmp_path: Path
) -> None:
    add_endpoint(receiver.url())
    total = 300
    for number in range(total):
        tell(number)
    for _ in range(4):
        with start_sender(hook_settings) as sender:
            assert sender.stdout is not None
            sender.stdout.readline()
            time.sleep(random.uniform(0.02, 0.3))
            sender.send_signal(signal.SIGKILL)
        pass_time(LEASE)
    deliver_due(clock.now(), seconds=60)
    assert set(states()) == {"delivered"}
    arrived = collections.Counter(taken.delivery for taken in receiver.taken)
    assert set(arrived) == {row.public_id for row in deliveries()}
    assert sum(arrived.values()) - total <= 4 * 4  # at most the batch that was in flight at each kill


@pytest.mark.race
def test_many_senders_never_send_one_twice(committing: Flask, receiver: Receiver) -> None:
    for _ in range(3):
        add_endpoint(receiver.url())
    for number in range(40):
        tell(number)
    senders = 4
    start, shares = threading.Barrier(senders), []

    def send() -> None:
        with committing.app_context():
            start.wait()
            shares.append(deliver_due(clock.now()).delivered)
            db.session.remove()

    threads = [threading.Thread(target=send) for _ in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    arrived = collections.Counter(taken.delivery for taken in receiver.taken)
    assert set(arrived.values()) == {1}
    assert len(arrived) == 120
    assert sum(shares) == 120
    assert set(states()) == {"delivered"}
