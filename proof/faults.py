"""What is done to the house: each fault kills something outright, as a crash or somebody's ``kill -9`` does.

`python -m webapp` plays the init system, as systemd (Restart=always) and compose (restart: unless-stopped) do in
production; only the mail server is started again by us, for it belongs to somebody else.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import psutil
import psycopg
import redis

from proof.house import House

SMTP_AWAY_SECONDS = 3.0
KILL = signal.SIGKILL


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that goes wrong; ``doubles`` says whether a mail in flight may go twice by it."""

    name: str
    strike: Callable[[House], None]
    doubles: bool = False


def send(pids: list[int], number: signal.Signals = KILL) -> None:
    """Send a signal to processes, gone ones too."""
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def kill_postgres(house: House) -> None:
    """The postmaster is killed; its backends follow when they notice."""
    send(house.pids("postgres"))


def stop_postgres_at_once(house: House) -> None:
    """An immediate shutdown: every connection breaks, the next start recovers from the log."""
    send(house.pids("postgres"), signal.SIGQUIT)


def kill_a_backend(house: House) -> None:
    """One connection's process is killed: Postgres throws all others out and recovers by itself."""
    with suppress(psycopg.Error), house.database() as connection:
        row = connection.execute(
            """select pid from pg_stat_activity where datname = 'disha' and pid <> pg_backend_pid()
            order by state <> 'active', random() limit 1"""
        ).fetchone()
        send([row[0]] if row else [])


def break_connections(house: House) -> None:
    """An administrator ends every connection, as a failover does."""
    with suppress(psycopg.Error), house.database() as connection:
        connection.execute(
            """select pg_terminate_backend(pid) from pg_stat_activity
            where datname = 'disha' and pid <> pg_backend_pid()"""
        )


def kill_redis(house: House) -> None:
    """Redis is killed; what it wrote down within the last second may be gone."""
    send(house.pids("redis"))


def kill_redis_with_its_data(house: House) -> None:
    """Redis is emptied and killed: queues, limits and hints are gone."""
    with suppress(redis.RedisError), house.redis() as line:
        line.flushall()
    send(house.pids("redis"))


def kill_worker(house: House) -> None:
    """The worker dies, in the middle of a job if it has one."""
    send(house.pids("worker"))


def kill_scheduler(house: House) -> None:
    """The scheduler dies."""
    send(house.pids("scheduler"))


def kill_a_web_worker(house: House) -> None:
    """One of the processes that answer dies with the requests it has."""
    send(house.pids("web")[1:2])


def kill_web(house: House) -> None:
    """The web server dies with all its processes."""
    send(house.pids("web"))


def kill_mail_server(house: House) -> None:
    """The mail server dies and is away for a few seconds."""
    if house.sink is not None:
        house.sink.kill()
        house.sink.wait()
    time.sleep(SMTP_AWAY_SECONDS)
    house.start_sink()


def kill_everything(house: House) -> None:
    """All of it at once."""
    send([pid for role in ("web", "worker", "scheduler", "redis", "postgres") for pid in house.pids(role)])
    if house.sink is not None:
        house.sink.kill()
        house.sink.wait()
    house.start_sink()


FAULTS = (
    Fault("Postgres killed", kill_postgres, doubles=True),
    Fault("Redis killed", kill_redis),
    Fault("worker killed", kill_worker, doubles=True),
    Fault("a web worker killed", kill_a_web_worker),
    Fault("mail server killed, 3 s away", kill_mail_server, doubles=True),
    Fault("Postgres stopped at once", stop_postgres_at_once, doubles=True),
    Fault("web server killed", kill_web),
    Fault("Redis killed and emptied", kill_redis_with_its_data),
    Fault("a Postgres backend killed", kill_a_backend, doubles=True),
    Fault("scheduler killed", kill_scheduler),
    Fault("all database connections ended", break_connections, doubles=True),
    Fault("everything killed at once", kill_everything, doubles=True),
)


def alive(house: House) -> bool:
    """Whether the run itself still stands."""
    return house.process.poll() is None and psutil.pid_exists(house.process.pid)
