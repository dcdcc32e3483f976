"""Serves an app the way ``python -m webapp`` does, for the length of a measurement."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from webapp.__main__ import commands
from webapp.config import load_settings

START_SECONDS = 60.0
HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Served:
    """A running server: its port and its processes."""

    port: int
    process: psutil.Process

    def cpu(self) -> float:
        """Seconds of CPU its processes have used so far."""
        times = [one.cpu_times() for one in (self.process, *self.process.children(recursive=True))]
        return float(sum(one.user + one.system for one in times))


@contextmanager
def serving(target: str, environ: Mapping[str, str]) -> Iterator[Served]:
    """Serve ``target`` ("wsgi:app") on a free port with the house's own command line."""
    port = _free_port()
    values = {**environ, "PORT": str(port), "HOST": HOST}
    web = next(one for one in commands(load_settings(values)) if one.name == "web")
    argv = [*web.argv[:-1], target]
    process = subprocess.Popen(argv, env=values, cwd=Path(__file__).parent.parent, start_new_session=True)
    try:
        _wait(process, port)
        yield Served(port, psutil.Process(process.pid))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


@contextmanager
def shared(server: Served | None, target: str, environ: Mapping[str, str]) -> Iterator[Served]:
    """Give the server that runs already, or one for the length of the block."""
    if server is not None:
        yield server
        return
    with serving(target, environ) as own:
        yield own


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        asking = closing(http.client.HTTPConnection(HOST, port, timeout=1))
        with suppress(OSError, http.client.HTTPException), asking as connection:
            connection.request("GET", "/healthz")
            if connection.getresponse().status == http.HTTPStatus.OK:
                return
        if process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"the server did not come up ({sys.executable}, status {process.poll()})")
        time.sleep(0.05)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
