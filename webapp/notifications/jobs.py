"""The sender as a job, and what falls due with time: sending, and forgetting what was deleted."""

from __future__ import annotations

import datetime as dt

from webapp.core import clock
from webapp.core.db import transaction
from webapp.core.jobs import job
from webapp.notifications.delivery import deliver_due
from webapp.notifications.services import forget_deleted, wake_sender


@job
def send_due_mail() -> int:
    """Send what is due, in batches until nothing is; a long queue goes on in a job of its own."""
    run = deliver_due(clock.now())
    if run.more:
        wake_sender()
    return run.sent


def sweep_outbox(now: dt.datetime) -> int:
    """Send, in this process, what is due as of ``now``; return how many mails left."""
    return deliver_due(now).sent


def sweep_inbox(now: dt.datetime) -> int:
    """Throw away the lines of inboxes that were deleted long ago; return how many."""
    with transaction():
        return forget_deleted(now)
