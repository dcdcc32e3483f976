"""Workers killed for real in the middle of an export and of an import: nothing half done, and the next one ends it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import func, select, update

from tests import factories as make
from tests.crowd import Rush, crowded_app, rush
from tests.forks import Forks
from webapp.accounts.models import Role, User
from webapp.config import Settings
from webapp.core import clock
from webapp.core.crashpoints import KILLED, VARIABLE
from webapp.core.db import transaction
from webapp.core.jobs import get_redis
from webapp.exports.folder import file_of, folder
from webapp.exports.jobs import make_file
from webapp.exports.models import ExportFile, ExportStatus
from webapp.exports.registry import find_export, read_params
from webapp.exports.services import ask_for_export
from webapp.inquiries.importing.jobs import run_import
from webapp.inquiries.importing.services import start_import, take_file
from webapp.inquiries.models import ImportStatus, Inquiry, LeadImport, TicketCounter

__all__ = ["crowded_app", "rush"]

ROWS = 1200
LONG = dt.timedelta(minutes=10)
FILE = "Name,Mail,Phone\n" + "".join(f"Lead {n},lead{n}@example.com,98{n:08d}\n" for n in range(ROWS))


def an_admin() -> int:
    with transaction():
        return make.make_user(role=Role.ADMIN).id


def brought(admin: int) -> str:
    with transaction() as session:
        actor = session.get_one(User, admin)
        import_id = take_file(actor=actor, filename="fair.csv", content=FILE.encode()).public_id
    with transaction() as session:
        start_import(actor=session.get_one(User, admin), import_id=import_id, leave_out_known=False)
    return import_id


def leads() -> int:
    with transaction() as session:
        return session.scalar(select(func.count()).select_from(Inquiry)) or 0


@pytest.mark.reliability
@pytest.mark.parametrize("place", ["import.row.500", "import.stored"])
def test_an_import_is_all_or_nothing(rush: Rush, forks: Forks, place: str) -> None:
    settings: Settings = rush.app.config["SETTINGS"]
    get_redis().flushdb()
    import_id = brought(an_admin())
    assert forks.start(settings, run_import, import_id, **{VARIABLE: place}).wait() == KILLED
    assert leads() == 0
    run_import(import_id)  # its claim still runs
    assert leads() == 0
    with transaction() as session:
        session.execute(update(LeadImport).values(claimed_at=LeadImport.claimed_at - LONG))
    run_import(import_id)
    assert leads() == ROWS
    with transaction() as session:
        assert session.scalars(select(LeadImport.status)).all() == [ImportStatus.DONE]
        assert session.scalars(select(TicketCounter.last_number)).all() == [ROWS]


@pytest.mark.reliability
def test_an_export_is_written_again(rush: Rush, forks: Forks) -> None:
    settings: Settings = rush.app.config["SETTINGS"]
    get_redis().flushdb()
    admin = an_admin()
    run_import(brought(admin))
    export, now = find_export("leads"), clock.now()
    with transaction():
        params = read_params([("status", "all")], now=now, zone="Asia/Kolkata")
        export_id = ask_for_export(
            export, params, owner_id=admin, zone="Asia/Kolkata", total=ROWS, at_once=False, now=now
        ).public_id
    assert forks.start(settings, make_file, export_id, **{VARIABLE: "export.writing"}).wait() == KILLED
    make_file(export_id)  # its claim still runs
    with transaction() as session:
        assert session.scalars(select(ExportFile.status)).all() == [ExportStatus.RUNNING]
        session.execute(update(ExportFile).values(claimed_at=ExportFile.claimed_at - LONG))
    make_file(export_id)
    with transaction() as session:
        row = session.scalars(select(ExportFile)).one()
        assert (row.status, row.done) == (ExportStatus.DONE, ROWS)
    assert len(file_of(export_id).read_text(encoding="utf-8-sig").splitlines()) == ROWS + 1
    assert list(folder().glob(f"{export_id}.*.part")) == []
