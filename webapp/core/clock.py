"""The only clock of the house.

Doors read `now()` once and pass it down as ``now=``; nothing else asks for the time, so every
rule can be tested at any instant.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from contextvars import ContextVar

UTC = dt.UTC
_frozen: ContextVar[dt.datetime | None] = ContextVar("frozen_clock", default=None)


def now() -> dt.datetime:
    """Return the current instant, aware and in UTC."""
    return _frozen.get() or dt.datetime.now(UTC)


@contextlib.contextmanager
def frozen(instant: dt.datetime) -> Iterator[dt.datetime]:
    """Hold the clock at an aware ``instant`` inside the block (sweeps as of a given time, tests)."""
    if instant.tzinfo is None:
        raise ValueError("a frozen clock needs an aware instant")
    token = _frozen.set(instant.astimezone(UTC))
    try:
        yield instant
    finally:
        _frozen.reset(token)
