"""Opens the doors of inquiries."""

from __future__ import annotations

from flask import Flask

from webapp.config import Settings
from webapp.enrolments.services import register_on_enrolled
from webapp.inquiries.emails import KNOWN_GUARD, is_still_known
from webapp.inquiries.services import note_purchase
from webapp.notifications.guards import register_guard


def init_app(app: Flask, settings: Settings) -> None:
    """Register pages, the guard of mail, and what a purchase means for the inquiry behind it."""
    del app, settings
    register_guard(KNOWN_GUARD, is_still_known)
    register_on_enrolled(note_purchase)
