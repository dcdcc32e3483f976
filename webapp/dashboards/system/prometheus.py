"""What /metrics tells, in Prometheus' words. No label holds an id, an address or a person."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from itertools import accumulate

from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector, CollectorRegistry
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from webapp.core.db import db
from webapp.core.replicas import all_replicas
from webapp.core.request_counts import BOUNDS, read_request_counts
from webapp.dashboards.system.state import Backlog, Database, Queueing, System, read_system

__all__ = ["CONTENT_TYPE_LATEST", "exposition"]
Labelled = tuple[dict[str, str], float]


def exposition(now: dt.datetime) -> bytes:
    """Gather everything and write it as Prometheus reads it; a part that is away is left out."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Numbers(list(_collect(now))))
    return generate_latest(registry)


class _Numbers(Collector):
    """Hands out what was gathered."""

    def __init__(self, found: list[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        """Return all of it."""
        return self._found


def _collect(now: dt.datetime) -> Iterator[Metric]:
    system = _system(now)
    yield _one("disha_database_up", "1: the database answers", float(system is not None))
    yield from _pool()
    yield from _replicas()
    yield from _requests()
    if system is None:
        return
    yield _one("disha_redis_up", "1: Redis answers", float(system.queueing is not None))
    yield from _of_backlog(system.backlog, now)
    yield from _of_database(system.database)
    if system.queueing is not None:
        yield from _of_queues(system.queueing, now)


def _system(now: dt.datetime) -> System | None:
    try:
        return read_system(now)
    except SQLAlchemyError:
        return None


def _requests() -> Iterator[Metric]:
    family = HistogramMetricFamily(
        "disha_request_seconds",
        "Requests of all web processes and how long they took",
        labels=("method", "route", "status"),
    )
    try:
        found = read_request_counts()
    except (RedisError, OSError):
        return
    bounds = [*(str(bound) for bound in BOUNDS), "+Inf"]
    for series, (slots, seconds) in sorted(found.items()):
        family.add_metric(series, list(zip(bounds, accumulate(slots), strict=True)), seconds)
    yield family


def _pool() -> Iterator[Metric]:
    pool = db.engine.engine.pool
    if isinstance(pool, QueuePool):
        yield _one("disha_pool_size", "Connections kept by the process that answers", pool.size())
        yield _one("disha_pool_in_use", "Connections in use in the process that answers", pool.checkedout())


def _replicas() -> Iterator[Metric]:
    known = [({"replica": str(number)}, one) for number, one in enumerate(all_replicas(), 1)]
    if known:
        in_use = [(labels, float(one.in_use())) for labels, one in known]
        yield _many("disha_replica_in_use", "1: the process that answers reads from it", in_use)
        lags = [(labels, one.lag) for labels, one in known if one.lag is not None]
        yield _many("disha_replica_lag_seconds", "How far it is behind", lags)


def _of_backlog(backlog: Backlog, now: dt.datetime) -> Iterator[Metric]:
    yield _one("disha_outbox_waiting", "Messages not sent yet, reminders of later days included", backlog.mails)
    yield _one("disha_outbox_late_seconds", "How long the oldest message is overdue", _age(backlog.oldest_mail, now))
    yield _one("disha_outbox_failed", "Messages given up", backlog.failed_mails)
    yield _one("disha_webhooks_waiting", "Webhook deliveries not made yet", backlog.deliveries)
    yield _one("disha_webhooks_oldest_seconds", "Age of the oldest of them", _age(backlog.oldest_delivery, now))
    yield _one("disha_webhooks_failed", "Webhook deliveries given up", backlog.failed_deliveries)


def _of_database(database: Database) -> Iterator[Metric]:
    yield _one("disha_database_connections", "Connections to the database, all processes", database.connections)
    yield _one("disha_database_connections_most", "As many as the server takes", database.most)
    yield _one("disha_database_blocked", "Connections that wait for a lock", database.blocked)
    yield _one("disha_database_bytes", "Size of the database", database.size)
    yield _one("disha_database_oldest_transaction_seconds", "Its age", database.oldest_transaction or 0.0)


def _of_queues(queueing: Queueing, now: dt.datetime) -> Iterator[Metric]:
    queues = queueing.queues
    yield _many("disha_queue_waiting", "Jobs that wait", [({"queue": one.name}, one.waiting) for one in queues])
    ages = [({"queue": one.name}, _age(one.oldest_at, now)) for one in queues]
    yield _many("disha_queue_oldest_seconds", "How long the first one waits", ages)
    yield _many("disha_queue_running", "Jobs that run", [({"queue": one.name}, one.running) for one in queues])
    yield _many("disha_queue_failed", "Jobs that failed", [({"queue": one.name}, one.failed) for one in queues])
    yield _one("disha_workers", "Workers that sign on", sum(not one.silent for one in queueing.workers))
    if (sweep := queueing.sweep) is not None:
        yield _one("disha_due_work_age_seconds", "How long ago due work was last looked for", _age(sweep.at, now))
        yield _one("disha_due_work_seconds", "How long that took", sweep.seconds)
        yield _one("disha_due_work_failing", "1: something of it failed", float(bool(sweep.problem)))
        done: list[Labelled] = [({"work": name}, count) for name, count in sorted(sweep.counts.items())]
        yield _many("disha_due_work_done", "What it did the last time", done)


def _one(name: str, words: str, value: float) -> Metric:
    return _many(name, words, [({}, value)])


def _many(name: str, words: str, values: Iterable[Labelled]) -> Metric:
    found = list(values)
    family = GaugeMetricFamily(name, words, labels=tuple(found[0][0]) if found else ())
    for labels, value in found:
        family.add_metric(tuple(labels.values()), value)
    return family


def _age(since: dt.datetime | None, now: dt.datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0
