"""The sender as a job, and as a piece of due work."""

from __future__ import annotations

import datetime as dt

from flask import current_app

from webapp.core import clock
from webapp.core.db import transaction
from webapp.core.jobs import job
from webapp.webhooks.delivery import deliver_due
from webapp.webhooks.services import forget_deliveries, wake_sender


@job
def send_due_webhooks() -> int:
    """Send what is due; a long queue goes on in a job of its own, so that others get their turn."""
    run = deliver_due(clock.now())
    if run.more:
        wake_sender()
    return run.delivered


def forget_old(now: dt.datetime) -> int:
    """Delete what is older than the setting says from the log of deliveries; return how many."""
    before = now - dt.timedelta(days=current_app.config["SETTINGS"].delivery_retention_days)
    gone = 0
    while True:
        with transaction():
            batch = forget_deliveries(before)
        gone += batch
        if not batch:
            return gone


def sweep_webhooks(now: dt.datetime) -> int:
    """Send, in this process, what is due as of ``now``; return how many were accepted."""
    return deliver_due(now).delivered
