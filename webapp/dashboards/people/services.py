"""What an admin does to an account, with what other rooms have to say about it first."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.accounts import services_admin as accounts
from webapp.accounts.models import Role, User
from webapp.core.db import db
from webapp.core.errors import InvalidState
from webapp.counsellors.models import Counsellor
from webapp.dashboards.people.person import ahead_of, find_person


def change_role(*, actor: User, user_id: str, role: Role, reason: str, now: dt.datetime) -> User:
    """Change what an account is for.

    Raises:
        As `accounts.services_admin.change_role`; InvalidState also when sessions lie ahead that the account could
        not open any more, or a public profile still belongs to it.
    """
    user = find_person(user_id)
    if user.role is Role.COUNSELLOR and role is not Role.COUNSELLOR and _has_open_profile(user):
        raise InvalidState("This account has an active counsellor profile. Deactivate the profile first.")
    if user.role is not role and ahead_of(user, now=now):
        raise InvalidState("Sessions lie ahead of this person. Complete, move or cancel them first.")
    return accounts.change_role(actor=actor, user_id=user_id, role=role, reason=reason, now=now)


def deactivate(*, actor: User, user_id: str, reason: str, now: dt.datetime) -> User:
    """Close an account.

    Raises:
        As `accounts.services_admin.deactivate_user`; InvalidState also for a counsellor whose profile is active:
        there the sessions ahead are decided.
    """
    if _has_open_profile(find_person(user_id)):
        raise InvalidState(
            "This account has an active counsellor profile. Deactivate the profile first: "
            "there you decide what happens to the sessions ahead."
        )
    return accounts.deactivate_user(actor=actor, user_id=user_id, reason=reason, now=now)


def _has_open_profile(user: User) -> bool:
    found = db.session.scalar(select(Counsellor.id).where(Counsellor.user_id == user.id, Counsellor.is_active))
    return found is not None
