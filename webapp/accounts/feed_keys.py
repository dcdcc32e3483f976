"""The secret in the address of a person's private calendar feed: only its hash is kept."""

from __future__ import annotations

import re
import secrets

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.core.db import db, lock_for_update
from webapp.core.errors import NotFound
from webapp.core.ids import fingerprint

KEY_BYTES = 24  # 192 bits: not to be guessed, whatever the rate
_KEY = re.compile(r"[A-Za-z0-9_-]{32}")


def renew_feed_key(*, actor: User) -> str:
    """Make a new key and return it, the only time it can be read; an older one opens nothing any more."""
    key = secrets.token_urlsafe(KEY_BYTES)
    user: User = lock_for_update(db.session(), User, actor.id)
    user.feed_key_hash = hash_feed_key(key)
    return key


def revoke_feed_key(*, actor: User) -> None:
    """Close the feed; closing a closed one changes nothing."""
    user: User = lock_for_update(db.session(), User, actor.id)
    user.feed_key_hash = None


def user_of_feed_key(key: str) -> User:
    """Return whose feed a key opens.

    The look-up compares hashes only, so its time says nothing of a key that nearly fits.

    Raises:
        NotFound: no feed has this key, or its owner's account is closed.
    """
    wanted = hash_feed_key(key)
    user = db.session.scalar(select(User).where(User.feed_key_hash == wanted, User.active))
    if user is None or not _KEY.fullmatch(key):
        raise NotFound
    return user


def hash_feed_key(key: str) -> str:
    """Return what is kept of a key: its SHA-256 in hex."""
    return fingerprint(key)
