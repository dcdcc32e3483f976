"""What a student told us before becoming one: for the counsellor's brief."""

from __future__ import annotations

from sqlalchemy import or_, select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.inquiries.models import Inquiry
from webapp.inquiries.rules import email_key


def background_of(user: User) -> Inquiry | None:
    """Return the latest inquiry that became this account, or came from its address; None without one. One statement."""
    theirs = or_(Inquiry.converted_user_id == user.id, Inquiry.email_key == email_key(user.email))
    wanted = select(Inquiry).where(theirs, Inquiry.forgotten_at.is_(None))
    return db.session.scalar(wanted.order_by(Inquiry.id.desc()).limit(1))
