"""Reading a person's inbox. Every question names the person; deleted lines do not exist."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Select, func, select

from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.notifications.kinds import Group, kinds_of
from webapp.notifications.models import Notification

MOST_COUNTED = 100  # "99+" is all a badge says; the count stops there


def count_unread(user_id: int) -> int:
    """Return how many lines are unread, 100 at most; a partial index holds exactly these."""
    unread = select(Notification.id).where(
        Notification.user_id == user_id, Notification.read_at.is_(None), Notification.deleted_at.is_(None)
    )
    return db.session.scalar(select(func.count()).select_from(unread.limit(MOST_COUNTED).subquery())) or 0


def latest_notes(user_id: int, limit: int = 3) -> Sequence[Notification]:
    """Return the newest lines."""
    return db.session.scalars(_lines(user_id).limit(limit)).all()


def list_notes(user_id: int, *, unread_only: bool, group: Group | None, page: int) -> Page[Notification]:
    """Return one page of lines, the newest first; a page past the end is the last one."""
    lines = _lines(user_id)
    if unread_only:
        lines = lines.where(Notification.read_at.is_(None))
    if group is not None:
        lines = lines.where(Notification.kind.in_([kind.name for kind in kinds_of(group)]))
    found = paginate(db.session(), lines, page=page)
    return found if page <= found.pages else paginate(db.session(), lines, page=found.pages)


def find_note(user_id: int, note_id: str, *, deleted: bool = False) -> Notification:
    """Return one line of this person's inbox; ``deleted`` finds those too.

    Raises:
        NotFound: no such line, or somebody else's.
    """
    wanted = select(Notification).where(Notification.user_id == user_id, Notification.public_id == note_id)
    if not deleted:
        wanted = wanted.where(Notification.deleted_at.is_(None))
    note = db.session.scalar(wanted)
    if note is None:
        raise NotFound("This line is not in your inbox any more.")
    return note


def _lines(user_id: int) -> Select[Notification]:
    mine = select(Notification).where(Notification.user_id == user_id, Notification.deleted_at.is_(None))
    return mine.order_by(Notification.id.desc())
