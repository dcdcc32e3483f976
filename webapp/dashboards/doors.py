"""Opens the doors of the dashboards: three homes, a counsellor's pages, the calendar feed, the availability editor."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.dashboards.admin import views as admin
from webapp.dashboards.availability import doors as availability
from webapp.dashboards.calendar import views as calendar
from webapp.dashboards.counsellor import pages as counsellor
from webapp.dashboards.exports import doors as exports
from webapp.dashboards.people import doors as people
from webapp.dashboards.staff import doors as staff
from webapp.dashboards.student import views as student
from webapp.dashboards.system import doors as system


def init_app(app: Flask, settings: Settings) -> None:
    """Register the homes and what belongs to them."""
    for pages in (student, counsellor, admin, calendar):
        app.register_blueprint(pages.blueprint)
    availability.init_app(app, settings)
    staff.init_app(app, settings)
    exports.init_app(app)
    system.init_app(app, settings)
    people.init_app(app)
