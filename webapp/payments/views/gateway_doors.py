"""Wires the gateway's doors into the app: its webhooks, and the sandbox where that is the gateway."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.core.due import register_due_work
from webapp.extensions import csrf
from webapp.payments.views import webhook


def register(app: Flask, settings: Settings) -> None:
    """Register the webhook door and, where the sandbox takes the money, its checkout and its clearing."""
    csrf.exempt(webhook.blueprint)  # programs call it, and a signature proves who
    app.register_blueprint(webhook.blueprint)
    if settings.payment_gateway != "sandbox" or settings.app_env == "production":
        return
    from webapp.payments.gateways.sandbox import clear_due  # not even loaded where money is real
    from webapp.payments.views import sandbox

    app.register_blueprint(sandbox.blueprint)
    register_due_work("sandbox_gateway", clear_due, order=20)
