"""How far an import is: a hint in Redis, because its rows are seen by nobody before all of them are."""

from __future__ import annotations

from redis.exceptions import RedisError

from webapp.core.jobs import get_redis

KEPT = 3600  # seconds


def note_progress(import_id: str, done: int) -> None:
    """Note how many rows are written; a dead Redis only hides it."""
    try:
        get_redis().set(f"import:{import_id}", done, ex=KEPT)
    except (RedisError, OSError):
        return


def read_progress(import_id: str) -> int | None:
    """Return how many rows are written, None when nobody knows."""
    try:
        raw = get_redis().get(f"import:{import_id}")
    except (RedisError, OSError):
        return None
    return int(raw) if isinstance(raw, bytes) else None
