"""The mails of this room, and whether they are still true when they go."""

from __future__ import annotations

import datetime as dt
import secrets

from webapp.accounts.models import User
from webapp.accounts.queries import user_by_public_id
from webapp.accounts.tokens import Purpose, Ticket, credentials_stamp, email_stamp, make_token
from webapp.core.ids import new_public_id
from webapp.notifications.links import external_url
from webapp.notifications.models import OutboxMail
from webapp.notifications.services import queue_mail

RESET_TEMPLATE = "password_reset"
UNVERIFIED_GUARD = "account_unverified"
CREDENTIALS_GUARD = "account_credentials"


def queue_verification(user: User, *, now: dt.datetime) -> None:
    """Queue the mail that asks ``user`` to confirm the address."""
    token = make_token(Purpose.VERIFY, Ticket(user.public_id, email_stamp(user), now))
    queue_mail(
        dedupe_key=f"verify:{user.public_id}:{now.isoformat()}",
        recipient=user.email,
        recipient_name=user.name,
        template="verify",
        context={"first_name": user.first_name, "url": external_url("accounts.verify", token=token)},
        guard=f"{UNVERIFIED_GUARD}:{user.public_id}",
        now=now,
    )


def queue_reset(user: User | None, address: str, *, now: dt.datetime) -> None:
    """Queue the mail with a reset link.

    Without an account the same row is written, and dropped by its guard when its turn comes: so the
    answer takes as long, and nobody learns from it whether the account exists.
    """
    user_id = user.public_id if user else new_public_id("user")
    stamp = credentials_stamp(user) if user else secrets.token_hex(12)
    token = make_token(Purpose.RESET, Ticket(user_id, stamp, now))
    queue_mail(
        dedupe_key=f"{RESET_TEMPLATE}:{user_id}:{now.isoformat()}",
        recipient=user.email if user else address,
        recipient_name=user.name if user else "",
        template=RESET_TEMPLATE,
        context={
            "first_name": user.first_name if user else "",
            "url": external_url("accounts.reset", token=token),
        },
        guard=f"{CREDENTIALS_GUARD}:{user_id}:{stamp}",
        now=now,
    )


def is_still_unverified(argument: str, mail: OutboxMail) -> bool:
    """Guard: the account is open, has this address and has not confirmed it."""
    user = user_by_public_id(argument)
    return user is not None and user.active and not user.is_verified and user.email == mail.recipient


def has_still_these_credentials(argument: str, mail: OutboxMail) -> bool:
    """Guard: the account is open and has the password the link was made for."""
    del mail
    public_id, _, stamp = argument.partition(":")
    user = user_by_public_id(public_id)
    return user is not None and user.active and credentials_stamp(user) == stamp
