"""Ends what the supervisor started when the supervisor itself was killed.

A process killed with SIGKILL cannot clean up, so a small second process does it: it reads the supervisor's
list of children from a pipe and, when the pipe closes, stops whatever is still on that list. It runs as a
plain script on the standard library alone (``python -I undertaker.py``) to stay small and quick to start.

Lines on its standard input: ``add RANK PID SIGNAL`` and ``del PID``. A higher rank is stopped first.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Container, Iterable, Mapping
from pathlib import Path

GRACE_SECONDS = 5.0
POLL_SECONDS = 0.05


def living(sessions: Container[int]) -> list[int]:
    """Return the ids of all running processes of these sessions; zombies do not count."""
    found = []
    for pid in _all_pids():
        with contextlib.suppress(OSError):
            if os.getsid(pid) in sessions and not _is_zombie(pid):
                found.append(pid)
    return found


def command_of(pid: int) -> str:
    """Return the command line of a running process, or "" when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        return "" if _has_proc() else _ps("-p", str(pid), "-o", "command=").strip()


def end(leaders: Mapping[int, signal.Signals], grace: float) -> None:
    """Send each session's leader its signal, wait up to ``grace`` seconds, then kill all that is left."""
    for pid, number in leaders.items():
        send([pid], number)
    deadline = time.monotonic() + grace
    while (left := living(leaders)) and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    while left:
        send(left, signal.SIGKILL)
        time.sleep(POLL_SECONDS)
        left = living(leaders)


def send(pids: Iterable[int], number: signal.Signals) -> None:
    """Send a signal to each process that still exists."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _has_proc() -> bool:
    return Path("/proc/self/stat").exists()


def _all_pids() -> list[int]:
    if _has_proc():
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]  # noqa: PTH208  much the fastest
    return [int(word) for word in _ps("-A", "-o", "pid=").split()]


def _is_zombie(pid: int) -> bool:
    if _has_proc():
        return Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()[0] == "Z"
    return _ps("-p", str(pid), "-o", "stat=").strip().startswith("Z")


def _ps(*options: str) -> str:
    result = subprocess.run(["ps", *options], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return result.stdout


def main() -> None:
    """Follow the list on standard input; at its end stop what is left, highest rank first."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    charges: dict[int, tuple[int, signal.Signals]] = {}
    for line in sys.stdin:
        match line.split():
            case ["add", rank, pid, number_text]:
                charges[int(pid)] = (int(rank), signal.Signals(int(number_text)))
            case ["del", pid]:
                charges.pop(int(pid), None)
    for rank in sorted({rank for rank, _ in charges.values()}, reverse=True):
        end({pid: number for pid, (at, number) in charges.items() if at == rank}, GRACE_SECONDS)


if __name__ == "__main__":
    main()
