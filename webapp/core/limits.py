"""How often somebody may do something: a sliding window, counted in Redis, or in this process while Redis is away.

A window is two buckets of its own length: the present one counts in full, the one before it by the share of it
that still lies inside the window. So a limit costs two small keys however high it is, and is never off by more
than the unevenness of the bucket before. What was refused counts only where `hit` is told so, and never beyond a
full bucket: whoever goes on stays out, and whoever stops waits about one window, however often they tried.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import math
import threading
from dataclasses import dataclass
from typing import Any, cast

import structlog
from flask import current_app
from redis.exceptions import RedisError

from webapp.core.jobs import get_redis

log = structlog.get_logger(__name__)
REST = dt.timedelta(seconds=5)  # how long a Redis that did not answer is left alone
MOST_LOCAL_KEYS = 10_000
_COUNT = """
local past = tonumber(redis.call('get', KEYS[2]) or '0')
local now = tonumber(redis.call('get', KEYS[1]) or '0')
local fits = past * tonumber(ARGV[2]) + now + 1 <= tonumber(ARGV[1])
if fits or (ARGV[4] == '1' and now < tonumber(ARGV[1])) then
    now = redis.call('incr', KEYS[1])
    redis.call('expire', KEYS[1], ARGV[3])
end
return {fits and 1 or 0, past, now}
"""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether it may be done, how often it still may (``remaining``), and the seconds until one more fits.

    ``retry_after`` is 0 where it was allowed; ``reset_after`` is when everything counted so far has left the window,
    both its buckets; ``window`` is its length.
    """

    allowed: bool
    limit: int
    remaining: int
    retry_after: int
    reset_after: int
    window: int

    @property
    def free_after(self) -> int:
        """Return the seconds until it is as good as free: at most a window, unless one more fits later than that."""
        return max(self.retry_after, min(self.reset_after, self.window))


def hit(key: str, limit: int, window_seconds: int, *, now: dt.datetime, count_refused: bool = False) -> Verdict:
    """Count one act under ``key`` and say whether it is within ``limit`` acts in any ``window_seconds``.

    Args:
        key: who does what, such as "guidance:203.0.113.7".
        limit: at least 1.
        count_refused: a try that is refused counts as well.
    """
    at = now.timestamp()
    bucket, elapsed = int(at // window_seconds), at % window_seconds
    share = 1 - elapsed / window_seconds
    asked = _Asked(key, limit, window_seconds, bucket, share, count_refused)
    allowed, past, present = _counted(asked, now)
    used = past * share + present
    return Verdict(
        allowed=allowed,
        limit=limit,
        remaining=max(0, math.floor(limit - used)),
        retry_after=0 if allowed else _wait(limit, window_seconds, elapsed, past, present),
        reset_after=math.ceil(window_seconds - elapsed + (window_seconds if present else 0)),
        window=window_seconds,
    )


def forget(key: str, window_seconds: int, *, now: dt.datetime) -> None:
    """Take back what was counted under ``key``: it turned out to be the right person."""
    local: _LocalCount = current_app.extensions.setdefault("local_limits", _LocalCount())
    bucket = int(now.timestamp() // window_seconds)
    local.forget(key, window_seconds, bucket)
    try:
        get_redis().delete(*(f"limit:{{{key}}}:{window_seconds}:{number}" for number in (bucket, bucket - 1)))
    except (RedisError, OSError) as error:
        log.warning("limit_not_forgotten", error=str(error))


def address_key(address: str | None) -> str:
    """Return what counts as one address: an IPv4 address itself, the network (/64) of an IPv6 one."""
    try:
        found = ipaddress.ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)


def _wait(limit: int, window: int, elapsed: float, past: int, present: int) -> int:
    """Return the whole seconds until one more fits, if nothing else is counted meanwhile."""
    if past and present + 1 <= limit:
        fits = window - (limit - 1 - present) * window / past
        if fits <= window:
            return max(1, math.ceil(fits - elapsed))
    later = window - (limit - 1) * window / present if present else 0
    return max(1, math.ceil(window - elapsed + max(0, later)))


@dataclass(frozen=True, slots=True)
class _Asked:
    key: str
    limit: int
    window: int
    bucket: int  # the number of the present one
    share: float  # of the bucket before that still counts
    count_refused: bool


def _counted(asked: _Asked, now: dt.datetime) -> tuple[bool, int, int]:
    local: _LocalCount = current_app.extensions.setdefault("local_limits", _LocalCount())
    if local.rests_until is None or now >= local.rests_until:
        names = [f"limit:{{{asked.key}}}:{asked.window}:{number}" for number in (asked.bucket, asked.bucket - 1)]
        numbers = (asked.limit, asked.share, 2 * asked.window, int(asked.count_refused))
        try:
            answer = cast(Any, get_redis().eval(_COUNT, 2, *names, *numbers))
            return bool(answer[0]), int(answer[1]), int(answer[2])
        except (RedisError, OSError) as error:
            log.warning("limit_counted_locally", error=str(error))
            local.rests_until = now + REST
    return local.count(asked)


class _LocalCount:
    """The same count in this process alone: looser, as each process has its own, but never none."""

    def __init__(self) -> None:
        self.rests_until: dt.datetime | None = None
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, int, int], int] = {}

    def count(self, asked: _Asked) -> tuple[bool, int, int]:
        """Count one act if it is within the limit; return whether it is, and the counts of both buckets."""
        here = (asked.key, asked.window, asked.bucket)
        with self._lock:
            past = self._counts.get((asked.key, asked.window, asked.bucket - 1), 0)
            present = self._counts.get(here, 0)
            fits = past * asked.share + present + 1 <= asked.limit
            if fits or (asked.count_refused and present < asked.limit):
                present += 1
                self._counts.pop(here, None)  # the newest are last
                self._counts[here] = present
                while len(self._counts) > MOST_LOCAL_KEYS:
                    self._counts.pop(next(iter(self._counts)))
            return fits, past, present

    def forget(self, key: str, window: int, bucket: int) -> None:
        """Take both buckets of a key back."""
        with self._lock:
            for number in (bucket, bucket - 1):
                self._counts.pop((key, window, number), None)
