"""What a person does with their own inbox: read, delete, bring back. Somebody else's lines do not exist."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, update

from webapp.core import live, pieces
from webapp.core.db import db
from webapp.notifications.kinds import Group, kinds_of
from webapp.notifications.messages import Reader
from webapp.notifications.models import Notification
from webapp.notifications.queries import find_note

KEPT_DELETED = dt.timedelta(days=30)


def inbox_key(public_id: str) -> str:
    """Return the key whose version tells that a person's inbox changed."""
    return f"user:{public_id}"


def mark_read(*, reader: Reader, note_id: str, now: dt.datetime) -> Notification:
    """Note that a line was read (reading twice is no error) and return it.

    Raises:
        NotFound: no such line, or not the reader's.
    """
    note = find_note(reader.id, note_id)
    if note.read_at is None:
        note.read_at = now
        live.bump(inbox_key(reader.public_id))
    return note


def mark_all_read(*, reader: Reader, group: Group | None, now: dt.datetime) -> int:
    """Note that every unread line was read, or those of one group; return how many."""
    lines = update(Notification).where(
        Notification.user_id == reader.id, Notification.read_at.is_(None), Notification.deleted_at.is_(None)
    )
    if group is not None:
        lines = lines.where(Notification.kind.in_([kind.name for kind in kinds_of(group)]))
    changed = db.session.scalars(lines.values(read_at=now).returning(Notification.id)).all()
    if changed:
        live.bump(inbox_key(reader.public_id))
        pieces.changed(pieces.rows_key("users", reader.id))
    return len(changed)


def delete_note(*, reader: Reader, note_id: str, now: dt.datetime) -> Notification:
    """Take a line out of the inbox; `restore_note` brings it back.

    Raises:
        NotFound: no such line, not the reader's, or deleted before.
    """
    note = find_note(reader.id, note_id)
    note.deleted_at = now
    live.bump(inbox_key(reader.public_id))
    return note


def restore_note(*, reader: Reader, note_id: str) -> Notification:
    """Bring a deleted line back as it was, read or unread.

    Raises:
        NotFound: no such line, or not the reader's.
    """
    note = find_note(reader.id, note_id, deleted=True)
    if note.deleted_at is not None:
        note.deleted_at = None
        live.bump(inbox_key(reader.public_id))
    return note


def forget_deleted(now: dt.datetime) -> int:
    """Throw away what was deleted 30 days ago; return how many lines."""
    old = delete(Notification).where(Notification.deleted_at < now - KEPT_DELETED).returning(Notification.id)
    return len(db.session.scalars(old).all())
