"""A throwaway Disha to measure on: servers as in production (durable), a seeded database, the app."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from bench.seed import Size, seed
from bench.timing import seconds_of
from webapp import create_app
from webapp.availability.rules import local_date
from webapp.config import Settings
from webapp.core import clock
from webapp.core.db import db
from webapp.core.embedded import PostgresServer, RedisServer
from webapp.core.jobs import get_redis
from webapp.core.times import DEFAULT_ZONE

SECRET = "only-for-measuring-0123456789-0123456789"  # noqa: S105  signs nothing but the bench's own cookies
CONNECTIONS = 160


@dataclass(frozen=True, slots=True)
class Ground:
    """The app with its data, and the environment in which another process serves the same."""

    app: Flask
    size: Size
    today: dt.date
    sessions: int
    seed_seconds: float
    environ: dict[str, str]
    dsn: str

    @property
    def now(self) -> dt.datetime:
        """The instant of asking."""
        return clock.now()


@contextmanager
def prepared(size: Size, *, pool: int = 64) -> Iterator[Ground]:
    """Start servers on a fresh folder, migrate, seed; stop and delete everything at the end."""
    folder = Path(tempfile.mkdtemp(prefix="disha-bench-"))
    postgres, cache = PostgresServer(folder, max_connections=CONNECTIONS), RedisServer(folder)
    try:
        postgres.start()
        cache.start()
        with ground_on(postgres.url, cache.url, folder, size, pool=pool) as ground:
            yield ground
    finally:
        cache.stop()
        postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def ground_on(
    database_url: str, redis_url: str, folder: Path, size: Size, *, pool: int, workers: int = 2
) -> Iterator[Ground]:
    """Migrate and seed an empty database on servers that run already; ``workers``: of every web server measured."""
    environ = {
        "APP_ENV": "test",
        "SECRET_KEY": SECRET,
        "ENCRYPTION_KEY": secrets.token_hex(32),
        "BASE_URL": "http://127.0.0.1",
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DATA_DIR": str(folder),
        "WEB_WORKERS": str(workers),
        "RAZORPAY_WEBHOOK_SECRET": secrets.token_hex(16),
    }
    settings = {name.lower(): value for name, value in environ.items()} | {"database_pool": pool}
    app = create_app(Settings.model_validate({**settings, "payment_gateway": "sandbox"}))
    today = local_date(clock.now(), DEFAULT_ZONE)
    with app.app_context():
        upgrade()
        numbers: list[int] = []
        took = seconds_of(lambda: numbers.append(seed(size, today)))
        yield Ground(
            app=app,
            size=size,
            today=today,
            sessions=numbers[0],
            seed_seconds=took,
            environ={**os.environ, **environ},
            dsn=database_url.replace("postgresql+psycopg://", "postgresql://"),
        )
        db.session.remove()
        db.engine.dispose()
        get_redis().close()
