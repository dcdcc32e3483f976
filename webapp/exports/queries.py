"""Reads of exports."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import Page, paginate
from webapp.exports.models import ExportFile
from webapp.exports.services import stalled

F = ExportFile
GONE = "We could not find that export. Files are kept for 7 days; export the table again."


def exports_of(owner_id: int, page: int = 1, *, limit: int = 20) -> Page[ExportFile]:
    """Return a page of somebody's exports, the latest first; two statements."""
    return paginate(db.session(), select(F).where(F.owner_id == owner_id).order_by(F.id.desc()), page=page, limit=limit)


def export_for(owner_id: int, export_id: str) -> ExportFile:
    """Return an export of its owner; nobody else has a way to it.

    Raises:
        NotFound: there is none, it is somebody else's, or its time is over.
    """
    row = db.session.scalar(select(F).where(F.public_id == export_id, F.owner_id == owner_id))
    if row is None:
        raise NotFound(GONE)
    return row


def stalled_exports(now: dt.datetime, limit: int = 20) -> list[str]:
    """Return the public ids of exports that nobody works on, the oldest first."""
    return list(db.session.scalars(select(F.public_id).where(stalled(now)).order_by(F.id).limit(limit)))


def expired_exports(now: dt.datetime, limit: int = 100) -> list[str]:
    """Return the public ids of exports whose time is over."""
    return list(db.session.scalars(select(F.public_id).where(F.expires_at <= now).order_by(F.expires_at).limit(limit)))
