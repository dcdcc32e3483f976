"""Opens the doors of bookings: pages, and what the services need at start-up."""

from __future__ import annotations

from flask import Flask

from webapp.bookings import wiring
from webapp.bookings.views import blueprint
from webapp.config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Register the pages, constraint errors, guards, commands and due work of bookings."""
    wiring.register(app, settings)
    app.register_blueprint(blueprint)
