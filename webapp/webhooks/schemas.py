"""Webhooks as the JSON door writes and reads them (api.md "webhook-endpoints")."""

from __future__ import annotations

import datetime as dt

from marshmallow import fields

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import DELIVERY, WEBHOOK
from webapp.core.jsonapi.schemas import In, Out, PageQuery
from webapp.webhooks.models import AttemptStatus, WebhookDelivery
from webapp.webhooks.rules import MAX_URL, WebhookEvent
from webapp.webhooks.services.endpoints import MAX_DESCRIPTION


class EndpointIn(In):
    """Where to send which events. What may be an address, production is stricter about than the demo."""

    url = f.Text(required=True, longest=MAX_URL, metadata={"format": "uri"})
    events = f.Listed(f.Choice(WebhookEvent), least=1, most=len(WebhookEvent), required=True)
    description = f.Text(longest=MAX_DESCRIPTION, load_default="")
    is_active = f.Flag(load_default=True)


class EndpointPatchIn(EndpointIn):
    """What to change of an endpoint; what is left out stays. Switching it off cancels what waits."""


class DeliveryQuery(PageQuery):
    """Filters of an endpoint's deliveries; ``pending`` and ``sending`` are both under way."""

    status = f.Choice(AttemptStatus)
    event = f.Text(longest=60)


class EndpointOut(Out):
    """An endpoint. ``disabledReason`` says why it is off."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": WEBHOOK})
    url = fields.String(required=True)
    events = fields.List(fields.String(), required=True)
    description = fields.String(required=True)
    is_active = fields.Boolean(required=True)
    disabled_reason = fields.String(required=True)
    created_at = f.Instant(required=True)
    updated_at = f.Instant(required=True)


class NewEndpointOut(EndpointOut):
    """A new endpoint with what its signatures are made with; nobody is shown the secret again."""

    secret = fields.String(required=True)


class DeliveryOut(Out):
    """One event on its way to one endpoint."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": DELIVERY})
    event = fields.String(required=True)
    status = f.Choice(AttemptStatus, required=True)
    attempts = fields.Integer(required=True)
    payload = fields.Dict(required=True)
    response_status = fields.Integer()
    error = fields.String(required=True)
    created_at = f.Instant(required=True)
    next_attempt_at = fields.Method("_next", metadata={"type": "string", "format": "date-time"})
    delivered_at = f.Instant()

    def _next(self, delivery: WebhookDelivery) -> str | None:
        due: dt.datetime | None = delivery.due_at if delivery.status is AttemptStatus.PENDING else None
        written: str | None = f.Instant().serialize("at", {"at": due})
        return written
