"""When due work was last looked for, kept in Redis for the system page: is the scheduler alive?"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass

from webapp.core.jobs import get_redis

KEY = "sweep:last"
KEPT = 7 * 86400  # seconds


@dataclass(frozen=True, slots=True)
class LastSweep:
    """The last run of due work: when it began, how long it took in seconds, what it did, what failed."""

    at: dt.datetime
    seconds: float
    counts: dict[str, int]
    problem: str = ""


def note_sweep(sweep: LastSweep) -> None:
    """Keep a run as the last one."""
    kept = {**asdict(sweep), "at": sweep.at.isoformat()}
    get_redis().set(KEY, json.dumps(kept), ex=KEPT)


def last_sweep() -> LastSweep | None:
    """Return the last run, None without one within a week.

    Raises:
        RedisError: Redis is away.
    """
    raw = get_redis().get(KEY)
    if not raw:
        return None
    kept = json.loads(raw)
    return LastSweep(**{**kept, "at": dt.datetime.fromisoformat(kept["at"])})
