"""Jobs: RQ on Redis is the transport, the row in Postgres is the truth.

A job takes ids only. If Redis is away when a job should be queued, nothing is lost: the sweeper
finds the row that still wants work.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ParamSpec, TypeVar, cast

import structlog
from flask import Flask, current_app, g, has_app_context, has_request_context
from redis import Redis
from redis.exceptions import RedisError
from rq import Queue, get_current_job

P = ParamSpec("P")
R = TypeVar("R")
log = structlog.get_logger(__name__)

MAIL_QUEUE = "mail"
DEFAULT_QUEUE = "default"
FILES_QUEUE = "files"  # long work that people watch: exports, imports; after everything else
QUEUES = (DEFAULT_QUEUE, MAIL_QUEUE, FILES_QUEUE)
RESULT_SECONDS = 600
JOB_SECONDS = 120
HINT_SECONDS = 10  # then the sweep has found what a hint was for
REQUEST_ID = "request_id"


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
        with app.app_context(), _named_in_logs():
            if not args:
                _forget_hint(f"{function.__module__}.{function.__qualname__}")
            return function(*args, **kwargs)

    return run


def _named_in_logs() -> AbstractContextManager[None]:
    """Have every line a job logs name the request that wanted it."""
    running = get_current_job()
    asked_by = running.meta.get(REQUEST_ID) if running is not None else None
    return structlog.contextvars.bound_contextvars(request_id=asked_by) if asked_by else nullcontext()


def _request_id() -> str:
    """The request a job is queued for: this one, or the one that wanted the job that now queues another."""
    here = g.get(REQUEST_ID, "") if has_request_context() else ""
    return str(here or structlog.contextvars.get_contextvars().get(REQUEST_ID, ""))


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
    meta = {REQUEST_ID: asked_by} if (asked_by := _request_id()) else None
    try:
        queue(queue_name).enqueue(
            target, *args, job_timeout=seconds, result_ttl=RESULT_SECONDS, failure_ttl=7 * 86400, meta=meta
        )
    except (RedisError, OSError) as error:
        log.warning("job_not_queued", job=getattr(function, "__name__", function), error=str(error))
        return False
    return True


def hint(target: str, *, queue_name: str = DEFAULT_QUEUE) -> bool:
    """Queue a job that finds its rows by itself, unless one waits already: many bookings are one look at the outbox.

    The mark of one that waits falls as the job starts, before it looks: what is committed later is a new hint's.
    Return False when Redis does not answer.
    """
    try:
        first = get_redis().set(_hint_key(target), 1, nx=True, ex=HINT_SECONDS)
    except (RedisError, OSError) as error:
        log.warning("job_not_queued", job=target, error=str(error))
        return False
    return enqueue(target, queue_name=queue_name) if first else True


def _forget_hint(target: str) -> None:
    with contextlib.suppress(RedisError, OSError):
        get_redis().delete(_hint_key(target))


def _hint_key(target: str) -> str:
    return f"hinted:{target}"
