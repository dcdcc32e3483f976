"""The whole of Disha as `python -m webapp` runs it, on a folder that is thrown away, with a mail server beside it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import psycopg
import redis
from flask import Flask

from webapp import create_app
from webapp.config import ROOT, load_settings
from webapp.core.embedded import PostgresServer, RedisServer

HOST = "127.0.0.1"
READY = "Disha is ready at"
START_SECONDS = 180.0
ROLES = ("web", "worker", "scheduler", "postgres", "redis")
_FORGOTTEN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEY", "BASE_URL", "UPLOADS_URL", "ALLOWED_HOSTS")


@dataclass(slots=True)
class House:
    """A running Disha: where it listens, where its data lies, and its processes by what they do."""

    folder: Path
    port: int
    smtp_port: int
    environ: dict[str, str]
    process: subprocess.Popen[bytes]
    sink: subprocess.Popen[bytes] | None = None
    postgres: PostgresServer = field(init=False)
    cache: RedisServer = field(init=False)

    def __post_init__(self) -> None:
        self.postgres, self.cache = PostgresServer(self.folder / "data"), RedisServer(self.folder / "data")

    @property
    def base(self) -> str:
        """Where people reach it."""
        return f"http://{HOST}:{self.port}"

    @property
    def mail_file(self) -> Path:
        """What the mail server took."""
        return self.folder / "mail.jsonl"

    @property
    def log(self) -> str:
        """Everything the house has said so far."""
        return (self.folder / "house.log").read_text(errors="replace")

    def app(self) -> Flask:
        """Return an app of our own on the same database, to seed and to look things up."""
        values = {**self.environ, "DATABASE_URL": self.postgres.url, "REDIS_URL": self.cache.url}
        return create_app(load_settings(values))

    def database(self) -> psycopg.Connection:
        """Open an autocommit connection of ours."""
        return self.postgres.connect("disha")

    def redis(self) -> redis.Redis:
        """Open a Redis connection of ours."""
        return redis.Redis.from_url(self.cache.url, socket_timeout=2)

    def start_sink(self) -> None:
        """Start the mail server (again, on the same file)."""
        argv = [sys.executable, "-m", "proof.sink", str(self.smtp_port), str(self.mail_file)]
        self.sink = subprocess.Popen(argv, cwd=ROOT, env=self.environ, start_new_session=True)

    def pids(self, role: str) -> list[int]:
        """Return the processes of a role: of "web" the master first and then its workers."""
        found: dict[str, list[int]] = {name: [] for name in ROLES}
        with suppress(psutil.NoSuchProcess):
            for child in psutil.Process(self.process.pid).children():
                with suppress(psutil.NoSuchProcess, psutil.ZombieProcess):
                    name = _role(" ".join(child.cmdline()))
                    if name in found:
                        found[name].append(child.pid)
                        if name == "web":
                            found[name] += [one.pid for one in child.children() if _serves(one)]
        return found[role]

    def cpu_since(self, at: float) -> float:
        """Seconds of CPU of our web, worker and scheduler processes that were started after an instant."""
        used = 0.0
        for pid in (pid for role in ("web", "worker", "scheduler") for pid in self.pids(role)):
            with suppress(psutil.NoSuchProcess):
                process = psutil.Process(pid)
                if process.create_time() > at:
                    times = process.cpu_times()
                    used += times.user + times.system
        return used


def _role(command: str) -> str:
    words = {"granian": "web", "wsgi worker": "worker", "wsgi scheduler": "scheduler", "bin/postgres": "postgres"}
    words["redis-server"] = "redis"
    return next((name for mark, name in words.items() if mark in command), "")


def _serves(process: psutil.Process) -> bool:
    """Leave out the helper by which Python follows shared memory."""
    return "resource_tracker" not in " ".join(process.cmdline())


@contextmanager
def running(name: str, **more: str) -> Iterator[House]:
    """Start everything and wait until it answers; at the end stop it and throw its folder away."""
    folder = Path(tempfile.mkdtemp(prefix=f"disha-{name}-"))
    folder.chmod(0o755)  # Postgres runs as somebody else when we are root
    port, smtp_port = free_port(), free_port()
    environ = {key: value for key, value in os.environ.items() if key not in _FORGOTTEN}
    environ |= {"APP_ENV": "test", "DATA_DIR": str(folder / "data"), "PORT": str(port), "HOST": HOST}
    environ |= {"SMTP_HOST": HOST, "SMTP_PORT": str(smtp_port), "SMTP_TLS": "none", "RATE_LIMIT_FACTOR": "100", **more}
    with (folder / "house.log").open("wb") as log:
        argv = [sys.executable, "-m", "webapp"]
        process = subprocess.Popen(
            argv, cwd=ROOT, env=environ, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    house = House(folder, port, smtp_port, environ, process)
    try:
        house.start_sink()
        _wait_until_ready(house)
        yield house
    finally:
        _end(process, signal.SIGINT)
        if house.sink is not None:
            _end(house.sink, signal.SIGTERM)
        shutil.rmtree(folder, ignore_errors=True)


def _wait_until_ready(house: House) -> None:
    deadline = time.monotonic() + START_SECONDS
    while READY not in house.log:
        if house.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"Disha does not come up:\n{house.log[-2000:]}")
        time.sleep(0.2)


def _end(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
