"""Taking in a whole file of inquiries: the same as one by one, in a handful of statements.

The ticket counter is locked from the first number to the commit, and a visitor who sends the form waits for it:
so a file must not take a minute.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from sqlalchemy import insert, select
from sqlalchemy.orm import InstrumentedAttribute

from webapp.core.db import db
from webapp.core.errors import ValidationFailed
from webapp.inquiries.models import EventKind, Inquiry, InquiryEvent, InquiryStatus, LeadPerson
from webapp.inquiries.rules import CleanInquiry, InquiryInput, answer_due, check_entry, email_key, phone_key
from webapp.inquiries.rules.tickets import place_in_file
from webapp.inquiries.services.changing import bump_leads
from webapp.inquiries.services.people import lock_people, merge_people, next_tickets
from webapp.inquiries.services.submitting import MOST_EARLIER, allows_test_addresses

CHUNK = 500
T = TypeVar("T")
Node = tuple[str, str | int]  # a mail key, a phone key, or a person known already


@dataclass(frozen=True, slots=True)
class _Row:
    clean: CleanInquiry
    consent: bool
    mail: str
    phone: str


@dataclass(frozen=True, slots=True)
class _Known:
    """An inquiry of the same person, from before or from further up in the file."""

    pk: int
    public_id: str
    ticket: str
    open: bool


def submit_many(
    *,
    entries: Sequence[InquiryInput],
    import_id: int,
    now: dt.datetime,
    tick: Callable[[int], None] = lambda _done: None,
) -> int:
    """Take in all inquiries of an import, in their order; nobody is told. Return how many.

    Args:
        tick: called with the number stored so far, every few hundred.

    Raises:
        ValidationFailed: a row that breaks a rule; none is stored.
    """
    rows = [_checked(number, entry) for number, entry in enumerate(entries, 1)]
    if not rows:
        return 0
    lock_people()
    person_of = _people(rows, now)
    known = _earlier_of(set(person_of.values()))
    tickets, lines = next_tickets(now, len(rows)), []
    for start in range(0, len(rows), CHUNK):
        values = [
            {
                **_columns(row, now),
                "import_id": import_id,
                "person_id": person_of[row.mail],
                "ticket_number": tickets[number],
                "position": place_in_file(now, number, len(rows)),
            }
            for number, row in enumerate(rows[start : start + CHUNK], start)
        ]
        for one, value in _stored(values):
            lines += _first_lines(one, value["source"], known[value["person_id"]], now)
            known[value["person_id"]].insert(0, one)
        tick(start + len(values))
    for some in _chunks(lines):
        db.session.execute(insert(InquiryEvent), list(some))
    bump_leads()
    return len(rows)


def _stored(values: list[dict[str, Any]]) -> Iterator[tuple[_Known, dict[str, Any]]]:
    made = insert(Inquiry).returning(Inquiry.id, Inquiry.public_id, sort_by_parameter_order=True)
    for row, value in zip(db.session.execute(made, values).all(), values, strict=True):
        yield _Known(row.id, row.public_id, value["ticket_number"], open=True), value


def _checked(number: int, entry: InquiryInput) -> _Row:
    clean, wrong = check_entry(entry, allow_test=allows_test_addresses())
    if clean is None:
        raise ValidationFailed(f"Row {number}: {' '.join(wrong.values())}", fields=wrong)
    return _Row(clean, bool(entry.consent), email_key(clean.email), phone_key(clean.phone))


def _columns(row: _Row, now: dt.datetime) -> dict[str, Any]:
    return {
        **asdict(row.clean),
        "email_key": row.mail,
        "phone_key": row.phone,
        "consent_at": now if row.consent else None,
        "asked_at": now,
        "answer_due_at": answer_due(now),
    }


def _people(rows: Sequence[_Row], now: dt.datetime) -> dict[str, int]:
    """Return mail key → person: whoever shares a key, in the file or with what is known, is one person."""
    parent: dict[Node, Node] = {}
    for row in rows:
        _join(parent, ("mail", row.mail), ("phone", row.phone))
    for kind, column in (("mail", Inquiry.email_key), ("phone", Inquiry.phone_key)):
        wanted = {getattr(row, kind) for row in rows}
        for key, person_id in _persons_by(column, wanted):
            _join(parent, (kind, key), ("person", person_id))
    groups: dict[Node, list[int]] = defaultdict(list)
    for node in list(parent):
        if isinstance(node[1], int):
            groups[_root(parent, node)].append(node[1])
    roots = {row.mail: _root(parent, ("mail", row.mail)) for row in rows}
    fresh = [root for root in dict.fromkeys(roots.values()) if root not in groups]
    for root, pk in zip(fresh, _new_people(len(fresh), now), strict=True):
        groups[root] = [pk]
    for people in groups.values():
        people.sort()
        if len(people) > 1:
            merge_people(people[0], people[1:])
    return {mail: groups[root][0] for mail, root in roots.items()}


def _persons_by(column: InstrumentedAttribute[str], keys: set[str]) -> Iterator[tuple[str, int]]:
    for some in _chunks(sorted(keys)):
        found = select(column, Inquiry.person_id).where(column.in_(some)).distinct()
        yield from ((key, person_id) for key, person_id in db.session.execute(found))


def _new_people(count: int, now: dt.datetime) -> list[int]:
    made: list[int] = []
    for some in _chunks([{"created_at": now}] * count):
        made += db.session.scalars(insert(LeadPerson).returning(LeadPerson.id), list(some))
    return made


def _join(parent: dict[Node, Node], one: Node, other: Node) -> None:
    parent[_root(parent, one)] = _root(parent, other)


def _root(parent: dict[Node, Node], node: Node) -> Node:
    parent.setdefault(node, node)
    while parent[node] != node:
        parent[node] = parent[parent[node]]  # the path gets shorter every time it is walked
        node = parent[node]
    return node


def _earlier_of(people: set[int]) -> dict[int, list[_Known]]:
    """Return what these people asked before, the newest first."""
    known: dict[int, list[_Known]] = defaultdict(list)
    for some in _chunks(sorted(people)):
        before = select(Inquiry.id, Inquiry.public_id, Inquiry.ticket_number, Inquiry.status, Inquiry.person_id)
        before = before.where(Inquiry.person_id.in_(some), Inquiry.forgotten_at.is_(None)).order_by(Inquiry.id.desc())
        for pk, public_id, ticket, status, person_id in db.session.execute(before):
            is_open = status in (InquiryStatus.NEW, InquiryStatus.CONTACTED)
            known[person_id].append(_Known(pk, public_id, ticket, is_open))
    return known


def _first_lines(one: _Known, source: str, earlier: Sequence[_Known], now: dt.datetime) -> list[dict[str, Any]]:
    lines = [_line(one.pk, EventKind.CREATED, "", {"source": source}, now)]
    earlier = earlier[:MOST_EARLIER]
    if earlier:
        others = [{"id": other.public_id, "ticket": other.ticket} for other in earlier]
        body = "Asked before: " + ", ".join(other.ticket for other in earlier)
        lines.append(_line(one.pk, EventKind.DUPLICATE, body, {"others": others}, now))
    again = {"others": [{"id": one.public_id, "ticket": one.ticket}]}
    words = f"Asked again: {one.ticket}"
    return lines + [_line(other.pk, EventKind.DUPLICATE, words, again, now) for other in earlier if other.open]


def _line(inquiry_id: int, kind: EventKind, body: str, data: dict[str, Any], now: dt.datetime) -> dict[str, Any]:
    return {"inquiry_id": inquiry_id, "kind": kind, "at": now, "body": body, "data": data}


def _chunks(things: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), CHUNK):
        yield things[start : start + CHUNK]
