"""Writing a backup: one snapshot of the database, table by table, while the site goes on."""

from __future__ import annotations

import contextlib
import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast
from zipfile import ZIP_DEFLATED, ZipFile

import fsspec.core
import psycopg
from psycopg import sql
from sqlalchemy import Engine

from webapp.config import Settings
from webapp.core.backup.manifest import MEMBER, BackupRefused, KeptTable, KeptUpload, Manifest
from webapp.core.backup.schema import TableShape, schema_version, sequence_states, table_shapes


def write_backup(engine: Engine, settings: Settings, path: Path, now: dt.datetime) -> Manifest:
    """Write everything into a new file at ``path``, readable by its owner alone, and return its manifest.

    Raises:
        BackupRefused: the file is there already or cannot be written, or the database was never migrated.
    """
    with _new_file(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive, _snapshot(engine) as connection:
        version = schema_version(connection)
        if version is None:
            raise BackupRefused("The database has no schema yet: there is nothing to back up.")
        tables = [_keep_table(connection, shape, archive) for shape in table_shapes(connection)]
        manifest = Manifest(
            made_at=now,
            release=settings.release,
            schema_version=version,
            tables=tables,
            sequences=sequence_states(connection),  # after the rows: no row is newer than its sequence
            uploads=list(_keep_uploads(settings.uploads_at, archive)),
        )
        archive.writestr(MEMBER, manifest.model_dump_json(indent=1))
    return manifest


@contextlib.contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Write beside ``path`` and move it there at the end: a backup that broke off never looks like one."""
    if path.exists():
        raise BackupRefused(f"{path} is there already; nothing was written.")
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)
    except OSError as error:
        raise BackupRefused(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _snapshot(engine: Engine) -> Iterator[psycopg.Connection[Any]]:
    """Give a connection that sees the database as it was at one instant, whatever is written meanwhile."""
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        connection.exec_driver_sql("set transaction read only")
        connection.exec_driver_sql("set local statement_timeout = 0")
        yield cast("psycopg.Connection[Any]", connection.connection.driver_connection)


def _keep_table(connection: psycopg.Connection[Any], shape: TableShape, archive: ZipFile) -> KeptTable:
    digest, rows = hashlib.sha256(), 0
    statement = sql.SQL("copy {} to stdout").format(shape.kept)
    member = KeptTable(name=shape.name, columns=shape.columns, rows=0, sha256="").member
    with (
        archive.open(member, "w", force_zip64=True) as kept,
        connection.cursor() as cursor,
        cursor.copy(statement) as rows_out,
    ):
        for block in rows_out:
            kept.write(block)
            digest.update(block)
            rows += bytes(block).count(b"\n")  # a line break inside a value is written \n: each row is one line
    return KeptTable(name=shape.name, columns=shape.columns, rows=rows, sha256=digest.hexdigest())


def _keep_uploads(url: str, archive: ZipFile) -> Iterator[KeptUpload]:
    store, root = cast("tuple[Any, str]", fsspec.core.url_to_fs(url))
    for found in sorted(store.find(root)) if store.exists(root) else []:
        with contextlib.suppress(FileNotFoundError):  # let go of meanwhile: no row of today names it
            content = cast(bytes, store.cat_file(found))
            name = str(found).removeprefix(root).lstrip("/")
            kept = KeptUpload(path=name, sha256=hashlib.sha256(content).hexdigest())
            archive.writestr(kept.member, content)
            yield kept
