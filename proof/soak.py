"""``python -m proof.soak``: half an hour of mixed use of the real thing; does anything grow?"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.report import machine
from bench.seed import Size
from bench.timing import quantile
from proof.client import Books, Client
from proof.house import House, running
from proof.load import Pace, using
from proof.people import Town, settle
from proof.plots import lines
from proof.sampling import Sample, Sampler
from proof.sink import deliveries
from proof.verdicts import Line, judge

FILLED_DAYS = 50
OUT = Path(__file__).parent / "out"
SIZE = Size(counsellors=20, days=60, students=400)
PACE = Pace(students=6, visitors=3, programs=2, counsellors=2, pause=6.0)
INTRODUCTION = """\
Written by `make soak SOAK_MINUTES={minutes:g}`. The whole of Disha as `python -m webapp` runs it (two web workers of
two threads, worker, scheduler, Postgres and Redis that keep what they have, a mail server) is used by {clients} clients
over HTTP without a pause: visitors, students who book, move and cancel, buyers at the sandbox, counsellors who accept,
an admin, programs at the JSON door. Every {pause:g} s everything is weighed. The first third of the time is warming up;
the last is compared with the second.
"""


@dataclass(slots=True)
class Soaked:
    """What a run brought."""

    minutes: float
    pause: float
    clients: int
    samples: list[Sample]
    books: Books
    mails: int
    deaths: int
    missed: int

    def lines(self) -> list[Line]:
        """Every figure with its verdict."""
        return judge(self.samples)

    @property
    def faults(self) -> list[str]:
        """What is wrong, in words; empty when all is flat."""
        found = [f"{line.name}: {line.rule}" for line in self.lines() if not line.met]
        found += [f"without an answer: {name} {count}" for name, count in self.books.lost.items()]
        found += [f"{self.deaths} processes died"] if self.deaths else []
        return found + self.books.strange[:20]


def soak(house: House, minutes: float, pause: float, pace: Pace = PACE, size: Size = SIZE) -> Soaked:
    """Use the house and weigh it."""
    books, town = Books(), settle(house.app(), size)
    fill(house, town, books)
    sampler = Sampler(house, books, pause)
    with using(house.base, town, books, pace), sampler.watching():
        until = time.monotonic() + minutes * 60
        while time.monotonic() < until:
            time.sleep(min(30.0, max(0.1, until - time.monotonic())))
            if sampler.samples:
                print(json.dumps(asdict(sampler.samples[-1])), flush=True)
    clients = pace.students + 2 * pace.visitors + pace.programs + pace.counsellors + 1
    arrived, deaths = len(deliveries(house.mail_file)), house.log.count(" died (")
    return Soaked(minutes, pause, clients, sampler.samples, books, arrived, deaths, sampler.missed)


def fill(house: House, town: Town, books: Books) -> None:
    """Open every picker's every day, so that what each process keeps (a bounded number of pieces) is kept already.

    Else a process fills what it keeps for hours at this pace, and that looks like a leak.
    """
    days = [town.today + dt.timedelta(days=ahead) for ahead in range(2, 2 + FILLED_DAYS)]
    paths = [f"/book/{town.counsellor(n)}?date={day}" for day in days for n in range(1, town.size.counsellors + 1)]
    clients = [Client(house.base, books, random.Random(number)) for number in range(4)]
    with ThreadPoolExecutor(len(clients)) as pool:
        for number, client in enumerate(clients):
            pool.submit(lambda own, first: [own.get(path, "filling") for path in paths[first::2]], client, number % 2)
    for client in clients:
        client.close()


def report(run: Soaked) -> str:
    """The report for people."""
    notes = run.books.notes()
    times = [note.seconds for note in notes]
    statuses = ", ".join(f"{status}: {count:,}" for status, count in sorted(Counter(n.status for n in notes).items()))
    rows = ["# Soak\n", INTRODUCTION.format(minutes=run.minutes, pause=run.pause, clients=run.clients)]
    rows += [f"{machine()}. {len(run.samples)} samples.\n", "**Everything is flat.**\n" if not run.faults else ""]
    rows += [f"- not met: {fault}" for fault in run.faults]
    rows += ["![Memory, MB](soak.svg)\n", "## Answers\n"]
    quantiles = ", ".join(f"p{part:g} {quantile(times, part / 100) * 1000:.0f} ms" for part in (50, 95, 99))
    rows += [f"{len(notes):,} answers ({statuses}), {quantiles}.\n"]
    rows += [f"{run.mails:,} mails arrived. Processes that died: {run.deaths}.\n"]
    rows += [
        "409 is a time that somebody else took first, as it should be.\n",
        "| what | how often | p95 |",
        "|---|---:|---:|",
    ]
    for kind in sorted({note.kind for note in notes}):
        mine = [note.seconds for note in notes if note.kind == kind]
        rows.append(f"| {kind} | {len(mine):,} | {quantile(mine, 0.95) * 1000:.0f} ms |")
    rows += ["\n## Figures\n", "Medians of each third; the slope is of the last two thirds.\n"]
    rows += ["| figure | first | second | last | peak | an hour | must | |", "|---|---:|---:|---:|---:|---:|---|---|"]
    for line in run.lines():
        verdict = ("✓" if line.met else "not met") if line.rule else ""
        thirds = " | ".join(f"{value:,.1f}" for value in line.thirds)
        rows.append(f"| {line.name} | {thirds} | {line.peak:,.1f} | {line.slope:+,.1f} | {line.rule} | {verdict} |")
    return "\n".join([*rows, ""])


def write(run: Soaked, folder: Path) -> Path:
    """Write soak.md, soak.json and soak.svg; return the first."""
    folder.mkdir(parents=True, exist_ok=True)
    OUT.mkdir(parents=True, exist_ok=True)
    whole = {"machine": machine(), "samples": [asdict(one) for one in run.samples], "faults": run.faults}
    whole["lines"] = [asdict(line) for line in run.lines()]
    (OUT / "soak.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False))
    drawn = {
        line.name.removesuffix(", MB"): [(one.at / 60, one.figures[line.name]) for one in run.samples]
        for line in run.lines()
        if line.name.endswith("USS, MB") or line.name == "Redis memory, MB"
    }
    (folder / "soak.svg").write_text(lines("Memory of its own (USS), MB", drawn, across="minutes"))
    (folder / "soak.md").write_text(report(run))
    return folder / "soak.md"


def main(argv: list[str]) -> int:
    """Soak and report; exit status 1 when something is not flat."""
    parser = argparse.ArgumentParser(prog="python -m proof.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=12.0, help="seconds between two samples")
    parser.add_argument("--into", type=Path, default=OUT, help="where soak.md and soak.svg go")
    asked = parser.parse_args(argv)
    with running("soak", REQUIRE_ADMIN_TWO_STEP="false") as house:
        run = soak(house, asked.minutes, asked.every)
    print(f"{write(run, asked.into)} written; {'; '.join(run.faults) or 'everything is flat'}")
    return 1 if run.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
