"""Opens the doors of payments."""

from __future__ import annotations

from flask import Flask

from webapp.bookings.selling import register_seller
from webapp.config import Settings
from webapp.payments import wiring
from webapp.payments.views import admin_doors, gateway_doors, student
from webapp.payments.views.selling import sell


def init_app(app: Flask, settings: Settings) -> None:
    """Register what the services need at start-up, the pages and the picker's seller."""
    wiring.register(app, settings)
    gateway_doors.register(app, settings)
    register_seller(app, sell)
    app.register_blueprint(student.blueprint)
    admin_doors.register(app)
