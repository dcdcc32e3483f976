"""What a database consists of, as its own catalogue says: tables in the order of their foreign keys, sequences."""

from __future__ import annotations

from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any, LiteralString

import psycopg
from psycopg import sql

VERSION_TABLE = "alembic_version"

# Generated columns are left out: the database fills them again.
COLUMNS: LiteralString = """
select c.relname, array_agg(a.attname::text order by a.attnum)
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r'
and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
group by c.relname
"""
REFERENCES: LiteralString = """
select child.relname, parent.relname
from pg_constraint k join pg_class child on child.oid = k.conrelid join pg_class parent on parent.oid = k.confrelid
where k.contype = 'f' and k.connamespace = current_schema()::regnamespace and k.conrelid <> k.confrelid
"""
SEQUENCES: LiteralString = "select sequencename from pg_sequences where schemaname = current_schema() order by 1"


@dataclass(frozen=True, slots=True)
class TableShape:
    """A table and the columns that are kept of it."""

    name: str
    columns: tuple[str, ...]

    @property
    def kept(self) -> sql.Composed:
        """Return ``"table" ("column", …)`` for COPY."""
        columns = sql.SQL(", ").join(sql.Identifier(column) for column in self.columns)
        return sql.SQL("{} ({})").format(sql.Identifier(self.name), columns)


def schema_version(connection: psycopg.Connection[Any]) -> str | None:
    """Return the revision the database was migrated to; None without any."""
    if not _value(connection, "select to_regclass(%s) is not null", VERSION_TABLE):
        return None
    found = connection.execute("select version_num from alembic_version").fetchall()
    return ", ".join(sorted(str(row[0]) for row in found)) or None


def table_shapes(connection: psycopg.Connection[Any]) -> list[TableShape]:
    """Return every table but Alembic's, those that others refer to first.

    Raises:
        graphlib.CycleError: tables refer to one another in a circle.
    """
    columns = {name: tuple(found) for name, found in connection.execute(COLUMNS) if name != VERSION_TABLE}
    order = TopologicalSorter({name: set[str]() for name in sorted(columns)})
    for child, parent in connection.execute(REFERENCES):
        order.add(child, parent)
    return [TableShape(name, columns[name]) for name in order.static_order()]


def sequence_states(connection: psycopg.Connection[Any]) -> dict[str, tuple[int, bool]]:
    """Return of every sequence its last value, and whether that was given out already."""
    states = {}
    for (name,) in connection.execute(SEQUENCES).fetchall():
        asked = sql.SQL("select last_value, is_called from {}").format(sql.Identifier(name))
        last, called = connection.execute(asked).fetchall()[0]
        states[name] = (int(last), bool(called))
    return states


def holds_rows(connection: psycopg.Connection[Any], table: TableShape) -> bool:
    """Whether anything is in a table."""
    asked = sql.SQL("select exists (select from {})").format(sql.Identifier(table.name))
    return bool(connection.execute(asked).fetchall()[0][0])


def _value(connection: psycopg.Connection[Any], asked: LiteralString, *values: object) -> Any:
    return connection.execute(asked, values).fetchall()[0][0]
