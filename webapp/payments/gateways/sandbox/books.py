"""The sandbox's books: one SQLite file that outlives a kill at any moment.

Every use is one short transaction on a connection of its own; writers wait for each other.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE_NAME = "sandbox-gateway.sqlite3"
PATIENCE_SECONDS = 10.0
_ALPHABET = string.ascii_letters + string.digits
VERSION = 1
_TABLES = (
    """create table things (
        id text primary key, kind text not null, parent text not null, receipt text not null,
        due_at real, number integer not null, body text not null
    )""",
    "create index ix_things_parent on things (parent, number)",
    "create index ix_things_receipt on things (receipt)",
    "create index ix_things_due on things (due_at) where due_at is not null",
    """create table parcels (
        number integer primary key autoincrement, event_id text not null, event text not null,
        thing_id text not null, body blob not null, signature text not null, made_at real not null, next_at real,
        attempts integer not null default 0, tries integer not null, answer integer
    )""",
    "create index ix_parcels_next on parcels (next_at) where next_at is not null",
    "create index ix_parcels_thing on parcels (thing_id, event, number)",
    f"pragma user_version = {VERSION}",
)


def new_id(prefix: str) -> str:
    """Return an id in Razorpay's style: "pay_" and 14 letters or digits."""
    return f"{prefix}_" + "".join(secrets.choice(_ALPHABET) for _ in range(14))


@dataclass(frozen=True, slots=True)
class Parcel:
    """A webhook to deliver; ``tries`` is how often at most."""

    number: int
    event_id: str
    body: bytes
    signature: str
    made_at: float
    attempts: int
    tries: int


class Page:
    """The books, open for one transaction."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._rows = connection

    def add(self, thing: dict[str, Any], *, parent: str = "", receipt: str = "", due_at: float | None = None) -> None:
        """Write a new order, payment or refund entity."""
        self._rows.execute(
            "insert into things (id, kind, parent, receipt, due_at, number, body) "
            "values (?, ?, ?, ?, ?, (select coalesce(max(number), 0) + 1 from things), ?)",
            (thing["id"], thing["entity"], parent, receipt, due_at, json.dumps(thing)),
        )

    def put(self, thing: dict[str, Any]) -> None:
        """Write a changed entity; it waits for nothing any more."""
        self._rows.execute("update things set body = ?, due_at = null where id = ?", (json.dumps(thing), thing["id"]))

    def find(self, kind: str, thing_id: str) -> dict[str, Any] | None:
        """Return an entity by its id."""
        return _first(self._rows.execute("select body from things where id = ? and kind = ?", (thing_id, kind)))

    def find_by_receipt(self, kind: str, receipt: str) -> dict[str, Any] | None:
        """Return the newest entity that carries ``receipt``."""
        rows = self._rows.execute(
            "select body from things where receipt = ? and kind = ? order by number desc limit 1", (receipt, kind)
        )
        return _first(rows)

    def children(self, kind: str, parent: str) -> list[dict[str, Any]]:
        """Return the payments of an order, or the refunds of a payment, the oldest first."""
        rows = self._rows.execute(
            "select body from things where parent = ? and kind = ? order by number", (parent, kind)
        )
        return [json.loads(body) for (body,) in rows]

    def due(self, kind: str, at: float) -> list[dict[str, Any]]:
        """Return the entities whose time has come."""
        rows = self._rows.execute("select body from things where due_at <= ? and kind = ? order by number", (at, kind))
        return [json.loads(body) for (body,) in rows]

    def post(
        self, *, event_id: str, event: str, thing_id: str, body: bytes, signature: str, at: float, tries: int
    ) -> None:
        """Put a webhook out to be delivered."""
        self._rows.execute(
            "insert into parcels (event_id, event, thing_id, body, signature, made_at, next_at, tries) "
            "values (?, ?, ?, ?, ?, ?, ?, ?)",
            (event_id, event, thing_id, body, signature, at, at, tries),
        )

    def posted(self, thing_id: str, event: str) -> tuple[str, bytes] | None:
        """Return the event id and body of the last honest webhook ``event`` about a thing."""
        rows = self._rows.execute(
            "select event_id, body from parcels where thing_id = ? and event = ? and tries > 1 "
            "order by number desc limit 1",
            (thing_id, event),
        )
        found: tuple[str, bytes] | None = rows.fetchone()
        return found

    def take(self, at: float, lease_until: float) -> Parcel | None:
        """Take the next due webhook; should its bearer die, it is due again at ``lease_until``."""
        row = self._rows.execute(
            "update parcels set next_at = ?, attempts = attempts + 1 where number = "
            "(select number from parcels where next_at <= ? order by next_at, number limit 1) "
            "returning number, event_id, body, signature, made_at, attempts, tries",
            (lease_until, at),
        ).fetchone()
        return Parcel(*row) if row else None

    def settle(self, number: int, *, answer: int, next_at: float | None) -> None:
        """Note how a delivery went and when to try again, if ever."""
        self._rows.execute("update parcels set answer = ?, next_at = ? where number = ?", (answer, next_at, number))

    def hurry(self, as_of: float, at: float) -> int:
        """Make what is due as of one instant due at another; return how many webhooks wait."""
        done = self._rows.execute("update parcels set next_at = min(next_at, ?) where next_at <= ?", (at, as_of))
        return done.rowcount


class Books:
    """The file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    @contextlib.contextmanager
    def open(self) -> Iterator[Page]:
        """Open the books for one transaction, kept when the block ends and forgotten when it raises."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, timeout=PATIENCE_SECONDS, isolation_level=None)
        try:
            connection.execute("begin immediate")
            try:
                _rule_lines(connection)
                yield Page(connection)
            except BaseException:
                connection.execute("rollback")
                raise
            connection.execute("commit")
        finally:
            connection.close()


def _rule_lines(connection: sqlite3.Connection) -> None:
    if connection.execute("pragma user_version").fetchone() == (VERSION,):
        return
    for statement in _TABLES:
        connection.execute(statement)


def _first(rows: sqlite3.Cursor) -> dict[str, Any] | None:
    row = rows.fetchone()
    return dict(json.loads(row[0])) if row else None
