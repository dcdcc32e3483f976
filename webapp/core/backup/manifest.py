"""The manifest of a backup: what is in the file, how much of it, and its checksums."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

MEMBER = "manifest.json"
TABLES, UPLOADS = "tables", "uploads"  # the folders inside the file


class BackupRefused(Exception):
    """A backup cannot be written or restored; str() is the one line to show."""


class KeptTable(BaseModel):
    """A table: its columns in the order of the text, its number of rows, the checksum of the text."""

    model_config = ConfigDict(frozen=True)

    name: str
    columns: tuple[str, ...]
    rows: int = Field(ge=0)
    sha256: str

    @property
    def member(self) -> str:
        """Where it lies in the file."""
        return f"{TABLES}/{self.name}.copy"


class KeptUpload(BaseModel):
    """An uploaded file: its path below UPLOADS_URL, and its checksum."""

    model_config = ConfigDict(frozen=True)

    path: str
    sha256: str

    @field_validator("path")
    @classmethod
    def _stays_below(cls, value: str) -> str:
        if not value or "\\" in value or any(part in {"", ".", ".."} for part in value.split("/")):
            raise ValueError("must be a path below the folder of uploads")
        return value

    @property
    def member(self) -> str:
        """Where it lies in the file."""
        return f"{UPLOADS}/{self.path}"


class Manifest(BaseModel):
    """All of it. ``schema_version`` is the revision of the migrations; tables stand in the order to restore them."""

    model_config = ConfigDict(frozen=True)

    form: Literal["disha-backup-1"] = "disha-backup-1"
    made_at: dt.datetime
    release: str
    schema_version: str
    tables: list[KeptTable]
    sequences: dict[str, tuple[int, bool]]
    uploads: list[KeptUpload]

    @property
    def rows(self) -> int:
        """How many rows there are in all."""
        return sum(table.rows for table in self.tables)
