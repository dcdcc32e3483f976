"""The job that writes a long export, and the due work around it."""

from __future__ import annotations

import datetime as dt
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.core import clock
from webapp.core.crashpoints import crash_point
from webapp.core.csv_export import Cell, csv_lines
from webapp.core.db import db, transaction
from webapp.core.errors import DomainError
from webapp.core.jobs import job
from webapp.exports import services
from webapp.exports.folder import file_of, folder, part_of, remove_file, remove_parts
from webapp.exports.models import ExportFile, ExportStatus
from webapp.exports.queries import expired_exports, stalled_exports
from webapp.exports.registry import Params, find_export

NOTE_EVERY = 0.5  # seconds between two notes of progress
LOOK_EVERY = 200  # rows between two looks at the watch
DISK = "The disk could not take the file. Tell whoever runs this site, then try again."
BROKEN = (
    "Something went wrong on our side while the rows were read. Try again; if it stays so, tell whoever runs this site."
)
log = structlog.get_logger(__name__)
Told = Callable[[ExportFile], None]
_told: list[Told] = []


class ClaimLost(Exception):
    """Another worker has taken the export over."""


def tell_when_ended(callback: Told) -> None:
    """Call ``callback(export)`` in the transaction in which a file is done or has failed; harmless to repeat."""
    if callback not in _told:
        _told.append(callback)


@job
def make_file(export_id: str) -> None:
    """Write the file of one export, unless another worker does."""
    with transaction():
        claimed = services.claim_export(export_id, clock.now())
        if claimed is None or claimed.claimed_at is None:
            return
        work = Work(claimed)
    try:
        rows = work.write()
    except ClaimLost:
        work.part.unlink(missing_ok=True)
    except Exception as error:
        log.exception("export_failed", export=export_id)
        work.part.unlink(missing_ok=True)
        db.session.rollback()
        _end(work, why=_words(error))
    else:
        _end(work, rows=rows)


def _words(error: Exception) -> str:
    if isinstance(error, DomainError):
        return error.message
    return DISK if isinstance(error, OSError) else BROKEN


def _end(work: Work, *, rows: int = 0, why: str = "") -> None:
    now = clock.now()
    with transaction():
        if why:
            ended = services.fail_export(work.export_id, claimed_at=work.claimed_at, why=why, now=now)
        else:
            ended = services.finish_export(work.export_id, claimed_at=work.claimed_at, rows=rows, now=now)
        if ended is None:
            return
        for tell in _told:
            tell(ended)


class Work:
    """One claim on one export: reads, writes, notes how far it is."""

    def __init__(self, claimed: ExportFile) -> None:
        assert claimed.claimed_at is not None  # noqa: S101  a claim has its instant
        self.pk, self.export_id, self.claimed_at = claimed.id, claimed.public_id, claimed.claimed_at
        self.kind, self.zone = claimed.kind, claimed.zone
        pairs = [(name, value) for name, values in claimed.params.items() for value in values]
        self.params = Params(pairs, now=claimed.created_at, zone=claimed.zone)
        self.part: Path = part_of(self.export_id, self.claimed_at)
        self.rows = 0
        self._noted = time.monotonic()

    def write(self) -> int:
        """Write the file whole or not at all; return how many rows it has.

        Raises:
            ClaimLost: the note of progress found the row in other hands.
            NotFound: no export of this kind any more.
        """
        export = find_export(self.kind)
        folder().mkdir(parents=True, exist_ok=True)
        remove_parts(self.export_id)
        with self.part.open("w", encoding="utf-8", newline="") as file:
            for text in csv_lines(export.header, self._counted(export.rows(self.params, self.zone))):
                file.write(text)
                crash_point("export.writing")
            file.flush()
            os.fsync(file.fileno())
        db.session.rollback()  # the long read ends here
        self._note()
        self.part.replace(file_of(self.export_id))
        crash_point("export.written")
        return self.rows

    def _counted(self, rows: Iterable[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
        for row in rows:
            yield row
            self.rows += 1
            if self.rows % LOOK_EVERY == 0 and time.monotonic() - self._noted > NOTE_EVERY:
                self._note()

    def _note(self) -> None:
        """Note the progress in a transaction of its own: the read's stays open, and others see how far it is."""
        self._noted, now = time.monotonic(), clock.now()
        mine = (ExportFile.status == ExportStatus.RUNNING, ExportFile.claimed_at == self.claimed_at)
        note = update(ExportFile).where(ExportFile.id == self.pk, *mine).values(done=self.rows, claimed_at=now)
        with Session(db.engine, join_transaction_mode="create_savepoint") as session:
            found = session.execute(note.returning(ExportFile.id)).first()
            session.commit()
        if found is None:
            raise ClaimLost
        self.claimed_at = now


def resume_stalled(now: dt.datetime) -> int:
    """Queue again what nobody works on; fail what has been tried for hours. Return how many."""
    with transaction():
        given_up = services.give_up_old(now)
    return given_up + sum(services.wake_now(public_id) for public_id in stalled_exports(now))


def remove_expired(now: dt.datetime) -> int:
    """Remove files whose time is over, first the file, then its row. Return how many."""
    gone = expired_exports(now)
    for public_id in gone:
        remove_file(public_id)
        with transaction():
            services.forget_export(public_id)
    return len(gone)
