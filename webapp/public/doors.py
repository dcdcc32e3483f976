"""Opens the public doors."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.public.views import blueprint


def init_app(app: Flask, settings: Settings) -> None:  # noqa: ARG001  every feature's doors are opened alike
    """Register the public pages."""
    app.register_blueprint(blueprint)
