"""Writes of exports: asking, the steps of the job, and taking away what has had its time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ColumnElement, and_, or_, select, update

from webapp.core.db import after_commit, db
from webapp.core.errors import InvalidState, NotFound
from webapp.core.jobs import FILES_QUEUE, enqueue
from webapp.exports.models import ExportFile, ExportStatus
from webapp.exports.registry import Export, Params

JOB = "webapp.exports.jobs.make_file"
JOB_SECONDS = 3600
KEPT = dt.timedelta(days=7)
SILENT_AFTER = dt.timedelta(minutes=2)  # a job that writes notes its progress every second or so
GIVEN_UP_AFTER = dt.timedelta(hours=6)
UNDER_WAY = (ExportStatus.QUEUED, ExportStatus.RUNNING)
F = ExportFile


def ask_for_export(
    export: Export, params: Params, *, owner_id: int, zone: str, total: int, at_once: bool, now: dt.datetime
) -> ExportFile:
    """Note that somebody takes a table away; unless it goes ``at_once`` with this answer, a job makes the file."""
    row = F(
        owner_id=owner_id,
        kind=export.kind,
        params=params.as_json(),
        zone=zone,
        filename=export.filename,
        status=ExportStatus.DONE if at_once else ExportStatus.QUEUED,
        total=total,
        done=total if at_once else 0,
        created_at=now,
        finished_at=now if at_once else None,
        expires_at=now + KEPT,
    )
    db.session.add(row)
    db.session.flush()  # the id, for the address and the job
    if not at_once:
        wake(row.public_id)
    return row


def wake(public_id: str) -> None:
    """Queue the job of an export once the transaction is through."""

    def hint() -> None:
        wake_now(public_id)

    after_commit(hint)


def wake_now(public_id: str) -> bool:
    """Queue the job of an export at once; False when the queue is away, the sweep finds the row then."""
    return enqueue(JOB, public_id, queue_name=FILES_QUEUE, seconds=JOB_SECONDS)


def try_again(*, owner_id: int, export_id: str, now: dt.datetime) -> None:
    """Begin a failed export again, with the same filter at the same instant.

    Raises:
        NotFound: no such export of this owner.
        InvalidState: it has not failed.
    """
    row = db.session.scalar(select(F).where(F.public_id == export_id, F.owner_id == owner_id).with_for_update())
    if row is None:
        raise NotFound("We could not find that export.")
    if row.status is not ExportStatus.FAILED:
        raise InvalidState("This export has not failed.")
    row.status, row.done, row.error, row.claimed_at, row.finished_at = ExportStatus.QUEUED, 0, "", None, None
    row.expires_at = now + KEPT
    wake(export_id)


def claim_export(export_id: str, now: dt.datetime) -> ExportFile | None:
    """Take an export to write it: one that waits, or whose writer has been silent for long. None if another has it."""
    free = or_(
        F.status == ExportStatus.QUEUED, and_(F.status == ExportStatus.RUNNING, F.claimed_at < now - SILENT_AFTER)
    )
    taken = (
        update(F)
        .where(F.public_id == export_id, free)
        .values(status=ExportStatus.RUNNING, claimed_at=now, done=0)
        .returning(F.id)
    )
    found = db.session.scalar(taken.execution_options(synchronize_session=False))
    return db.session.get(F, found, populate_existing=True) if found is not None else None


def finish_export(export_id: str, *, claimed_at: dt.datetime, rows: int, now: dt.datetime) -> ExportFile | None:
    """Note that the file is whole; None when the claim was lost to another."""
    return _end(export_id, claimed_at, {"status": ExportStatus.DONE, "done": rows, "total": rows, "finished_at": now})


def fail_export(export_id: str, *, claimed_at: dt.datetime, why: str, now: dt.datetime) -> ExportFile | None:
    """Note that the file cannot be made, with words for its owner; None when the claim was lost to another."""
    return _end(export_id, claimed_at, {"status": ExportStatus.FAILED, "error": why[:300], "finished_at": now})


def _end(export_id: str, claimed_at: dt.datetime, values: dict[str, object]) -> ExportFile | None:
    mine = (F.public_id == export_id, F.status == ExportStatus.RUNNING, F.claimed_at == claimed_at)
    ended = update(F).where(*mine).values(**values).returning(F.id).execution_options(synchronize_session=False)
    found = db.session.scalar(ended)
    return db.session.get(F, found, populate_existing=True) if found is not None else None


def give_up_old(now: dt.datetime) -> int:
    """Fail what has been tried for hours in vain; return how many."""
    rows = db.session.scalars(
        select(F)
        .where(F.status.in_(UNDER_WAY), F.created_at < now - GIVEN_UP_AFTER, stalled(now))
        .with_for_update(skip_locked=True)
        .limit(20)
    ).all()
    for row in rows:
        row.status, row.finished_at = ExportStatus.FAILED, now
        row.error = (
            "It was begun several times and never came to its end. Narrow the filter, or tell whoever runs this site."
        )
    return len(rows)


def stalled(now: dt.datetime) -> ColumnElement[bool]:
    """Return the condition for exports that nobody works on: queued and forgotten, or their writer is gone."""
    return or_(
        and_(F.status == ExportStatus.QUEUED, F.created_at < now - dt.timedelta(seconds=30)),
        and_(F.status == ExportStatus.RUNNING, F.claimed_at < now - SILENT_AFTER),
    )


def forget_export(export_id: str) -> None:
    """Take an export's row away; its file is gone already."""
    row = db.session.scalar(select(F).where(F.public_id == export_id).with_for_update())
    if row is not None:
        db.session.delete(row)
