"""Opens the doors of the system page and of partners' keys."""

from __future__ import annotations

from flask import Flask

from webapp.core import clock
from webapp.dashboards.system.keys import blueprint as keys
from webapp.dashboards.system.views import blueprint


def init_app(app: Flask) -> None:
    """Register the pages, and note when this process began."""
    app.extensions["started_at"] = clock.now()
    app.register_blueprint(blueprint)
    app.register_blueprint(keys)
