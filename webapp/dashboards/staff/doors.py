"""Opens the doors of the counsellors' pages at the desk."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.dashboards.staff import applying, editing, leaving, lists, offers, photos
from webapp.dashboards.staff.blueprint import blueprint
from webapp.dashboards.staff.removing import name_references

VIEWS = (lists, editing, photos, offers, applying, leaving)  # importing them puts their views on the blueprint


def init_app(app: Flask, settings: Settings) -> None:
    """Register the pages and the list's file."""
    del settings
    app.register_blueprint(blueprint)
    lists.offer_file()
    name_references()
