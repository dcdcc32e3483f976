"""What admins do to accounts: the role, closing and opening, mail once more."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import Select, and_, or_, select

from webapp.accounts import second_step
from webapp.accounts.emails import queue_reset, queue_verification
from webapp.accounts.inviting import queue_invitation
from webapp.accounts.models import Role, User
from webapp.accounts.queries import user_by_public_id
from webapp.audit.services import because, record
from webapp.core.db import db
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed

LONGEST_REASON = 500
NO_REASON = "Say why; it is kept with the account."


def change_role(*, actor: User, user_id: str, role: Role, reason: str, now: dt.datetime) -> User:
    """Make an account another kind; its logins end, because every page it had open was another role's.

    Raises:
        Forbidden: the actor is no admin.
        NotFound: no such account.
        ValidationFailed: no reason.
        InvalidState: it is the actor's own, closed, of this role already, or the last admin's.
    """
    del now
    why = read_reason(reason)
    user = locked_account(actor, user_id)
    if not user.active:
        raise InvalidState("This account is deactivated. Reactivate it first.")
    if user.role is role:
        raise InvalidState(f"This account is a {role.value}'s already.")
    _keep_one_admin(user)
    because(why)
    user.role = role
    user.auth_version += 1
    db.session.flush()
    return user


def deactivate_user(*, actor: User, user_id: str, reason: str, now: dt.datetime) -> User:
    """Close an account: its next request is refused, and so are its links by mail.

    Raises:
        Forbidden, NotFound, ValidationFailed: as `change_role`.
        InvalidState: it is the actor's own, closed already, or the last admin's.
    """
    why = read_reason(reason)
    user = locked_account(actor, user_id)
    if not user.active:
        raise InvalidState("This account is deactivated already.")
    _keep_one_admin(user)
    because(why)
    user.active = False
    user.deactivated_at, user.deactivated_reason = now, why
    user.auth_version += 1
    db.session.flush()
    return user


def reactivate_user(*, actor: User, user_id: str, now: dt.datetime, reason: str = "") -> User:
    """Open a closed account again; its owner signs in as before.

    Raises:
        Forbidden, NotFound: as `change_role`.
        InvalidState: it is open, or its person was erased.
    """
    del now
    user = locked_account(actor, user_id)
    if user.erased_at is not None:
        raise InvalidState("This person's data was erased. There is nothing to open again.")
    if user.active:
        raise InvalidState("This account is active already.")
    because(reason.strip()[:LONGEST_REASON])
    user.active = True
    user.deactivated_at = user.deactivated_reason = None
    db.session.flush()
    return user


def end_second_step(*, actor: User, user_id: str, reason: str, now: dt.datetime) -> User:
    """Turn another's two-step sign-in off, for who has lost phone and backup codes; its owner is told by mail.

    Raises:
        Forbidden, NotFound, ValidationFailed: as `change_role`.
        InvalidState: it is the actor's own, or off.
    """
    why = read_reason(reason)
    user = locked_account(actor, user_id)
    if not second_step.needs_second_step(user):
        raise InvalidState("Two-step sign-in is off for this account.")
    second_step.clear(user, now=now, reason=why)
    return user


def send_again(*, actor: User, user_id: str, what: str, now: dt.datetime) -> User:
    """Send a mail once more: ``what`` is "invitation", "verification" or "reset".

    Raises:
        Forbidden, NotFound: as `change_role`.
        InvalidState: the account is closed, or needs no such mail.
    """
    user = _found(actor, user_id)
    if not user.active:
        raise InvalidState("This account is deactivated: no link would open it.")
    if what == "invitation":
        queue_invitation(user, now=now, by=actor.name)
    elif what == "verification":
        if user.is_verified:
            raise InvalidState("This address is verified already.")
        queue_verification(user, now=now)
    elif what == "reset":
        queue_reset(user, user.email, now=now)
    else:
        raise NotFound
    record(f"user.{what}_sent", entity="user", entity_id=user.public_id, label=user.name, subject_id=user.id)
    return user


def read_reason(text: str) -> str:
    """Return why an admin does something, on one line. Raises ValidationFailed: nothing, or too much."""
    reason = " ".join(text.replace("\x00", "").split())
    if not reason:
        raise ValidationFailed(fields={"reason": NO_REASON})
    if len(reason) > LONGEST_REASON:
        raise ValidationFailed(fields={"reason": f"Keep this within {LONGEST_REASON} characters."})
    return reason


def _found(actor: User, user_id: str) -> User:
    if actor.role is not Role.ADMIN:
        raise Forbidden
    user = user_by_public_id(user_id)
    if user is None:
        raise NotFound("We could not find that account.")
    return user


def locked_account(actor: User, user_id: str) -> User:
    """Return the account with all admins under their locks, taken in one order: two who close each other take turns.

    One statement takes them all, lowest first, the target among them: whoever was an admin in an older
    snapshot may be a mere target in a newer one, and locking that one last would cross the older's way.

    Raises:
        Forbidden, NotFound, InvalidState: as `change_role`.
    """
    found = _found(actor, user_id)
    if found.id == actor.id:
        raise InvalidState("This is your own account. Another admin can do this.")
    rows = select(User).where(or_(and_(User.role == Role.ADMIN, User.active), User.id == found.id)).order_by(User.id)
    db.session.scalars(rows.with_for_update(key_share=True).execution_options(populate_existing=True)).all()
    if actor.role is not Role.ADMIN or not actor.active:
        raise Forbidden
    return found


def _keep_one_admin(user: User) -> None:
    others = db.session.scalars(_admins().where(User.id != user.id)).all()
    if user.role is Role.ADMIN and not others:
        raise InvalidState("This is the last admin. Make somebody else an admin first.")


def _admins() -> Select[User]:
    return select(User).where(User.role == Role.ADMIN, User.active).order_by(User.id)
