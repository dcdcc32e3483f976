"""The system page, and what can be done about failed jobs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TypeVar

from flask import Blueprint, Response, flash, g, url_for
from redis.exceptions import RedisError
from werkzeug.wrappers import Response as BaseResponse

from webapp.audit.services import record
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import ServiceUnavailable
from webapp.core.htmx import render, see_other
from webapp.dashboards.system import queues
from webapp.dashboards.system.state import read_system

T = TypeVar("T")
blueprint = Blueprint("system", __name__)
AWAY = "Redis is not answering, so nothing was done. Try again in a moment."


@blueprint.get("/admin/system")
@allow("admin")
def index() -> Response:
    """Show how everything is; the page asks again by itself."""
    return render(
        "dashboards/system/index.html",
        "dashboards/system/_system.html",
        system=read_system(g.now),
        ago=ago,
        lasting=lasting,
    )


@blueprint.post("/admin/system/jobs/<queue_name>/<job_id>/retry")
@allow("admin")
def retry(queue_name: str, job_id: str) -> BaseResponse:
    """Try a failed job again."""
    name = _ask(lambda: queues.retry_job(queue_name, job_id))
    with transaction():
        record("job.retried", entity="job", entity_id=job_id[:80], label=name)
    flash(f"{name} is tried again.", "ok")
    return see_other(url_for("system.index"))


@blueprint.post("/admin/system/jobs/retry-all")
@allow("admin")
def retry_all() -> BaseResponse:
    """Try all failed jobs again."""
    number = _ask(queues.retry_all)
    with transaction():
        record("jobs.retried", entity="job", label=f"{number} failed jobs")
    flash(f"{number} {'job is' if number == 1 else 'jobs are'} tried again." if number else "No job had failed.", "ok")
    return see_other(url_for("system.index"))


@blueprint.post("/admin/system/jobs/<queue_name>/<job_id>/delete")
@allow("admin")
def delete(queue_name: str, job_id: str) -> BaseResponse:
    """Throw a failed job away."""
    name = _ask(lambda: queues.delete_job(queue_name, job_id))
    with transaction():
        record("job.deleted", entity="job", entity_id=job_id[:80], label=name)
    flash(f"The failed {name} is removed.", "ok")
    return see_other(url_for("system.index"))


def _ask(act: Callable[[], T]) -> T:
    """Do something in Redis.

    Raises:
        ServiceUnavailable: it is away.
    """
    try:
        return act()
    except (RedisError, OSError):
        raise ServiceUnavailable(AWAY) from None


def ago(instant: dt.datetime | None) -> str:
    """Return how long ago an instant was: "4 s", "12 min", "3 h", "5 days"; "—" for None."""
    return lasting(None if instant is None else (g.now - instant).total_seconds())


def lasting(seconds: float | None) -> str:
    """Return a length of time, short."""
    if seconds is None:
        return "—"
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h" if whole < 2 * 86400 else f"{whole // 86400} days"
