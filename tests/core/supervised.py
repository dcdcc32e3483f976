"""Runs a supervisor over small fake commands in a process of its own, as `make run` would."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

PATIENCE_SECONDS = 90.0  # for what must come; a busy machine takes many times what an idle one takes
ROOT = Path(__file__).resolve().parents[2]

# A web server that answers the readiness question and has a grandchild, as granian's workers are.
WEB = """
import http.server, subprocess, sys
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def log_message(self, *args): pass
http.server.HTTPServer.allow_reuse_address = True
print("web is up", flush=True)
http.server.HTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
"""
SLEEPER = "import time; print('sleeping', flush=True); time.sleep(600)"
STUBBORN = """
import os, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
if os.fork() == 0:
    os.setpgrp()  # as a work horse does
print('will not go', flush=True)
time.sleep(600)
"""

SCRIPT = """
import os, sys
from pathlib import Path
from webapp.core import embedded, supervisor
supervisor.GRACE_SECONDS = {grace}
supervisor.FIRST_PAUSE_SECONDS = 0.1
data_dir = Path({data_dir!r})
def command(name, code, greeting=False):
    return supervisor.Command(name, [sys.executable, "-c", code.replace("PORT", "{port}")], greeting)
servers = [embedded.PostgresServer(data_dir), embedded.RedisServer(data_dir)] if {servers} else []
plan = supervisor.Plan(data_dir, Path({root!r}), dict(os.environ), "127.0.0.1", {port}, servers,
    [command(*row) for row in {preparations!r}], [command(*row) for row in {commands!r}])
sys.exit(supervisor.Supervisor(plan).run())
"""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Give a folder outside pytest's own, which another run of pytest closes to Postgres' user when it starts."""
    with tempfile.TemporaryDirectory(prefix="disha-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder).resolve()


def free_port() -> int:
    """Return a port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Run:
    """One running supervisor: its output so far and the processes under it."""

    def __init__(self, argv: list[str], log: Path, env: dict[str, str] | None = None) -> None:
        self.log = log
        self.seen: set[psutil.Process] = set()
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                argv,
                cwd=ROOT,
                env=env,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_DFL),  # noqa: PLW1509  under nohup too
            )

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_for(self, text: str, seconds: float = PATIENCE_SECONDS, times: int = 1) -> None:
        """Wait until the output holds ``text``; remembers all processes seen meanwhile."""
        deadline = time.monotonic() + seconds
        while self.text.count(text) < times:
            self.family()
            assert time.monotonic() < deadline, f"no {text!r} in:\n{self.text}"
            assert self.process.poll() is None or self.text.count(text) >= times, f"ended early:\n{self.text}"
            time.sleep(0.05)
        self.family()

    def wait_until(self, holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
        """Wait until something holds; a failing look counts as not yet."""
        deadline = time.monotonic() + seconds
        while True:
            with suppress(OSError, AssertionError):
                if holds():
                    return
            assert time.monotonic() < deadline, f"it did not come:\n{self.text}"
            time.sleep(0.1)

    def wait(self, seconds: float = PATIENCE_SECONDS) -> int:
        """Wait for the end; return the exit status."""
        return self.process.wait(seconds)

    def family(self) -> list[psutil.Process]:
        """Return every process below the supervisor."""
        try:
            children = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            children = []
        self.seen.update(children)
        return children

    def left(self, seconds: float = 0.0) -> list[psutil.Process]:
        """Return which of the seen processes still run, giving them some seconds to go."""
        deadline = time.monotonic() + seconds
        while True:
            alive = [process for process in self.seen if _runs(process)]
            if not alive or time.monotonic() > deadline:
                return alive
            time.sleep(0.05)

    def child(self, word: str) -> psutil.Process:
        """Return the direct child whose command line holds ``word``."""
        for process in psutil.Process(self.process.pid).children():
            if _runs(process) and word in " ".join(process.cmdline()):
                return process
        raise AssertionError(f"no child with {word!r}:\n{self.text}")

    def end(self) -> None:
        """Kill whatever is left, for the end of a test."""
        self.family()
        for process in [
            *self.seen,
            *([psutil.Process(self.process.pid)] if self.process.poll() is None else []),
        ]:
            if _runs(process):
                process.kill()
        self.process.wait()


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@contextmanager
def supervised(
    data_dir: Path,
    commands: list[tuple[str, str]],
    *,
    preparations: list[tuple[str, str] | tuple[str, str, bool]] | None = None,
    port: int | None = None,
    servers: bool = False,
    grace: float = 5.0,
) -> Iterator[Run]:
    """Run a supervisor over commands given as Python source."""
    script = textwrap.dedent(SCRIPT).format(
        data_dir=str(data_dir), root=str(ROOT), port=port or free_port(), servers=servers, grace=grace,
        preparations=preparations or [], commands=commands,
    )  # fmt: skip
    log = data_dir.parent / f"{data_dir.name}-{time.monotonic_ns()}.log"
    run = Run([sys.executable, "-c", script], log)
    try:
        yield run
    finally:
        run.end()
