"""The student's home: what comes next, what to do, what is left."""

from __future__ import annotations

from flask import Blueprint, Response, g

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.dashboards.student.piece import home_of

blueprint = Blueprint("student", __name__)


@blueprint.get("/student")
@allow("student")
def home() -> Response:
    """Show the home; before the first package it shows the way to the first session."""
    return render("dashboards/student/home.html", main=home_of(viewer(), viewer_zone(), g.now))
