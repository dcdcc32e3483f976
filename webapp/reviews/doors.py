"""Opens the doors of reviews."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from webapp.bookings.guards import register_review_check
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.errors import DuplicateEntry, register_constraint
from webapp.notifications.guards import register_guard
from webapp.notifications.models import OutboxMail
from webapp.reviews.models import Review
from webapp.reviews.queries import is_reviewed
from webapp.reviews.services import TWICE
from webapp.reviews.table_files import register_table_files
from webapp.reviews.views import blueprint


def init_app(app: Flask, settings: Settings) -> None:  # noqa: ARG001  every feature's doors take them
    """Register pages, the meaning of the unique session, and what mails ask before they go."""
    register_constraint("uq_reviews_session_id", lambda: DuplicateEntry(TWICE))
    register_review_check(is_reviewed)
    register_guard("review_published", still_published)
    register_table_files()
    app.register_blueprint(blueprint)


def still_published(argument: str, mail: OutboxMail) -> bool:  # noqa: ARG001  every guard is given the mail
    """Whether the review of this public id is public at the moment its mail goes."""
    return db.session.scalar(select(Review.published_at).where(Review.public_id == argument)) is not None
