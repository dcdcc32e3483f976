"""The week of results replayed, scaled down to what this machine bears, and what the real one would take.

First what each kind of page costs; then the hours around the results, people coming when they come, at several shares
of what this machine does at the most; then the arithmetic of docs/scaling.md with these costs, and the week as queues.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import accumulate, cycle

import psutil
from sqlalchemy import text

from bench import assumed, queueing
from bench.api import NO_LIMITS
from bench.assumed import Stage
from bench.costs import Measured, Wires, measure_costs, wires
from bench.ground import Ground
from bench.openloop import Due, Replay, postgres_of, replay
from bench.queueing import Cost
from bench.report import OUT, Report, machine
from bench.server import Served, serving, shared
from webapp.core.db import db

SHARES = (0.4, 0.6, 0.8)  # of what this machine does when it is asked without a pause
BEFORE, AFTER = 0.25, 0.25  # of a replay's seconds: the hour before the results and the one after the first minutes
CLIENTS, TRIED = 16, 300  # who ask without a pause, and how many requests
MAIL_SECONDS = 60 / 2500  # of one sender for a mail: bench/README.md, the lowest of several runs
MACHINE_CORES = 8
SEED = 2026
Row = tuple[str, float, str, str]


def measure(
    ground: Ground,
    report: Report,
    *,
    number: int = 240,
    replayed: float = 12.0,
    shares: Sequence[float] = SHARES,
    pages: float = assumed.PAGES,
    bookings: int = 120,
    server: Served | None = None,
) -> None:
    """Measure costs by so many pages of a kind, replay for so many seconds at each share, work out and simulate."""
    app = shared(server, "wsgi:app", {**ground.environ, **NO_LIMITS})
    with app as web, serving("bench.bare:app", ground.environ) as bare:
        postgres = postgres_of(db.session.scalar(text("select pg_backend_pid()")) or 0)
        asked = wires(ground, web, bookings=bookings)
        found = measure_costs(web, bare, asked, postgres, number=number, rounds=4)
        _tell_costs(report, found)
        _replays(report, web, asked, postgres, replayed=replayed, shares=shares, pages=pages)
    for row in (*work_out(found.costs, pages), *simulate(found.costs, pages)):
        report.add(*row)
    keep(found, ground.today)


def _tell_costs(report: Report, found: Measured) -> None:
    for kind, cost in {"bare page": found.bare, **found.costs}.items():
        detail = f"of web workers, and {cost.database * 1000:.2f} ms of Postgres"
        report.add(f"{kind}: CPU", cost.web * 1000, "ms", detail)


# ── the replay ─────────────────────────────────────────────────────────────────────────────────


def schedule(asked: Wires, stages: Sequence[Stage], seed: int = SEED) -> list[Due]:
    """Return what is asked when: pages as people come, with what comes along with them; the same for the same seed."""
    chance = random.Random(seed)
    weights = {**assumed.MIX, **assumed.ASIDE}
    kinds, whole = list(weights), sum(weights.values())
    faster = [Stage(one.start, one.seconds, one.rate * whole) for one in stages]
    edges = list(accumulate(weights.values()))
    turns = {kind: cycle(chance.sample(list(asked[kind]), len(asked[kind]))) for kind in kinds if kind != "booking"}
    times = iter(asked["booking"][len(asked["booking"]) // 2 :])  # the first half was booked for the costs
    found = []
    for at in queueing.arrivals(faster, chance):
        kind = chance.choices(kinds, cum_weights=edges)[0]
        wire = next(times, None) if kind == "booking" else next(turns[kind])
        if wire is not None:
            found.append(Due(at, kind, wire))
    return found


def _stages(rate: float, seconds: float, pages: float) -> list[Stage]:
    """The hour before the results, the first minutes and what follows, shortened; ``rate``: of the first minutes."""
    before, first, after = (stage.rate / assumed.peak(pages) * rate for stage in queueing.rush(pages))
    lengths = (seconds * BEFORE, seconds * (1 - BEFORE - AFTER), seconds * AFTER)
    starts = (0.0, lengths[0], lengths[0] + lengths[1])
    return [Stage(*one) for one in zip(starts, lengths, (before, first, after), strict=True)]


def _replays(
    report: Report,
    web: Served,
    asked: Wires,
    postgres: psutil.Process,
    *,
    replayed: float,
    shares: Sequence[float],
    pages: float,
) -> None:
    most, borne, best = _without_pause(web, asked, postgres), 0.0, Replay()
    report.add("pages a second without a pause", most, "/s", f"{CLIENTS} at a time, with what comes along with them")
    for share in shares:
        stages = _stages(most * share, replayed, pages)
        seen = replay(web, schedule(asked, stages), database=postgres)
        rush = seen.between(stages[1].start, stages[2].start, list(assumed.MIX))
        slowest = queueing.quantile_of(rush, 0.95)
        words = f"{seen.answered:,} in {seen.seconds:.0f} s, p95 of the first minutes' pages {slowest * 1000:.0f} ms"
        report.add(f"replay with {stages[1].rate:.0f} pages/s at the peak", seen.answered / seen.seconds, "/s", words)
        report.add("… of it refused or without an answer in 10 s", seen.refused, "", str(dict(seen.statuses)))
        if not best.answered or (slowest < queueing.SLOW and not seen.refused):
            best = seen
        if slowest < queueing.SLOW and not seen.refused:
            borne = max(borne, stages[1].rate)
    for kind in best.times:
        detail = f"p50 {best.ms(kind, 0.5):.0f} ms, p99 {best.ms(kind, 0.99):.0f} ms, {len(best.times[kind])} answers"
        report.add(f"{kind}: p95 in the replay", best.ms(kind, 0.95), "ms", detail)
    detail = (
        f"{borne:.0f} of {assumed.peak(pages):.0f} pages/s with p95 below {queueing.SLOW * 1000:.0f} ms, none refused"
    )
    report.add("share of the real peak that this machine bears", 100 * borne / assumed.peak(pages), "%", detail)


def _without_pause(web: Served, asked: Wires, postgres: psutil.Process) -> float:
    """Pages a second, each with what comes along with it, that the server answers to some who never pause."""
    mixed = [replace(one, at=0.0) for one in schedule(asked, [Stage(0.0, TRIED / 4, 1.0)])]
    seen = replay(web, mixed, lines=CLIENTS, database=postgres, give_up=False)
    return sum(len(seen.times[kind]) for kind in assumed.MIX) / seen.seconds


# ── what the real week takes ───────────────────────────────────────────────────────────────────


def burden(costs: dict[str, Cost]) -> Cost:
    """The work of what comes along with a page: asks of open pickers and inboxes, bookings."""
    return queueing.mean(assumed.ASIDE, costs)


def work_out(costs: dict[str, Cost], pages: float = assumed.PAGES) -> list[Row]:
    """The arithmetic of docs/scaling.md: (what, how much, unit, the formula with its numbers)."""
    rate, page, beside = assumed.peak(pages), queueing.mean(assumed.MIX, costs), burden(costs)
    web, database = page.web + beside.web, page.database + beside.database
    planned, cores = rate * web / assumed.USE, MACHINE_CORES
    machines = math.ceil(planned / cores)
    postgres = rate * database / assumed.USE
    alone = planned / assumed.WEB_PART
    return [
        ("a page with all that comes along", web * 1000, "ms", f"{page.web * 1000:.1f} + {beside.web * 1000:.1f} ms"),
        ("web cores at the peak", rate * web, "cores", f"{rate:.0f} pages/s × {web * 1000:.1f} ms, all of the time"),
        ("web cores to plan with", planned, "cores", f"{rate * web:.1f} ÷ {assumed.USE}, so that answers stay quick"),
        (
            f"machines of {MACHINE_CORES} cores",
            machines + 1,
            "",
            f"{planned:.1f} ÷ {MACHINE_CORES}, and one that may fail",
        ),
        ("Postgres's cores to plan with", postgres, "cores", f"{rate:.0f} × {database * 1000:.2f} ms ÷ {assumed.USE}"),
        (
            "cores of a machine that does it alone",
            alone,
            "cores",
            f"{planned:.1f} ÷ 2/3: a third for Postgres and workers",
        ),
        ("of a machine of 2 cores that does all", rate * 2 / alone, "pages/s", f"{rate:.0f} × 2 ÷ {alone:.1f}"),
    ]


def simulate(costs: dict[str, Cost], pages: float = assumed.PAGES) -> list[Row]:
    """The first minutes and the week's mails as queues: (what, how much, unit, what it is of)."""
    stages, beside = queueing.rush(pages), burden(costs).web
    web, database = queueing.cores_needed(stages, assumed.MIX, costs, seed=SEED, burden=beside)
    planned = max(1, math.ceil(work_out(costs, pages)[2][1]))
    seen = queueing.serve(stages, assumed.MIX, costs, web=planned, database=database, seed=SEED, burden=beside)
    p50, p95, p99 = (seen.waits.quantile(part) * 1000 for part in (0.5, 0.95, 0.99))
    apart = f"with {database} of Postgres; people come at random, every core has a queue of its own"
    rows: list[Row] = [
        ("fewest web cores, p95 below 500 ms in the first minutes", web, "", apart),
        (f"p95 of the first minutes with {planned} web cores", p95, "ms", f"p50 {p50:.0f} ms, p99 {p99:.0f} ms"),
        ("pages waiting or at work at the most", seen.most_inside, "", f"{2 * planned} at work, a connection each"),
    ]
    written = queueing.mails(list(assumed.week(pages)), int(pages / assumed.PAGES_EACH), random.Random(SEED))
    for senders in (1, 2, 4):
        mailed = queueing.send(written, senders, MAIL_SECONDS)
        detail = f"{mailed.mails:,} mails in the week, {mailed.most_waiting:,} waiting at the most"
        rows.append((f"longest wait of a mail, workers: {senders}", mailed.longest_wait, "s", detail))
    return rows


def keep(found: Measured, today: dt.date) -> None:
    """Write the costs down for docs/scaling.md (python -m bench.scaling)."""
    OUT.mkdir(exist_ok=True)
    known = {"costs": {kind: asdict(cost) for kind, cost in found.costs.items()}, "bare": asdict(found.bare)}
    told = {"date": today.isoformat(), "machine": machine(), **known}
    (OUT / "week.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
