"""Forgetting deliveries of long ago: the log is for looking into what went wrong lately."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select

from webapp.core.db import db
from webapp.webhooks.models import AttemptStatus, WebhookDelivery

D = WebhookDelivery
BATCH = 500
OVER = (AttemptStatus.DELIVERED, AttemptStatus.FAILED, AttemptStatus.CANCELLED)


def forget_deliveries(before: dt.datetime) -> int:
    """Delete up to a batch of deliveries that ended and were made before an instant, the oldest first; return how many.

    What is still on its way, also one that was replayed, stays.
    """
    old = (
        select(D.id)
        .where(D.created_at < before, D.status.in_(OVER))
        .order_by(D.created_at)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    )
    gone = delete(D).where(D.id.in_(old)).returning(D.id).execution_options(synchronize_session=False)
    return len(db.session.scalars(gone).all())
