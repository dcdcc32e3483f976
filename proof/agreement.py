"""Do the answers people got agree with the database? What is "done" is there, once; what was refused is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import LiteralString

import psycopg

from proof.client import Attempt
from proof.invariants import Checked

# How often the thing under a key exists: a booking by its agenda (moved sessions carry it on), a lead by its words.
MADE: dict[str, LiteralString] = {
    "book": """select count(*) from counselling_sessions where agenda = %s and rescheduled_from_id is null
    and not (status = 'cancelled' and reason = 'Another class')""",  # a request that is moved is asked anew
    "lead": "select count(*) from inquiries where position(%s in message) > 0",
}
# Whether what was to be done to the thing of that public id is done.
DONE: dict[str, LiteralString] = {
    "cancel": "select count(*) from counselling_sessions where public_id = %s and status = 'cancelled'",
    "move": "select count(*) from counselling_sessions where public_id = %s and status in ('rescheduled', 'cancelled')",
    "accept": "select count(*) from counselling_sessions where public_id = %s and status <> 'requested'",
    "order": "select count(*) from orders where gateway_order_id = %s and status = 'paid'",
}
DONE_FOR = {"order": "a paid order", "move": "a move", "cancel": "a cancelled session", "accept": "an accepted request"}


@dataclass(slots=True)
class Agreement:
    """Attempts by how they ended, and where answer and database say different things."""

    ends: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)  # answered "done", not there
    twice: list[str] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)  # clearly refused, yet there

    def checked(self) -> list[Checked]:
        """As rules with what breaks them."""
        return [
            Checked("whatever was answered as done is there", tuple(self.lost)),
            Checked("whatever was asked again was done once", tuple(self.twice)),
            Checked("whatever was refused is not there", tuple(self.ghosts)),
        ]


def compare(connection: psycopg.Connection, attempts: Sequence[Attempt]) -> Agreement:
    """Ask the database about every attempt."""
    found = Agreement()
    for one in attempts:
        kind = "book" if one.kind == "API booking" else one.kind
        if kind in MADE:
            _made(found, one, _count(connection, MADE[kind], one.key))
        elif kind in DONE and one.said_yes:
            key = one.named if kind == "order" else one.key
            _done(found, one, _count(connection, DONE[kind], key) if key else 1)
        elif kind in DONE:
            found.ends[f"{one.kind}: {_ending(one)}"] += 1
    return found


def _made(found: Agreement, one: Attempt, count: int) -> None:
    words = f"{one.kind} {one.key} ({', '.join(map(str, one.statuses))}), {count} times there"
    there = "there" if count else "not there"
    found.ends[f"{one.kind}: {_ending(one)}" + (f", {there}" if one.in_doubt and not one.said_yes else "")] += 1
    if count > 1:
        found.twice.append(words)
    if one.said_yes and count == 0:
        found.lost.append(words)
    if not one.said_yes and not one.in_doubt and count:
        found.ghosts.append(words)


def _done(found: Agreement, one: Attempt, count: int) -> None:
    found.ends[f"{one.kind}: {_ending(one)}"] += 1
    if count != 1:
        found.lost.append(f"{one.kind} {one.key} {one.named} ({', '.join(map(str, one.statuses))})")


def _ending(one: Attempt) -> str:
    tries = "" if not one.in_doubt else ", after a try without a clear answer"
    if one.said_yes:
        return f"done{tries}"
    if not one.statuses or one.statuses[-1] in {0, 502, 503}:
        return "given up, nobody answered"
    return f"refused ({one.statuses[-1]}){tries}"


def _count(connection: psycopg.Connection, sql: LiteralString, key: str) -> int:
    row = connection.execute(sql, [key]).fetchone()
    return int(row[0]) if row else 0
