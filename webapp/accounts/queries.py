"""Finding accounts."""

from __future__ import annotations

from sqlalchemy import func, select

from webapp.accounts.models import User
from webapp.core.db import db


def user_by_email(email: str) -> User | None:
    """Return the account of an address, whatever the case of its letters."""
    if "\x00" in email:  # Postgres takes no such text
        return None
    return db.session.scalar(select(User).where(func.lower(User.email) == email.lower()))


def user_by_public_id(public_id: str) -> User | None:
    """Return an account by its outside id."""
    return db.session.scalar(select(User).where(User.public_id == public_id))
