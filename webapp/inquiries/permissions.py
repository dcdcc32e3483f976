"""Who may work with inquiries: admins, nobody else."""

from __future__ import annotations

from webapp.accounts.models import Role, User
from webapp.core.errors import Forbidden


def require_admin(actor: User) -> None:
    """Let an active admin pass.

    Raises:
        Forbidden: anybody else.
    """
    if actor.role is not Role.ADMIN or not actor.active:
        raise Forbidden
