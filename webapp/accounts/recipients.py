"""An account as somebody to tell: the plain values that notifications take."""

from __future__ import annotations

from webapp.accounts.models import User
from webapp.accounts.queries import user_by_public_id
from webapp.notifications.messages import Recipient


def recipient_of(user: User) -> Recipient:
    """Return who is told when ``user`` is told."""
    return Recipient(
        id=user.id, public_id=user.public_id, name=user.name, email=user.email, zone=user.zone, phone=user.phone
    )


def find_recipient(public_id: str) -> Recipient | None:
    """Return the person of an outside id, None if there is none."""
    user = user_by_public_id(public_id)
    return recipient_of(user) if user else None
