"""Opens the doors of packages: the catalogue's desk and its file."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.core.errors import NotFound, register_constraint
from webapp.packages.files import register_files
from webapp.packages.models import Package
from webapp.packages.queries.desk import UNKNOWN, referring_columns
from webapp.packages.views import blueprint


def init_app(app: Flask, settings: Settings) -> None:
    """Register the pages and the table."""
    del settings
    app.register_blueprint(blueprint)
    register_files()
    _name_references()


def _name_references() -> None:
    """Whoever orders a package in the moment it is deleted learns that it is gone."""
    for column in referring_columns():
        for key in column.foreign_keys:
            if key.column.table is Package.__table__ and key.constraint is not None:
                register_constraint(str(key.constraint.name), lambda: NotFound(UNKNOWN))
