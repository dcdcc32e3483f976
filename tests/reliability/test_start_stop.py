"""`python -m webapp`, which `make run` is: it starts, says what is wrong, survives kills and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.core.supervised import Run, free_port, tmp_path

__all__ = ["tmp_path"]

pytestmark = pytest.mark.reliability

READY = "Disha is ready at"
SETTINGS = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "ENCRYPTION_KEY",
    "APP_ENV",
    "BASE_URL",
    "SMTP_HOST",
    "PORT",
    "DATA_DIR",
)


@contextmanager
def disha(data_dir: Path, **settings: str) -> Iterator[Run]:
    """Run the whole of Disha on this folder and a free port."""
    env = {key: value for key, value in os.environ.items() if key not in SETTINGS}
    env |= {"APP_ENV": "test", "DATA_DIR": str(data_dir), "PORT": str(free_port()), "WEB_WORKERS": "1"} | settings
    logs = next(folder for folder in data_dir.parents if folder.is_dir()) / "logs"
    logs.mkdir(exist_ok=True)
    run = Run([sys.executable, "-m", "webapp"], logs / f"{len(list(logs.iterdir()))}.log", env)
    try:
        yield run
    finally:
        run.end()


def _get(run: Run, path: str) -> int:
    address = run.text.partition(READY)[2].split()[0]
    with urllib.request.urlopen(address + path, timeout=10) as answer:
        return int(answer.status)


def test_a_folder_lives_through_kills_and_starts_again_and_again(tmp_path: Path) -> None:
    """One folder's life: a first start, children killed, an orderly end, everything killed, a start and end again."""
    data = tmp_path / "data"
    with disha(data, APP_ENV="demo") as run:
        _serves_the_demo(run)
        _brings_killed_children_back(run)
        _ends_without_a_trace(run, signal.SIGINT, tmp_path)
    with disha(data, APP_ENV="demo") as second:
        _serves_the_demo(second)
        family = second.family()
        second.process.kill()
        for process in family:
            with suppress(psutil.NoSuchProcess, ProcessLookupError):  # the undertaker was faster
                process.kill()
        second.process.wait()
        with disha(data, APP_ENV="demo") as third:
            _serves_the_demo(third)
            assert second.left() == []
            _ends_without_a_trace(third, signal.SIGTERM, tmp_path)


def _serves_the_demo(run: Run) -> None:
    run.wait_for("@demo.test", 120)
    assert READY in run.text
    assert _get(run, "/") == _get(run, "/healthz") == 200
    names = " ".join(" ".join(process.cmdline()) for process in run.family())
    for part in ("bin/postgres", "redis-server", "granian", "worker", "scheduler", "undertaker"):
        assert part in names


def _brings_killed_children_back(run: Run) -> None:
    for name, word in (("web", "granian"), ("worker", "worker"), ("scheduler", "scheduler")):
        before = run.child(word)
        before.kill()
        run.wait_for(f"{name} died (signal 9); starting it again")
        run.wait_until(lambda: run.child(word).pid != before.pid)  # noqa: B023  called in this round
    run.wait_until(lambda: _get(run, "/healthz") == 200)
    for name, word in (("postgres", "bin/postgres"), ("redis", "redis-server")):
        run.child(word).kill()
        run.wait_for(f"{name} is back after")
    run.wait_until(lambda: _get(run, "/healthz") == 200)


def _ends_without_a_trace(run: Run, number: signal.Signals, folder: Path) -> None:
    run.process.send_signal(number)
    assert run.wait() == 0
    assert run.left() == []
    assert _still_on(folder) == []


@pytest.mark.parametrize(
    ("setting", "value", "line"),
    [
        ("PORT", "eighty", "PORT: "),
        ("PORT", "70000", "PORT: "),
        ("DATABASE_URL", "mysql://x/y", "DATABASE_URL: must be a postgresql:// address"),
        ("APP_ENV", "prod", "APP_ENV: "),
        ("APP_ENV", "production", "SECRET_KEY must be set"),
        ("WEB_WORKERS", "0", "WEB_WORKERS: "),
    ],
)
def test_a_bad_setting_stops_the_start_with_one_line(tmp_path: Path, setting: str, value: str, line: str) -> None:
    with disha(tmp_path / "data", **{setting: value}) as run:
        assert run.wait() == 2
        assert run.text.startswith(f"disha: {line}")
        assert len(run.text.splitlines()) == 1


def test_a_data_folder_that_cannot_be_made_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with disha(tmp_path / "file" / "data") as run:
        assert run.wait() == 2
        assert len(run.text.splitlines()) == 1


def test_a_database_that_does_not_answer_is_named(tmp_path: Path) -> None:
    address = f"postgresql://nobody:word@127.0.0.1:{free_port()}/none"
    with disha(tmp_path / "data", DATABASE_URL=address) as run:
        assert run.wait() == 1
        assert "disha: database failed" in run.text
        assert "word" not in run.text
        assert run.left() == []


def _still_on(folder: Path) -> list[str]:
    lines = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    return [line for line in lines if str(folder) in line]
