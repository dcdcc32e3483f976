"""An endpoint's secret: made here, kept sealed and read in one place."""

from __future__ import annotations

import secrets

from webapp.core.sealing import SealBroken, seal, unseal
from webapp.webhooks.models import WebhookEndpoint

PREFIX = "whsec_"
PURPOSE = "webhooks.secret"
SHOWN = 4


def new_secret() -> str:
    """Return a fresh secret: 256 random bits behind a prefix that scanners for leaked keys know."""
    return PREFIX + secrets.token_urlsafe(32)


def keep_secret(endpoint: WebhookEndpoint, secret: str) -> None:
    """Store an endpoint's secret, sealed; the only place that writes it."""
    endpoint.secret = seal(secret, purpose=PURPOSE)


def secret_of(endpoint: WebhookEndpoint) -> str:
    """Return an endpoint's secret for signing; the only place that reads it.

    Raises:
        SealBroken: ENCRYPTION_KEY and its fallbacks do not open it. A new secret helps.
    """
    return unseal(endpoint.secret, purpose=PURPOSE)


def ending_of(endpoint: WebhookEndpoint) -> str:
    """Return the last characters of the secret, enough to recognise it and not to use it; "" if it cannot be opened."""
    try:
        return secret_of(endpoint)[-SHOWN:]
    except SealBroken:
        return ""
