"""Sending again, and sending a test: both end up in the same queue as everything else."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select, update

from webapp.core.db import db
from webapp.core.errors import InvalidState, NotFound
from webapp.core.ids import new_public_id
from webapp.webhooks.models import AttemptStatus, WebhookDelivery, WebhookEndpoint
from webapp.webhooks.rules import TEST_EVENT
from webapp.webhooks.services.emitting import hint_once, write_deliveries
from webapp.webhooks.services.endpoints import Actor, locked, require_admin

IS_OFF = "This webhook is switched off. Switch it on first."


def replay_delivery(*, actor: Actor, delivery_id: str, now: dt.datetime) -> WebhookDelivery:
    """Send a delivery once more, with the same id and body, and a new day of tries.

    One that waits for its next try is sent at once.

    Raises:
        Forbidden, NotFound: not an admin; no such delivery.
        InvalidState: its endpoint is switched off, or it is being sent at this moment.
    """
    require_admin(actor)
    of = select(WebhookEndpoint.public_id).join(WebhookDelivery).where(WebhookDelivery.public_id == delivery_id)
    endpoint_id = db.session.scalar(of)
    if endpoint_id is None:
        raise NotFound("We could not find that delivery.")
    endpoint = _active(actor, endpoint_id)
    delivery = db.session.scalar(
        select(WebhookDelivery)
        .where(WebhookDelivery.public_id == delivery_id, WebhookDelivery.endpoint_id == endpoint.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if delivery is None:
        raise NotFound("We could not find that delivery.")
    if delivery.status is AttemptStatus.SENDING:
        raise InvalidState("This delivery is being sent at this moment.")
    for name, value in _anew(now).items():
        setattr(delivery, name, value)
    endpoint.rest_until = None
    hint_once()
    return delivery


def replay_failed(*, actor: Actor, endpoint_id: str, now: dt.datetime) -> int:
    """Send everything again that was given up for one endpoint; return how many.

    Raises:
        Forbidden, NotFound: not an admin; no such endpoint.
        InvalidState: it is switched off.
    """
    endpoint = _active(actor, endpoint_id)
    rows = db.session.scalars(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.status == AttemptStatus.FAILED)
        .values(**_anew(now))
        .returning(WebhookDelivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    if rows:
        endpoint.rest_until = None
        hint_once()
    return len(rows)


def send_test(*, actor: Actor, endpoint_id: str, now: dt.datetime) -> WebhookDelivery:
    """Send a test event to one endpoint, whatever events it has chosen; return its delivery.

    Raises:
        Forbidden, NotFound: not an admin; no such endpoint.
        InvalidState: it is switched off.
    """
    endpoint = _active(actor, endpoint_id)
    endpoint.rest_until = None
    key = new_public_id("test")
    write_deliveries([endpoint.id], TEST_EVENT, {"endpointId": endpoint.public_id}, dedupe_key=key, now=now)
    return db.session.scalars(
        select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.dedupe_key == key)
    ).one()


def _active(actor: Actor, endpoint_id: str) -> WebhookEndpoint:
    endpoint = locked(actor, endpoint_id)
    if not endpoint.is_active:
        raise InvalidState(IS_OFF)
    return endpoint


def _anew(now: dt.datetime) -> dict[str, Any]:
    return {
        "status": AttemptStatus.PENDING,
        "due_at": now,
        "attempts": 0,
        "first_tried_at": None,
        "claimed_at": None,
        "delivered_at": None,
    }
