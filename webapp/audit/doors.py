"""Opens the doors of the audit log."""

from __future__ import annotations

from flask import Flask

from webapp.audit.files import register_audit_file
from webapp.audit.views import blueprint
from webapp.config import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Register the page and the file."""
    del settings
    app.register_blueprint(blueprint)
    register_audit_file()
