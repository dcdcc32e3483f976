"""Where the files of exports lie: DATA_DIR/exports, shared by web and worker processes."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import cast

from flask import current_app

from webapp.config import Settings


def folder() -> Path:
    """Return the folder of finished files."""
    return cast(Settings, current_app.config["SETTINGS"]).data_dir / "exports"


def file_of(export_id: str) -> Path:
    """Return where a finished file lies."""
    return folder() / f"{export_id}.csv"


def part_of(export_id: str, claimed_at: dt.datetime) -> Path:
    """Return where a file lies while one claim writes it: two writers never share one."""
    return folder() / f"{export_id}.{int(claimed_at.timestamp() * 1_000_000)}.part"


def remove_parts(export_id: str) -> None:
    """Remove what killed writers of an export left behind."""
    for path in folder().glob(f"{export_id}.*.part"):
        path.unlink(missing_ok=True)


def remove_file(export_id: str) -> None:
    """Remove the file of an export, if there is one."""
    remove_parts(export_id)
    file_of(export_id).unlink(missing_ok=True)
