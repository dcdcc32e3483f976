"""Requests that come when they come, whether the answers before are there or not, as people do.

A request waits where all connections are taken; its time counts from when it was due, so a slow server hides nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

import psutil

from bench.load import HOST, Line, ask_on
from bench.server import Served
from bench.timing import quantile

LINES = 128
GIVE_UP = 10.0  # seconds


@dataclass(frozen=True, slots=True)
class Due:
    """A request of some kind, to be sent after so many seconds."""

    at: float
    kind: str
    wire: bytes


@dataclass(slots=True)
class Replay:
    """What came back, by kind: seconds of each answer and when it was due, statuses; who got none within 10 s."""

    times: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    due: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    statuses: Counter[int] = field(default_factory=Counter)
    given_up: int = 0
    seconds: float = 0.0
    web_cpu: float = 0.0
    database_cpu: float = 0.0

    @property
    def answered(self) -> int:
        """How many answers came."""
        return sum(map(len, self.times.values()))

    @property
    def refused(self) -> int:
        """How many were turned away, failed or got no answer."""
        return self.given_up + sum(number for status, number in self.statuses.items() if status >= 429)

    def between(self, first: float, last: float, kinds: Sequence[str]) -> list[float]:
        """The seconds of the answers of these kinds that were due within a stretch."""
        return [
            took
            for kind in kinds
            for at, took in zip(self.due[kind], self.times[kind], strict=True)
            if first <= at < last
        ]

    def ms(self, kind: str, part: float) -> float:
        """A quantile of a kind in milliseconds."""
        return quantile(self.times[kind], part) * 1000 if self.times[kind] else 0.0


def replay(
    server: Served, requests: Sequence[Due], *, database: psutil.Process, lines: int = LINES, give_up: bool = True
) -> Replay:
    """Send everything when it is due, over so many connections."""
    work = _replay(server, requests, lines, database, GIVE_UP if give_up else None)
    with ThreadPoolExecutor(1) as own:  # a loop of its own, whatever runs in the caller's thread
        return own.submit(asyncio.run, work).result()


async def _replay(
    server: Served, requests: Sequence[Due], lines: int, database: psutil.Process, patience: float | None
) -> Replay:
    found = Replay()
    ways = _Ways(server.port, lines, patience, found)
    begun, web, postgres = time.perf_counter(), server.cpu(), cpu_of(database)
    sent = []
    for one in requests:
        pause = begun + one.at - time.perf_counter()
        if pause > 0:
            await asyncio.sleep(pause)
        sent.append(asyncio.create_task(ways.send(one, begun + one.at)))
    await asyncio.gather(*sent)
    found.seconds = time.perf_counter() - begun
    found.web_cpu, found.database_cpu = server.cpu() - web, cpu_of(database) - postgres
    ways.close()
    return found


class _Ways:
    """The connections to the server, and what comes back over them."""

    def __init__(self, port: int, lines: int, patience: float | None, found: Replay) -> None:
        self._port, self._patience, self._found = port, patience, found
        self._free = asyncio.Queue[Line | None]()
        for _ in range(lines):
            self._free.put_nowait(None)  # opened by whoever takes it first

    async def send(self, one: Due, due: float) -> None:
        """Send a request as soon as a connection is free, and write down what came of it."""
        late = time.perf_counter() - due  # of this program itself: not the server's fault
        line: Line | None = None
        held = False
        try:
            async with asyncio.timeout(self._patience):
                line, held = await self._free.get(), True
                if line is None:
                    line = await asyncio.open_connection(HOST, self._port)
                status, _ = await ask_on(one.wire, *line)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            self._found.given_up += 1
            if line is not None:
                line[1].close()
            line = None
        else:
            self._found.times[one.kind].append(time.perf_counter() - due - late)
            self._found.due[one.kind].append(one.at)
            self._found.statuses[status] += 1
        finally:
            if held:
                self._free.put_nowait(line)

    def close(self) -> None:
        """Close all connections."""
        while not self._free.empty():
            if (line := self._free.get_nowait()) is not None:
                line[1].close()


def postgres_of(pid: int) -> psutil.Process:
    """Return the Postgres that one of its processes belongs to."""
    own = psutil.Process(pid)
    return own.parent() or own


def cpu_of(server: psutil.Process) -> float:
    """Seconds of CPU a server has used with all its processes, those that have ended too."""
    own = server.cpu_times()
    seconds = own.user + own.system + own.children_user + own.children_system
    for child in server.children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            times = child.cpu_times()
            seconds += times.user + times.system
    return float(seconds)
