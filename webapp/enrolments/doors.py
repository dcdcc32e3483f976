"""What enrolments need at start-up: due work and the guard of their mail."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.core.due import register_due_work
from webapp.enrolments.emails import ENDING_GUARD, GRANTED_GUARD, is_still_ending, is_still_given
from webapp.enrolments.jobs import expire_due, warn_due
from webapp.notifications.guards import register_guard


def init_app(app: Flask, settings: Settings) -> None:
    """Register it; harmless to repeat."""
    del app, settings
    register_guard(ENDING_GUARD, is_still_ending)
    register_guard(GRANTED_GUARD, is_still_given)
    register_due_work("expired_enrolments", expire_due, order=20)
    register_due_work("enrolment_warnings", warn_due, order=21)
