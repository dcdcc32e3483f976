"""Processes that begin warm and are killed: forked from one that has imported the whole house.

A start of Python with the app costs seconds, a fork milliseconds. ``python -m tests.forks`` reads one JSON line a
request and answers with one line: "start" forks a process that makes an app from its own environment and, when that
stands, calls a function inside its context; the answer is its pid. "bury" waits for its end; the answer is its return
code as `subprocess` tells it (-9: killed), or null when it still runs after the given seconds.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from tests.servers import ROOT
from webapp.config import Settings

PATIENCE_SECONDS = 120.0  # many times what the slowest of them needs on a busy machine
NOWHERE = {"database_url": "postgresql://nobody@127.0.0.1:1/none", "redis_url": "redis://127.0.0.1:1/0"}
Work = Callable[..., object]


def environ_of(settings: Settings) -> dict[str, str]:
    """Return the settings of an app under test as the environment of a process of its own."""
    return {
        "APP_ENV": settings.app_env,
        "SECRET_KEY": settings.secret_key.get_secret_value(),
        "ENCRYPTION_KEY": settings.encryption_key.get_secret_value(),
        "BASE_URL": settings.base_url,
        "PAYMENT_GATEWAY": settings.payment_gateway,
        "DATABASE_URL": settings.database_url or "",
        "REDIS_URL": settings.redis_url or "",
        "DATA_DIR": str(settings.data_dir),
        "SMTP_HOST": settings.smtp_host,
        "SMTP_PORT": str(settings.smtp_port),
        "SMTP_TLS": settings.smtp_tls,
    }


class Fork:
    """One started process."""

    def __init__(self, forks: Forks, pid: int) -> None:
        self.forks = forks
        self.pid = pid

    def kill(self) -> int:
        """Kill it, unless it has ended by itself; return its return code."""
        os.kill(self.pid, signal.SIGKILL)  # at worst a zombie: only `wait` buries it
        return self.wait()

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for its end; return its return code."""
        code = self.forks.ask(verb="bury", pid=self.pid, seconds=seconds)
        assert code is not None, f"still running after {seconds} s:\n{self.forks.log.read_text()}"
        return int(code)


class Forks:
    """The process they come from."""

    def __init__(self, log: Path) -> None:
        self.log = log
        with log.open("w") as errors:
            self.parent = subprocess.Popen(
                [sys.executable, "-m", "tests.forks"],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )

    def start(self, settings: Settings, work: Work, *args: Any, **environ: str) -> Fork:
        """Start a process with these settings that calls ``work`` (a function of a module); it returns warmed up."""
        name = f"{work.__module__}:{work.__qualname__}"
        pid = self.ask(verb="start", work=name, args=args, environ=environ_of(settings) | environ)
        return Fork(self, int(pid))

    def ask(self, **request: Any) -> Any:
        """Send a request; return its answer."""
        assert self.parent.stdin is not None
        assert self.parent.stdout is not None
        self.parent.stdin.write(json.dumps(request) + "\n")
        self.parent.stdin.flush()
        answer = self.parent.stdout.readline()
        assert answer, self.log.read_text()
        return json.loads(answer)

    def close(self) -> None:
        """End it."""
        self.parent.communicate()


def _start(work: str, args: list[Any], environ: dict[str, str]) -> int:
    module, _, name = work.partition(":")
    function: Work = getattr(importlib.import_module(module), name)
    listening, ready = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(listening)
        _work(function, args, environ, ready)
    os.close(ready)
    os.read(listening, 1)  # its word, or nothing when it died before
    os.close(listening)
    return pid


def _work(function: Work, args: list[Any], environ: dict[str, str], ready: int) -> NoReturn:
    from webapp import create_app

    status = 1
    try:
        os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # the parent's answers are not ours to write
        os.environ.update(environ)
        with create_app().app_context():
            os.write(ready, b"!")
            os.close(ready)
            function(*args)
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(status)


def _bury(pid: int, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while True:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > deadline:
            return None
        time.sleep(0.01)


def main() -> None:
    """Warm up, then serve until the pipe closes."""
    from sqlalchemy.orm import configure_mappers

    from webapp import create_app

    # One app that nobody uses: the first takes three times as long as those that forks make after it.
    create_app(
        Settings.model_validate({"app_env": "test", "secret_key": "x" * 32, "base_url": "http://localhost"} | NOWHERE)
    )
    configure_mappers()
    gc.freeze()
    verbs: dict[str, Callable[..., int | None]] = {"start": _start, "bury": _bury}
    for line in sys.stdin:
        request = json.loads(line)
        print(json.dumps(verbs[request.pop("verb")](**request)), flush=True)


if __name__ == "__main__":
    main()
