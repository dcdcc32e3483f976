"""The audit log. The database itself refuses to change or delete a row (migration 0008)."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Computed, Index, String, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, deferred, mapped_column

from webapp.core.db import Base, IdMixin, public_id_column, str_enum

SEARCH = (
    "to_tsvector('simple'::regconfig, entity_label || ' ' || entity_id || ' ' || actor_name || ' ' || "
    "translate(action, '._', '  ') || ' ' || reason)"
)


class ActorKind(enum.StrEnum):
    """Who acted."""

    ADMIN = "admin"
    COUNSELLOR = "counsellor"
    STUDENT = "student"
    PARTNER = "partner"  # an API key
    SYSTEM = "system"  # a job, a command, the payment gateway


class AuditEntry(IdMixin, Base):
    """One change: who, what, before → after, when, from where.

    ``changes`` is a list of ``{field, before, after, personal}``; a field with ``personal`` true holds
    data of the person ``subject_id`` (a user's key), which erasure blanks; nothing else ever changes a row.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        Index("ix_audit_entries_at", "at", "id"),
        Index("ix_audit_entries_entity", "entity", "entity_id", "id"),
        Index("ix_audit_entries_actor", "actor_id", "id", postgresql_where=text("actor_id is not null")),
        Index("ix_audit_entries_subject", "subject_id", postgresql_where=text("subject_id is not null")),
        Index("ix_audit_entries_action", "action", "id"),
        Index("ix_audit_entries_search", "search", postgresql_using="gin"),
        CheckConstraint("action <> ''", name="action"),
    )

    public_id: Mapped[str] = public_id_column("audit")
    at: Mapped[dt.datetime]
    actor_kind: Mapped[ActorKind] = mapped_column(str_enum(ActorKind, "actor_kind"))
    actor_id: Mapped[int | None] = mapped_column(BigInteger)  # a user's key; no reference: the log outlives accounts
    actor_name: Mapped[str] = mapped_column(String(120), default="", server_default="")
    action: Mapped[str] = mapped_column(String(60))  # "package.changed", "user.role_changed", "view_as.started"
    entity: Mapped[str] = mapped_column(String(40))  # "package", "user", "order" …
    entity_id: Mapped[str] = mapped_column(String(80), default="", server_default="")  # its public id
    entity_label: Mapped[str] = mapped_column(String(200), default="", server_default="")
    subject_id: Mapped[int | None] = mapped_column(BigInteger)
    changes: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))
    reason: Mapped[str] = mapped_column(String(500), default="", server_default="")
    address: Mapped[str] = mapped_column(String(45), default="", server_default="")  # where the request came from
    request_id: Mapped[str] = mapped_column(String(64), default="", server_default="")
    search: Mapped[Any] = deferred(mapped_column(TSVECTOR, Computed(SEARCH, persisted=True)))
