"""Endpoints: made, changed, switched and deleted by admins; switched off by their own "gone"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Protocol, cast

from flask import current_app
from sqlalchemy import select, update

from webapp.config import Settings
from webapp.core.db import db, lock_for_update
from webapp.core.errors import Forbidden, NotFound, ValidationFailed
from webapp.webhooks.keys import keep_secret, new_secret
from webapp.webhooks.models import GONE, AttemptStatus, WebhookDelivery, WebhookEndpoint
from webapp.webhooks.rules import TargetRefused, WebhookEvent, is_event, read_target

MAX_DESCRIPTION = 120
OFF_BY_HAND = "Switched off by an admin."


class Actor(Protocol):
    """Who does it. Accounts are a floor above, so only this much of them is known here."""

    @property
    def id(self) -> int:
        """The account's number."""

    @property
    def role(self) -> str:
        """Its role; webhooks are for admins."""


def create_endpoint(
    *, actor: Actor, url: str, events: Sequence[str], description: str = "", now: dt.datetime
) -> tuple[WebhookEndpoint, str]:
    """Add an endpoint, active at once; return it with its secret, which nobody is shown again.

    Raises:
        Forbidden: not an admin.
        ValidationFailed: naming every wrong field: url, events, description.
    """
    require_admin(actor)
    kept = _read(url=url, events=events, description=description)
    endpoint, secret = WebhookEndpoint(created_by_id=actor.id, created_at=now, **kept), new_secret()
    keep_secret(endpoint, secret)
    db.session.add(endpoint)
    db.session.flush()  # the door wants its public id
    return endpoint, secret


def update_endpoint(
    *,
    actor: Actor,
    endpoint_id: str,
    url: str | None = None,
    events: Sequence[str] | None = None,
    description: str | None = None,
) -> WebhookEndpoint:
    """Change an endpoint; what is None stays. What already waits goes to the new address.

    Raises:
        Forbidden, NotFound: not an admin; no such endpoint.
        ValidationFailed: naming every wrong field.
    """
    endpoint = locked(actor, endpoint_id)
    for name, value in _read(url=url, events=events, description=description).items():
        setattr(endpoint, name, value)
    endpoint.rest_until = None
    return endpoint


def renew_secret(*, actor: Actor, endpoint_id: str) -> tuple[WebhookEndpoint, str]:
    """Give an endpoint a new secret, which nobody is shown again; the old one signs nothing any more.

    Raises:
        Forbidden, NotFound: not an admin; no such endpoint.
    """
    endpoint, secret = locked(actor, endpoint_id), new_secret()
    keep_secret(endpoint, secret)
    return endpoint, secret


def switch_on(*, actor: Actor, endpoint_id: str) -> WebhookEndpoint:
    """Switch an endpoint on: it is told of what happens from now on.

    Raises:
        Forbidden, NotFound: not an admin; no such endpoint.
    """
    endpoint = locked(actor, endpoint_id)
    endpoint.is_active, endpoint.disabled_reason, endpoint.rest_until = True, "", None
    return endpoint


def switch_off(*, actor: Actor, endpoint_id: str) -> WebhookEndpoint:
    """Switch an endpoint off; what waits for it is cancelled (each may be replayed later).

    Raises:
        Forbidden, NotFound: not an admin; no such endpoint.
    """
    endpoint = locked(actor, endpoint_id)
    if endpoint.is_active:
        _disable(endpoint, OFF_BY_HAND)
    return endpoint


def delete_endpoint(*, actor: Actor, endpoint_id: str) -> None:
    """Delete an endpoint with its log.

    Raises:
        Forbidden, NotFound: not an admin; no such endpoint.
    """
    db.session.delete(locked(actor, endpoint_id))


def turned_away(endpoint_pk: int, url: str) -> bool:
    """Switch off an endpoint whose receiver said that it is gone for good; False if it has moved meanwhile."""
    endpoint = lock_for_update(db.session(), WebhookEndpoint, endpoint_pk)
    if endpoint is None or endpoint.url != url:
        return False
    if endpoint.is_active:
        _disable(endpoint, GONE)
    return True


def locked(actor: Actor, endpoint_id: str) -> WebhookEndpoint:
    """Return an endpoint under its row lock; endpoints are locked before their deliveries."""
    require_admin(actor)
    found = db.session.scalar(select(WebhookEndpoint.id).where(WebhookEndpoint.public_id == endpoint_id))
    endpoint = lock_for_update(db.session(), WebhookEndpoint, found) if found is not None else None
    if endpoint is None:
        raise NotFound("We could not find that webhook.")
    return cast(WebhookEndpoint, endpoint)


def require_admin(actor: Actor) -> None:
    """Make sure that the actor is an admin."""
    if actor.role != "admin":
        raise Forbidden


def _disable(endpoint: WebhookEndpoint, reason: str) -> None:
    endpoint.is_active, endpoint.disabled_reason, endpoint.rest_until = False, reason, None
    db.session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint.id, WebhookDelivery.status == AttemptStatus.PENDING)
        .values(status=AttemptStatus.CANCELLED)
        .execution_options(synchronize_session=False)
    )


def _read(*, url: str | None, events: Sequence[str] | None, description: str | None) -> dict[str, object]:
    """Return the given values as they are kept; ValidationFailed names every wrong one."""
    kept: dict[str, object] = {}
    problems: dict[str, str] = {}
    if url is not None:
        try:
            kept["url"] = read_target(url, production=_production()).url
        except TargetRefused as refused:
            problems["url"] = str(refused)
    if events is not None:
        wanted = set(events)
        kept["events"] = [event.value for event in WebhookEvent if event.value in wanted]
        if unknown := sorted(name for name in wanted if not is_event(name)):
            problems["events"] = f"There is no event {unknown[0][:60]!r}."
        elif not wanted:
            problems["events"] = "Choose at least one event."
    if description is not None:
        kept["description"] = " ".join(description.replace("\x00", "").split())
        if len(str(kept["description"])) > MAX_DESCRIPTION:
            problems["description"] = f"Keep this within {MAX_DESCRIPTION} characters."
    if problems:
        raise ValidationFailed(next(iter(problems.values())) if len(problems) == 1 else None, fields=problems)
    return kept


def _production() -> bool:
    return cast(Settings, current_app.config["SETTINGS"]).app_env == "production"
