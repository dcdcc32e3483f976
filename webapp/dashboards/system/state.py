"""Everything the system page shows, gathered; a part that is away says so and takes no other part with it."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import func, select, text

from webapp.config import Settings
from webapp.core.db import db
from webapp.core.jobs import get_redis
from webapp.core.sweeps import LastSweep, last_sweep
from webapp.dashboards.system.queues import (
    FailedJob,
    QueueState,
    WorkerState,
    read_failed,
    read_queues,
    read_workers,
)
from webapp.exports.folder import folder
from webapp.notifications.models import DeliveryStatus, OutboxMail
from webapp.payments.queries import WebhookHealth, webhook_health
from webapp.webhooks.models import AttemptStatus, WebhookDelivery

T = TypeVar("T")
SWEEP_LATE = dt.timedelta(minutes=1)
WAITING = (AttemptStatus.PENDING, AttemptStatus.SENDING)
SERVER = text(
    """
    select current_setting('server_version') as version,
           pg_database_size(current_database()) as size,
           current_setting('max_connections')::int as most,
           (select count(*) from pg_stat_activity where datname = current_database()) as connections,
           (select count(*) from pg_stat_activity
             where datname = current_database() and wait_event_type = 'Lock') as blocked,
           (select min(xact_start) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid()) as oldest_transaction,
           (select min(query_start) from pg_stat_activity
             where datname = current_database() and pid <> pg_backend_pid() and state = 'active') as slowest_query,
           pg_postmaster_start_time() as started,
           clock_timestamp() as now
    """
)


@dataclass(frozen=True, slots=True)
class Database:
    """Postgres: sizes in bytes, ages in seconds."""

    version: str
    size: int
    connections: int
    most: int
    blocked: int
    oldest_transaction: float | None
    slowest_query: float | None
    started: dt.datetime


@dataclass(frozen=True, slots=True)
class Cache:
    """Redis: memory in bytes; ``persists`` is how it keeps what it has: "append-only file", "snapshots", "not"."""

    version: str
    memory: int
    most_memory: int
    clients: int
    persists: str
    started: dt.datetime


@dataclass(frozen=True, slots=True)
class Queueing:
    """What RQ and the scheduler say."""

    queues: list[QueueState]
    workers: list[WorkerState]
    failed: list[FailedJob]
    sweep: LastSweep | None

    def is_late(self, now: dt.datetime) -> bool:
        """Whether due work was not looked for in a minute."""
        return self.sweep is None or self.sweep.at + SWEEP_LATE < now


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits in our own rows: mail and webhooks to send."""

    mails: int
    oldest_mail: dt.datetime | None
    failed_mails: int
    deliveries: int
    oldest_delivery: dt.datetime | None
    failed_deliveries: int


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of DATA_DIR, in bytes, and what exports take of it."""

    path: str
    total: int
    free: int
    exports: int


@dataclass(frozen=True, slots=True)
class About:
    """This release and this web process."""

    release: str
    environment: str
    python: str
    host: str
    process: int
    started: dt.datetime


@dataclass(frozen=True, slots=True)
class System:
    """All of it. ``queueing`` and ``cache`` None: Redis is away. ``disk`` None: the folder can't be read."""

    queueing: Queueing | None
    cache: Cache | None
    backlog: Backlog
    gateway: WebhookHealth
    database: Database
    disk: Disk | None
    about: About


def read_system(now: dt.datetime) -> System:
    """Gather the page: three statements, and as many questions to Redis as there are queues and workers."""
    return System(
        queueing=_or_none(lambda: Queueing(read_queues(), read_workers(now), read_failed(), last_sweep())),
        cache=_or_none(lambda: _cache(now)),
        backlog=_backlog(),
        gateway=webhook_health(now),
        database=_database(),
        disk=_disk(),
        about=_about(),
    )


def _or_none(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except (RedisError, OSError):
        return None


def _backlog() -> Backlog:
    mail, hook = OutboxMail, WebhookDelivery
    waiting = mail.status.in_((DeliveryStatus.PENDING, DeliveryStatus.SENDING))
    under_way = hook.status.in_(WAITING)
    row = db.session.execute(
        select(
            select(func.count()).where(waiting).scalar_subquery(),
            select(func.min(mail.due_at)).where(waiting).scalar_subquery(),
            select(func.count()).where(mail.status == DeliveryStatus.FAILED).scalar_subquery(),
            select(func.count()).where(under_way).scalar_subquery(),
            select(func.min(hook.created_at)).where(under_way).scalar_subquery(),
            select(func.count()).where(hook.status == AttemptStatus.FAILED).scalar_subquery(),
        )
    ).one()
    return Backlog(*row)


def _database() -> Database:
    row = db.session.execute(SERVER).one()

    def age(since: dt.datetime | None) -> float | None:
        return max(0.0, (row.now - since).total_seconds()) if since else None

    return Database(
        version=row.version,
        size=row.size,
        connections=row.connections,
        most=row.most,
        blocked=row.blocked,
        oldest_transaction=age(row.oldest_transaction),
        slowest_query=age(row.slowest_query),
        started=row.started,
    )


def _cache(now: dt.datetime) -> Cache:
    told = get_redis().info()
    snapshots = told.get("rdb_last_save_time", 0) > 0 and _saves()
    kept = "append-only file" if told.get("aof_enabled") else "snapshots" if snapshots else "not"
    return Cache(
        version=str(told["redis_version"]),
        memory=int(told["used_memory"]),
        most_memory=int(told.get("maxmemory", 0)),
        clients=int(told["connected_clients"]),
        persists=kept,
        started=now - dt.timedelta(seconds=int(told["uptime_in_seconds"])),
    )


def _saves() -> bool:
    """Whether Redis writes snapshots by itself; hosted ones do not say, and are believed."""
    try:
        return bool(cast("dict[str, str]", get_redis().config_get("save")).get("save"))
    except RedisError:
        return True


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])


def _disk() -> Disk | None:
    path = _settings().data_dir
    try:
        use = shutil.disk_usage(path)
        return Disk(str(path), use.total, use.free, _size_of(folder()))
    except OSError:
        return None


def _size_of(path: Path) -> int:
    return sum(one.stat().st_size for one in path.glob("*")) if path.is_dir() else 0


def _about() -> About:
    settings = _settings()
    return About(
        release=settings.release,
        environment=settings.app_env,
        python=platform.python_version(),
        host=platform.node(),
        process=os.getpid(),
        started=current_app.extensions["started_at"],
    )
