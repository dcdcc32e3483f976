"""Shows a secret exactly once: it waits in Redis for the page that follows, for ten minutes at most."""

from __future__ import annotations

from flask import session
from redis.exceptions import RedisError

from webapp.core.ids import new_public_id
from webapp.core.jobs import get_redis

SECONDS = 600


def put_by(kind: str, owner: str, secret: str) -> bool:
    """Keep a secret of ``owner`` for this browser's next look at it; False if Redis does not answer."""
    ticket = new_public_id("ticket")
    try:
        get_redis().set(_key(kind, owner, ticket), secret, ex=SECONDS)
    except (RedisError, OSError):
        return False
    session[kind] = ticket
    return True


def take(kind: str, owner: str) -> str | None:
    """Return the secret that waits for this browser and this owner, and forget it."""
    ticket = session.get(kind)
    if not ticket:
        return None
    try:
        found = get_redis().getdel(_key(kind, owner, str(ticket)))
    except (RedisError, OSError):
        return None
    if not isinstance(found, bytes):
        return None
    session.pop(kind)
    return found.decode()


def _key(kind: str, owner: str, ticket: str) -> str:
    return f"{kind}:{owner}:{ticket}"
