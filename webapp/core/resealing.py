"""Rotation of ENCRYPTION_KEY: `flask reseal` closes everything that is sealed with the newest key.

Which columns hold sealed texts, their features say at start. Rows go in small transactions, each under its lock, so
the site goes on meanwhile; what was done stays done when it is interrupted.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import click
from flask import Flask
from sqlalchemy import Column, Table, select, update

from webapp.core.db import Base, db, transaction
from webapp.core.sealing import SealBroken, Sealer, current_sealer

BATCH = 100


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """A column of sealed texts; NULL and "" hold nothing."""

    table: Table
    column: str
    purpose: str

    @property
    def name(self) -> str:
        """As it is called in the database."""
        return f"{self.table.name}.{self.column}"


@dataclass(slots=True)
class Tally:
    """What became of one column's texts."""

    anew: int = 0
    already: int = 0
    broken: int = 0


_columns: dict[str, SealedColumn] = {}


def register_sealed(model: type[Base], column: str, *, purpose: str) -> None:
    """Say that a model's column holds texts sealed for ``purpose``, so that `flask reseal` finds them."""
    found = SealedColumn(cast(Table, model.__table__), column, purpose)
    _columns[found.name] = found


def sealed_columns() -> list[SealedColumn]:
    """Return every column that holds sealed texts."""
    return [_columns[name] for name in sorted(_columns)]


def init_resealing(app: Flask) -> None:
    """Add the command `flask reseal`."""
    app.cli.add_command(reseal_command)


@click.command("reseal")
def reseal_command() -> None:
    """Close everything that is sealed with the newest ENCRYPTION_KEY; exit status 1 when something cannot be opened."""
    try:
        sealer = current_sealer()
    except SealBroken as error:
        raise click.ClickException(str(error)) from None
    broken = 0
    for column in sealed_columns():
        tally = _reseal(column, sealer)
        broken += tally.broken
        click.echo(f"{column.name}: {tally.anew} sealed anew, {tally.already} already, {tally.broken} cannot be opened")
    if broken:
        raise click.ClickException(f"{broken} cannot be opened. Is a key missing in ENCRYPTION_KEY_FALLBACKS?")
    click.echo("Everything is sealed with ENCRYPTION_KEY. ENCRYPTION_KEY_FALLBACKS may be emptied.")


def _reseal(column: SealedColumn, sealer: Sealer) -> Tally:
    tally = Tally()
    for batch in _batches(column):
        with transaction():
            for key in batch:
                _reseal_row(column, key, sealer, tally)
    return tally


def _batches(column: SealedColumn) -> Iterator[list[Any]]:
    """Yield the primary keys, a few at a time."""
    key, last = _key(column), None
    while True:
        after = select(key).order_by(key).limit(BATCH)
        with transaction() as session:
            found = list(session.scalars(after if last is None else after.where(key > last)))
        if not found:
            return
        last = found[-1]
        yield found


def _reseal_row(column: SealedColumn, key: Any, sealer: Sealer, tally: Tally) -> None:
    here, text = _key(column) == key, column.table.c[column.column]
    sealed = db.session.scalar(select(text).where(here).with_for_update())
    if not sealed:
        return
    try:
        opened = sealer.unseal(sealed, purpose=column.purpose)
    except SealBroken:
        tally.broken += 1
        return
    if sealer.is_newest(sealed):
        tally.already += 1
        return
    kept = {"updated_at": column.table.c.updated_at} if "updated_at" in column.table.c else {}
    closed = sealer.seal(opened, purpose=column.purpose)
    db.session.execute(update(column.table).where(here).values({column.column: closed, **kept}))
    tally.anew += 1


def _key(column: SealedColumn) -> Column[Any]:
    return next(iter(column.table.primary_key.columns))
