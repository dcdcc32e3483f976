"""The outbox: what must be told, written in the transaction of what happened."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, IdMixin, public_id_column, str_enum


class DeliveryStatus(enum.StrEnum):
    """Where a message is on its way."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DROPPED = "dropped"  # no longer true at the moment of sending
    FAILED = "failed"  # given up after the last try


class Channel(enum.StrEnum):
    """How a person is told. The app's own inbox is a table, not a channel of the outbox."""

    MAIL = "mail"
    WHATSAPP = "whatsapp"


class OutboxMail(IdMixin, Base):
    """One message to one person (a mail, or by another channel to a phone number).

    ``dedupe_key`` makes it once per event, person and version. ``template`` names a folder under
    templates/email; ``context`` holds finished words only. ``guard`` is "<name>:<argument>": asked
    just before sending whether it is still true.
    """

    __tablename__ = "outbox_mails"
    __table_args__ = (
        Index(
            "ix_outbox_mails_due",
            "due_at",
            "id",
            postgresql_where=text("status in ('pending', 'sending')"),
        ),
        Index("ix_outbox_mails_dropped", "created_at", postgresql_where=text("status = 'dropped'")),
        Index("ix_outbox_mails_recipient", text("lower(recipient)"), "id"),
    )

    public_id: Mapped[str] = public_id_column("mail")
    channel: Mapped[Channel] = mapped_column(
        str_enum(Channel, "channel"), default=Channel.MAIL, server_default=Channel.MAIL.value
    )
    unsubscribe_key: Mapped[str | None] = mapped_column(String(200))  # signed; only on mail one may refuse
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    recipient: Mapped[str] = mapped_column(String(254))
    recipient_name: Mapped[str] = mapped_column(String(120), default="", server_default="")
    template: Mapped[str] = mapped_column(String(60))
    context: Mapped[dict[str, Any]]
    attachments: Mapped[list[Any]] = mapped_column(default=list, server_default=text("'[]'::jsonb"))
    guard: Mapped[str | None] = mapped_column(String(120))
    status: Mapped[DeliveryStatus] = mapped_column(str_enum(DeliveryStatus, "status"), default=DeliveryStatus.PENDING)
    due_at: Mapped[dt.datetime]
    created_at: Mapped[dt.datetime]
    claimed_at: Mapped[dt.datetime | None]
    sent_at: Mapped[dt.datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    last_error: Mapped[str | None] = mapped_column(String(500))


class Notification(IdMixin, Base):
    """One line in a person's inbox in the app; ``dedupe_key`` makes it once per event and person.

    A deleted line is kept for a while, so that deleting can be undone and the same news is not told again.
    """

    __tablename__ = "notifications"
    __table_args__ = (
        Index("ix_notifications_user", "user_id", "id"),
        Index("ix_notifications_unread", "user_id", postgresql_where=text("read_at is null and deleted_at is null")),
        Index("ix_notifications_deleted", "deleted_at", postgresql_where=text("deleted_at is not null")),
    )

    public_id: Mapped[str] = public_id_column("note")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    kind: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    body: Mapped[str] = mapped_column(String(500), default="", server_default="")
    url: Mapped[str] = mapped_column(String(300), default="", server_default="")  # a path on this site
    dedupe_key: Mapped[str] = mapped_column(String(200), unique=True)
    created_at: Mapped[dt.datetime]
    read_at: Mapped[dt.datetime | None]
    deleted_at: Mapped[dt.datetime | None]


class NotificationPreference(Base):
    """A person's word about one kind on one channel; without a row the kind's default holds."""

    __tablename__ = "notification_preferences"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    channel: Mapped[str] = mapped_column(String(20), primary_key=True)
    enabled: Mapped[bool]
