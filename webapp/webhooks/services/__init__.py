"""Writes of webhooks: telling of events, and looking after the endpoints that are told."""

from webapp.webhooks.rules import WebhookEvent
from webapp.webhooks.services.emitting import SENDER_JOB, emit, wake_sender
from webapp.webhooks.services.endpoints import (
    Actor,
    create_endpoint,
    delete_endpoint,
    renew_secret,
    switch_off,
    switch_on,
    turned_away,
    update_endpoint,
)
from webapp.webhooks.services.forgetting import forget_deliveries
from webapp.webhooks.services.replaying import replay_delivery, replay_failed, send_test

__all__ = [
    "SENDER_JOB",
    "Actor",
    "WebhookEvent",
    "create_endpoint",
    "delete_endpoint",
    "emit",
    "forget_deliveries",
    "renew_secret",
    "replay_delivery",
    "replay_failed",
    "send_test",
    "switch_off",
    "switch_on",
    "turned_away",
    "update_endpoint",
    "wake_sender",
]
