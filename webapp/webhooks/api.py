"""`/api/v1/webhook-endpoints`."""

from __future__ import annotations

from typing import Any, cast

from flask import g
from flask_login import current_user

from webapp.core.db import db, transaction
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.schemas import PageQuery
from webapp.core.pagination import paginate
from webapp.webhooks import queries
from webapp.webhooks.models import WebhookDelivery, WebhookEndpoint
from webapp.webhooks.schemas import (
    DeliveryOut,
    DeliveryQuery,
    EndpointIn,
    EndpointOut,
    EndpointPatchIn,
    NewEndpointOut,
)
from webapp.webhooks.services import (
    Actor,
    create_endpoint,
    delete_endpoint,
    replay_delivery,
    switch_off,
    switch_on,
    update_endpoint,
)

door = Door("webhook-endpoints", __name__, about="Other systems that are told of what happens.", area=None)
ID = "/<endpoint_id>"
EXAMPLE = {
    "url": "https://hooks.example.com/disha",
    "events": ["counselling.session.booked", "counselling.enrollment.created"],
    "description": "The school's timetable",
}


def _me() -> Actor:
    return cast(Actor, current_user._get_current_object())  # noqa: SLF001  services get the row, not a proxy


@door.endpoint("GET", "", who=["admin"], query=PageQuery, answer=EndpointOut, many=True, paged=True)
def list_webhook_endpoints(query: dict[str, Any]) -> Answer:
    """List endpoints, the newest first."""
    return paged(paginate(db.session(), queries.every_endpoint(), page=query["page"], limit=query["limit"]))


@door.endpoint("GET", ID, who=["admin"], answer=EndpointOut)
def get_webhook_endpoint(endpoint_id: str) -> WebhookEndpoint:
    """Return an endpoint, without its secret."""
    return queries.get_endpoint(endpoint_id)


@door.endpoint("POST", "", who=["admin"], body=EndpointIn, answer=NewEndpointOut, example=EXAMPLE)
def create_webhook_endpoint(body: dict[str, Any]) -> dict[str, Any]:
    """Add an endpoint. Its secret is in this answer and in no other."""
    me = _me()
    with transaction():
        endpoint, secret = create_endpoint(
            actor=me, url=body["url"], events=body["events"], description=body["description"], now=g.now
        )
        if not body["is_active"]:
            switch_off(actor=me, endpoint_id=endpoint.public_id)
        db.session.refresh(endpoint)  # the database wrote its times
        return {**{name: getattr(endpoint, name) for name in EndpointOut().fields}, "secret": secret}


@door.endpoint(
    "PATCH",
    ID,
    who=["admin"],
    body=EndpointPatchIn(partial=True),
    answer=EndpointOut,
    example={"events": ["counselling.inquiry.new"], "isActive": True},
)
def update_webhook_endpoint(endpoint_id: str, body: dict[str, Any]) -> WebhookEndpoint:
    """Change address, events or note, or switch it on or off."""
    me, changed = _me(), {name: value for name, value in body.items() if name != "is_active"}
    with transaction():
        endpoint = update_endpoint(actor=me, endpoint_id=endpoint_id, **changed)
        if "is_active" in body:
            (switch_on if body["is_active"] else switch_off)(actor=me, endpoint_id=endpoint_id)
        db.session.flush()
        return endpoint


@door.endpoint("DELETE", ID, who=["admin"])
def delete_webhook_endpoint(endpoint_id: str) -> str:
    """Delete an endpoint with its log."""
    with transaction():
        delete_endpoint(actor=_me(), endpoint_id=endpoint_id)
    return "The webhook and its log are deleted."


@door.endpoint(
    "GET",
    f"{ID}/deliveries",
    who=["admin"],
    query=DeliveryQuery,
    answer=DeliveryOut,
    many=True,
    paged=True,
    example_query={"status": "failed"},
)
def list_webhook_deliveries(endpoint_id: str, query: dict[str, Any]) -> Answer:
    """List what was sent to an endpoint, the newest first."""
    endpoint = queries.get_endpoint(endpoint_id)
    return paged(
        queries.deliveries_of(
            endpoint,
            status=query.get("status"),
            event=query.get("event", ""),
            page=query["page"],
            limit=query["limit"],
        )
    )


@door.endpoint("POST", "/deliveries/<delivery_id>/replay", who=["admin"], answer=DeliveryOut, repeats=None)
def replay_webhook_delivery(delivery_id: str) -> WebhookDelivery:
    """Send a delivery once more, with the same id and body."""
    with transaction():
        return replay_delivery(actor=_me(), delivery_id=delivery_id, now=g.now)
