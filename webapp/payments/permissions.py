"""Who may buy, and who may see whose money. Looking a thing up and the permission are one step in `queries`."""

from __future__ import annotations

from webapp.accounts.models import Role, User
from webapp.core.errors import Forbidden

NOT_VERIFIED = "Confirm your mail address first: the link is in your inbox, and we can send it again."


def may_buy(user: User) -> None:
    """Make sure that this is an active student with a confirmed address; Forbidden says what is missing."""
    if user.role is not Role.STUDENT or not user.active:
        raise Forbidden("Only a student's account can buy.")
    if not user.is_verified:
        raise Forbidden(NOT_VERIFIED)


def require_admin(user: User) -> None:
    """Make sure that this is an admin."""
    if user.role is not Role.ADMIN or not user.active:
        raise Forbidden
