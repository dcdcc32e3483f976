"""A light load generator: asyncio, kept-alive connections, bounded in time and number, loopback only."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field

from bench.server import Served
from bench.timing import quantile

HOST = "127.0.0.1"
ANSWER_SECONDS = 30.0
Line = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Answers:
    """What came back: seconds of each answer, statuses, bytes; ``seconds`` is how long it was asked.

    ``server_cpu`` are seconds of the server's processes; unlike the rest they hardly depend on what
    else the machine does.
    """

    times: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    size: int = 0
    seconds: float = 0.0
    server_cpu: float = 0.0

    def add(self, more: Answers) -> None:
        """Add what another round brought."""
        self.times += more.times
        self.statuses += more.statuses
        self.size = max(self.size, more.size)
        self.seconds += more.seconds
        self.server_cpu += more.server_cpu

    @property
    def cpu_ms(self) -> float:
        """Milliseconds of the web workers' CPU that an answer took."""
        return self.server_cpu / len(self.times) * 1000 if self.times else 0.0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds if self.seconds else 0.0

    def ms(self, part: float) -> float:
        """A quantile in milliseconds."""
        return quantile(self.times, part) * 1000


@dataclass(frozen=True, slots=True)
class Question:
    """A GET to ask again and again."""

    server: Served
    path: str
    cookie: str = ""
    accept: str = "identity"
    partial: bool = False  # as htmx asks for another day
    token: str = ""  # of a program at the JSON door

    @property
    def wire(self) -> bytes:
        """The request as it is sent."""
        lines = [f"GET {self.path} HTTP/1.1", f"Host: {HOST}:{self.server.port}", f"Accept-Encoding: {self.accept}"]
        lines += [f"Cookie: {self.cookie}"] if self.cookie else []
        lines += [f"Authorization: Bearer {self.token}"] if self.token else []
        lines += ["HX-Request: true", "HX-Request-Type: partial", "HX-Target: div#picker"] if self.partial else []
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass(frozen=True, slots=True)
class Sent:
    """A POST to send once."""

    path: str
    cookie: str
    body: bytes

    def wire(self, port: int) -> bytes:
        """The request as it is sent."""
        lines = [f"POST {self.path} HTTP/1.1", f"Host: {HOST}:{port}", f"Cookie: {self.cookie}"]
        lines += ["Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(self.body)}"]
        return ("\r\n".join(lines) + "\r\n\r\n").encode() + self.body


async def ask_on(question: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> tuple[int, int]:
    """Send one request on an open connection; return status and length of the answer."""
    writer.write(question)
    head = await reader.readuntil(b"\r\n\r\n")
    status, lower = int(head[9:12]), head.lower()
    if status in {204, 304}:
        return status, 0
    mark = lower.find(b"content-length:")
    if mark >= 0:
        length = int(lower[mark + 15 : lower.index(b"\r\n", mark)])
        await reader.readexactly(length)
        return status, length
    total = 0
    while size := int((await reader.readline()).strip() or b"0", 16):  # chunked
        await reader.readexactly(size + 2)
        total += size
    await reader.readline()
    return status, total


async def _client(line: Line, question: Question, until: float, answers: Answers) -> None:
    wire, begun = question.wire, 0.0
    while begun < until:  # once at least, however short the time
        begun = time.perf_counter()
        status, size = await ask_on(wire, *line)
        answers.times.append(time.perf_counter() - begun)
        answers.statuses[status] += 1
        answers.size = max(answers.size, size)


async def _poller(line: Line, question: Question, pause: float, until: float, answers: Answers) -> None:
    """Ask every ``pause`` seconds, as an open page does, not all at once."""
    wire, chance = question.wire, random.Random(question.path)
    due = time.perf_counter() + chance.random() * pause
    while due < until:
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        begun = time.perf_counter()
        status, _ = await ask_on(wire, *line)
        answers.times.append(time.perf_counter() - begun)
        answers.statuses[status] += 1
        due += pause * (0.9 + chance.random() * 0.2)


async def _sender(line: Line, port: int, waiting: Iterator[Sent], answers: Answers) -> None:
    for one in waiting:  # shared by all senders: each request goes once
        begun = time.perf_counter()
        status, _ = await ask_on(one.wire(port), *line)
        answers.times.append(time.perf_counter() - begun)
        answers.statuses[status] += 1


async def _send(server: Served, requests: Sequence[Sent], clients: int) -> Answers:
    answers, waiting = Answers(), iter(requests)
    lines = [await asyncio.open_connection(HOST, server.port) for _ in range(clients)]
    try:
        begun, cpu = time.perf_counter(), server.cpu()
        async with asyncio.timeout(ANSWER_SECONDS * 4):
            await asyncio.gather(*(_sender(line, server.port, waiting, answers) for line in lines))
        answers.seconds, answers.server_cpu = time.perf_counter() - begun, server.cpu() - cpu
    finally:
        await _close(lines)
    return answers


def send(server: Served, requests: Sequence[Sent], *, clients: int) -> Answers:
    """Send every request once, by so many clients at the same time."""
    with ThreadPoolExecutor(1) as own:
        return own.submit(asyncio.run, _send(server, requests, clients)).result()


async def _close(lines: Sequence[Line]) -> None:
    for _reader, writer in lines:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()


async def _run(
    questions: Sequence[Question], clients: int, seconds: float, watchers: list[Question], pause: float
) -> tuple[Answers, Answers]:
    pages, polls = Answers(), Answers()
    asked = list(itertools.islice(itertools.cycle(questions), clients))
    lines = [await asyncio.open_connection(HOST, one.server.port) for one in [*watchers, *asked]]
    server = questions[0].server
    try:
        begun, cpu = time.perf_counter(), server.cpu()
        until = begun + seconds
        work = [_poller(line, one, pause, until, polls) for line, one in zip(lines, watchers, strict=False)]
        own = zip(lines[len(watchers) :], asked, strict=True)
        work += [_client(line, one, until, pages) for line, one in own]
        async with asyncio.timeout(seconds + ANSWER_SECONDS):
            await asyncio.gather(*work)
        pages.seconds = polls.seconds = time.perf_counter() - begun
        pages.server_cpu = server.cpu() - cpu
    finally:
        await _close(lines)
    return pages, polls


def ask(
    question: Question | Sequence[Question],
    *,
    clients: int,
    seconds: float,
    watchers: list[Question] | None = None,
    pause: float = 4.0,
) -> tuple[Answers, Answers]:
    """Ask with some clients for some seconds, while watchers poll; return (pages, polls).

    Of several questions (to one server) each client has its own, by turns.
    """
    questions = [question] if isinstance(question, Question) else question
    with ThreadPoolExecutor(1) as own:  # a loop of its own, whatever runs in the caller's thread
        return own.submit(asyncio.run, _run(questions, clients, seconds, watchers or [], pause)).result()


def told(answers: Answers) -> str:
    """Size and times of answers."""
    return (
        f"{answers.size / 1024:.1f} KB, p50 {answers.ms(0.5):.1f} ms, p95 {answers.ms(0.95):.1f} ms, "
        f"p99 {answers.ms(0.99):.1f} ms, {answers.cpu_ms:.2f} ms of CPU"
    )
