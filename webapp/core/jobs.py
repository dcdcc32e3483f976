"""Jobs: RQ on Redis is the transport, the row in Postgres is the truth.

A job takes ids only. If Redis is away when a job should be queued, nothing is lost: the sweeper
finds the row that still wants work.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import structlog
from flask import Flask, current_app, has_app_context
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue

P = ParamSpec("P")
R = TypeVar("R")
log = structlog.get_logger(__name__)

MAIL_QUEUE = "mail"
DEFAULT_QUEUE = "default"
FILES_QUEUE = "files"  # long work that people watch: exports, imports; after everything else
QUEUES = (DEFAULT_QUEUE, MAIL_QUEUE, FILES_QUEUE)
RESULT_SECONDS = 600
JOB_SECONDS = 120


def init_jobs(app: Flask, redis_url: str) -> None:
    """Bind the Redis client; short timeouts, so that a dead Redis never holds a page up."""
    app.extensions["redis"] = Redis.from_url(
        redis_url, socket_timeout=2, socket_connect_timeout=1, health_check_interval=30
    )


def get_redis() -> Redis:
    """Return this app's Redis client."""
    return cast(Redis, current_app.extensions["redis"])


def queue(name: str = DEFAULT_QUEUE) -> Queue:
    """Return an RQ queue by name."""
    return Queue(name, connection=get_redis(), default_timeout=JOB_SECONDS)


def job(function: Callable[P, R]) -> Callable[P, R]:
    """Make a function a job: it runs in an app context (and so a database session) of its own."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        app = current_app._get_current_object() if has_app_context() else _worker_app()  # type: ignore[attr-defined]  # noqa: SLF001
        with app.app_context():
            return function(*args, **kwargs)

    return run


@functools.cache
def _worker_app() -> Flask:
    """The app of a worker process, made once; found by name because core knows no one above it."""
    return cast(Flask, importlib.import_module("wsgi").app)


def enqueue(
    function: Callable[..., Any] | str, *args: Any, queue_name: str = DEFAULT_QUEUE, seconds: int = JOB_SECONDS
) -> bool:
    """Queue a job; return False (and log it) when Redis does not answer. Never raises for that.

    A service names a job by its dotted path: jobs are doors, above it.
    """
    target: Any = function
    try:
        queue(queue_name).enqueue(target, *args, job_timeout=seconds, result_ttl=RESULT_SECONDS, failure_ttl=7 * 86400)
    except (RedisError, OSError) as error:
        log.warning("job_not_queued", job=getattr(function, "__name__", function), error=str(error))
        return False
    return True
