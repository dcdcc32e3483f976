"""Opens the door of the system page."""

from __future__ import annotations

from flask import Flask

from webapp.core import clock
from webapp.dashboards.system.views import blueprint


def init_app(app: Flask) -> None:
    """Register the page, and note when this process began."""
    app.extensions["started_at"] = clock.now()
    app.register_blueprint(blueprint)
