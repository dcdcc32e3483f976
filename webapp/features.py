"""Every feature's doors, in one list; a feature is added by adding its line."""

from __future__ import annotations

from flask import Flask

import webapp.accounts.doors
import webapp.api.doors
import webapp.audit.doors
import webapp.bookings.doors
import webapp.dashboards.doors
import webapp.demo.doors
import webapp.devtools.doors
import webapp.enrolments.doors
import webapp.inquiries.doors
import webapp.notifications.doors
import webapp.packages.doors
import webapp.payments.doors
import webapp.public.doors
import webapp.reviews.doors
import webapp.webhooks.doors
from webapp.accounts.access import init_access
from webapp.config import Settings
from webapp.core import health
from webapp.core.backup.cli import init_backup
from webapp.followed import init_followed

FEATURES = (
    webapp.accounts.doors,
    webapp.notifications.doors,
    webapp.webhooks.doors,
    webapp.audit.doors,
    webapp.packages.doors,
    webapp.enrolments.doors,
    webapp.bookings.doors,
    webapp.payments.doors,
    webapp.reviews.doors,
    webapp.inquiries.doors,
    webapp.dashboards.doors,
    webapp.public.doors,
    webapp.api.doors,
    webapp.demo.doors,
)


def init_features(app: Flask, settings: Settings) -> None:
    """Register blueprints, commands, guards and due work of all features."""
    app.register_blueprint(health.blueprint)
    init_access(app)
    init_backup(app)
    init_followed(app)
    for doors in FEATURES:
        doors.init_app(app, settings)
    if settings.demo:
        webapp.devtools.doors.init_app(app, settings)
