"""Payment gateways: one interface, and which one this app uses.

A gateway is a module beside this one, named like the setting PAYMENT_GATEWAY, with
``make_gateway(settings) -> Gateway``.
"""

from __future__ import annotations

from importlib import import_module
from typing import cast

from flask import current_app

from webapp.config import Settings
from webapp.payments.gateways.base import (
    Gateway,
    GatewayError,
    GatewayOrder,
    GatewayPayment,
    GatewayRefund,
    GatewayRefused,
    GatewayTimeout,
    WebhookEvent,
)

__all__ = [
    "EXTENSION",
    "Gateway",
    "GatewayError",
    "GatewayOrder",
    "GatewayPayment",
    "GatewayRefund",
    "GatewayRefused",
    "GatewayTimeout",
    "WebhookEvent",
    "get_gateway",
]
EXTENSION = "payment_gateway"  # where the app keeps it; tests put theirs there


def get_gateway() -> Gateway:
    """Return this app's gateway, made from the settings at its first use."""
    if EXTENSION not in current_app.extensions:
        settings = cast(Settings, current_app.config["SETTINGS"])
        module = import_module(f"{__name__}.{settings.payment_gateway}")
        current_app.extensions[EXTENSION] = module.make_gateway(settings)
    return cast(Gateway, current_app.extensions[EXTENSION])
