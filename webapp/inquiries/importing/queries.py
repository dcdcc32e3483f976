"""Reads of imports."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.inquiries.importing.decoding import Decoded, decode
from webapp.inquiries.importing.services import GONE, check_content, stalled
from webapp.inquiries.importing.sheet import Sheet, read_sheet
from webapp.inquiries.models import ImportStatus, Inquiry, LeadImport

L = LeadImport
SHOWN_ROWS = 10


@dataclass(frozen=True, slots=True)
class ImportLine:
    """An import in the list, with who brought it."""

    row: LeadImport
    owner: str


@dataclass(frozen=True, slots=True)
class Told:
    """What is told about a file as long as it is kept: how it is written, its columns."""

    decoded: Decoded
    sheet: Sheet


def latest_imports(limit: int = 10) -> list[ImportLine]:
    """Return the latest imports with their owners; one statement."""
    rows = db.session.execute(
        select(L, User.name)
        .join(User, User.id == L.owner_id)
        .where(L.status != ImportStatus.DISCARDED)
        .order_by(L.id.desc())
        .limit(limit)
    )
    return [ImportLine(row, name) for row, name in rows]


def import_by_id(import_id: str, *, with_content: bool = False) -> LeadImport:
    """Return an import; every admin sees all of them.

    Raises:
        NotFound: there is none, or it was discarded.
    """
    wanted = select(L).where(L.public_id == import_id, L.status != ImportStatus.DISCARDED)
    row = db.session.scalar(wanted.options(undefer(L.content)) if with_content else wanted)
    if row is None:
        raise NotFound(GONE)
    return row


def owner_name(row: LeadImport) -> str:
    """Return who brought a file."""
    return db.session.scalar(select(User.name).where(User.id == row.owner_id)) or ""


def leads_of(row: LeadImport) -> int:
    """Return how many leads came of an import."""
    return db.session.scalar(select(func.count()).select_from(Inquiry).where(Inquiry.import_id == row.id)) or 0


def same_before(row: LeadImport) -> LeadImport | None:
    """Return the latest other import of the very same file that ran or runs, None if it is new."""
    same = select(L).where(
        L.digest == row.digest, L.id != row.id, L.status.in_((ImportStatus.DONE, ImportStatus.RUNNING))
    )
    return db.session.scalar(same.order_by(L.id.desc()).limit(1))


def read_kept(content: bytes) -> Told:
    """Read a kept file again, for its preview."""
    decoded = decode(content)
    return Told(decoded, read_sheet(decoded.text))


def all_problems(row: LeadImport) -> list[dict[str, object]]:
    """Return every problem of a file that is still kept; else those that were noted (the first 500)."""
    if row.content is None:
        return list(row.problems)
    return [problem.as_json() for problem in check_content(row.content).problems]


def stalled_imports(now: dt.datetime) -> list[str]:
    """Return the public ids of imports that nobody works on."""
    return list(db.session.scalars(select(L.public_id).where(stalled(now)).order_by(L.id).limit(20)))
