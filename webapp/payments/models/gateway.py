"""What the gateway told us, as it told it."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.core.db import Base, IdMixin


class GatewayEvent(IdMixin, Base):
    """One verified webhook, stored before it is worked on; the event id makes a repeat harmless."""

    __tablename__ = "gateway_events"
    __table_args__ = (
        Index("ix_gateway_events_open", "id", postgresql_where=text("processed_at is null")),
        Index("ix_gateway_events_received", "received_at"),
    )

    event_id: Mapped[str] = mapped_column(String(80), unique=True)
    gateway: Mapped[str] = mapped_column(String(20))
    event: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]]
    received_at: Mapped[dt.datetime]
    processed_at: Mapped[dt.datetime | None]
    outcome: Mapped[str] = mapped_column(String(60), default="", server_default="")
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
