"""What the embedded servers have in common: start and wait, stop, start again at the same address."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

from webapp.core import processes
from webapp.core.embedded import files
from webapp.core.embedded.files import EmbeddedError

READY_SECONDS = 60.0
START_ATTEMPTS = 3
LEFTOVER_SECONDS = 20.0
LOG_BYTES = 10_000_000


class EmbeddedServer(ABC):
    """One server process on its own folder; it can be started again at the same address."""

    name: str
    env_name: str  # the setting that its address goes into
    url: str
    socket_dir: Path
    stop_signal: signal.Signals
    rank: int  # the undertaker's order: higher goes first

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir
        self.log = data_dir / "logs" / f"{self.name}.log"
        self.owner: processes.Owner | None = None
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, give_up: Callable[[], bool] = lambda: False) -> None:
        """Start, and return when it answers.

        Args:
            give_up: asked while waiting; True ends the wait (the user pressed Ctrl-C).

        Raises:
            EmbeddedError: it does not come up; the line names its log.
        """
        try:
            self._prepare()
            self._start_and_wait(give_up)
        except OSError as error:
            raise EmbeddedError(f"{self.name}: {error.strerror} ({error.filename or self.data_dir})") from error

    def stop(self) -> None:
        """Stop cleanly, with all data on disk. Harmless when it does not run."""
        if self.process is not None:
            processes.stop(self.process, self.stop_signal, grace=LEFTOVER_SECONDS)
            self.process = None
        if self.socket_dir.parent != self.data_dir:
            with contextlib.suppress(OSError):  # never made, or not empty
                self.socket_dir.rmdir()

    @abstractmethod
    def _prepare(self) -> None:
        """Make folders, clear what an earlier run left behind."""

    @abstractmethod
    def _argv(self) -> list[str]:
        """The command that runs the server in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """True when it takes work."""

    def _start_and_wait(self, give_up: Callable[[], bool]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        deaths = -1  # the first round starts it
        while not give_up() and time.monotonic() < deadline and deaths < START_ATTEMPTS:
            if self.process is None or self.process.poll() is not None:
                deaths += 0 if deaths >= 0 and self._will_pass() else 1
                if deaths < START_ATTEMPTS:
                    self._spawn()
            if self.answers():
                return
            time.sleep(0.05 if self.process and self.process.poll() is None else 0.5)
        self.stop()
        if not give_up():
            raise EmbeddedError(f"{self.name} does not start: {self._last_log_line()} (see {self.log})")

    def _will_pass(self) -> bool:
        """Say whether the last death while starting had a cause that goes away by itself."""
        return False

    def _spawn(self) -> None:
        self.log.parent.mkdir(exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self.process = processes.spawn(
                self._argv(),
                env=files.plain_environment(),
                cwd=self.data_dir,
                output=output,
                death_signal=self.stop_signal,
                owner=self.owner,
            )

    def _last_log_line(self) -> str:
        return (self._log_end() or ["no reason given"])[-1]

    def _log_end(self) -> list[str]:
        with contextlib.suppress(OSError):
            return self.log.read_text(errors="replace").strip().splitlines()[-5:]
        return []
