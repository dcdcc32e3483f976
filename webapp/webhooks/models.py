"""Webhook endpoints and what was delivered to them."""

from __future__ import annotations

import datetime as dt
import enum
from typing import Any

from sqlalchemy import ARRAY, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column, str_enum

GONE = "Switched off by itself: the receiver answered 410 Gone."


class AttemptStatus(enum.StrEnum):
    """Where a delivery is on its way."""

    PENDING = "pending"
    SENDING = "sending"
    DELIVERED = "delivered"
    FAILED = "failed"  # given up after a day of tries
    CANCELLED = "cancelled"  # its endpoint was switched off meanwhile


class WebhookEndpoint(IdMixin, TimesMixin, Base):
    """Another system's address, the events it wants, and the secret its signatures are made with."""

    __tablename__ = "webhook_endpoints"

    public_id: Mapped[str] = public_id_column("endpoint")
    url: Mapped[str] = mapped_column(String(500))
    description: Mapped[str] = mapped_column(String(120), default="", server_default="")
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secret: Mapped[str] = mapped_column(String(200))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    disabled_reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
    rest_until: Mapped[dt.datetime | None]  # it did not answer at all: nothing is sent before this instant
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))


class WebhookDelivery(IdMixin, Base):
    """One event on its way to one endpoint, with the last request and answer. Tried for a day."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "dedupe_key", name="uq_webhook_deliveries_once"),
        Index("ix_webhook_deliveries_endpoint", "endpoint_id", "id"),
        Index(
            "ix_webhook_deliveries_due",
            "endpoint_id",
            "due_at",
            postgresql_where=text("status in ('pending', 'sending')"),
        ),
        Index("ix_webhook_deliveries_created", "created_at"),
        Index("ix_webhook_deliveries_failed", "endpoint_id", postgresql_where=text("status = 'failed'")),
    )

    public_id: Mapped[str] = public_id_column("delivery")
    endpoint_id: Mapped[int] = mapped_column(ForeignKey("webhook_endpoints.id", ondelete="CASCADE"))
    event: Mapped[str] = mapped_column(String(60))
    dedupe_key: Mapped[str] = mapped_column(String(160))
    payload: Mapped[dict[str, Any]]
    status: Mapped[AttemptStatus] = mapped_column(str_enum(AttemptStatus, "status"), default=AttemptStatus.PENDING)
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    created_at: Mapped[dt.datetime]
    due_at: Mapped[dt.datetime]
    first_tried_at: Mapped[dt.datetime | None]  # the day of tries begins here; a replay begins it anew
    claimed_at: Mapped[dt.datetime | None]
    delivered_at: Mapped[dt.datetime | None]
    request: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))
    response_status: Mapped[int | None]
    answer_ms: Mapped[int | None]
    response_body: Mapped[str] = mapped_column(String(2000), default="", server_default="")
    error: Mapped[str] = mapped_column(String(300), default="", server_default="")

    endpoint: Mapped[WebhookEndpoint] = relationship()
