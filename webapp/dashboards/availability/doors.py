"""Opens the doors of the availability editor."""

from __future__ import annotations

from flask import Flask

from webapp.availability.services import register_errors
from webapp.config import Settings
from webapp.dashboards.availability.views import blueprint


def init_app(app: Flask, settings: Settings) -> None:  # noqa: ARG001  every feature's doors open alike
    """Register the editor's pages and what availability's constraints mean."""
    register_errors()
    app.register_blueprint(blueprint)
