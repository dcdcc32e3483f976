"""The gateway's webhooks as rows: stored once by their event id, worked on later, exactly once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from typing import Any

import structlog
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.core.crashpoints import crash_point
from webapp.core.db import after_commit, db
from webapp.core.jobs import enqueue
from webapp.payments.emails import alert_admins
from webapp.payments.errors import WebhookRefused
from webapp.payments.gateways.base import Gateway, WebhookEvent
from webapp.payments.models import GatewayEvent
from webapp.payments.services import refunds, settle

PROCESS_JOB = "webapp.payments.jobs.process_event_job"
MOST_ATTEMPTS = 8
PAYMENT_EVENTS = ("payment.", "order.")
REFUND_EVENTS = ("refund.",)
log = structlog.get_logger(__name__)


def store_event(gateway: Gateway, *, raw_body: bytes, signature: str, event_id: str, now: dt.datetime) -> int | None:
    """Store a webhook whose signature over the raw body is right; returns its row, None if it was there.

    No network. A worker is woken after the commit; the sweep finds the row anyway.

    Raises:
        WebhookRefused: a wrong signature, or nothing we can read. Nothing is written.
    """
    if not gateway.verify_webhook(raw_body, signature):
        log.warning("webhook_refused", reason="signature", size=len(raw_body))
        raise WebhookRefused
    try:
        event = gateway.parse_event(raw_body, event_id)
    except ValueError as error:
        log.warning("webhook_refused", reason="unreadable", error=str(error))
        raise WebhookRefused from error
    stored = db.session.scalar(
        insert(GatewayEvent)
        .values(event_id=event.id, gateway=gateway.name, event=event.event[:60], payload=event.raw, received_at=now)
        .on_conflict_do_nothing(index_elements=["event_id"])
        .returning(GatewayEvent.id)
    )
    if stored is not None:
        after_commit(lambda: _wake(stored))
    return stored


def _wake(event_pk: int) -> None:
    crash_point("webhook.stored")
    enqueue(PROCESS_JOB, event_pk)


def read_event(gateway: Gateway, payload: Mapping[str, Any], event_id: str) -> WebhookEvent:
    """Read a stored webhook again."""
    return gateway.parse_event(json.dumps(payload).encode(), event_id)


def apply_event(event_pk: int, event: WebhookEvent, *, now: dt.datetime) -> str | None:
    """Do what a stored webhook says and mark it done, in one transaction; None if somebody else is at it or was."""
    row = db.session.scalar(
        select(GatewayEvent)
        .where(GatewayEvent.id == event_pk, GatewayEvent.processed_at.is_(None))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if row is None:
        return None
    row.outcome, row.processed_at = _apply(event, now)[:60], now
    row.attempts += 1
    crash_point("webhook.before_commit")
    return row.outcome


def _apply(event: WebhookEvent, now: dt.datetime) -> str:
    if event.refund is not None and event.event.startswith(REFUND_EVENTS):
        refund = refunds.record_refund(event.refund, now=now)
        return f"refund {refund.status.value}" if refund else "refund noted"
    if event.payment is not None and event.event.startswith(PAYMENT_EVENTS):
        return settle.record_payment(event.payment, source="webhook", now=now).outcome.value
    log.info("webhook_ignored", name=event.event)
    return "ignored"


def note_failure(event_pk: int, error: str, *, now: dt.datetime) -> None:
    """Count a try that failed; after the last one the admins are told, and the row stays open to be seen."""
    row = db.session.get(GatewayEvent, event_pk, with_for_update={"key_share": True})
    if row is None or row.processed_at is not None:
        return
    row.attempts += 1
    row.outcome = error[:60]
    if row.attempts == MOST_ATTEMPTS:
        alert_admins(
            key=f"event:{row.event_id}",
            headline=f"A webhook could not be worked on: {row.event}",
            lines=[f"Event {row.event_id}: {error[:200]}", "The reconciler asks the gateway about its order anyway."],
            path="/admin/payments",
            now=now,
        )
