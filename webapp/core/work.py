"""The processes behind the web: an RQ worker, and the scheduler that makes due work due.

Both outlive an absent Redis: they say so once, wait and go on.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

import click
import structlog
from flask import Flask, current_app
from redis import Redis
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.cron import CronScheduler

from webapp.core import clock
from webapp.core.due import run_due_work
from webapp.core.jobs import DEFAULT_QUEUE, JOB_SECONDS, QUEUES, get_redis, job
from webapp.core.sweeps import LastSweep, note_sweep

SWEEP_SECONDS = 10
_COALESCE_SECONDS = SWEEP_SECONDS // 2
log = structlog.get_logger(__name__)


@job
def sweep() -> dict[str, int]:
    """Run everything that is due now; a queue of late sweeps collapses into one."""
    if not get_redis().set("sweep:recent", 1, nx=True, ex=_COALESCE_SECONDS):
        return {}
    now, began, counts, problem = clock.now(), time.monotonic(), {}, ""
    try:
        counts = {name: count for name, count in run_due_work(now).items() if count}
    except Exception as error:
        problem = type(error).__name__
        raise
    finally:
        note_sweep(LastSweep(now, round(time.monotonic() - began, 3), counts, problem))
    if counts:
        log.info("due_work_done", **counts)
    return counts


class HouseWorker(SimpleWorker):
    """A worker without a fork a job. Redis back after a long absence is noticed within seconds, not a minute."""

    max_connection_wait_time = 4.0


def init_work(app: Flask) -> None:
    """Add the commands `flask worker` and `flask scheduler`."""
    app.cli.add_command(worker_command)
    app.cli.add_command(scheduler_command)


@click.command("worker")
@click.option("--burst", is_flag=True, help="Stop when the queues are empty.")
def worker_command(burst: bool) -> None:
    """Work off the queues. One process, no fork: a fork a job costs five times the job."""
    redis_url = current_app.config["SETTINGS"].redis_url or _client_url()

    def work() -> None:
        connection = Redis.from_url(redis_url)
        HouseWorker(list(QUEUES), connection=connection).work(burst=burst, logging_level="WARNING")

    _outlive_redis("worker", work)


@click.command("scheduler")
def scheduler_command() -> None:
    """Queue the sweep every few seconds, through RQ's own cron."""
    redis_url = current_app.config["SETTINGS"].redis_url or _client_url()
    logging.getLogger("rq.cron").setLevel(logging.WARNING)

    def schedule() -> None:
        cron = CronScheduler(connection=Redis.from_url(redis_url), logging_level="WARNING")
        cron.register(
            sweep,
            DEFAULT_QUEUE,
            interval=SWEEP_SECONDS,
            job_timeout=JOB_SECONDS,
            result_ttl=60,
            ttl=60,  # a sweep nobody took in a minute is replaced by a newer one
            failure_ttl=86400,
        )
        cron.start()  # type: ignore[no-untyped-call]

    _outlive_redis("scheduler", schedule)


def _client_url() -> str:
    """Return the address of the embedded Redis the app is already bound to."""
    options = get_redis().connection_pool.connection_kwargs
    return f"unix://{options['path']}"


def _outlive_redis(name: str, run: Callable[[], None]) -> None:
    said = False
    while True:
        try:
            run()
        except (RedisError, OSError) as error:
            if not said:
                log.warning("redis_away", process=name, error=str(error))
            said = True
            time.sleep(1)
        else:
            return
