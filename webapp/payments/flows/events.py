"""Webhooks: stored at the door in milliseconds, worked on by a job, again by the sweep if that was lost."""

from __future__ import annotations

import dataclasses
import datetime as dt

import structlog
from sqlalchemy import Select, select

from webapp.core.crashpoints import crash_point
from webapp.core.db import db, transaction
from webapp.payments.flows.taking import taken
from webapp.payments.gateways import GatewayError, get_gateway
from webapp.payments.models import GatewayEvent
from webapp.payments.services import webhooks

BATCH = 100
log = structlog.get_logger(__name__)


def receive_event(*, raw_body: bytes, signature: str, event_id: str, now: dt.datetime) -> bool:
    """Check a webhook's signature over its raw body and store it; False when it was there already.

    Raises:
        WebhookRefused: a wrong signature, or unreadable. Nothing is written; logged once.
    """
    gateway = get_gateway()
    with transaction():
        stored = webhooks.store_event(gateway, raw_body=raw_body, signature=signature, event_id=event_id, now=now)
    return stored is not None


def process_event(event_pk: int, now: dt.datetime) -> str | None:
    """Work on one stored webhook; returns its outcome, None when it is done already or has to wait.

    An authorized payment is captured first, outside the transaction.
    """
    row = db.session.get(GatewayEvent, event_pk, populate_existing=True)
    if row is None or row.processed_at is not None:
        return None
    gateway = get_gateway()
    try:
        event = webhooks.read_event(gateway, row.payload, row.event_id)
        if event.payment is not None and event.payment.status == "authorized":
            event = dataclasses.replace(event, payment=taken(gateway, event.payment))
            crash_point("webhook.captured")
        with transaction():
            return webhooks.apply_event(event_pk, event, now=now)
    except GatewayError as error:
        problem = f"gateway: {error}"
    except Exception as error:
        log.exception("webhook_failed", row=event_pk)
        problem = f"{type(error).__name__}: {error}"
    with transaction():
        webhooks.note_failure(event_pk, problem, now=now)
    return None


def process_due_events(now: dt.datetime) -> int:
    """Work on every stored webhook that no job has finished, in the order they came; return how many were done.

    One that keeps failing is left alone after some tries; admins are told, the reconciler asks the gateway.
    """
    done, after = 0, 0
    while ids := list(db.session.scalars(_waiting(after))):
        done += sum(process_event(pk, now) is not None for pk in ids)
        after = ids[-1]
    return done


def _waiting(after: int) -> Select[int]:
    waiting = select(GatewayEvent.id).where(
        GatewayEvent.processed_at.is_(None),
        GatewayEvent.attempts < webhooks.MOST_ATTEMPTS,
        GatewayEvent.id > after,
    )
    return waiting.order_by(GatewayEvent.id).limit(BATCH)
