"""What the public pages read: one inquiry, for who holds its signed key."""

from __future__ import annotations

from sqlalchemy import select

from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.inquiries.models import Inquiry


def inquiry_of_receipt(public_id: str | None) -> Inquiry:
    """Return the inquiry a signed key names; one statement.

    Raises:
        NotFound: the key was not ours, or the inquiry was forgotten.
    """
    wanted = select(Inquiry).where(Inquiry.public_id == public_id, Inquiry.forgotten_at.is_(None))
    found = db.session.scalar(wanted) if public_id else None
    if found is None:
        raise NotFound
    return found
