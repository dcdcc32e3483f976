"""Reading many rows without holding them: what `count` and `rows` of an export are made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select, func, select

from webapp.core.db import db

BATCH = 500


def count_rows(query: Select[Any]) -> int:
    """Return how many rows a query has; one statement."""
    return db.session.scalar(select(func.count()).select_from(query.order_by(None).subquery())) or 0


def stream_rows(query: Select[Any], *, batch: int = BATCH) -> Iterator[Any]:
    """Yield the objects of a query through a server-side cursor, ``batch`` at a time.

    The session holds rows only weakly, so memory stays flat. Collections are loaded by `selectinload` (one statement
    a batch), never by a joined load.
    """
    for part in db.session.scalars(query.execution_options(yield_per=batch)).partitions():
        yield from part
