"""Restoring a backup: all of it in one transaction, or nothing."""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile, ZipFile

import fsspec.core
import psycopg
from psycopg import sql
from pydantic import ValidationError
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from webapp.config import Settings
from webapp.core.backup.manifest import MEMBER, BackupRefused, KeptTable, KeptUpload, Manifest
from webapp.core.backup.schema import TableShape, holds_rows, schema_version, table_shapes

BLOCK = 1024 * 1024  # bytes


def restore_backup(engine: Engine, settings: Settings, path: Path) -> Manifest:
    """Put everything of the file into an empty, migrated database, and the uploads into their store.

    Constraints and triggers stay on: what would break a rule of the database is refused, and nothing is kept.

    Raises:
        BackupRefused: the file is damaged or of another schema version, or the database is not empty.
    """
    with _opened(path) as archive:
        manifest = _manifest(archive, path)
        with engine.begin() as outer:
            connection = cast("psycopg.Connection[Any]", outer.connection.driver_connection)
            outer.exec_driver_sql("set local statement_timeout = 0")
            _check_place(connection, manifest)
            for table in manifest.tables:
                _fill(connection, table, archive)
            for name, (last, called) in manifest.sequences.items():
                connection.execute("select setval(%s::regclass, %s, %s)", (f'"{name}"', last, called))
            outer.exec_driver_sql("analyze")
            _put_uploads(settings.uploads_at, manifest.uploads, archive)  # a file too many is better than one too few
    return manifest


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[ZipFile]:
    try:
        with ZipFile(path) as archive:
            yield archive
    except (BadZipFile, zlib.error, EOFError, KeyError) as error:
        raise BackupRefused(f"{path} is damaged or no backup of ours; nothing was restored.") from error
    except OSError as error:
        raise BackupRefused(f"{error.filename or path} cannot be used: {error.strerror or error}") from error
    except (psycopg.Error, DBAPIError) as error:
        said = str(getattr(error, "orig", None) or error).strip().partition("\n")[0]
        raise BackupRefused(f"The database refused it, nothing was restored: {said}") from error


def _manifest(archive: ZipFile, path: Path) -> Manifest:
    try:
        return Manifest.model_validate_json(archive.read(MEMBER))
    except ValidationError:
        raise BackupRefused(f"{path} is damaged or no backup of ours; nothing was restored.") from None


def _check_place(connection: psycopg.Connection[Any], manifest: Manifest) -> None:
    version, wanted = schema_version(connection), manifest.schema_version
    if version is None:
        raise BackupRefused(f"The database has no tables yet: run flask db upgrade {wanted} first.")
    if version != wanted:
        raise BackupRefused(
            f"The backup is of schema version {wanted}, the database is at {version}: "
            f"migrate an empty database with flask db upgrade {wanted}, restore, then migrate on."
        )
    here = table_shapes(connection)
    if {(one.name, one.columns) for one in here} != {(one.name, one.columns) for one in manifest.tables}:
        raise BackupRefused("The tables of the database are not those of the backup; nothing was restored.")
    names = sql.SQL(", ").join(sql.Identifier(one.name) for one in here)
    connection.execute(sql.SQL("lock table {} in share row exclusive mode").format(names))
    full = next((one.name for one in here if holds_rows(connection, one)), None)
    if full:
        raise BackupRefused(f"The database is not empty, there are rows in {full}; nothing was restored.")


def _fill(connection: psycopg.Connection[Any], table: KeptTable, archive: ZipFile) -> None:
    digest = hashlib.sha256()
    statement = sql.SQL("copy {} from stdin").format(TableShape(table.name, table.columns).kept)
    with connection.cursor() as cursor:
        with archive.open(table.member) as kept, cursor.copy(statement) as rows_in:
            while block := kept.read(BLOCK):
                digest.update(block)
                rows_in.write(block)
        if (cursor.rowcount, digest.hexdigest()) != (table.rows, table.sha256):
            raise BackupRefused(f"The rows of {table.name} are not those of the manifest; nothing was restored.")


def _put_uploads(url: str, uploads: list[KeptUpload], archive: ZipFile) -> None:
    store, root = cast("tuple[Any, str]", fsspec.core.url_to_fs(url))
    for upload in uploads:
        content = archive.read(upload.member)
        if hashlib.sha256(content).hexdigest() != upload.sha256:
            raise BackupRefused(f"The upload {upload.path} is not that of the manifest; nothing was restored.")
        target = f"{root}/{upload.path}"
        store.makedirs(target.rpartition("/")[0], exist_ok=True)
        store.pipe_file(target, content)
