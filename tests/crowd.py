"""Many threads on one thing, on committed rows, each with a connection of its own.

Import the fixtures where they are used: ``from tests.crowd import crowded_app, rush`` in a conftest.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass

import pytest
from flask import Flask
from sqlalchemy import text

from webapp import create_app
from webapp.config import Settings
from webapp.core.db import Base, db, transaction
from webapp.core.errors import DomainError

CLIENTS = 64
ENTRANCE = 4  # who connect at a time: all at once a slow machine takes longer than a connection may
GATE_SECONDS = 120.0
Work = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one thread came back with, and how long it took (seconds)."""

    answer: str
    seconds: float
    nearest: int = 0


class Rush:
    """Runs pieces of work at the same moment, each in a thread with its own connection."""

    def __init__(self, app: Flask) -> None:
        self.app = app

    def __call__(self, works: list[Work], *, own_transactions: bool = False) -> list[Outcome]:
        """Start all, each in a transaction unless it opens its own; return what became of each, in order."""
        door = nullcontext if own_transactions else transaction
        gate, entrance = threading.Barrier(len(works)), threading.Semaphore(ENTRANCE)

        def run(work: Work) -> Outcome:
            with self.app.app_context():
                try:
                    with entrance:
                        db.session.execute(text("select 1"))  # connected before the start
                        db.session.rollback()
                    gate.wait(GATE_SECONDS)
                except BaseException:
                    gate.abort()  # nobody waits for one who does not come
                    raise
                begun = time.perf_counter()
                answer, nearest = "done", 0
                try:
                    with door():
                        work()
                except DomainError as error:
                    answer, nearest = type(error).__name__, len(getattr(error, "nearest", []))
                return Outcome(answer, time.perf_counter() - begun, nearest)

        with ThreadPoolExecutor(len(works)) as pool:
            return list(pool.map(run, works))


@pytest.fixture(scope="module")
def crowded_app(settings: Settings) -> Iterator[Flask]:
    """An app with a connection for every thread."""
    app = create_app(settings.model_copy(update={"database_pool": CLIENTS}))
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def rush(crowded_app: Flask) -> Iterator[Rush]:
    """Work on committed rows; afterwards every table is empty again."""
    with crowded_app.app_context():
        yield Rush(crowded_app)
        db.session.rollback()
        empty_all_tables()


def empty_all_tables() -> None:
    """Delete every committed row. A tenth of what it costs to truncate, which makes new files for every table."""
    names = [table.name for table in Base.metadata.sorted_tables]
    looks = " union all ".join(f"(select '{name}' from \"{name}\" limit 1)" for name in names)
    with db.engine.begin() as connection:
        connection.execute(text("set local session_replication_role = replica"))  # no foreign keys, no audit log
        for name in connection.scalars(text(looks)).all():
            connection.execute(text(f'delete from "{name}"'))
