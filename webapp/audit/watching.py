"""Sees what a transaction changes and writes it down in the same transaction.

Watching the session, not the services, means that no use-case can forget to be audited. Statements
that bypass the session (counters, claims of the outbox) move only derived figures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from flask import g, has_app_context
from sqlalchemy import event, insert, inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.base import PASSIVE_NO_INITIALIZE

from webapp.audit.models import ActorKind, AuditEntry
from webapp.audit.rules import action_name, as_json
from webapp.core import clock
from webapp.core.db import Base, HouseSession, register_before_commit

IGNORED = frozenset({"id", "public_id", "created_at", "updated_at", "version", "search"})
STAFF = frozenset({ActorKind.ADMIN, ActorKind.COUNSELLOR, ActorKind.PARTNER})


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where; the default is the house itself."""

    kind: ActorKind = ActorKind.SYSTEM
    id: int | None = None
    name: str = ""
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class Watched:
    """How a table is audited: see `watch`."""

    entity: str
    label: Callable[[Any], str]
    subject: Callable[[Any], int | None]
    personal: frozenset[str]
    ignore: frozenset[str]
    collections: tuple[str, ...]
    always: bool
    always_fields: frozenset[str]


@dataclass(slots=True)
class _Seen:
    row: Any
    kind: str
    label: str = ""
    changes: dict[str, tuple[Any, Any]] = field(default_factory=dict)


_watched: dict[type[Base], Watched] = {}
_read_actor: list[Callable[[], Actor]] = []


def watch(
    model: type[Base],
    entity: str,
    *,
    label: Callable[[Any], str] = lambda _row: "",
    subject: Callable[[Any], int | None] = lambda _row: None,
    personal: Iterable[str] = (),
    ignore: Iterable[str] = (),
    collections: tuple[str, ...] = (),
    always: bool = False,
    always_fields: Iterable[str] = (),
) -> None:
    """Audit a table: every change by staff; with ``always`` (money) by anybody; ``always_fields`` (a role) too.

    ``label`` names a row for people, ``subject`` gives the key of the user whose data the ``personal``
    fields hold, ``collections`` are relationships whose members are listed by label.
    """
    if model not in _watched:
        _load_before_setting(model)
    _watched[model] = Watched(
        entity,
        label,
        subject,
        frozenset(personal),
        IGNORED | frozenset(ignore),
        collections,
        always,
        frozenset(always_fields),
    )


def _load_before_setting(model: type[Base]) -> None:
    """Have the old value read before a new one is set, also on a row that a commit has expired."""
    for column in inspect(model).column_attrs:
        if not column.deferred:
            event.listen(getattr(model, column.key), "set", _value_set, active_history=True)


def _value_set(_row: Any, _value: Any, _before: Any, _initiator: Any) -> None:
    """Nothing to do: that it listens makes SQLAlchemy load the old value."""


def who_acts(reader: Callable[[], Actor]) -> None:
    """Say how the actor of this moment is found; accounts know."""
    _read_actor[:] = [reader]


def current_actor() -> Actor:
    """Return who acts now."""
    return _read_actor[0]() if _read_actor else Actor()


def start_watching() -> None:
    """Listen to every session of the house; safe to call again."""
    if not event.contains(HouseSession, "before_flush", _look):
        event.listen(HouseSession, "before_flush", _look)
    register_before_commit(_write_down)


def _look(session: Session, _context: Any, _instances: Any) -> None:
    notes = session.info.get("scratch")
    if notes is None:
        return
    seen: dict[int, _Seen] = notes.setdefault("audit", {})
    for row in session.new:
        _note(seen, row, "created")
    for row in session.dirty:
        _note(seen, row, "changed")
    for row in session.deleted:
        _note(seen, row, "deleted")


def _note(seen: dict[int, _Seen], row: Any, kind: str) -> None:
    watched = _watched.get(type(row))
    if watched is None:
        return
    changes = {} if kind == "deleted" else _changes(row, watched, new=kind == "created")
    if kind == "changed" and not changes:
        return
    entry = seen.setdefault(id(row), _Seen(row, kind))
    if kind == "deleted":
        entry.kind, entry.label = kind, watched.label(row)
    for name, (before, after) in changes.items():
        entry.changes[name] = (entry.changes[name][0] if name in entry.changes else before, after)


def _changes(row: Any, watched: Watched, *, new: bool) -> dict[str, tuple[Any, Any]]:
    state, found = inspect(row), {}
    for column in state.mapper.column_attrs:
        if column.key in watched.ignore:
            continue
        history = state.get_history(column.key, PASSIVE_NO_INITIALIZE)
        if not history.added:
            continue
        before = history.deleted[0] if history.deleted else None
        after = history.added[0]
        if after != before and not (new and after in (None, "", [], {})):
            found[column.key] = (before, after)
    for name in watched.collections:
        history = state.get_history(name, PASSIVE_NO_INITIALIZE)
        if history.added or history.deleted:
            kept = list(history.unchanged or ())
            found[name] = (
                _names([*kept, *(history.deleted or ())]),
                _names([*kept, *(history.added or ())]),
            )
    return found


def _names(rows: Iterable[Any]) -> list[str]:
    return sorted(_watched[type(row)].label(row) if type(row) in _watched else str(row) for row in rows)


def _write_down(session: Session) -> None:
    session.flush()  # what is still unseen
    seen: dict[int, _Seen] = session.info["scratch"].pop("audit", {})
    if not seen:
        return
    actor = current_actor()
    reason = session.info["scratch"].pop("audit_reason", "")
    rows = [_entry(one, actor, reason) for one in seen.values() if _counts(one, actor)]
    if rows:
        session.execute(insert(AuditEntry), rows)


def _counts(seen: _Seen, actor: Actor) -> bool:
    if seen.kind == "changed" and all(before == after for before, after in seen.changes.values()):
        return False
    watched = _watched[type(seen.row)]
    if actor.kind in STAFF or watched.always:
        return True
    return seen.kind == "changed" and bool(watched.always_fields & seen.changes.keys())


def _entry(seen: _Seen, actor: Actor, reason: str) -> dict[str, Any]:
    watched = _watched[type(seen.row)]
    changed = {name: pair for name, pair in seen.changes.items() if pair[0] != pair[1]}
    return new_entry(
        actor,
        action=action_name(watched.entity, seen.kind, changed),
        entity=watched.entity,
        entity_id=str(getattr(seen.row, "public_id", "")),
        label=seen.label or watched.label(seen.row),
        subject_id=watched.subject(seen.row),
        reason=reason,
        changes=[
            {
                "field": name,
                "before": as_json(name, before),
                "after": as_json(name, after),
                "personal": name in watched.personal,
            }
            for name, (before, after) in sorted(changed.items())
        ],
    )


def new_entry(
    actor: Actor,
    *,
    action: str,
    entity: str,
    entity_id: str,
    label: str,
    subject_id: int | None,
    reason: str,
    changes: list[dict[str, Any]],
) -> dict[str, Any]:
    """Return the values of one row of the log."""
    now = g.now if has_app_context() and "now" in g else clock.now()
    return {
        "at": now,
        "actor_kind": actor.kind,
        "actor_id": actor.id,
        "actor_name": actor.name,
        "action": action,
        "entity": entity,
        "entity_id": entity_id,
        "entity_label": label[:200],
        "subject_id": subject_id,
        "changes": changes,
        "reason": reason[:500],
        "address": actor.address,
        "request_id": actor.request_id[:64],
    }
