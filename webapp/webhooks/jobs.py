"""The sender as a job, and as a piece of due work."""

from __future__ import annotations

import datetime as dt

from webapp.core import clock
from webapp.core.jobs import job
from webapp.webhooks.delivery import deliver_due
from webapp.webhooks.services import wake_sender


@job
def send_due_webhooks() -> int:
    """Send what is due; a long queue goes on in a job of its own, so that others get their turn."""
    run = deliver_due(clock.now())
    if run.more:
        wake_sender()
    return run.delivered


def sweep_webhooks(now: dt.datetime) -> int:
    """Send, in this process, what is due as of ``now``; return how many were accepted."""
    return deliver_due(now).delivered
