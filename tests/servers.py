"""One throwaway Postgres and Redis for a whole test run, a database of each for every worker.

The process that runs pytest (with xdist: the controller) makes a folder with a pipe in it. The first test that
needs servers starts ``python -m tests.servers FOLDER``, which holds them, migrates the template database once,
and ends with everything it started when the pipe closes: at the end of the run, after Ctrl-C, after a crash.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

import psycopg
import pytest
from sqlalchemy.engine import make_url

from webapp.core.embedded import PostgresServer, RedisServer
from webapp.core.embedded.postgres import DATABASE

ROOT = Path(__file__).resolve().parent.parent
VARIABLE = "DISHA_TEST_SERVERS"
START_SECONDS = 240.0
_pipe: list[int] = []


def pytest_configure(config: pytest.Config) -> None:
    """Make the folder and its pipe, in the process that outlives all workers."""
    if hasattr(config, "workerinput") or _pipe:
        return
    folder = Path(tempfile.mkdtemp(prefix="disha-tests-"))
    os.mkfifo(folder / "alive")
    _pipe.append(os.open(folder / "alive", os.O_RDWR | os.O_CLOEXEC))
    os.environ[VARIABLE] = str(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Let the servers end and wait until they are gone."""
    if hasattr(config, "workerinput") or not _pipe:
        return
    folder = Path(os.environ.pop(VARIABLE))
    os.close(_pipe.pop())
    deadline = time.monotonic() + START_SECONDS
    while any(folder.glob("held*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> tuple[str, str]:
    """Return the addresses of this worker's own migrated database and of its own numbered Redis database."""
    folder = Path(os.environ[VARIABLE])
    _start_once(folder)
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    postgres, cache = PostgresServer(folder), RedisServer(folder)
    new_database(postgres.database_url(DATABASE), f"test_{worker}")
    return postgres.database_url(f"test_{worker}"), cache.database_url(int(worker.removeprefix("gw")) + 1)


def new_database(template_url: str, name: str) -> str:
    """Make a fresh copy of the migrated template database; return its address."""
    url = make_url(template_url)
    host, port = str(url.query["host"]), str(url.query["port"])
    with psycopg.connect(host=host, port=port, user="postgres", dbname="postgres", autocommit=True) as admin:
        admin.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
        admin.execute(f'CREATE DATABASE "{name}" TEMPLATE {DATABASE} STRATEGY FILE_COPY'.encode())
    return url.set(database=name).render_as_string(hide_password=False)


def _start_once(folder: Path) -> None:
    """Start the holder unless another worker did; return when its servers are ready."""
    with (folder / "starting").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready.json").exists():
            (folder / "held").touch()
            with (folder / "holder.log").open("wb") as log:
                argv = [sys.executable, "-m", "tests.servers", str(folder)]
                holder = subprocess.Popen(argv, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
            _wait_until_ready(folder, holder)
            holder.returncode = 0  # not ours to wait for: it outlives this worker
    problem = json.loads((folder / "ready.json").read_text())["problem"]
    if problem:
        pytest.exit(f"the test servers do not start:\n{problem}", returncode=3)


def _wait_until_ready(folder: Path, holder: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not (folder / "ready.json").exists():
        if holder.poll() is not None or time.monotonic() > deadline:
            pytest.exit(f"the test servers do not start:\n{(folder / 'holder.log').read_text()}", returncode=3)
        time.sleep(0.02)


def hold(folder: Path) -> None:
    """Run the servers until the pipe in ``folder`` closes."""
    postgres = PostgresServer(folder, durable=False, max_connections=300)
    cache = RedisServer(folder, durable=False)
    problem = ""
    try:
        postgres.start()
        cache.start()
        _migrate(postgres.url, cache.url, folder)
    except Exception:  # whatever it is, the workers show it
        problem = traceback.format_exc()
    note = folder / "ready.new"
    note.write_text(json.dumps({"problem": problem}))
    note.rename(folder / "ready.json")
    wait_for_the_end(folder / "alive")
    cache.stop()
    postgres.stop()
    (folder / "held").unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def _migrate(database_url: str, redis_url: str, folder: Path) -> None:
    from flask_migrate import upgrade

    from webapp import create_app
    from webapp.config import Settings
    from webapp.core.db import db

    app = create_app(
        Settings.model_validate(
            {
                "app_env": "test",
                "secret_key": "only-for-the-migration-of-tests-0123456789",
                "base_url": "http://localhost",
                "database_url": database_url,
                "redis_url": redis_url,
                "data_dir": folder,
            }
        )
    )
    with app.app_context():
        upgrade()
        db.engine.dispose()


def wait_for_the_end(pipe: Path) -> None:
    """Return when the process that runs pytest is gone."""
    handle = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    while True:
        with contextlib.suppress(BlockingIOError):  # open, nothing written: the run goes on
            if os.read(handle, 1) == b"":
                break
        select.select([handle], [], [], 1.0)
    os.close(handle)


if __name__ == "__main__":
    hold(Path(sys.argv[1]))
