"""The sender as a job, and what falls due with time: sending, and forgetting what was deleted."""

from __future__ import annotations

import datetime as dt

from flask import current_app

from webapp.core import clock
from webapp.core.db import transaction
from webapp.core.jobs import job
from webapp.notifications.delivery import deliver_due
from webapp.notifications.services import forget_deleted, forget_refused, wake_sender


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


def forget_old_mail(now: dt.datetime) -> int:
    """Delete refused mails that are older than the setting says; return how many."""
    before = now - dt.timedelta(days=current_app.config["SETTINGS"].delivery_retention_days)
    gone = 0
    while True:
        with transaction():
            batch = forget_refused(before)
        gone += batch
        if not batch:
            return gone
