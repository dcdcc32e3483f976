"""Reading the audit log: by filter, in pages by key, and of one thing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, text, tuple_

from webapp.audit.models import ActorKind, AuditEntry
from webapp.core.db import db
from webapp.core.pagination import Page, paginate
from webapp.core.textsearch import matches, prefix_query

LIMIT = 50
BATCH = 500
# Every value of an indexed column without reading the table: as many index look-ups as there are values.
LOOSE = """
with recursive found as (
    (select {column} from audit_entries order by {column} limit 1)
    union all
    select (select a.{column} from audit_entries a where a.{column} > f.{column} order by a.{column} limit 1)
    from found f where f.{column} is not null
) select {column} from found where {column} is not null
"""


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """What the log is narrowed to; an empty part narrows nothing. ``since`` ≤ at < ``until``."""

    actor_id: int | None = None
    actor_kind: ActorKind | None = None
    action: str = ""
    entity: str = ""
    entity_id: str = ""
    since: dt.datetime | None = None
    until: dt.datetime | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some entries, the latest first, with the public ids to go on from (None: nothing there)."""

    entries: Sequence[AuditEntry]
    older: str | None
    newer: str | None


def audit_page(filters: AuditFilter, *, before: str = "", after: str = "", limit: int = LIMIT) -> AuditPage:
    """Return the entries older than ``before`` or newer than ``after``; two statements whatever the size.

    An unknown public id begins at the latest.
    """
    edge = _edge(before or after)
    place = tuple_(AuditEntry.at, AuditEntry.id)
    wanted = narrowed(select(AuditEntry), filters)
    if edge is not None and not before:
        rows = list(db.session.scalars(wanted.where(place > edge).order_by(*_up()).limit(limit + 1)))
        more, rows = len(rows) > limit, rows[:limit][::-1]
        return AuditPage(rows, rows[-1].public_id if rows else None, rows[0].public_id if more else None)
    if edge is not None:
        wanted = wanted.where(place < edge)
    rows = list(db.session.scalars(wanted.order_by(*_down()).limit(limit + 1)))
    more, rows = len(rows) > limit, rows[:limit]
    newer = rows[0].public_id if rows and edge is not None else None
    return AuditPage(rows, rows[-1].public_id if more else None, newer)


def entries_page(filters: AuditFilter, *, page: int, limit: int) -> Page[AuditEntry]:
    """Return a numbered page of entries, the latest first; two statements."""
    wanted = narrowed(select(AuditEntry), filters).order_by(*_down())
    return paginate(db.session(), wanted, page=page, limit=limit)


def _edge(public_id: str) -> Any:
    if not public_id:
        return None
    row = db.session.execute(select(AuditEntry.at, AuditEntry.id).where(AuditEntry.public_id == public_id)).first()
    return tuple_(row.at, row.id) if row else None


def _down() -> tuple[ColumnElement[Any], ...]:
    return AuditEntry.at.desc(), AuditEntry.id.desc()


def _up() -> tuple[ColumnElement[Any], ...]:
    return AuditEntry.at.asc(), AuditEntry.id.asc()


def narrowed(wanted: Select[Any], filters: AuditFilter) -> Select[Any]:
    """Narrow a query of entries; the text finds beginnings of words of thing, actor, action and reason."""
    conditions = {
        AuditEntry.actor_id: filters.actor_id,
        AuditEntry.actor_kind: filters.actor_kind,
        AuditEntry.action: filters.action,
        AuditEntry.entity: filters.entity,
        AuditEntry.entity_id: filters.entity_id,
    }
    for column, value in conditions.items():
        if value:
            wanted = wanted.where(column == value)
    if filters.since is not None:
        wanted = wanted.where(AuditEntry.at >= filters.since)
    if filters.until is not None:
        wanted = wanted.where(AuditEntry.at < filters.until)
    if prefix_query(filters.text):
        wanted = wanted.where(matches(AuditEntry.search, filters.text))
    return wanted


def count_entries(filters: AuditFilter) -> int:
    """Return how many entries a filter has."""
    return db.session.scalar(narrowed(select(func.count(AuditEntry.id)), filters)) or 0


def every_entry(filters: AuditFilter) -> Iterator[list[AuditEntry]]:
    """Yield all entries of a filter, the latest first, in batches: for an export."""
    edge: Any = None
    while True:
        wanted = narrowed(select(AuditEntry), filters).order_by(*_down()).limit(BATCH)
        rows = list(
            db.session.scalars(wanted if edge is None else wanted.where(tuple_(AuditEntry.at, AuditEntry.id) < edge))
        )
        if rows:
            yield rows
        if len(rows) < BATCH:
            return
        edge = tuple_(rows[-1].at, rows[-1].id)


def known_values(column: str) -> list[str]:
    """Return every "action" or "entity" that the log holds; one statement."""
    if column not in ("action", "entity"):
        raise ValueError(column)
    return list(db.session.scalars(text(LOOSE.format(column=column))))


def entries_of(entity: str, entity_id: str, *, limit: int) -> list[AuditEntry]:
    """Return the latest entries of one thing; one statement."""
    wanted = select(AuditEntry).where(AuditEntry.entity == entity, AuditEntry.entity_id == entity_id)
    return list(db.session.scalars(wanted.order_by(AuditEntry.id.desc()).limit(limit)))


def entries_about(user_id: int, *, limit: int | None = None) -> list[AuditEntry]:
    """Return the latest entries about one person, whatever thing they are of; one statement."""
    wanted = select(AuditEntry).where(AuditEntry.subject_id == user_id).order_by(AuditEntry.id.desc())
    return list(db.session.scalars(wanted.limit(limit) if limit else wanted))
