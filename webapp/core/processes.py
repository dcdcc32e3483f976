"""Starting a child so that it never outlives us, and ending it with everything it started itself.

Each child leads a session of its own: a Ctrl-C in the terminal reaches only us and we stop the children in
order. Two nets hold when we are killed outright: the kernel signals each direct child (Linux,
PR_SET_PDEATHSIG), and the undertaker, a small process at the other end of a pipe, ends the sessions with all
their grandchildren.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from webapp.core import undertaker

PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


@dataclass(frozen=True)
class Owner:
    """The system user a child runs as, when it is not ours."""

    uid: int
    gid: int


def spawn(
    argv: Sequence[str],
    *,
    env: Mapping[str, str],
    cwd: Path,
    output: int | IO[bytes],
    death_signal: signal.Signals = signal.SIGTERM,
    owner: Owner | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child in its own session; the kernel sends it ``death_signal`` should we die.

    Call it from the main thread only: the kernel ties the death signal to the thread that started the child.
    """
    return subprocess.Popen(  # noqa: S603  the commands are our own tables
        list(argv),
        env=dict(env),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_die_with_parent(death_signal),  # noqa: PLW1509  we have one thread
        user=owner.uid if owner else None,
        group=owner.gid if owner else None,
        extra_groups=[] if owner else None,
    )


def _die_with_parent(number: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()

    def ask_kernel() -> None:
        # Runs after the change of user, which would clear the request again.
        if _libc is not None:
            _libc.prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
            if os.getppid() != parent:  # it died in between
                os._exit(1)

    return ask_kernel


def stop(process: subprocess.Popen[bytes], first: signal.Signals, grace: float) -> None:
    """Ask a child to end with ``first``; after ``grace`` seconds kill its whole session. Reaps the child."""
    if process.poll() is None:
        undertaker.send([process.pid], first)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    sweep(process, grace=0.0 if process.poll() is None else 1.0)


def sweep(process: subprocess.Popen[bytes], grace: float = 1.0) -> None:
    """End what a child left behind in its session (its workers, its running job), and reap it."""
    deadline = time.monotonic() + grace
    asked = False
    while left := undertaker.living([process.pid]):
        late = time.monotonic() >= deadline
        if late or not asked:
            undertaker.send(left, signal.SIGKILL if late else signal.SIGTERM)
            asked = True
        process.poll()  # reap, or it would count as alive
        time.sleep(undertaker.POLL_SECONDS)
    process.wait()


class Undertaker:
    """Our end of the pipe to the undertaker process."""

    def __init__(self, keep_open: int) -> None:
        """Start it. ``keep_open``: the descriptor of our lock, which it shares until all is ended."""
        self._process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-I", str(Path(undertaker.__file__))],
            stdin=subprocess.PIPE,
            pass_fds=[keep_open],
            start_new_session=True,
        )

    def add(self, process: subprocess.Popen[bytes], first: signal.Signals, rank: int) -> None:
        """Put a child on the list; a higher rank is stopped first."""
        self._tell(f"add {rank} {process.pid} {int(first)}\n")

    def remove(self, process: subprocess.Popen[bytes]) -> None:
        """Take an ended child off the list."""
        self._tell(f"del {process.pid}\n")

    def close(self) -> None:
        """Close the pipe and wait until it has ended what was still listed."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        self._process.wait()

    def _tell(self, line: str) -> None:
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):  # it was killed: the kernel's net still holds
                self._process.stdin.write(line.encode())
                self._process.stdin.flush()
