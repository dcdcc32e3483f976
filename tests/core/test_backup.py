"""A backup restored into an empty database is the same house, and goes on."""

from __future__ import annotations

import datetime as dt
import json
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy import Connection, create_engine, make_url, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from tests.bookings.world import SATURDAY_10, book, make_world
from tests.factories import NOW
from tests.servers import new_database
from webapp import create_app
from webapp.bookings.models import CounsellingSession
from webapp.config import Settings
from webapp.core.backup import writing
from webapp.core.backup.manifest import KeptTable
from webapp.core.db import db, transaction
from webapp.core.embedded.postgres import DATABASE
from webapp.core.errors import SlotTaken
from webapp.core.jobs import get_redis
from webapp.demo.seed import seed_demo

PHOTO = "uploads/AbCdEfGhIjKlMnOpQrStUv-160.webp"


@contextmanager
def house(settings: Settings, name: str, folder: Path) -> Iterator[Flask]:
    """An app with a fresh, migrated database of its own."""
    url = make_url(str(settings.database_url))
    fresh = new_database(url.set(database=DATABASE).render_as_string(hide_password=False), f"{url.database}_{name}")
    app = create_app(settings.model_copy(update={"database_url": fresh, "data_dir": folder / name}))
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
            get_redis().close()
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f'drop database "{url.database}_{name}" with (force)'))
        admin.dispose()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backup")


@pytest.fixture(scope="module")
def full(settings: Settings, folder: Path) -> Iterator[Flask]:
    with house(settings, "full", folder) as app:
        with app.app_context(), transaction() as session:
            seed_demo(session, hash_password=lambda: "one hash for all", settings=app.config["SETTINGS"], now=NOW)
            session.execute(text("update counsellors set bio = E'Tab\\t, line\\nbreak, \\\\N and ☕' where id = 1"))
        (folder / "full" / "uploads").mkdir(parents=True)
        (folder / "full" / PHOTO).write_bytes(b"a picture")
        yield app


@pytest.fixture(scope="module")
def empty(settings: Settings, folder: Path) -> Iterator[Flask]:
    """A database that stays empty: every restore into it is refused."""
    with house(settings, "empty", folder) as app:
        yield app


@pytest.fixture(scope="module")
def backup(full: Flask, folder: Path) -> Path:
    status, said = run(full, "backup", str(folder / "house.zip"))
    assert status == 0, said
    assert said.startswith("Wrote ")
    assert said.endswith(f"and 1 uploads to {folder / 'house.zip'}.")
    return folder / "house.zip"


def run(app: Flask, *words: str) -> tuple[int, str]:
    with app.app_context():  # the command's own, whatever the test is in
        result = app.test_cli_runner().invoke(args=list(words))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output.strip()


def everything(connection: Connection) -> dict[str, list[str]]:
    """Every row of every table, generated columns too, and every sequence."""
    names = connection.scalars(text("select tablename from pg_tables where schemaname = 'public' order by 1")).all()
    found = {}
    for name in names:
        rows = sql.SQL("select t::text from {} t").format(sql.Identifier(name)).as_string()
        found[name] = sorted(connection.scalars(text(rows)))
    sequences = connection.scalars(text("select sequencename from pg_sequences where schemaname = 'public' order by 1"))
    found["sequences"] = [
        f"{name}: {connection.execute(text(f'select last_value, is_called from {name}')).one()}" for name in sequences
    ]
    return found


def test_a_restored_house_is_the_same_and_goes_on(full: Flask, backup: Path, settings: Settings, folder: Path) -> None:
    with full.app_context(), db.engine.connect() as connection:
        before = everything(connection)
    assert sum(bool(rows) for rows in before.values()) > 30
    with house(settings, "again", folder) as app, app.app_context():
        status, said = run(app, "restore", str(backup))
        assert status == 0, said
        assert said.startswith("Restored ")
        with db.engine.connect() as connection:
            assert everything(connection) == before
        assert (folder / "again" / PHOTO).read_bytes() == b"a picture"
        _takes_a_booking()
        _keeps_its_rules()
        status, said = run(app, "restore", str(backup))
        assert (status, "The database is not empty" in said) == (1, True)


def _takes_a_booking() -> None:
    world = make_world()
    session = book(world)
    assert session.starts_at == SATURDAY_10
    with pytest.raises(SlotTaken):
        book(world, SATURDAY_10 + dt.timedelta(minutes=10))


def _keeps_its_rules() -> None:
    """The triggers and the exclusion constraint stand in the restored database itself."""
    for statement in ("update audit_entries set action = 'x'", "truncate audit_entries"):
        with pytest.raises(DBAPIError, match="append-only"), db.engine.begin() as connection:
            connection.execute(text(statement))
    taken = db.session.scalars(select(CounsellingSession).where(CounsellingSession.starts_at == SATURDAY_10)).all()[-1]
    columns = [column.name for column in CounsellingSession.__table__.columns if column.name not in {"id", "public_id"}]
    names = ", ".join(columns)
    twice = f"insert into counselling_sessions (public_id, {names}) select 'ses_twice', {names}"
    with pytest.raises(IntegrityError, match="exclusion"), db.engine.begin() as connection:
        connection.execute(text(f"{twice} from counselling_sessions where id = :id"), {"id": taken.id})
    with pytest.raises(DBAPIError, match="does not sum to zero"), db.engine.begin() as connection:
        connection.execute(
            text("update ledger_entries set amount = amount + 1 where id = (select min(id) from ledger_entries)")
        )


def test_nobody_else_may_read_the_file_and_none_is_written_over(full: Flask, backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    status, said = run(full, "backup", str(backup))
    assert (status, said) == (1, f"Error: {backup} is there already; nothing was written.")
    assert [file.name for file in backup.parent.iterdir() if file.name.endswith(".part")] == []


def test_the_manifest_counts_the_rows_parents_first(backup: Path) -> None:
    with zipfile.ZipFile(backup) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        for table in manifest["tables"]:
            assert archive.read(f"tables/{table['name']}.copy").count(b"\n") == table["rows"]
    order = [table["name"] for table in manifest["tables"]]
    assert order.index("users") < order.index("counsellors") < order.index("counselling_sessions")


def test_what_is_written_meanwhile_is_not_in_it(full: Flask, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that comes into a table before its turn, after the first one was copied, is of another instant."""
    keep, counter = writing._keep_table, "ticket_counters where year = 1999"

    def keep_and_write(*given: Any) -> KeptTable:
        with db.engine.begin() as other:
            other.execute(
                text("insert into ticket_counters (year, last_number) values (1999, 1) on conflict do nothing")
            )
        return keep(*given)

    monkeypatch.setattr(writing, "_keep_table", keep_and_write)
    with full.app_context():
        with db.engine.connect() as connection:
            before = connection.scalar(text("select count(*) from ticket_counters"))
        manifest = writing.write_backup(db.engine, full.config["SETTINGS"], folder / "meanwhile.zip", NOW)
        with db.engine.begin() as connection:
            assert connection.scalar(text(f"select count(*) from {counter}")) == 1
            connection.execute(text(f"delete from {counter}"))
    assert next(table.rows for table in manifest.tables if table.name == "ticket_counters") == before


def _changed(backup: Path, name: str, change: str) -> Path:
    """The same file with one thing wrong."""
    wrong = backup.with_name(f"{name}.zip")
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(wrong, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            if member == "manifest.json":
                manifest = json.loads(content)
                exec(change, {"manifest": manifest})
                content = json.dumps(manifest).encode()
            new.writestr(member, content)
    return wrong


@pytest.mark.parametrize(
    ("name", "change", "line"),
    [
        ("version", "manifest['schema_version'] = '0001'", "The backup is of schema version 0001, the database is at"),
        ("rows", "manifest['tables'][-1]['rows'] += 1", "The rows of"),
        ("sum", "manifest['tables'][-1]['sha256'] = '0'", "The rows of"),
        ("table", "manifest['tables'].pop()", "The tables of the database are not those of the backup"),
        ("upload", "manifest['uploads'][0]['sha256'] = '0'", "The upload"),
        ("above", "manifest['uploads'][0]['path'] = '../../etc/x'", "is damaged or no backup of ours"),
        ("form", "manifest['form'] = 'other'", "is damaged or no backup of ours"),
    ],
)
def test_a_file_that_is_not_right_changes_nothing(
    empty: Flask, backup: Path, name: str, change: str, line: str
) -> None:
    status, said = run(empty, "restore", str(_changed(backup, name, change)))
    assert status == 1
    assert line in said
    assert len(said.splitlines()) == 1
    with empty.app_context(), db.engine.connect() as connection:
        assert not connection.scalar(text("select exists (select from users)"))


def test_what_is_no_backup_at_all_is_said_in_a_line(empty: Flask, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("not a backup")
    for file, line in (("text", "is damaged or no backup of ours"), ("nothing", "cannot be used: No such file")):
        status, said = run(empty, "restore", str(tmp_path / file))
        assert (status, line in said, len(said.splitlines())) == (1, True, 1)
