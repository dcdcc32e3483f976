"""Exports that a job makes."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, IdMixin, public_id_column, str_enum


class ExportStatus(enum.StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class ExportFile(IdMixin, Base):
    """One export asked for by one person: ``kind`` names who writes the rows, ``params`` is the filter of the page.

    The file lies under DATA_DIR by the row's public id and is removed after ``expires_at``.
    """

    __tablename__ = "export_files"
    __table_args__ = (
        CheckConstraint("done >= 0", name="done"),
        Index("ix_export_files_open", "id", postgresql_where=text("status in ('queued', 'running')")),
        Index("ix_export_files_owner", "owner_id", "id"),
        Index("ix_export_files_expires", "expires_at"),
    )

    public_id: Mapped[str] = public_id_column("export")
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(40))
    params: Mapped[dict[str, Any]]
    zone: Mapped[str] = mapped_column(String(64))
    filename: Mapped[str] = mapped_column(String(120))
    status: Mapped[ExportStatus] = mapped_column(
        str_enum(ExportStatus, "status"), default=ExportStatus.QUEUED, server_default=ExportStatus.QUEUED.value
    )
    total: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    done: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    error: Mapped[str] = mapped_column(String(300), default="", server_default="")
    created_at: Mapped[dt.datetime]
    claimed_at: Mapped[dt.datetime | None]
    finished_at: Mapped[dt.datetime | None]
    expires_at: Mapped[dt.datetime]
