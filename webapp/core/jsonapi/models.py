"""Answers kept for a day, so that asking twice acts once."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, IdMixin


class IdempotencyKey(IdMixin, Base):
    """A caller's key and the first answer given under it (sealed: it may hold tokens).

    ``owner`` is the user, or the address of a caller who is not signed in. ``status`` is None while the
    first request is still being worked on.
    """

    __tablename__ = "idempotency_keys"
    __table_args__ = (UniqueConstraint("owner", "key"),)

    owner: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(200))
    request_hash: Mapped[str] = mapped_column(String(64))
    claimed_at: Mapped[dt.datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    answer: Mapped[str | None] = mapped_column(Text)
