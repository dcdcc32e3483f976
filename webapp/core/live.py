"""Version counters in Redis: an open page asks whether anything changed, and nearly always has not.

Asking costs one Redis GET and no database; 500 open pickers are a hundred such questions a second.
"""

from __future__ import annotations

import structlog
from redis.exceptions import RedisError

from webapp.core.db import after_commit, scratch
from webapp.core.jobs import get_redis
from webapp.core.pieces import known_version, live_key
from webapp.core.replicas import SETTLED_SECONDS, ChangedJustNow, reading

log = structlog.get_logger(__name__)
_PREFIX = "live:"
_BUMPED = "live_keys"  # in the notes of a transaction
KEPT_SECONDS = 30 * 86400  # what is left of them tells when a version was raised


def bump(key: str) -> None:
    """Raise the version of ``key`` once the surrounding transaction is committed; never fails it.

    All keys of a transaction are raised together: a booking has five of them.
    """
    notes = scratch()
    keys: list[str] | None = notes.get(_BUMPED) if notes is not None else None
    if keys is not None:
        keys.append(key)
        return
    keys = [key]
    after_commit(lambda: bump_now(*keys))
    if notes is not None:
        notes[_BUMPED] = keys


def bump_now(*keys: str) -> None:
    """Raise the versions of ``keys`` at once (outside a transaction); a dead Redis is only logged."""
    try:
        pipe = get_redis().pipeline(transaction=False)
        for key in dict.fromkeys(keys):
            pipe.incr(_PREFIX + key)
            pipe.expire(_PREFIX + key, KEPT_SECONDS)
        pipe.execute()
    except (RedisError, OSError) as error:
        log.warning("live_version_not_raised", keys=keys, error=str(error))


def version(key: str) -> str:
    """Return the current version of ``key``, "0" if it never changed, "" if Redis is away.

    Whoever shows a version reads it first, then what it is a version of.

    Raises:
        ChangedJustNow: to a page that is read from a replica, which may not have what this version stands for.
    """
    if not reading() and (known := known_version(live_key(key))) is not None:
        return known or "0"
    try:
        raw = get_redis().get(_PREFIX + key)
        if reading() and get_redis().ttl(_PREFIX + key) >= KEPT_SECONDS - SETTLED_SECONDS:
            raise ChangedJustNow
    except (RedisError, OSError):
        return ""
    return raw.decode() if isinstance(raw, bytes) else "0"
