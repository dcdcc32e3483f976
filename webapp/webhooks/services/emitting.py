"""Telling other systems: a row for each endpoint that wants to know, in the transaction of what happened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert

from webapp.core.db import after_commit, db
from webapp.core.ids import new_public_id
from webapp.core.jobs import hint
from webapp.webhooks.models import AttemptStatus, WebhookDelivery
from webapp.webhooks.rules import WebhookEvent

SENDER_JOB = "webapp.webhooks.jobs.send_due_webhooks"
_HINTED = "webhooks_hinted_for"


def emit(event: str, payload: dict[str, Any], *, dedupe_key: str, now: dt.datetime) -> int:
    """Tell every active endpoint that wants ``event``, inside the caller's transaction; return how many are.

    An endpoint that is just being deleted is passed over, so that it can never stop the caller.

    Args:
        event: one of `WebhookEvent`.
        payload: the ids concerned, by the names the API has for them ("sessionId"), as JSON can hold them.
        dedupe_key: what makes this event unique (up to 160 characters); a key seen before adds nothing.

    Raises:
        ValueError: there is no such event.
    """
    event = WebhookEvent(event).value
    db.session.flush()  # what the driver is asked by hand, the session does not hear of
    endpoints = db.session.connection().exec_driver_sql(_WANTING, {"event": event}).scalars().all()
    return write_deliveries(endpoints, event, payload, dedupe_key=dedupe_key, now=now)


_WANTING = """
select id from webhook_endpoints where is_active and %(event)s = any(events)
 order by id for key share skip locked
"""


def write_deliveries(
    endpoint_ids: Sequence[int], event: str, payload: dict[str, Any], *, dedupe_key: str, now: dt.datetime
) -> int:
    """Write one delivery for each endpoint and wake the sender after the commit; return how many are new."""
    rows = [
        {
            "public_id": new_public_id("delivery"),
            "endpoint_id": endpoint_id,
            "event": event,
            "dedupe_key": dedupe_key,
            "payload": payload,
            "status": AttemptStatus.PENDING,
            "created_at": now,
            "due_at": now,
        }
        for endpoint_id in endpoint_ids
    ]
    if not rows:
        return 0
    written = db.session.scalars(
        insert(WebhookDelivery)
        .on_conflict_do_nothing(constraint="uq_webhook_deliveries_once")
        .returning(WebhookDelivery.id),
        rows,
    ).all()
    if written:
        hint_once()
    return len(written)


def hint_once() -> None:
    """Wake a sender after the commit, once a transaction however much it writes."""
    session = db.session()
    transaction = session.get_transaction()
    if session.info.get(_HINTED) is not transaction:
        session.info[_HINTED] = transaction
        after_commit(wake_sender)


def wake_sender() -> None:
    """Ask a worker to send what is due. Only a hint: the scheduler finds the rows anyway."""
    hint(SENDER_JOB)
