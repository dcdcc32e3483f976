"""Logins, what renews them, and keys of partners."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models.users import User
from webapp.core.db import Base, IdMixin, public_id_column, str_enum

LONGEST_DEVICE = 200
LONGEST_AGENT = 400
LONGEST_KEY_NAME = 80


class LoginKind(enum.StrEnum):
    """Through which door somebody signed in."""

    BROWSER = "browser"
    API = "api"


class Login(IdMixin, Base):
    """One sign-in on one device. It holds while it is not revoked, not over, and of the account's credentials.

    ``auth_version`` is the account's at sign-in: raising the account's ends every login that is not renewed.
    ``second_step_at`` is when the second step was passed, None where none was asked.
    """

    __tablename__ = "logins"
    __table_args__ = (
        Index("ix_logins_open", "user_id", "last_seen_at", postgresql_where=text("revoked_at is null")),
        Index("ix_logins_last_seen_at", "last_seen_at"),
        Index("ix_logins_user_id_created_at", "user_id", "created_at"),
    )

    public_id: Mapped[str] = public_id_column("login")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    kind: Mapped[LoginKind] = mapped_column(str_enum(LoginKind, "kind"))
    auth_version: Mapped[int]
    device_id: Mapped[str | None] = mapped_column(String(LONGEST_DEVICE))
    address: Mapped[str] = mapped_column(String(45), default="")
    place: Mapped[str] = mapped_column(String(120), default="", server_default="")
    user_agent: Mapped[str] = mapped_column(String(LONGEST_AGENT), default="")
    second_step_at: Mapped[dt.datetime | None]
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    last_seen_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    revoked_at: Mapped[dt.datetime | None]
    revoked_why: Mapped[str | None] = mapped_column(String(32))

    user: Mapped[User] = relationship(lazy="raise")


class RefreshToken(IdMixin, Base):
    """What renews an API login once. Only its SHA-256 is kept; a second use ends the login."""

    __tablename__ = "refresh_tokens"

    login_id: Mapped[int] = mapped_column(ForeignKey("logins.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    issued_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    used_at: Mapped[dt.datetime | None]

    login: Mapped[Login] = relationship(lazy="raise")


class ApiKey(IdMixin, Base):
    """A partner's key. It acts for the admin who made it, within its scopes such as "packages:read".

    Only its SHA-256 is kept, and its last four characters to tell it by.
    """

    __tablename__ = "api_keys"
    __table_args__ = (
        CheckConstraint(f"length(name) between 1 and {LONGEST_KEY_NAME}", name="name_length"),
        CheckConstraint("jsonb_typeof(scopes) = 'array' and jsonb_array_length(scopes) > 0", name="has_scopes"),
    )

    public_id: Mapped[str] = public_id_column("key")
    name: Mapped[str] = mapped_column(String(LONGEST_KEY_NAME))
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    ending: Mapped[str] = mapped_column(String(4))
    scopes: Mapped[list[Any]]
    made_by_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[dt.datetime | None]
    revoked_at: Mapped[dt.datetime | None]

    made_by: Mapped[User] = relationship(lazy="raise")
