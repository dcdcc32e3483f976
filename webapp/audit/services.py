"""Writes of the audit log: what watching cannot see, reasons, and taking a person's data out."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import insert, select, text, update

from webapp.audit.models import AuditEntry
from webapp.audit.rules import ERASED, as_json
from webapp.audit.watching import current_actor, new_entry
from webapp.core.db import db, scratch


def record(
    action: str,
    *,
    entity: str,
    entity_id: str = "",
    label: str = "",
    reason: str = "",
    subject_id: int | None = None,
    changes: dict[str, tuple[Any, Any]] | None = None,
) -> None:
    """Write down an act that changes no watched row ("view_as.started", "export.made"), in this transaction."""
    listed = [
        {"field": name, "before": as_json(name, before), "after": as_json(name, after), "personal": False}
        for name, (before, after) in (changes or {}).items()
    ]
    entry = new_entry(
        current_actor(),
        action=action,
        entity=entity,
        entity_id=entity_id,
        label=label,
        subject_id=subject_id,
        reason=reason,
        changes=listed,
    )
    db.session.execute(insert(AuditEntry), [entry])


def because(reason: str) -> None:
    """Give the changes of this transaction a reason in the log."""
    notes = scratch()
    if notes is not None and reason:
        notes["audit_reason"] = reason


def forget_subject(user_id: int) -> int:
    """Take a person's data out of the log; who did what, and when, stays. Return how many rows changed.

    The trigger lets nothing else be changed, and this only after the word of the next line.
    """
    with erasing():
        rows = db.session.scalars(select(AuditEntry).where(AuditEntry.subject_id == user_id)).all()
        for row in rows:
            row.entity_label = ERASED
            row.changes = [_blank(change) for change in row.changes]
        acted = update(AuditEntry).where(AuditEntry.actor_id == user_id).values(actor_name=ERASED, address="")
        db.session.execute(acted.execution_options(synchronize_session=False))
    return len(rows)


@contextlib.contextmanager
def erasing() -> Iterator[None]:
    """Say the word without which the log's trigger refuses every change, for as long as the block lasts."""
    db.session.execute(text("set local disha.erasing = 'on'"))
    yield
    db.session.flush()  # while the word still holds
    db.session.execute(text("set local disha.erasing = 'off'"))


def _blank(change: dict[str, Any]) -> dict[str, Any]:
    if not change.get("personal"):
        return change
    gone = {side: ERASED if change.get(side) is not None else None for side in ("before", "after")}
    return {**change, **gone}
