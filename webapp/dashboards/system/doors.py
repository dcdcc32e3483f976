"""Opens the doors of the system page and of partners' keys."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.core import clock
from webapp.core.request_counts import init_request_counts
from webapp.dashboards.system.keys import blueprint as keys
from webapp.dashboards.system.metrics import blueprint as metrics
from webapp.dashboards.system.views import blueprint


def init_app(app: Flask, settings: Settings) -> None:
    """Register the pages, and note when this process began."""
    app.extensions["started_at"] = clock.now()
    app.register_blueprint(blueprint)
    app.register_blueprint(keys)
    app.register_blueprint(metrics)
    if settings.metrics_token.get_secret_value():
        init_request_counts(app)
