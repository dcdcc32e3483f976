"""The week of results as queues, in pure Python: so many come, so long each takes, so many cores.

Events one by one, the same for the same seed. A web worker is a core with a queue of its own, as the kernel deals
connections out without looking who is busy; Postgres's cores and the senders of mails share one queue each.
"""

from __future__ import annotations

import random
from array import array
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from typing import Protocol

from bench import assumed
from bench.assumed import Stage
from bench.timing import quantile

DRAWN = 4096  # service times drawn beforehand for each kind of page
SPREAD = 0.5  # standard deviation of a page's work ÷ its mean: assumed
SLOW = 0.5  # seconds that 19 of 20 answers may take
MOST_CORES = 1024
REMINDER_APART = 0.0041  # seconds between two reminders that one sweep writes (bench/README.md: 1,000 in 4.1 s)


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds of work of one page: in a web worker, and in Postgres."""

    web: float
    database: float


class Station(Protocol):
    """Where work is done; it must be brought in order of time."""

    work: float

    def take(self, at: float, seconds: float) -> float:
        """Take work in and return when it is done."""


class Shared:
    """Servers with one queue: whoever is free takes the first."""

    def __init__(self, servers: int) -> None:
        self._free = [0.0] * servers
        self.work = 0.0

    def take(self, at: float, seconds: float) -> float:
        """Take work in and return when it is done."""
        done = max(at, self._free[0]) + seconds
        heapreplace(self._free, done)
        self.work += seconds
        return done


class Apart:
    """Servers with a queue each: work goes to any of them, whether it is free or not."""

    def __init__(self, servers: int, chance: random.Random) -> None:
        self._free, self._draw = [0.0] * servers, chance.random
        self.work = 0.0

    def take(self, at: float, seconds: float) -> float:
        """Take work in and return when it is done."""
        number = int(self._draw() * len(self._free))
        done = max(at, self._free[number]) + seconds
        self._free[number] = done
        self.work += seconds
        return done


@dataclass(slots=True)
class Waits:
    """How long everything took, to the millisecond; a minute and more counts as one."""

    counts: array[int] = field(default_factory=lambda: array("Q", bytes(8 * 60_001)))
    number: int = 0
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self.counts[min(60_000, int(seconds * 1000))] += 1
        self.number += 1
        self.longest = max(self.longest, seconds)

    def quantile(self, part: float) -> float:
        """Return the seconds that ``part`` (0 … 1) of all do not exceed, rounded up to a millisecond."""
        left = part * self.number
        for milliseconds, count in enumerate(self.counts):
            left -= count
            if left <= 0:
                return (milliseconds + 1) / 1000
        return 60.0


@dataclass(slots=True)
class Served:
    """What came of a stretch of the week with so many cores; ``most_inside``: pages at once, waiting or at work."""

    waits: Waits
    seconds: float
    web_work: float
    database_work: float
    most_inside: int

    def use(self, cores: int) -> float:
        """The share of so many web cores that was in use."""
        return self.web_work / self.seconds / cores if self.seconds else 0.0


def arrivals(stages: Iterable[Stage], chance: random.Random) -> Iterator[float]:
    """Yield instants at which somebody comes, each independent of the others."""
    draw = chance.expovariate
    for stage in stages:
        at, end = stage.start, stage.start + stage.seconds
        if stage.rate > 0:
            while (at := at + draw(stage.rate)) < end:
                yield at


def serve(
    stages: Sequence[Stage],
    mix: Mapping[str, float],
    costs: Mapping[str, Cost],
    *,
    web: int,
    database: int,
    seed: int = 1,
    burden: float = 0.0,
) -> Served:
    """Serve pages of some stages by so many web cores and cores of Postgres.

    Args:
        mix: the shares of the kinds of pages, together 1.
        costs: of each kind.
        burden: seconds of a web worker for all that comes along with a page.
    """
    chance = random.Random(seed)
    cores, postgres = Apart(web, chance), Shared(database)
    drawn = [_times(costs[kind], burden, chance) for kind, share in mix.items() for _ in range(round(share * 100))]
    kinds, draw, waits, inside, most = len(drawn), chance.random, Waits(), list[float](), 0
    for at in arrivals(stages, chance):
        kind = drawn[int(draw() * kinds)]
        seconds, statements = kind[int(draw() * DRAWN)]
        done = cores.take(postgres.take(at, statements), seconds)
        while inside and inside[0] <= at:
            heappop(inside)
        heappush(inside, done)
        most = max(most, len(inside))
        waits.add(done - at)
    whole = sum(stage.seconds for stage in stages)
    return Served(waits, whole, cores.work, postgres.work, most)


def _times(cost: Cost, burden: float, chance: random.Random) -> list[tuple[float, float]]:
    """Draw service times around their mean; web and database of one page are long or short together."""
    shape = 1 / SPREAD**2
    factors = [chance.gammavariate(shape, 1 / shape) for _ in range(DRAWN)]
    return [(cost.web * factor + burden, cost.database * factor) for factor in factors]


def cores_needed(
    stages: Sequence[Stage], mix: Mapping[str, float], costs: Mapping[str, Cost], *, seed: int = 1, burden: float = 0.0
) -> tuple[int, int]:
    """Return the fewest (web cores, cores of Postgres) with which 19 of 20 answers take less than half a second.

    Postgres gets as many as its part of the work needs at the use that we plan with.
    """
    rate = max(stage.rate for stage in stages)
    web_work, database_work = rate * (mean(mix, costs).web + burden), rate * mean(mix, costs).database
    database = int(database_work / assumed.USE) + 1
    web = max(1, int(web_work))
    while web < MOST_CORES:
        found = serve(stages, mix, costs, web=web, database=database, seed=seed, burden=burden)
        if found.waits.quantile(0.95) < SLOW:
            break
        web += max(1, web // 16)
    return web, database


def mean(mix: Mapping[str, float], costs: Mapping[str, Cost]) -> Cost:
    """Return the work of a page of this mix in the mean."""
    parts = [(share, costs[kind]) for kind, share in mix.items()]
    return Cost(sum(share * one.web for share, one in parts), sum(share * one.database for share, one in parts))


def rush(pages: float = assumed.PAGES, *, around: float = 120.0) -> list[Stage]:
    """Return the first minutes after the results, with some seconds of what comes before and after them."""
    stages = list(assumed.week(pages))
    number = max(range(len(stages)), key=lambda one: stages[one].rate)
    before, first, after = stages[number - 1 : number + 2]
    return [
        Stage(first.start - around, around, before.rate),
        first,
        Stage(after.start, around, after.rate),
    ]


def quantile_of(seconds: Sequence[float], part: float) -> float:
    """Return a quantile; infinite where nothing was seen."""
    return quantile(seconds, part) if seconds else float("inf")


# ── mails ──────────────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Mailed:
    """What became of the week's mails with so many senders: the longest wait and the longest queue."""

    mails: int
    longest_wait: float
    most_waiting: int
    use: float


def mails(stages: Sequence[Stage], students: int, chance: random.Random) -> list[float]:
    """Return when each mail of a stretch is written: accounts and bookings as people come, reminders in bursts."""
    pages = sum(stage.pages for stage in stages) or 1.0
    by_people = students * (assumed.NEW_ACCOUNTS + assumed.BOOKING_STUDENTS * assumed.MAILS_A_BOOKING)
    shares = [Stage(one.start, one.seconds, one.rate * by_people / pages) for one in stages]
    found = list(arrivals(shares, chance))
    size = students / assumed.STUDENTS
    for stage in stages:
        hour, minute = divmod(stage.start % assumed.DAY, assumed.HOUR)
        if minute == 0 and assumed.FIRST_HOUR <= hour <= assumed.LAST_HOUR:
            worst = hour == assumed.WORST_HOUR
            sessions = assumed.SESSIONS_THE_WORST_HOUR if worst else assumed.SESSIONS_AN_HOUR
            found += [stage.start + number * REMINDER_APART for number in range(int(2 * sessions * size))]
    return sorted(found)


def send(written: Sequence[float], senders: int, seconds: float) -> Mailed:
    """Send mails by so many senders, each of which takes so many seconds for one."""
    station, begun = Shared(senders), deque[float]()
    longest, most = 0.0, 0
    for at in written:
        begins = station.take(at, seconds) - seconds
        longest = max(longest, begins - at)
        while begun and begun[0] <= at:
            begun.popleft()
        if begins > at:
            begun.append(begins)
        most = max(most, len(begun))
    span = (written[-1] - written[0]) if len(written) > 1 else 1.0
    return Mailed(len(written), longest, most, station.work / span / senders)
