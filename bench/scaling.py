"""``python -m bench.scaling [--quiet MS] [week.json]``: measured costs for docs/scaling.md, and what follows from them.

What ``python -m bench week`` measured last lies in bench/out/week.json. It is kept as bench/measured.json together with
the simulation of it, and the part of the page between its two marks is written anew; a test sees that both agree.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
import sys
from pathlib import Path
from typing import Any

from bench import assumed, queueing
from bench.queueing import Cost
from bench.report import OUT, Figure
from bench.week import SEED, Row, burden, simulate, work_out
from webapp.config import ROOT

PAGE = ROOT / "docs" / "scaling.md"
MEASURED = Path(__file__).parent / "measured.json"
FIRST, LAST = "<!-- measured: python -m bench.scaling writes this -->", "<!-- end of measured -->"


def block(told: dict[str, Any]) -> str:
    """Return the part of the page that is made of measured costs."""
    quiet, factor, bare = quiet_costs(told), _factor(told), Cost(**told["bare"])
    many = {
        **{kind: f"{part:.0%} of pages" for kind, part in assumed.MIX.items()},
        **{kind: f"{number:.2g} a page" for kind, number in assumed.ASIDE.items()},
    }
    rows = [f"Measured on {told['date']}: {told['machine']}; 200 counsellors, 2,000 students, 50,000 sessions.", ""]
    rows += ["| one of | how many | web worker | Postgres | web ÷ bare page | web, quiet | Postgres, quiet |"]
    rows += ["|---|---:|---:|---:|---:|---:|---:|"]
    everything = {"a bare page, beside them": bare, **{kind: Cost(**cost) for kind, cost in told["costs"].items()}}
    for kind, cost in everything.items():
        calm = quiet.get(kind, Cost(bare.web * factor, bare.database * factor))
        ratio = f"{cost.web / bare.web:.1f} ×"
        cells = (_ms(cost.web), _ms(cost.database), ratio, _ms(calm.web), _ms(calm.database))
        rows.append(f"| {kind} | {many.get(kind, '')} | {' | '.join(cells)} |")
    rows += ["", "| at the peak | | of |", "|---|---:|---|"]
    known = [*work_out(quiet), *(tuple(row) for row in told["simulated"])]
    rows += [f"| {one.name} | {one.shown} | {one.detail} |" for one in itertools.starmap(Figure, known)]
    return "\n".join(rows)


def quiet_costs(told: dict[str, Any]) -> dict[str, Cost]:
    """Return the costs as on a machine where the bare page costs what it does when nothing else runs."""
    factor = _factor(told)
    return {kind: Cost(one["web"] * factor, one["database"] * factor) for kind, one in told["costs"].items()}


def _factor(told: dict[str, Any]) -> float:
    quiet = told.get("quiet_bare")
    return float(quiet / told["bare"]["web"]) if quiet else 1.0


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def with_block(page: str, told: dict[str, Any]) -> str:
    """Return the page with its measured part made anew."""
    before, _, rest = page.partition(FIRST)
    _, _, after = rest.partition(LAST)
    return f"{before}{FIRST}\n\n{block(told)}\n\n{LAST}{after}"


def whole_week(costs: dict[str, Cost], pages: float = assumed.PAGES) -> Row:
    """Every page of the week one by one; it takes a minute or more."""
    web, beside = math.ceil(work_out(costs, pages)[2][1]), burden(costs).web
    database = max(1, math.ceil(work_out(costs, pages)[4][1]))
    stages = list(assumed.week(pages))
    seen = queueing.serve(stages, assumed.MIX, costs, web=web, database=database, seed=SEED, burden=beside)
    detail = f"{seen.waits.number:,} pages, {seen.use(web):.0%} of the cores' time, longest {seen.waits.longest:.1f} s"
    return (f"p95 of the whole week with {web} web cores", seen.waits.quantile(0.95) * 1000, "ms", detail)


def main(argv: list[str]) -> int:
    """Keep the costs of a run with what follows from them, and write the page anew."""
    parser = argparse.ArgumentParser(prog="python -m bench.scaling", description=__doc__)
    parser.add_argument("--quiet", type=float, help="ms of CPU of the bare page on this machine when nothing else runs")
    parser.add_argument("file", nargs="?", type=Path, default=OUT / "week.json")
    asked = parser.parse_args(argv)
    told = json.loads(asked.file.read_text())
    if asked.quiet:
        told["quiet_bare"] = asked.quiet / 1000
    costs = quiet_costs(told)
    told["simulated"] = [*simulate(costs), whole_week(costs)]
    MEASURED.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(with_block(PAGE.read_text(), told))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
