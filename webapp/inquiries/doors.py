"""Opens the doors of inquiries."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.core.due import register_due_work
from webapp.enrolments.services import register_on_enrolled
from webapp.inquiries.emails import KNOWN_GUARD, is_still_known
from webapp.inquiries.importing import doors as importing
from webapp.inquiries.jobs import forget_due
from webapp.inquiries.services import note_purchase
from webapp.inquiries.views import desk_doors
from webapp.inquiries.views.guidance import blueprint as guidance
from webapp.notifications.guards import register_guard


def init_app(app: Flask, settings: Settings) -> None:
    """Register pages, the guard of mail, what a purchase means for an inquiry, and what falls due."""
    del settings
    app.register_blueprint(guidance)
    desk_doors.register(app)
    importing.register(app)
    register_guard(KNOWN_GUARD, is_still_known)
    register_on_enrolled(note_purchase)
    register_due_work("old_inquiries", forget_due, order=60)
