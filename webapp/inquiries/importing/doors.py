"""Opens the doors of the import."""

from __future__ import annotations

from flask import Flask

from webapp.core.due import register_due_work
from webapp.inquiries.importing.jobs import forget_left, resume_stalled
from webapp.inquiries.importing.views import blueprint


def register(app: Flask) -> None:
    """Register the pages and the due work."""
    app.register_blueprint(blueprint)
    register_due_work("stalled_imports", resume_stalled, order=72)
    register_due_work("left_imports", forget_left, order=73)
