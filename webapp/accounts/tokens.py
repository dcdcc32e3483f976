"""Links that prove a mail arrived, or that a password was right: signed, for one purpose, bound to an account."""

from __future__ import annotations

import datetime as dt
import enum
import hashlib
from dataclasses import dataclass

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from webapp.accounts.errors import LinkExpired, LinkInvalid
from webapp.accounts.models import User

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Purpose(enum.StrEnum):
    """What a link is for; a link for one thing opens nothing else."""

    VERIFY = "verify"
    RESET = "reset"
    INVITE = "invite"
    TWO_STEP = "two_step"
    MAIL_CHANGE = "mail_change"


LASTS = {
    Purpose.VERIFY: dt.timedelta(hours=48),
    Purpose.RESET: dt.timedelta(minutes=15),
    Purpose.INVITE: dt.timedelta(days=7),
    Purpose.TWO_STEP: dt.timedelta(minutes=5),
    Purpose.MAIL_CHANGE: dt.timedelta(hours=24),
}


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link says. ``stamp`` must still fit the account when the link is used.

    ``onward`` is the page of ours that comes after; being signed, it is nobody else's word.
    """

    user_id: str
    stamp: str
    issued_at: dt.datetime
    onward: str = ""


def email_stamp(user: User) -> str:
    """Return a stamp that ends with the address it was made for."""
    return hashlib.sha256(user.email.lower().encode()).hexdigest()[:24]


def credentials_stamp(user: User) -> str:
    """Return a stamp that ends with the password it was made for: so a reset link works once."""
    return hashlib.sha256(f"{user.auth_version}:{user.password_hash}".encode()).hexdigest()[:24]


def make_token(purpose: Purpose, ticket: Ticket) -> str:
    """Return the signed text of a link."""
    micros = (ticket.issued_at - EPOCH) // dt.timedelta(microseconds=1)
    onward = [ticket.onward] if ticket.onward else []
    return str(_serializer(purpose).dumps([ticket.user_id, ticket.stamp, micros, *onward]))


def read_token(purpose: Purpose, token: str, *, now: dt.datetime) -> Ticket:
    """Return what a link says, after checking its signature (older secrets count) and its age.

    Raises:
        LinkInvalid: it was not made here for this purpose.
        LinkExpired: it is too old.
    """
    try:
        user_id, stamp, micros, *onward = _serializer(purpose).loads(token)
        issued_at = EPOCH + dt.timedelta(microseconds=micros)
    except (BadData, ValueError, TypeError, OverflowError):
        raise LinkInvalid from None
    if len(onward) > 1 or not all(isinstance(path, str) for path in onward):
        raise LinkInvalid
    if now - issued_at > LASTS[purpose]:
        raise LinkExpired
    return Ticket(user_id, stamp, issued_at, *onward)


def _serializer(purpose: Purpose) -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(
        keys,  # the last one signs, all of them verify
        salt=f"accounts.{purpose}",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
