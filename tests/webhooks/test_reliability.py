"""Every event arrives, whatever dies meanwhile; many senders never send one twice."""

from __future__ import annotations

import collections
import random
import threading
import time

import pytest
from flask import Flask

from tests.forks import Forks
from tests.webhooks.conftest import add_endpoint, deliveries, pass_time, states, tell
from tests.webhooks.receiver import Receiver
from webapp.config import Settings
from webapp.core import clock
from webapp.core.crashpoints import KILLED, VARIABLE
from webapp.core.db import db
from webapp.webhooks.delivery import LEASE, deliver_due


def send() -> None:
    """What a sender does."""
    deliver_due(clock.now())


@pytest.mark.reliability
def test_a_sender_killed_after_sending_sends_again_under_the_same_id(
    committing: Flask, hook_settings: Settings, receiver: Receiver, forks: Forks
) -> None:
    add_endpoint(receiver.url())
    tell()
    assert forks.start(hook_settings, send, **{VARIABLE: "webhook_sent"}).wait() == KILLED
    assert states() == ["sending"]
    assert deliver_due(clock.now()).delivered == 0  # its lease still runs
    pass_time(LEASE)
    assert deliver_due(clock.now()).delivered == 1
    assert len(receiver.taken) == 2
    assert len({taken.delivery for taken in receiver.taken}) == 1


@pytest.mark.reliability
def test_senders_killed_at_random_moments_lose_nothing(
    committing: Flask, hook_settings: Settings, receiver: Receiver, forks: Forks
) -> None:
    add_endpoint(receiver.url())
    total = 300
    for number in range(total):
        tell(number)
    for _ in range(4):
        sender = forks.start(hook_settings, send)
        time.sleep(random.uniform(0.02, 0.3))
        sender.kill()
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
