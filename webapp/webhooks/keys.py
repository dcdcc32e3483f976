"""An endpoint's secret: made here, kept and read in one place."""

from __future__ import annotations

import secrets

from webapp.webhooks.models import WebhookEndpoint

PREFIX = "whsec_"
SHOWN = 4


def new_secret() -> str:
    """Return a fresh secret: 256 random bits behind a prefix that scanners for leaked keys know."""
    return PREFIX + secrets.token_urlsafe(32)


def keep_secret(endpoint: WebhookEndpoint, secret: str) -> None:
    """Store an endpoint's secret; the only place that writes it."""
    endpoint.secret = secret


def secret_of(endpoint: WebhookEndpoint) -> str:
    """Return an endpoint's secret for signing; the only place that reads it."""
    return endpoint.secret


def ending_of(endpoint: WebhookEndpoint) -> str:
    """Return the last characters of the secret, enough to recognise it and not to use it."""
    return secret_of(endpoint)[-SHOWN:]
