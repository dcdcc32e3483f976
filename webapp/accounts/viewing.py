"""An admin looks at the app as somebody else: reading only, said on every page, written down.

What is looked at lies in the admin's own login, so it ends with that login: signed out, deactivated, no admin any more.
"""

from __future__ import annotations

from flask import g, request, session
from flask_login import current_user

from webapp.accounts.models import Role, User
from webapp.accounts.queries import user_by_public_id
from webapp.audit.services import record
from webapp.core.db import SAFE_METHODS
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed

_KEY = "view_as"
STOPS = frozenset({"people.stop_viewing", "accounts.logout"})
LONGEST_REASON = 500
# What belongs to the person alone: password, feed key, devices, the copy of all data.
PRIVATE = frozenset(
    {
        "accounts.account",
        "accounts.password",
        "accounts.security",
        "accounts.two_step_setup",
        "accounts.backup_codes",
        "accounts.two_step",
        "calendar.page",
        "privacy.mine",
    }
)


class LookingOnly(Forbidden):
    """Something other than reading, while an admin looks at the app as somebody else."""

    code = "VIEW_ONLY"


def as_looked_at(user: User) -> User:
    """Return whom the app is shown as: ``user``, or whom this admin looks at."""
    looked_at = session.get(_KEY)
    if not looked_at or user.role is not Role.ADMIN:
        return user
    person = user_by_public_id(str(looked_at))
    if person is None or not person.active or person.role is Role.ADMIN:
        session.pop(_KEY)
        return user
    g.real_admin, g.looked_at = user, person
    return person


def looked_at() -> User | None:
    """Return whom an admin looks at the app as, None in every ordinary request."""
    if not session.get(_KEY) or not current_user.is_authenticated:
        return None
    person: User | None = g.get("looked_at")
    return person


def real_admin() -> User | None:
    """Return the admin behind the eyes of somebody else, None in every ordinary request."""
    admin: User | None = g.get("real_admin") if looked_at() else None
    return admin


def guard_looking() -> None:
    """Refuse whatever is not reading, and the pages of secrets, while an admin looks.

    Raises:
        LookingOnly: the request is not for these eyes.
    """
    person = looked_at()
    if person is None or request.endpoint in STOPS:
        return
    if request.method not in SAFE_METHODS:
        raise LookingOnly(f"You are looking as {person.name}. Nothing was changed: stop looking first.")
    if request.endpoint in PRIVATE:
        raise LookingOnly(f"This page belongs to {person.name} alone. It is not shown to you.")


def start_looking(*, actor: User, user_id: str, reason: str) -> User:
    """Write down that an admin looks as somebody, and why; the door then calls `keep_looking`.

    Raises:
        Forbidden: the actor is no admin.
        NotFound: no such account.
        InvalidState: it is closed, or an admin's.
        ValidationFailed: no reason.
    """
    if actor.role is not Role.ADMIN:
        raise Forbidden
    person = user_by_public_id(user_id)
    if person is None:
        raise NotFound("We could not find that account.")
    if not person.active or person.role is Role.ADMIN:
        raise InvalidState("Only an active student or counsellor can be looked at.")
    why = " ".join(reason.replace("\x00", "").split())
    if not why or len(why) > LONGEST_REASON:
        words = f"Keep this within {LONGEST_REASON} characters." if why else "Say why; it is kept in the audit log."
        raise ValidationFailed(fields={"reason": words})
    _note("view_as.started", person, why)
    return person


def stop_looking(person: User) -> None:
    """Write down that the admin has stopped looking."""
    _note("view_as.stopped", person, "")


def keep_looking(person: User | None) -> None:
    """Set whom this login looks at, or nobody."""
    if person is None:
        session.pop(_KEY, None)
    else:
        session[_KEY] = person.public_id


def _note(action: str, person: User, reason: str) -> None:
    record(action, entity="user", entity_id=person.public_id, label=person.name, subject_id=person.id, reason=reason)
