"""Reading a person's inbox. Every question names the person; deleted lines do not exist."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import BigInteger, Select, bindparam, func, select

from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.notifications.kinds import Group, kinds_of
from webapp.notifications.models import Notification

MOST_COUNTED = 100  # "99+" is all a badge says; the count stops there


def count_unread(user_id: int) -> int:
    """Return how many lines are unread, 100 at most; a partial index holds exactly these."""
    return db.session.scalar(_UNREAD, {"user": user_id}) or 0


_UNREAD = select(func.count()).select_from(  # built once: every page of somebody signed in asks it
    select(Notification.id)
    .where(
        Notification.user_id == bindparam("user", type_=BigInteger),
        Notification.read_at.is_(None),
        Notification.deleted_at.is_(None),
    )
    .limit(MOST_COUNTED)
    .subquery()
)


def latest_notes(user_id: int, limit: int = 3) -> Sequence[Notification]:
    """Return the newest lines."""
    return db.session.scalars(_LATEST, {"user": user_id, "limit": limit}).all()


def list_notes(user_id: int, *, unread_only: bool, group: Group | None, page: int) -> Page[Notification]:
    """Return one page of lines, the newest first; a page past the end is the last one."""
    lines = _lines(user_id)
    if unread_only:
        lines = lines.where(Notification.read_at.is_(None))
    if group is not None:
        lines = lines.where(Notification.kind.in_([kind.name for kind in kinds_of(group)]))
    found = paginate(db.session(), lines, page=page)
    return found if page <= found.pages else paginate(db.session(), lines, page=found.pages)


def notes_for_programs(
    user_id: int, *, unread: bool | None, wanted: str | None, page: int, limit: int
) -> Page[Notification]:
    """Return a page of lines, the newest first; two statements.

    ``unread`` False: read ones alone. ``wanted`` is a kind's name or a group's.
    """
    lines = _lines(user_id)
    if unread is not None:
        lines = lines.where(Notification.read_at.is_(None) if unread else Notification.read_at.is_not(None))
    if wanted is not None:
        names = [kind.name for kind in kinds_of(Group(wanted))] if wanted in list(Group) else [wanted]
        lines = lines.where(Notification.kind.in_(names))
    return paginate(db.session(), lines, page=page, limit=limit)


def unread_total(user_id: int) -> int:
    """Return how many lines are unread, however many that are."""
    unread = (Notification.user_id == user_id, Notification.read_at.is_(None), Notification.deleted_at.is_(None))
    return db.session.scalar(select(func.count()).where(*unread)) or 0


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


_LATEST = (  # built once: homes ask it
    select(Notification)
    .where(Notification.user_id == bindparam("user", type_=BigInteger), Notification.deleted_at.is_(None))
    .order_by(Notification.id.desc())
    .limit(bindparam("limit"))
)
