"""The commands `flask backup FILE` and `flask restore FILE`."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import click
from flask import Flask, current_app

from webapp.config import Settings
from webapp.core import clock
from webapp.core.backup.manifest import BackupRefused, Manifest
from webapp.core.backup.reading import restore_backup
from webapp.core.backup.writing import write_backup
from webapp.core.db import db

FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


def init_backup(app: Flask) -> None:
    """Add both commands."""
    app.cli.add_command(backup_command)
    app.cli.add_command(restore_command)


@click.command("backup")
@FILE
def backup_command(file: Path) -> None:
    """Write the database as it is now, and the uploads, into the new file FILE. The site may go on meanwhile."""
    try:
        manifest = write_backup(db.engine, _settings(), file, clock.now())
    except BackupRefused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Wrote {_words(manifest)} to {file}.")


@click.command("restore")
@FILE
def restore_command(file: Path) -> None:
    """Put the backup FILE into an empty database of the same schema version; all of it, or nothing."""
    try:
        manifest = restore_backup(db.engine, _settings(), file)
    except BackupRefused as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"Restored {_words(manifest)}, as of {manifest.made_at:%d %b %Y %H:%M} UTC.")


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])


def _words(manifest: Manifest) -> str:
    return f"{manifest.rows} rows of {len(manifest.tables)} tables and {len(manifest.uploads)} uploads"
