"""Work that falls due with time: features register it, the scheduler and the sweep run it.

Each piece finds its own rows, opens its own transactions, and is safe to run at any instant, twice
and on several machines at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

import structlog

log = structlog.get_logger(__name__)
Sweep = Callable[[dt.datetime], int]


@dataclass(frozen=True, slots=True)
class DueWork:
    """A named sweep; lower ``order`` runs first, so what it writes is seen by the later ones."""

    order: int
    name: str
    run: Sweep


_registered: dict[str, DueWork] = {}


def register_due_work(name: str, run: Sweep, *, order: int = 50) -> None:
    """Register a sweep ``run(now) -> how many things it did``; the outbox is last, at 100."""
    _registered[name] = DueWork(order, name, run)


def run_due_work(now: dt.datetime) -> dict[str, int]:
    """Run everything due as of ``now`` and return the counts by name.

    One failing sweep does not keep the others from running; its error is raised at the end.
    """
    counts: dict[str, int] = {}
    failure: Exception | None = None
    for work in sorted(_registered.values(), key=lambda item: (item.order, item.name)):
        try:
            counts[work.name] = work.run(now)
        except Exception as error:
            log.exception("due_work_failed", work=work.name)
            failure = failure or error
    if failure is not None:
        raise failure
    return counts
