"""Inviting: an account made for somebody, and the mail by which they make it theirs."""

from __future__ import annotations

import datetime as dt

from webapp.accounts import rules
from webapp.accounts.emails import CREDENTIALS_GUARD
from webapp.accounts.errors import LinkInvalid
from webapp.accounts.models import Role, User
from webapp.accounts.passwords import hash_password
from webapp.accounts.queries import user_by_email, user_by_public_id
from webapp.accounts.services import create_user
from webapp.accounts.tokens import Purpose, Ticket, credentials_stamp, make_token, read_token
from webapp.core.db import db, lock_for_update
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.notifications.links import external_url
from webapp.notifications.services import queue_mail

TEMPLATE = "invitation"
CLOSED = "The account of this address is deactivated. Reactivate it first."


def invite_user(
    *,
    name: str,
    email: str,
    role: Role,
    now: dt.datetime,
    phone: str = "",
    words: str = "",
    next_path: str = "",
    by: str = "",
) -> tuple[User, bool]:
    """Return the account of an address, and whether it was made just now; a new one gets the invitation.

    Args:
        words: what the mail says of the reason, one or two sentences.
        next_path: the page of ours that comes after the first password, such as a checkout.
        by: the name of who invites, for the mail.

    Raises:
        ValidationFailed: wrong fields; or the address has an account of another role, or a deactivated one.
        EmailTaken: somebody made this account at the same moment.
    """
    known = user_by_email(email.strip())
    if known is None:
        user = create_user(name=name, email=email, phone=phone, role=role, now=now)
        queue_invitation(user, now=now, words=words, next_path=next_path, by=by)
        return user, True
    if known.role is not role:
        raise ValidationFailed(fields={"email": f"This address has an account as {known.role.value}."})
    if not known.active:
        raise ValidationFailed(fields={"email": CLOSED})
    return known, False


def queue_invitation(user: User, *, now: dt.datetime, words: str = "", next_path: str = "", by: str = "") -> None:
    """Queue the mail with the link to /welcome; who has verified the address needs none.

    Raises:
        InvalidState: the account is in use already, or closed.
    """
    if user.is_verified or not user.active:
        raise InvalidState("This person has a password already, or the account is closed.")
    stamp = credentials_stamp(user)
    token = make_token(Purpose.INVITE, Ticket(user.public_id, stamp, now, next_path))
    queue_mail(
        dedupe_key=f"{TEMPLATE}:{user.public_id}:{now.isoformat()}",
        recipient=user.email,
        recipient_name=user.name,
        template=TEMPLATE,
        context={
            "first_name": user.first_name,
            "by": by,
            "words": words,
            "counsellor": user.role is Role.COUNSELLOR,
            "url": external_url("accounts.welcome", token=token),
        },
        guard=f"{CREDENTIALS_GUARD}:{user.public_id}:{stamp}",
        now=now,
    )


def find_invited(token: str, *, now: dt.datetime) -> tuple[User, str]:
    """Return whom a link welcomes, and where they go afterwards ("": home).

    Raises:
        LinkInvalid: forged, older than 7 days, used, or the account was closed.
    """
    ticket = read_token(Purpose.INVITE, token, now=now)
    user = user_by_public_id(ticket.user_id)
    if user is None or not user.active or credentials_stamp(user) != ticket.stamp:
        raise LinkInvalid
    return user, ticket.onward


def accept_invitation(*, token: str, password: str, now: dt.datetime) -> tuple[User, str]:
    """Set the first password; the link proves the address. Return the account and where it goes on.

    Raises:
        LinkInvalid: as `find_invited`; of two uses at once the second.
        ValidationFailed: the password breaks a rule; the link stays good.
    """
    user, _ = find_invited(token, now=now)
    if problem := rules.password_problem(password):
        raise ValidationFailed(fields={"password": problem})
    lock_for_update(db.session(), User, user.id)
    user, onward = find_invited(token, now=now)
    user.password_hash = hash_password(password)
    user.auth_version += 1
    if user.email_verified_at is None:
        user.email_verified_at = now
    return user, onward
