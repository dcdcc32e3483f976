"""The student's home: what comes next, what to do, what is left."""

from __future__ import annotations

from flask import Blueprint, Response, g

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.dashboards.student.cards import credits_of, lead, next_card, past_rows, todos
from webapp.dashboards.student.queries import read_home
from webapp.dashboards.words import greeting
from webapp.notifications.presenters import lines_of

blueprint = Blueprint("student", __name__)


@blueprint.get("/student")
@allow("student")
def home() -> Response:
    """Show the home; before the first package it shows the way to the first session."""
    student, zone = viewer(), viewer_zone()
    data = read_home(student, g.now)
    things = todos(data, student, g.now)
    return render(
        "dashboards/student/home.html",
        greeting=f"Welcome, {student.first_name}" if data.is_new else f"{greeting(g.now, zone)}, {student.first_name}",
        lead=lead(data, things, student, g.now),
        home=data,
        next=next_card(data, g.now),
        todos=things,
        credits=credits_of(data, zone, g.now),
        past=past_rows(data, zone, g.now),
        latest=lines_of(data.notes, now=g.now, zone=zone),
        verified=student.is_verified,
        unpaid=data.unpaid,
    )
