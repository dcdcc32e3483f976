"""What the house weighs: a sample every few seconds of memory, descriptors, connections, queues and answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

import psutil
import psycopg
import redis
from rq import Queue
from rq.job import Job

from bench.timing import quantile
from proof.client import Books
from proof.house import House
from webapp.core.jobs import QUEUES

MB = 1024 * 1024
LATE_MAIL = """select coalesce(extract(epoch from now() - min(due_at)), 0)
from outbox_mails where status in ('pending', 'sending') and due_at <= now()"""
CONNECTIONS = "select count(*) from pg_stat_activity where datname = 'disha' and pid <> pg_backend_pid()"


@dataclass(slots=True)
class Sample:
    """One look: ``at`` is seconds since the start; figures by name ("web 1 USS, MB": 141.2)."""

    at: float
    figures: dict[str, float] = field(default_factory=dict)


class Sampler:
    """Takes samples in a thread of its own."""

    def __init__(self, house: House, books: Books, pause: float) -> None:
        self.samples: list[Sample] = []
        self.missed = 0  # looks that failed: something did not answer
        self._house, self._books, self._pause = house, books, pause
        self._begun, self._seen = time.monotonic(), 0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Take samples for the length of the block."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(self._pause):
                self._take()

        thread = threading.Thread(target=watch, name="sampler")
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join(60)

    def _take(self) -> None:
        sample = Sample(round(time.monotonic() - self._begun, 1))
        try:
            sample.figures |= self._processes() | self._database() | self._queues() | self._answers()
        except (psycopg.Error, redis.RedisError, psutil.Error):
            self.missed += 1
        else:
            self.samples.append(sample)

    def _processes(self) -> dict[str, float]:
        found = {}
        web = self._house.pids("web")[1:]
        named = {f"web {number}": pid for number, pid in enumerate(sorted(web), start=1)}
        named |= {role: self._house.pids(role)[0] for role in ("worker", "scheduler")}
        for name, pid in named.items():
            process = psutil.Process(pid)
            memory = process.memory_full_info()
            found[f"{name} USS, MB"] = round(memory.uss / MB, 2)
            found[f"{name} RSS, MB"] = round(memory.rss / MB, 2)
            found[f"{name} descriptors"] = process.num_fds()
            found[f"{name} threads"] = process.num_threads()
        return found

    def _database(self) -> dict[str, float]:
        with self._house.database() as connection:
            late, there = connection.execute(LATE_MAIL).fetchone(), connection.execute(CONNECTIONS).fetchone()
        return {"oldest due mail, s": round(float(_one(late)), 1), "database connections": float(_one(there))}

    def _queues(self) -> dict[str, float]:
        with self._house.redis() as line:
            info = cast(dict[str, Any], line.info())
            found = {"Redis clients": float(info["connected_clients"])}
            found["Redis memory, MB"] = round(info["used_memory"] / MB, 2)
            found["Redis keys"] = float(cast(int, line.dbsize()))
            waiting = [Queue(name, connection=line) for name in QUEUES]
            found["jobs waiting"] = float(sum(queue.count for queue in waiting))
            found["oldest job, s"] = max(_age(queue, line) for queue in waiting)
            found["jobs failed"] = float(sum(queue.failed_job_registry.count for queue in waiting))
        return found

    def _answers(self) -> dict[str, float]:
        fresh = self._books.notes(self._seen)
        self._seen += len(fresh)
        times = [note.seconds for note in fresh]
        return {
            "answers a second": round(len(fresh) / self._pause, 1),
            "p95, ms": round(quantile(times, 0.95) * 1000, 1) if times else 0.0,
            "5xx": float(sum(note.status >= 500 for note in fresh)),
            "4xx": float(sum(400 <= note.status < 500 for note in fresh)),
        }


def _one(row: tuple[Any, ...] | None) -> Any:
    return row[0] if row else 0


def _age(queue: Queue, line: redis.Redis) -> float:
    """How long the first job of a queue has waited, in seconds."""
    ids = queue.get_job_ids(0, 1)
    with suppress(Exception):  # taken meanwhile
        enqueued = Job.fetch(ids[0], connection=line).enqueued_at if ids else None
        if enqueued is not None:
            return round(time.time() - enqueued.timestamp(), 1)
    return 0.0
