"""Who asks, for the limits: the person signed in, and where an account was signed in lately."""

from __future__ import annotations

import datetime as dt

from flask import g
from flask_login import current_user
from sqlalchemy import func, select

from webapp.accounts.models import Login, User
from webapp.accounts.viewer import acting_user
from webapp.core import clock
from webapp.core.db import db
from webapp.core.limits import address_key

LATELY = dt.timedelta(days=30)
MOST_ADDRESSES = 50


def caller_id() -> str | None:
    """Return the public id of who is signed in (an admin who looks as somebody else is that admin), None for nobody."""
    return acting_user().public_id if current_user.is_authenticated else None


def is_familiar(email: str, address: str) -> bool:
    """Tell whether this account was signed in from this address (`address_key`) in the last 30 days.

    Asked only when the account's count is full, and whoever is refused learns nothing new from it: an address
    without a login there is never familiar, whether the account exists or not.
    """
    if "\x00" in email:
        return False
    since = (g.get("now") or clock.now()) - LATELY
    rows = (
        select(Login.address)
        .join(User, User.id == Login.user_id)
        .where(func.lower(User.email) == email, Login.created_at > since)
        .group_by(Login.address)
        .order_by(func.max(Login.created_at).desc())
        .limit(MOST_ADDRESSES)
    )
    return any(address_key(found) == address for found in db.session.scalars(rows))
