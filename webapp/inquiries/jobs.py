"""What falls due with time: inquiries that came to nothing lose their personal data. Setting INQUIRY_RETENTION_DAYS."""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import current_app

from webapp.config import Settings
from webapp.core.db import transaction
from webapp.inquiries.services import forget_old_inquiries

BATCH = 200


def forget_due(now: dt.datetime) -> int:
    """Forget whatever is older than the setting says, a batch a transaction; return how many. 0 days is never."""
    days = cast(Settings, current_app.config["SETTINGS"]).inquiry_retention_days
    if not days:
        return 0
    done = 0
    while True:
        with transaction():
            forgotten = forget_old_inquiries(before=now - dt.timedelta(days=days), limit=BATCH, now=now)
        done += forgotten
        if forgotten < BATCH:
            return done
