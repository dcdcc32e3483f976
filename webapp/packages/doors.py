"""Opens the doors of packages: the catalogue's desk and its file."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.packages.files import register_files
from webapp.packages.views import blueprint


def init_app(app: Flask, settings: Settings) -> None:
    """Register the pages and the table."""
    del settings
    app.register_blueprint(blueprint)
    register_files()
