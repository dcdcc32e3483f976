"""Who may change a counsellor's availability."""

from __future__ import annotations

from webapp.accounts.models import Role, User
from webapp.counsellors.models import Counsellor


def can_edit(user: User, counsellor: Counsellor) -> bool:
    """Whether ``user`` may see and change this calendar: the counsellor's own user, or an admin."""
    if user.role is Role.ADMIN:
        return True
    return user.role is Role.COUNSELLOR and counsellor.user_id == user.id
