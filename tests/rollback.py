"""Everything within happens inside a transaction that is rolled back in the end; commits become savepoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import Flask
from sqlalchemy import Connection

from webapp.core.db import db


@contextmanager
def rolled_back(app: Flask) -> Iterator[None]:
    """Undo in the end whatever happens within, however many tests it lasts."""
    with app.app_context():
        engine = db.engine
        connection = engine.connect()
        outer = connection.begin()
        engines = cast(dict[str | None, Any], db.engines)
        engines[None] = connection
        try:
            yield
        finally:
            db.session.remove()
            outer.rollback()
            connection.close()
            engines[None] = engine


@contextmanager
def apart() -> Iterator[None]:
    """Undo what happens within, and nothing that happened before, inside `rolled_back`."""
    connection: Any = db.engines[None]
    assert isinstance(connection, Connection)
    db.session.rollback()  # no savepoint of the session's own may lie below ours
    point = connection.begin_nested()
    try:
        yield
    finally:
        db.session.remove()
        point.rollback()
