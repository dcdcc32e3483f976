"""How many requests there were and how long they took, for /metrics: added up in Redis by all web processes.

A process keeps its own sums and hands them over every few seconds, after an answer has left, so a request costs no
word with Redis and any process can tell the whole. Routes are patterns: never an address, an id or a person.
"""

from __future__ import annotations

import threading
import time
from bisect import bisect_left
from collections import defaultdict
from typing import cast

import structlog
from flask import Flask, Response, current_app, g, request
from redis import Redis
from redis.exceptions import RedisError

from webapp.core.jobs import get_redis

log = structlog.get_logger(__name__)
KEY = "metrics:requests"
EXTENSION = "request_counts"
BOUNDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
HAND_OVER_SECONDS = 2.0
AWAY_SECONDS = 30.0  # how long Redis is left alone when it did not answer
Series = tuple[str, str, str]  # method, route, status


class RequestCounts:
    """The sums of this process that Redis does not have yet."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._lock = threading.Lock()
        self._pending: defaultdict[str, float] = defaultdict(float)
        self._next = 0.0

    def note(self, series: Series, seconds: float) -> None:
        """Add a request."""
        name = " ".join(series)
        with self._lock:
            self._pending[f"{name} {bisect_left(BOUNDS, seconds)}"] += 1
            self._pending[f"{name} sum"] += seconds

    def hand_over(self, *, now: bool = False) -> None:
        """Add what is pending to the sums in Redis, when it is time or ``now``. Never raises."""
        with self._lock:
            if not self._pending or (time.monotonic() < self._next and not now):
                return
            taken, self._pending = self._pending, defaultdict(float)
            self._next = time.monotonic() + HAND_OVER_SECONDS
        try:
            pipeline = self._redis.pipeline(transaction=True)
            for field, value in taken.items():
                pipeline.hincrbyfloat(KEY, field, value)
            pipeline.execute()
        except (RedisError, OSError) as error:
            log.info("request_counts_kept", error=type(error).__name__)
            self._take_back(taken)

    def _take_back(self, taken: dict[str, float]) -> None:
        with self._lock:
            for field, value in taken.items():
                self._pending[field] += value
            self._next = time.monotonic() + AWAY_SECONDS


def init_request_counts(app: Flask) -> None:
    """Count every request of this app."""
    counts = app.extensions[EXTENSION] = RequestCounts(app.extensions["redis"])

    @app.before_request
    def start() -> None:
        g.counted_from = time.perf_counter()

    @app.after_request
    def count(response: Response) -> Response:
        began = g.pop("counted_from", None)
        if began is not None:
            route = request.url_rule.rule if request.url_rule else "none"
            method = request.method if request.method in METHODS else "other"
            counts.note((method, route, str(response.status_code)), time.perf_counter() - began)
            response.call_on_close(counts.hand_over)
        return response


def read_request_counts() -> dict[Series, tuple[list[int], float]]:
    """Return of every series how many requests fell between the bounds, and their seconds in all.

    Raises:
        RedisError: Redis is away.
    """
    cast(RequestCounts, current_app.extensions[EXTENSION]).hand_over(now=True)
    found: dict[Series, tuple[list[int], float]] = {}
    for raw, value in cast("dict[bytes, bytes]", get_redis().hgetall(KEY)).items():
        method, route, status, part = raw.decode().split(" ")
        slots, seconds = found.get((method, route, status), ([0] * (len(BOUNDS) + 1), 0.0))
        if part == "sum":
            seconds = float(value)
        else:
            slots[int(part)] = int(float(value))
        found[method, route, status] = slots, seconds
    return found
