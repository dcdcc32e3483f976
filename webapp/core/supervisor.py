"""Runs the whole of Disha under one command: embedded servers, preparations, then the long-running commands.

One process, one thread, one loop. A child that dies is seen within a fraction of a second, said in one line
and started again with growing pauses; five quick deaths in a row end everything. SIGINT, SIGTERM and SIGHUP
stop the commands, then Redis, then Postgres, and leave no process behind.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import IO, TextIO

from webapp.core import datadir, processes, undertaker
from webapp.core.datadir import DataDirBusy
from webapp.core.embedded import EmbeddedError, EmbeddedServer

TICK_SECONDS = 0.1
GRACE_SECONDS = 10.0  # what a command gets to finish its requests and its running job
QUICK_DEATH_SECONDS = 10.0
QUICK_DEATHS = 5
FIRST_PAUSE_SECONDS = 0.5
READY_SECONDS = 90.0
LEFTOVER_SECONDS = 30.0  # how long the undertaker of a killed run may need
LONGEST_LINE = 64 * 1024
COMMAND_RANK = 2  # stopped before the servers


class CannotRun(Exception):
    """The run cannot start or go on; str() is the one line to show."""


@dataclass(frozen=True)
class Command:
    """A row of the table of commands. ``greeting``: show its output below the address instead of at once."""

    name: str
    argv: Sequence[str]
    greeting: bool = False


@dataclass(frozen=True)
class Plan:
    """What one run consists of."""

    data_dir: Path
    root: Path  # the working directory of the commands
    environ: Mapping[str, str]
    host: str
    port: int
    servers: Sequence[EmbeddedServer] = ()
    preparations: Sequence[Command] = ()
    commands: Sequence[Command] = ()
    ready_path: str = "/healthz"


@dataclass
class Child:
    """A command of the table and its present process."""

    command: Command
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    quick_deaths: int = 0
    start_at: float = 0.0
    rest: bytes = field(default=b"")


class Supervisor:
    """Carries out a plan; ``run()`` returns the exit status."""

    def __init__(self, plan: Plan, out: TextIO | None = None, errors: TextIO | None = None) -> None:
        self.plan = plan
        self.out = out or sys.stdout
        self.errors = errors or sys.stderr
        self.environ = {**plan.environ, **{server.env_name: server.url for server in plan.servers}}
        self.environ["PYTHONUNBUFFERED"] = "1"
        self.children = [Child(command) for command in plan.commands]
        self._selector = selectors.DefaultSelector()
        self._stop_signals = 0
        self._greeting: list[str] = []
        self._announced = False
        self._width = max((len(c.name) for c in (*plan.commands, *plan.preparations)), default=5)
        self._undertaker: processes.Undertaker | None = None

    def run(self) -> int:
        """Run until a signal (0) or until it cannot go on (1)."""
        handlers = self._catch_signals()
        try:
            with contextlib.ExitStack() as stack:
                self._undertaker = processes.Undertaker(
                    keep_open=stack.enter_context(datadir.locked(self.plan.data_dir, wait=LEFTOVER_SECONDS))
                )
                stack.callback(self._undertaker.close)
                stack.callback(self._stop_everything)
                self._work()
        except (CannotRun, DataDirBusy, EmbeddedError) as error:
            with contextlib.suppress(OSError):
                print(f"disha: {error}", file=self.errors, flush=True)
            return 1
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return 0

    @property
    def stopping(self) -> bool:
        """True once a stop was asked for."""
        return self._stop_signals > 0

    def say(self, text: str, name: str = "disha") -> None:
        """Print one line under a name."""
        with contextlib.suppress(OSError, ValueError):  # whoever read our output has gone; we work on
            print(f"{name.ljust(self._width)} | {text}", file=self.out, flush=True)

    def _catch_signals(self) -> dict[int, signal._HANDLER]:
        def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
            self._stop_signals += 1

        numbers = [signal.SIGINT, signal.SIGTERM]
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup means: stay
            numbers.append(signal.SIGHUP)
        return {number: signal.signal(number, ask_to_stop) for number in numbers}

    def _work(self) -> None:
        _refuse_taken_port(self.plan.host, self.plan.port)
        self.say(f"starting; data is kept in {self.plan.data_dir}")
        for server in self.plan.servers:
            self._start_server(server)
        for command in self.plan.preparations:
            self._run_to_end(command)
        for child in self.children:
            self._start_child(child)
        deadline = time.monotonic() + READY_SECONDS
        while not self.stopping:
            self._pump(TICK_SECONDS)
            self._look_after_servers()
            self._look_after_children()
            if not self._announced:
                self._announce_when_ready(deadline)

    # servers

    def _start_server(self, server: EmbeddedServer) -> None:
        if self.stopping:
            return
        server.start(give_up=lambda: self.stopping)
        if server.process is not None:
            self._list(server.process, server.stop_signal, server.rank)

    def _look_after_servers(self) -> None:
        for server in self.plan.servers:
            if server.process is None or server.process.poll() is None:
                continue
            self.say(f"{server.name} died ({_how(server.process)}); starting it again on the same data")
            self._unlist(server.process)
            began = time.monotonic()
            self._start_server(server)
            if not self.stopping:
                self.say(f"{server.name} is back after {time.monotonic() - began:.1f} s")

    # commands

    def _run_to_end(self, command: Command) -> None:
        child = Child(command)
        if not self.stopping:
            self._start_child(child)
        while child.process is not None and child.process.poll() is None and not self.stopping:
            self._pump(TICK_SECONDS)
        if child.process is None:
            return
        if self.stopping:
            processes.stop(child.process, signal.SIGTERM, GRACE_SECONDS)
        self._finish(child)
        if child.process.returncode and not self.stopping:
            for line in self._greeting:
                self.say(line, command.name)
            raise CannotRun(f"{command.name} failed ({_how(child.process)}); nothing was started")

    def _start_child(self, child: Child) -> None:
        child.process = processes.spawn(
            child.command.argv, env=self.environ, cwd=self.plan.root, output=subprocess.PIPE
        )
        child.started = time.monotonic()
        self._list(child.process, signal.SIGTERM, COMMAND_RANK)
        if child.process.stdout is not None:
            os.set_blocking(child.process.stdout.fileno(), False)
            self._selector.register(child.process.stdout, selectors.EVENT_READ, child)

    def _look_after_children(self) -> None:
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.start_at:
                    self._start_child(child)
            elif child.process.poll() is not None:
                self._mourn(child, child.process)

    def _mourn(self, child: Child, process: subprocess.Popen[bytes]) -> None:
        """Say that a command died, clear what it left, and set when it starts again."""
        name = child.command.name
        processes.sweep(process)
        self._finish(child)
        child.process = None
        quick = time.monotonic() - child.started < QUICK_DEATH_SECONDS
        child.quick_deaths = child.quick_deaths + 1 if quick else 1
        if child.quick_deaths >= QUICK_DEATHS:
            raise CannotRun(f"{name} died {QUICK_DEATHS} times in a row ({_how(process)}); stopped everything")
        pause = FIRST_PAUSE_SECONDS * 2 ** (child.quick_deaths - 1)
        child.start_at = time.monotonic() + pause
        self.say(f"{name} died ({_how(process)}); starting it again in {pause:g} s")

    def _finish(self, child: Child) -> None:
        """Print the last words of an ended process and let go of it."""
        process = child.process
        if process is None or process.stdout is None or process.stdout.closed:
            return
        self._unlist(process)
        self._selector.unregister(process.stdout)
        with contextlib.suppress(BlockingIOError):  # a stranger may still hold the other end
            while block := os.read(process.stdout.fileno(), LONGEST_LINE):
                self._take(child, block)
        self._take(child, b"\n" if child.rest else b"")
        process.stdout.close()

    # output

    def _pump(self, seconds: float) -> None:
        """Wait up to ``seconds`` for output of the commands and print it."""
        if not self._selector.get_map():
            time.sleep(seconds)
            return
        began = time.monotonic()
        for key, _events in self._selector.select(seconds):
            stream: IO[bytes] = key.fileobj  # type: ignore[assignment]  # we register nothing else
            with contextlib.suppress(BlockingIOError):
                self._take(key.data, os.read(stream.fileno(), LONGEST_LINE))
        if time.monotonic() - began < TICK_SECONDS / 10:
            time.sleep(TICK_SECONDS / 10)  # an ended child's pipe is always readable

    def _take(self, child: Child, block: bytes) -> None:
        *lines, child.rest = (child.rest + block).split(b"\n")
        if len(child.rest) > LONGEST_LINE:
            lines, child.rest = [*lines, child.rest], b""
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if child.command.greeting:
                self._greeting.append(text)
            elif text:
                self.say(text, child.command.name)

    def _announce_when_ready(self, deadline: float) -> None:
        if _answers(self.plan.host, self.plan.port, self.plan.ready_path):
            self._announced = True
            self.say(f"Disha is ready at http://{_shown(self.plan.host)}:{self.plan.port}  (Ctrl-C stops it)")
            for line in self._greeting:
                self.say(line)
        elif time.monotonic() > deadline:
            raise CannotRun(f"no answer from http://{self.plan.host}:{self.plan.port} for {READY_SECONDS:g} s")

    # the end

    def _stop_everything(self) -> None:
        """Stop the commands, then Redis, then Postgres. A second signal ends the commands' grace."""
        if self.stopping:
            self.say("stopping")
        running = [child for child in self.children if child.process is not None]
        asked = self._stop_signals
        for child in running:
            if child.process is not None and child.process.poll() is None:
                undertaker.send([child.process.pid], signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        while any(child.process and child.process.poll() is None for child in running):
            if time.monotonic() > deadline or self._stop_signals > max(asked, 1):
                break
            self._pump(TICK_SECONDS)
        for child in running:
            if child.process is not None:
                processes.sweep(child.process, grace=0.0 if child.process.poll() is None else 1.0)
                self._finish(child)
        self._stop_servers()

    def _stop_servers(self) -> None:
        for server in reversed(self.plan.servers):
            process = server.process
            server.stop()
            if process is not None:
                self._unlist(process)
        if self.stopping:
            self.say("stopped")

    def _list(self, process: subprocess.Popen[bytes], first: signal.Signals, rank: int) -> None:
        if self._undertaker is not None:
            self._undertaker.add(process, first, rank)

    def _unlist(self, process: subprocess.Popen[bytes]) -> None:
        if self._undertaker is not None:
            self._undertaker.remove(process)


def _refuse_taken_port(host: str, port: int) -> None:
    """Look before the web server does: it shares ports, so two could listen unnoticed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotRun(f"cannot listen on {host}:{port} ({error.strerror}); set PORT to a free one") from error


def _answers(host: str, port: int, path: str) -> bool:
    connection = http.client.HTTPConnection(_shown(host), port, timeout=1)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _shown(host: str) -> str:
    return "127.0.0.1" if host in {"0.0.0.0", "::", ""} else host  # noqa: S104


def _how(process: subprocess.Popen[bytes]) -> str:
    code = process.returncode
    return f"signal {-code}" if code is not None and code < 0 else f"exit {code}"
