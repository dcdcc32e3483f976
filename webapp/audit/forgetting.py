"""Taking a person out of the log, beyond the entries that name them as their subject."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import String, cast, or_, select, tuple_

from webapp.audit.models import AuditEntry
from webapp.audit.rules import ERASED
from webapp.audit.services import erasing, forget_subject
from webapp.core.db import db

# What people write themselves, in entries of things that belonged to the person.
WRITTEN = frozenset(
    {
        "name", "email", "phone", "email_key", "phone_key", "message", "rank", "category", "state", "referrer",
        "note", "reason", "answer", "agenda", "text", "response", "moderation_note", "private_notes", "shared_notes",
        "student_notes",
        "deactivated_reason", "bio", "short_bio", "application", "location", "social_links", "photo",
    }
)  # fmt: skip


def forget_in_log(user_id: int, *, things: Collection[tuple[str, str]], pattern: str) -> int:
    """Take a person's data out of the log: who did what to which thing, and when, stays. Return how many rows changed.

    Args:
        things: (entity, public id) of what belonged to the person: their texts go.
        pattern: finds the person's address and phone (a regular expression of Postgres): such entries are blanked.
    """
    changed = forget_subject(user_id)
    with erasing():
        rows = {row.id: row for row in db.session.scalars(select(AuditEntry).where(_theirs(user_id, things)))}
        mentions = or_(
            AuditEntry.reason.regexp_match(pattern, flags="i"),
            AuditEntry.entity_label.regexp_match(pattern, flags="i"),
            cast(AuditEntry.changes, String).regexp_match(pattern, flags="i"),
        )
        told = {row.id: row for row in db.session.scalars(select(AuditEntry).where(mentions))}
        for row in {**rows, **told}.values():
            row.changes = [_blank(change, everything=row.id in told) for change in row.changes]
            row.reason = ERASED if row.reason else ""
            if row.id in told or row.entity in ("user", "counsellor"):
                row.entity_label = ERASED
    return changed + len(rows) + len(told)


def forget_things(things: Collection[tuple[str, str]]) -> int:
    """Take what people wrote out of the entries of these things (entity, public id); return how many rows changed."""
    if not things:
        return 0
    with erasing():
        rows = db.session.scalars(
            select(AuditEntry).where(tuple_(AuditEntry.entity, AuditEntry.entity_id).in_(list(things)))
        ).all()
        for row in rows:
            row.changes = [_blank(change, everything=False) for change in row.changes]
            row.reason = ERASED if row.reason else ""
    return len(rows)


def _theirs(user_id: int, things: Collection[tuple[str, str]]) -> Any:
    about = AuditEntry.subject_id == user_id
    return or_(about, tuple_(AuditEntry.entity, AuditEntry.entity_id).in_(list(things))) if things else about


def _blank(change: dict[str, Any], *, everything: bool) -> dict[str, Any]:
    if not (everything or change.get("personal") or change.get("field") in WRITTEN):
        return change
    gone = {side: ERASED if change.get(side) is not None else None for side in ("before", "after")}
    return {**change, **gone}
