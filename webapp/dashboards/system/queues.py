"""What RQ keeps in Redis: queues, workers, failed jobs. Everything here raises RedisError when Redis is away."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from rq import Worker
from rq.exceptions import InvalidJobOperation, NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry, StartedJobRegistry

from webapp.core.errors import NotFound
from webapp.core.jobs import QUEUES, get_redis, queue

SHOWN_JOBS = 20
GONE = "That job is not among the failed ones any more."
LATE = dt.timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class QueueState:
    """One queue: how many jobs wait, since when the first does, how many run and failed."""

    name: str
    waiting: int
    oldest_at: dt.datetime | None
    running: int
    failed: int


@dataclass(frozen=True, slots=True)
class WorkerState:
    """One worker process. ``silent``: its heartbeat is late; it was killed, or its job is long."""

    name: str
    state: str
    job: str
    heartbeat_at: dt.datetime | None
    born_at: dt.datetime | None
    done: int
    failed: int
    silent: bool


@dataclass(frozen=True, slots=True)
class FailedJob:
    """One job that raised: its function, what it was given, the last line of what was raised."""

    id: str
    queue: str
    name: str
    given: str
    reason: str
    ended_at: dt.datetime | None


def read_queues() -> list[QueueState]:
    """Return the state of every queue."""
    return [_read_queue(name) for name in QUEUES]


def _read_queue(name: str) -> QueueState:
    found = queue(name)
    first = found.get_job_ids(0, 1)
    jobs = Job.fetch_many(first, connection=get_redis()) if first else []
    oldest = next((job.enqueued_at for job in jobs if job is not None), None)
    return QueueState(
        name=name,
        waiting=found.count,
        oldest_at=_aware(oldest),
        running=StartedJobRegistry(queue=found).get_job_count(cleanup=False),
        failed=FailedJobRegistry(queue=found).get_job_count(cleanup=False),
    )


def read_workers(now: dt.datetime) -> list[WorkerState]:
    """Return every worker that has signed on, by name."""
    workers = Worker.all(connection=get_redis())
    return sorted((_read_worker(one, now) for one in workers), key=lambda one: one.name)


def _read_worker(worker: Any, now: dt.datetime) -> WorkerState:
    heartbeat = _aware(worker.last_heartbeat)
    job = worker.get_current_job() if worker.get_current_job_id() else None
    idle_too_long = heartbeat is None or heartbeat + LATE + dt.timedelta(seconds=worker.worker_ttl) < now
    return WorkerState(
        name=worker.name[:12],
        state=str(worker.get_state()).rpartition(".")[2].lower(),
        job=_name(job) if job is not None else "",
        heartbeat_at=heartbeat,
        born_at=_aware(worker.birth_date),
        done=worker.successful_job_count,
        failed=worker.failed_job_count,
        silent=job is None and idle_too_long,
    )


def read_failed() -> list[FailedJob]:
    """Return the latest failed jobs of every queue, the latest first."""
    found = []
    for name in QUEUES:
        ids = FailedJobRegistry(queue=queue(name)).get_job_ids(0, SHOWN_JOBS - 1, desc=True, cleanup=False)
        jobs = Job.fetch_many(ids, connection=get_redis()) if ids else []
        found += [_read_failed(job, name) for job in jobs if job is not None]
    oldest = dt.datetime.min.replace(tzinfo=dt.UTC)
    return sorted(found, key=lambda one: one.ended_at or oldest, reverse=True)[:SHOWN_JOBS]


def _read_failed(job: Job, name: str) -> FailedJob:
    result = job.latest_result()
    words = (result.exc_string if result else None) or ""
    reason = next((line.strip() for line in reversed(words.splitlines()) if line.strip()), "No reason was kept.")
    return FailedJob(job.id, name, _name(job), _given(job), reason[:300], _aware(job.ended_at))


def _name(job: Job) -> str:
    """Return the function of a job without its package: "outbox.send_due"; also when it can't be read any more."""
    try:
        whole = job.func_name or ""
    except Exception:  # RQ raises what unpickling raised
        return "unreadable"
    return ".".join(whole.split(".")[-2:])


def _given(job: Job) -> str:
    try:
        return ", ".join(str(one) for one in job.args)[:120]
    except Exception:  # as above
        return ""


def retry_job(name: str, job_id: str) -> str:
    """Put a failed job back into its queue; return its function.

    Raises:
        NotFound: it is not among the failed ones of this queue.
    """
    registry, job = _failed(name, job_id)
    try:
        registry.requeue(job)
    except (NoSuchJobError, InvalidJobOperation):
        raise NotFound(GONE) from None
    return _name(job)


def retry_all() -> int:
    """Put every failed job back into its queue; return how many."""
    number = 0
    for name in QUEUES:
        registry = FailedJobRegistry(queue=queue(name))
        for job_id in registry.get_job_ids(cleanup=False):
            try:
                registry.requeue(job_id)
            except (NoSuchJobError, InvalidJobOperation):
                registry.remove(job_id)
            else:
                number += 1
    return number


def delete_job(name: str, job_id: str) -> str:
    """Throw a failed job away; return its function.

    Raises:
        NotFound: it is not among the failed ones of this queue.
    """
    registry, job = _failed(name, job_id)
    words = _name(job)
    registry.remove(job, delete_job=True)
    return words


def _failed(name: str, job_id: str) -> tuple[FailedJobRegistry, Job]:
    if name not in QUEUES:
        raise NotFound(GONE)
    registry = FailedJobRegistry(queue=queue(name))
    try:
        job = Job.fetch(job_id, connection=get_redis())
    except NoSuchJobError:
        raise NotFound(GONE) from None
    if job not in registry:
        raise NotFound(GONE)
    return registry, job


def _aware(instant: dt.datetime | None) -> dt.datetime | None:
    if instant is None:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=dt.UTC)
