"""A change of mail address, under way until both addresses have agreed."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, IdMixin, public_id_column


class EmailChange(IdMixin, Base):
    """An account moves to another address: the old and the new one each confirm by their link.

    ``by_desk``: an admin began it, as the old mailbox is lost; only the new address is asked.
    """

    __tablename__ = "email_changes"
    __table_args__ = (
        Index(
            "uq_email_changes_open",
            "user_id",
            unique=True,
            postgresql_where=text("done_at is null and cancelled_at is null"),
        ),
    )

    public_id: Mapped[str] = public_id_column("change")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    new_email: Mapped[str] = mapped_column(String(254))
    by_desk: Mapped[bool] = mapped_column(default=False, server_default="false")
    asked_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    old_agreed_at: Mapped[dt.datetime | None]
    new_agreed_at: Mapped[dt.datetime | None]
    done_at: Mapped[dt.datetime | None]
    cancelled_at: Mapped[dt.datetime | None]
