"""Clocks and ratios."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Duel:
    """Two pieces of work, run by turns; milliseconds of a run that three in four take longer than.

    The lower quartile, because what else the machine does only ever adds time.
    """

    ours: float
    bare: float

    @property
    def ratio(self) -> float:
        """How many times as long ours takes."""
        return self.ours / self.bare


def quantile(values: Sequence[float], part: float) -> float:
    """Return the value that ``part`` (0 … 1) of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def seconds_of(work: Callable[[], object]) -> float:
    """Run once and return the seconds it took."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def duel(ours: Callable[[], object], bare: Callable[[], object], *, seconds: float, least: int = 5) -> Duel:
    """Run both by turns for some seconds, so that whatever else the machine does meets both alike."""
    ours(), bare()  # connections, plans and caches are warm in production too
    times: tuple[list[float], list[float]] = ([], [])
    until = time.perf_counter() + seconds
    while len(times[0]) < least or time.perf_counter() < until:
        times[0].append(seconds_of(ours))
        times[1].append(seconds_of(bare))
    return Duel(quantile(times[0], 0.25) * 1000, quantile(times[1], 0.25) * 1000)


def cpu_ms(work: Callable[[], object], backend: int, *, times: int) -> float:
    """Return the milliseconds of CPU a run takes on average: this thread's and those of the process ``backend``.

    Unlike a wall time it hardly depends on what else the machine does. Linux only.
    """
    begun = time.thread_time_ns() + _ran_ns(backend)
    for _ in range(times):
        work()
    return (time.thread_time_ns() + _ran_ns(backend) - begun) / times / 1e6


def _ran_ns(pid: int) -> int:
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0])
