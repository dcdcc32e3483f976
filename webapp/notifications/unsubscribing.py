"""Keys in mail that let their reader refuse one kind of mail without signing in.

A key does not run out: a mail read a year later still lets its reader go.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer

from webapp.core.errors import NotFound
from webapp.notifications.kinds import Kind, Way, kind_of


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a key asks for: no more mail of this kind to this account."""

    user_public_id: str
    kind: Kind


def make_key(user_public_id: str, kind: str) -> str:
    """Return the signed key for a person and a kind."""
    return str(_serializer().dumps([user_public_id, kind]))


def read_key(key: str) -> Refusal:
    """Return what a key asks for.

    Raises:
        NotFound: it was not made here, or its kind is no longer listed.
    """
    try:
        public_id, name = _serializer().loads(key)
        kind = kind_of(name)
    except (BadData, ValueError, TypeError, LookupError):
        raise NotFound("This link is not complete. Open it from the mail once more.") from None
    return Refusal(public_id, kind)


def read_mail_key(key: str) -> Refusal:
    """Return what the key of a mail asks for, if its kind may be refused at all.

    Raises:
        NotFound: it was not made here, or its kind belongs to the service (by now).
    """
    refusal = read_key(key)
    if refusal.kind.is_fixed(Way.MAIL):
        raise NotFound("Mail of this kind belongs to what you booked and cannot be switched off.")
    return refusal


def _serializer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(
        keys,  # the last one signs, all of them verify
        salt="notifications.unsubscribe",
        signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
    )
