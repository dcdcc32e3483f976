"""The second step at sign-in: codes of an app, backup codes, passkeys."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, IdMixin, public_id_column


class TwoFactor(Base):
    """An account's secret for time-based codes, sealed. It counts once ``confirmed_at`` is set.

    ``last_step`` is the time step of the last code taken: a code is good once.
    """

    __tablename__ = "two_factors"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    secret: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    confirmed_at: Mapped[dt.datetime | None]
    last_step: Mapped[int | None] = mapped_column(BigInteger)


class BackupCode(IdMixin, Base):
    """A code that stands in for the app once; only its hash is kept."""

    __tablename__ = "backup_codes"
    __table_args__ = (UniqueConstraint("user_id", "code_hash"),)

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    code_hash: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    used_at: Mapped[dt.datetime | None]


class Passkey(IdMixin, Base):
    """A WebAuthn credential. ``credential_id`` is its id in base64url; ``sign_count`` finds copies."""

    __tablename__ = "passkeys"
    __table_args__ = (CheckConstraint("length(name) between 1 and 80", name="name_length"),)

    public_id: Mapped[str] = public_id_column("passkey")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    transports: Mapped[list[Any]]
    name: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[dt.datetime] = mapped_column(server_default=func.now())
    last_used_at: Mapped[dt.datetime | None]
