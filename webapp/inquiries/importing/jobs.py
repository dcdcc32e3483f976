"""The job that carries out an import, and the due work that finds those whose worker was killed."""

from __future__ import annotations

import datetime as dt
import time

import structlog
from sqlalchemy import update
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.accounts.recipients import recipient_of
from webapp.core import clock
from webapp.core.crashpoints import crash_point
from webapp.core.db import db, transaction
from webapp.core.jobs import job
from webapp.inquiries.importing import services
from webapp.inquiries.importing.decoding import NotReadable
from webapp.inquiries.importing.progress import note_progress
from webapp.inquiries.importing.queries import stalled_imports
from webapp.inquiries.models import ImportStatus, LeadImport
from webapp.notifications.services import notify

NOTE_EVERY = 0.5  # seconds between two notes of progress
SIGN_EVERY = 10.0  # seconds between two signs of life in the row
BROKEN = (
    "Something went wrong on our side. Nothing of the file was stored. "
    "Try again; if it stays so, tell whoever runs this site."
)
log = structlog.get_logger(__name__)
L = LeadImport


class ClaimLost(Exception):
    """Another worker has taken the import over; what this one wrote is rolled back."""


@job
def run_import(import_id: str) -> None:
    """Store all good rows of a file in one transaction, unless another worker does."""
    with transaction():
        claimed = services.claim_import(import_id, clock.now())
        if claimed is None or claimed.claimed_at is None:
            return
        work = Work(import_id, claimed.id, claimed.claimed_at)
    try:
        _store(work)
    except ClaimLost:
        return
    except Exception as error:
        log.exception("import_failed", import_id=import_id)
        _fail(work, str(error) if isinstance(error, NotReadable) else BROKEN)


def _store(work: Work) -> None:
    now = clock.now()
    with transaction():
        row = db.session.get_one(L, work.pk)
        number = services.store_rows(row, tick=work.tick, now=now)
        crash_point("import.stored")
        ended = services.end_import(work.import_id, claimed_at=work.claimed_at, now=clock.now())
        if ended is None:
            raise ClaimLost
        _tell(ended, f"{number:,} {'lead' if number == 1 else 'leads'} imported", f"From {ended.filename}.", now)
    crash_point("import.through")


def _fail(work: Work, why: str) -> None:
    now = clock.now()
    with transaction():
        ended = services.end_import(work.import_id, claimed_at=work.claimed_at, now=now, why=why)
        if ended is not None:
            _tell(ended, "The import failed", why, now)


def _tell(row: LeadImport, title: str, body: str, now: dt.datetime) -> None:
    notify(
        user=recipient_of(db.session.get_one(User, row.owner_id)),
        kind="export_ready",
        title=title,
        body=body,
        url=f"/admin/leads/import/{row.public_id}",
        dedupe_key=f"import:{row.public_id}:{row.status.value}:{now.isoformat()}",
        now=now,
    )


class Work:
    """One claim on one import: says how far it is, and that it lives."""

    def __init__(self, import_id: str, pk: int, claimed_at: dt.datetime) -> None:
        self.import_id, self.pk, self.claimed_at = import_id, pk, claimed_at
        self._noted = self._signed = time.monotonic()

    def tick(self, done: int) -> None:
        """Count one row more.

        Raises:
            ClaimLost: the sign of life found the row in other hands.
        """
        crash_point(f"import.row.{done}")
        now = time.monotonic()
        if now - self._noted > NOTE_EVERY:
            self._noted = now
            note_progress(self.import_id, done)
        if now - self._signed > SIGN_EVERY:
            self._signed = now
            self.sign()

    def sign(self) -> None:
        """Give a sign of life, in a transaction of its own: that of the rows stays open.

        Raises:
            ClaimLost: another has it.
        """
        at = clock.now()
        mine = (L.id == self.pk, L.status == ImportStatus.RUNNING, L.claimed_at == self.claimed_at)
        with Session(db.engine, join_transaction_mode="create_savepoint") as session:
            found = session.execute(update(L).where(*mine).values(claimed_at=at).returning(L.id)).first()
            session.commit()
        if found is None:
            raise ClaimLost
        self.claimed_at = at


def forget_left(now: dt.datetime) -> int:
    """Throw away files that nobody imported. Return how many."""
    with transaction():
        return services.forget_left_files(now)


def resume_stalled(now: dt.datetime) -> int:
    """Queue again what nobody works on. Return how many."""
    return sum(services.wake_now(import_id) for import_id in stalled_imports(now))
