"""Inserts whose rows travel as one JSON text: the same statement for one row and for a hundred.

A parameter for each value of each row costs Python more than the database needs to write them, and a
statement that is as long as its rows is never prepared twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql

from webapp.core.db import Base

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]


def insert_from_json(model: type[Base], columns: Sequence[str], parameter: str, *, once: str | None = None) -> str:
    """Return the driver's INSERT of ``columns`` from ``%(parameter)s``, a JSON list of objects with these keys.

    All other columns get the database's own default: one that only Python fills must be named.
    To be asked for when all models are there: a foreign key has the type of what it points at.
    ``once``: the unique column by which a row that is there already adds nothing.
    """
    table = cast(Table, model.__table__)
    names = ", ".join(columns)
    typed = ", ".join(f"{name} {table.columns[name].type.compile(dialect=_DIALECT)}" for name in columns)
    insert = (
        f"insert into {table.fullname} ({names}) select {names} "  # noqa: S608  names of the models, nothing typed
        f"from json_to_recordset(%({parameter})s::json) as given ({typed})"
    )
    return f"{insert} on conflict ({once}) do nothing" if once else insert
