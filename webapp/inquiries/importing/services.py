"""Writes of imports: taking a file, starting, discarding, and storing all its rows at once."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Callable

from sqlalchemy import ColumnElement, and_, or_, select, update

from webapp.accounts.models import User
from webapp.audit.services import record
from webapp.core.db import after_commit, db
from webapp.core.errors import InvalidState, NotFound, ValidationFailed
from webapp.core.jobs import FILES_QUEUE, enqueue
from webapp.inquiries.importing.checking import Checked, check_sheet
from webapp.inquiries.importing.decoding import NotReadable, decode
from webapp.inquiries.importing.sheet import MAX_BYTES, read_sheet
from webapp.inquiries.models import ImportStatus, LeadImport
from webapp.inquiries.permissions import require_admin
from webapp.inquiries.services.submitting import allows_test_addresses
from webapp.inquiries.services.submitting_many import submit_many

JOB = "webapp.inquiries.importing.jobs.run_import"
JOB_SECONDS = 1800
SILENT_AFTER = dt.timedelta(minutes=2)
LEFT_AFTER = dt.timedelta(days=7)
MOST_PROBLEMS = 500
TOO_LARGE = "The file is larger than 10 MB. Split it and import the parts one by one."
CHOOSE = "Choose a CSV file."
GONE = "We could not find that import."
L = LeadImport


def take_file(*, actor: User, filename: str, content: bytes) -> LeadImport:
    """Read and check an uploaded file and keep it for the preview; no lead is made.

    Raises:
        Forbidden: not an admin.
        ValidationFailed: too large, or not a file we can read; the words stand at the field "file".
    """
    require_admin(actor)
    if not content:
        raise ValidationFailed(fields={"file": "The file is empty." if filename else CHOOSE})
    if len(content) > MAX_BYTES:
        raise ValidationFailed(fields={"file": TOO_LARGE})
    try:
        checked = check_content(content)
    except NotReadable as error:
        raise ValidationFailed(fields={"file": str(error)}) from None
    row = L(
        owner_id=actor.id,
        filename=clean_filename(filename),
        content=content,
        digest=hashlib.sha256(content).hexdigest(),
        status=ImportStatus.PREVIEWED,
        total=len(checked.rows),
        good=len(checked.good),
        duplicates=checked.duplicates,
        problems=[problem.as_json() for problem in checked.problems[:MOST_PROBLEMS]],
    )
    db.session.add(row)
    db.session.flush()  # its id, for the address
    return row


def check_content(content: bytes) -> Checked:
    """Read and check a file's bytes.

    Raises:
        NotReadable: with words for the person.
    """
    return check_sheet(read_sheet(decode(content).text), allow_test=allows_test_addresses())


def clean_filename(filename: str) -> str:
    """Return the name of an uploaded file without its folders and what cannot be seen."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    return "".join(letter for letter in name if letter.isprintable())[:120] or "leads.csv"


def start_import(*, actor: User, import_id: str, leave_out_known: bool) -> None:
    """Let the job store a previewed file, or one whose job failed.

    Raises:
        Forbidden, NotFound.
        InvalidState: it runs, is through or discarded, or has no good row.
    """
    row = _locked(actor, import_id)
    if row.status not in (ImportStatus.PREVIEWED, ImportStatus.FAILED) or row.content is None:
        raise InvalidState("This file is being imported already, or was discarded.")
    if row.good - (row.duplicates if leave_out_known else 0) < 1:
        raise InvalidState("No row of this file would come in.")
    row.status, row.leave_out_known = ImportStatus.RUNNING, leave_out_known
    row.error, row.claimed_at, row.finished_at = "", None, None

    def hint() -> None:
        wake_now(import_id)

    after_commit(hint)


def discard_import(*, actor: User, import_id: str) -> None:
    """Throw an uploaded file away; what is imported stays.

    Raises:
        Forbidden, NotFound.
        InvalidState: it runs or is through.
    """
    row = _locked(actor, import_id)
    if row.status not in (ImportStatus.PREVIEWED, ImportStatus.FAILED):
        raise InvalidState("This file is being imported or has been imported.")
    row.status, row.content, row.problems = ImportStatus.DISCARDED, None, []


def _locked(actor: User, import_id: str) -> LeadImport:
    require_admin(actor)
    row = db.session.scalar(select(L).where(L.public_id == import_id).with_for_update())
    if row is None:
        raise NotFound(GONE)
    return row


def wake_now(import_id: str) -> bool:
    """Queue the job of an import; False when the queue is away, the sweep finds the row then."""
    return enqueue(JOB, import_id, queue_name=FILES_QUEUE, seconds=JOB_SECONDS)


def claim_import(import_id: str, now: dt.datetime) -> LeadImport | None:
    """Take an import to carry it out: one nobody works on, or whose worker has been silent. None if another has it."""
    free = or_(L.claimed_at.is_(None), L.claimed_at < now - SILENT_AFTER)
    taken = update(L).where(L.public_id == import_id, L.status == ImportStatus.RUNNING, free).values(claimed_at=now)
    found = db.session.scalar(taken.returning(L.id).execution_options(synchronize_session=False))
    return db.session.get(L, found, populate_existing=True) if found is not None else None


def store_rows(row: LeadImport, *, tick: Callable[[int], None], now: dt.datetime) -> int:
    """Store all good rows of a file; return how many leads came of it. Its transaction makes them seen, all or none.

    Raises:
        NotReadable: the file is not as it was (it was checked when it came).
    """
    checked = check_content(row.content or b"")
    wanted = [one for one in checked.good if not (row.leave_out_known and one.known)]
    entries = [one.entry for one in wanted if one.entry is not None]
    number = submit_many(entries=entries, now=now, import_id=row.id, tick=tick)
    record(
        "lead_import.done",
        entity="lead_import",
        entity_id=row.public_id,
        label=row.filename,
        changes={"leads": (0, number)},
    )
    return number


def end_import(import_id: str, *, claimed_at: dt.datetime, now: dt.datetime, why: str = "") -> LeadImport | None:
    """Note that an import is through, or failed with words; None when the claim was lost to another."""
    values: dict[str, object] = {"status": ImportStatus.FAILED, "error": why[:300], "finished_at": now}
    if not why:
        values = {"status": ImportStatus.DONE, "content": None, "finished_at": now}
    mine = and_(L.public_id == import_id, L.status == ImportStatus.RUNNING, L.claimed_at == claimed_at)
    found = db.session.scalar(
        update(L).where(mine).values(**values).returning(L.id).execution_options(synchronize_session=False)
    )
    return db.session.get(L, found, populate_existing=True) if found is not None else None


def forget_left_files(now: dt.datetime) -> int:
    """Throw away files that were brought and never imported within a week: they are full of names. Return how many."""
    waits = L.status.in_((ImportStatus.PREVIEWED, ImportStatus.FAILED))
    left = select(L).where(waits, L.updated_at < now - LEFT_AFTER).with_for_update(skip_locked=True).limit(50)
    rows = db.session.scalars(left).all()
    for row in rows:
        row.status, row.content, row.problems = ImportStatus.DISCARDED, None, []
    return len(rows)


def stalled(now: dt.datetime) -> ColumnElement[bool]:
    """Return the condition for imports that nobody works on: never begun, or their worker is gone."""
    never = and_(L.claimed_at.is_(None), L.updated_at < now - dt.timedelta(seconds=30))
    return and_(L.status == ImportStatus.RUNNING, or_(never, L.claimed_at < now - SILENT_AFTER))
