"""Wires the demo's helpers into the app; the list of features asks for it in demo mode only."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.devtools.views import blueprint, sweep
from webapp.extensions import csrf


def init_app(app: Flask, settings: Settings) -> None:
    """Register the pages under /dev."""
    if settings.demo:
        csrf.exempt(sweep)  # called by programs on this machine
        app.register_blueprint(blueprint)
        if settings.payment_gateway == "sandbox":
            from webapp.devtools import sandbox  # late: it loads a gateway that other apps never have

            csrf.exempt(sandbox.blueprint)
            app.register_blueprint(sandbox.blueprint)
