"""How endpoints and deliveries are shown: words and icons, no database."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from webapp.core.pagination import Page
from webapp.webhooks.models import AttemptStatus, WebhookDelivery, WebhookEndpoint
from webapp.webhooks.rules import DESCRIPTIONS, TEST_EVENT, WebhookEvent

FILTERS = (
    ("pending", "Under way"),
    ("delivered", "Delivered"),
    ("failed", "Given up"),
    ("cancelled", "Cancelled"),
)
SOON = dt.timedelta(minutes=2)
FRESH = dt.timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Chip:
    """A state in one word, with the tone and icon of its status word."""

    status: str
    label: str
    icon: str | None = None


@dataclass(frozen=True, slots=True)
class DeliveryList:
    """A page of deliveries and the ways to the others. ``url`` is this very list's address."""

    page: Page[WebhookDelivery]
    path: str
    asked: Mapping[str, str]
    unsettled: bool

    @property
    def url(self) -> str:
        """The address of the list as it is shown."""
        return self.url_for_page(self.page.page)

    def url_for_page(self, number: int) -> str:
        """The address of another page of the same list."""
        query = {**self.asked, **({"page": str(number)} if number > 1 else {})}
        return f"{self.path}?{urlencode(query)}" if query else self.path


def list_of(
    page: Page[WebhookDelivery], path: str, asked: Mapping[str, str], *, waits: bool, now: dt.datetime
) -> DeliveryList:
    """Return a list; it is unsettled while a delivery in it may change within moments."""
    unsettled = waits and any(is_about_to_change(one, now) for one in page.items)
    return DeliveryList(page, path, {name: value for name, value in asked.items() if value}, unsettled)


def state_of(delivery: WebhookDelivery) -> Chip:
    """Return a delivery's state as people read it."""
    status = delivery.status
    if status is AttemptStatus.PENDING:
        return Chip("retrying", "Will be retried") if delivery.attempts else Chip("queued", "Waiting")
    if status is AttemptStatus.SENDING:
        return Chip("queued", "Being sent", "webhook")
    return Chip("failed", "Given up") if status is AttemptStatus.FAILED else Chip(status.value, status.value.title())


def endpoint_state(endpoint: WebhookEndpoint, now: dt.datetime) -> Chip:
    """Return an endpoint's state as people read it."""
    if not endpoint.is_active:
        return Chip("disabled", "Off")
    if endpoint.rest_until is not None and endpoint.rest_until > now:
        return Chip("retrying", "No answer", "plug-connected-x")
    return Chip("active", "On")


def event_words(event: str) -> str:
    """Return what an event means."""
    if event == TEST_EVENT:
        return "A test, sent by hand"
    return DESCRIPTIONS[WebhookEvent(event)] if event in list(WebhookEvent) else event


def short_event(event: str) -> str:
    """Return an event's name without the house's prefix."""
    return event.removeprefix("counselling.")


def host_of(url: str) -> str:
    """Return the host (and port) of an address, for where the whole is too long."""
    return url.split("://", 1)[-1].split("/", 1)[0]


def path_of(url: str) -> str:
    """Return what follows the host in an address."""
    return "/" + url.split("://", 1)[-1].partition("/")[2]


def is_about_to_change(delivery: WebhookDelivery, now: dt.datetime) -> bool:
    """Whether a delivery may be settled within moments, so that a page should look again."""
    if delivery.status is AttemptStatus.SENDING:
        return delivery.claimed_at is None or delivery.claimed_at > now - FRESH
    return delivery.status is AttemptStatus.PENDING and now - FRESH < delivery.due_at <= now + SOON


def pretty_body(request: Mapping[str, Any]) -> str:
    """Return a sent body with line breaks; what is not JSON as it is."""
    body = str(request.get("body", ""))
    try:
        return json.dumps(json.loads(body), indent=2, ensure_ascii=False)
    except ValueError:
        return body
