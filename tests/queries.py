"""Counts the statements a piece of code sends to the database."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from sqlalchemy import event

from webapp.core.db import db


class Statements(list[str]):
    """The statements seen, in order."""


@contextlib.contextmanager
def count_queries() -> Iterator[Statements]:
    """Collect every statement sent inside the block (savepoints do not count)."""
    seen = Statements()
    target = db.engines[None]

    def note(_conn: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            seen.append(statement)

    event.listen(target, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(target, "before_cursor_execute", note)
