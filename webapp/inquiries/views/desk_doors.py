"""Puts the desk's pages together."""

from __future__ import annotations

from flask import Flask

from webapp.inquiries.table_files import register_table_files
from webapp.inquiries.views import desk_forms, desk_lead, desk_rows
from webapp.inquiries.views.desk import blueprint

DOORS = (desk_rows, desk_lead, desk_forms)  # importing them adds their routes


def register(app: Flask) -> None:
    """Register the pages of leads and their file."""
    app.register_blueprint(blueprint)
    register_table_files()
