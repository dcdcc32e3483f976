"""Rules of outgoing webhooks: events, signature, retries, and where a webhook may go. Pure."""

from webapp.webhooks.rules.addresses import forbidden_address
from webapp.webhooks.rules.events import DESCRIPTIONS, TEST_EVENT, WebhookEvent, is_event
from webapp.webhooks.rules.messages import body_of, headers_for, signature_of
from webapp.webhooks.rules.retries import (
    RETRIED_FOR,
    TURNED_AWAY_FOR_GOOD,
    is_accepted,
    is_over,
    pause_after,
    rest_after,
)
from webapp.webhooks.rules.targets import MAX_URL, Target, TargetRefused, read_target

__all__ = [
    "DESCRIPTIONS",
    "MAX_URL",
    "RETRIED_FOR",
    "TEST_EVENT",
    "TURNED_AWAY_FOR_GOOD",
    "Target",
    "TargetRefused",
    "WebhookEvent",
    "body_of",
    "forbidden_address",
    "headers_for",
    "is_accepted",
    "is_event",
    "is_over",
    "pause_after",
    "read_target",
    "rest_after",
    "signature_of",
]
