"""Moving a card on the board: to another column, and up or down in its own.

A column is sorted by ``position``, then the newest first (``position, id desc``). A moved card goes half-way
between its new neighbours; where no room is left between them, those above make some.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select, update

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.errors import Conflict
from webapp.inquiries.models import Inquiry, InquiryStatus
from webapp.inquiries.services.changing import bump_leads, locked_inquiry
from webapp.inquiries.services.desk import move_to, status_named

ROOM = 1_000_000


def move_on_board(
    *,
    actor: User,
    inquiry_id: str,
    status: InquiryStatus | str,
    before_id: str | None,
    version: int | None,
    now: dt.datetime,
) -> Inquiry:
    """Put a card before another one of a column, or at its end (None).

    The order of a column is nobody's conflict: moving within it looks at no version and raises none.

    Raises:
        Forbidden, NotFound, StaleVersion: as `changing.locked_inquiry`.
        InvalidState: the card can't go to that column. ValidationFailed: no such column.
        Conflict: the card to stand before has left that column.
    """
    wanted = status_named(status)
    inquiry = locked_inquiry(actor, inquiry_id)
    if inquiry.status is not wanted:
        inquiry = locked_inquiry(actor, inquiry_id, version)
        move_to(inquiry, wanted, actor=actor, now=now)
    if before_id != inquiry.public_id:
        inquiry.position = _place(inquiry, wanted, before_id)
    db.session.flush()  # the board is read anew in this transaction
    bump_leads()
    return inquiry


def _place(inquiry: Inquiry, column: InquiryStatus, before_id: str | None) -> int:
    others = select(Inquiry.position).where(Inquiry.status == column, Inquiry.id != inquiry.id)
    if before_id is None:
        last: int | None = db.session.scalar(select(func.max(others.subquery().c.position)))
        return 0 if last is None else last + ROOM
    before = db.session.scalar(select(Inquiry).where(Inquiry.public_id == before_id, Inquiry.status == column))
    if before is None:
        raise Conflict("The board has changed in the meantime. Look at it and move the card again.")
    if _shares_its_place(inquiry, before):
        return _make_room(inquiry, before)
    nearest = others.where(Inquiry.position < before.position).subquery()
    above: int | None = db.session.scalar(select(func.max(nearest.c.position)))
    if above is None:
        return before.position - ROOM
    return (above + before.position) // 2 if before.position - above > 1 else _make_room(inquiry, before)


def _shares_its_place(inquiry: Inquiry, before: Inquiry) -> bool:
    """Whether another card has the very position: then "half-way above it" would pass that one, too."""
    same = select(Inquiry.id).where(
        Inquiry.status == before.status,
        Inquiry.position == before.position,
        Inquiry.id.not_in([before.id, inquiry.id]),
    )
    return db.session.scalar(same.limit(1)) is not None


def _make_room(inquiry: Inquiry, before: Inquiry) -> int:
    """Lift everything above ``before`` (and the newer cards at its very place) by twice the room; return the middle."""
    above = (Inquiry.position < before.position) | ((Inquiry.position == before.position) & (Inquiry.id > before.id))
    ids = select(Inquiry.id).where(Inquiry.status == before.status, above, Inquiry.id != inquiry.id)
    locked = list(db.session.scalars(ids.order_by(Inquiry.id).with_for_update(key_share=True)))
    db.session.execute(
        update(Inquiry)
        .where(Inquiry.id.in_(locked))
        .values(position=Inquiry.position - 2 * ROOM, updated_at=Inquiry.updated_at)
        .execution_options(synchronize_session=False)
    )
    return before.position - ROOM
