"""The report of a fault run, for people."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bench.report import machine
from bench.timing import quantile

if TYPE_CHECKING:
    from proof.chaos import Outcome

INTRODUCTION = """\
Written by `make chaos`. The whole of Disha as `python -m webapp` runs it (two web workers, worker, scheduler, Postgres
and Redis with their data on disk) and a mail server of its own are used over HTTP by students who book, move and cancel
(two counsellors' first free time is wanted by all of them), buyers at the sandbox, visitors who ask for guidance,
counsellors who accept, an admin, and programs with Idempotency-Keys. Who gets no answer, or a 503, asks again as a
person would, programs under the same key. Meanwhile each part is killed in turn with SIGKILL and comes back as the init
system brings it back. At the end the load stops, the house does what is due, and everything is asked.
"""

BACK = """\
Seconds from the kill (not from the restart): until three good pages in a row, until a booking is taken, and until its
mail is at the mail server; the slowest of all rounds. Then the CPU that the processes started meanwhile had used until
all was back: a machine with nothing else to do needs about so long.
"""


def report(outcome: Outcome) -> str:
    """Return the report."""
    rounds = "one round" if outcome.rounds == 1 else f"{outcome.rounds} rounds"
    rows = ["# Fault run\n", INTRODUCTION, f"{machine()}; {rounds}.\n"]
    rows += ["**Everything holds.**\n"] if not outcome.faults else [f"- does not hold: {one}" for one in outcome.faults]
    return "\n".join([*rows, *_recoveries(outcome), *_answers(outcome), *_rules(outcome), *_ends(outcome), ""])


def _recoveries(outcome: Outcome) -> list[str]:
    rows = ["## How soon it is back\n", BACK, "| fault | times | pages | a booking | its mail | CPU |"]
    rows.append("|---|---:|---:|---:|---:|---:|")
    for name in dict.fromkeys(one.fault for one in outcome.recoveries):
        mine = [one for one in outcome.recoveries if one.fault == name]
        worst = [max(getattr(one, what) for one in mine) for what in ("pages", "booking", "mail", "cpu")]
        rows.append(f"| {name} | {len(mine)} | " + " | ".join(f"{seconds:.1f} s" for seconds in worst) + " |")
    return rows


def _answers(outcome: Outcome) -> list[str]:
    notes = outcome.books.notes()
    statuses, clear = Counter(note.status for note in notes), sum(note.status == 503 and note.clear for note in notes)
    times = [note.seconds for note in notes if note.status]
    rows = ["\n## Answers\n", "| answer | how often |", "|---|---:|"]
    rows += [f"| {status} | {count:,} |" for status, count in sorted(statuses.items()) if status]
    lost = ", ".join(f"{name} {count}" for name, count in outcome.books.lost.most_common())
    rows += [
        f"| none: refused, reset or cut off while the web server was killed ({lost or 'never'}) | {statuses[0]:,} |"
    ]
    rows += [f"\n{clear:,} of {statuses[503]:,} answers 503 say when to ask again (Retry-After)."]
    rows += [f"p50 {quantile(times, 0.5) * 1000:.0f} ms, p99 {quantile(times, 0.99) * 1000:.0f} ms."]
    return rows


def _rules(outcome: Outcome) -> list[str]:
    rows = ["\n## What must be true\n", "| rule | |", "|---|---|"]
    rows += [
        f"| {one.name} | {'✓' if not one.broken else f'broken {len(one.broken)} times'} |" for one in outcome.checks
    ]
    tally = ", ".join(f"{count:,} {table.replace('_', ' ')}" for table, count in outcome.tally.items())
    rows += [f"\nAsked of {tally}. {outcome.mails:,} mails arrived; {len(outcome.doubles)} of them came twice, where"]
    rows += [
        f"{outcome.strikes} faults could each have doubled the one mail in flight. After the load had stopped it took"
    ]
    rows += [f"{outcome.settled_after:.0f} s until nothing was due any more."]
    return rows


def _ends(outcome: Outcome) -> list[str]:
    rows = ["\n## How attempts ended\n", "| attempt | how often |", "|---|---:|"]
    return rows + [f"| {words} | {count:,} |" for words, count in sorted(outcome.agreement.ends.items())]
