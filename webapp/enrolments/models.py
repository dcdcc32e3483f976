"""Enrolments and their credits."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User
from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column, str_enum
from webapp.counsellors.models import ZERO, Counsellor, Service
from webapp.packages.models import Package


class EnrolmentStatus(enum.StrEnum):
    """Only an active enrolment books."""

    ACTIVE = "active"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class EnrolmentSource(enum.StrEnum):
    """How a student came to it."""

    PURCHASE = "purchase"
    GRANT = "grant"


NUDGE_AFTER = dt.timedelta(days=7)  # without a session ahead or behind


def _first_look(context: DefaultExecutionContext) -> dt.datetime:
    enrolled_at: dt.datetime = context.get_current_parameters()["enrolled_at"]  # type: ignore[no-untyped-call]
    return enrolled_at + NUDGE_AFTER


class Enrolment(IdMixin, TimesMixin, Base):
    """A student's package (or single service): credits, expiry, assigned counsellor.

    Title, length and number of sessions are copied at the moment of buying, so that editing the
    package later changes nobody's purchase. Credits used stay within 0 … sessions_total by CHECK.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        CheckConstraint("sessions_used >= 0 and sessions_used <= sessions_total", name="credits"),
        CheckConstraint("sessions_total >= 1", name="sessions_total"),
        CheckConstraint("session_minutes in (30, 45, 60, 90)", name="session_minutes"),
        CheckConstraint("amount_paid >= 0", name="amount_paid"),
        CheckConstraint("(package_id is null) <> (service_id is null)", name="one_thing_bought"),
        Index("ix_enrolments_user_status", "user_id", "status"),
        Index("ix_enrolments_status_expires", "status", "expires_at"),
        Index("ix_enrolments_nudge", "nudge_at", "id", postgresql_where=text("nudge_at is not null")),
    )

    public_id: Mapped[str] = public_id_column("enroll")
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    package_id: Mapped[int | None] = mapped_column(ForeignKey("packages.id"), index=True)
    service_id: Mapped[int | None] = mapped_column(ForeignKey("services.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    status: Mapped[EnrolmentStatus] = mapped_column(str_enum(EnrolmentStatus, "status"), default=EnrolmentStatus.ACTIVE)
    source: Mapped[EnrolmentSource] = mapped_column(str_enum(EnrolmentSource, "source"))
    sessions_total: Mapped[int]
    sessions_used: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    session_minutes: Mapped[int]
    amount_paid: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))  # paise
    enrolled_at: Mapped[dt.datetime]
    expires_at: Mapped[dt.datetime]
    assigned_counsellor_id: Mapped[int | None] = mapped_column(ForeignKey("counsellors.id"), index=True)
    note: Mapped[str] = mapped_column(String(500), default="", server_default="")
    nudge_at: Mapped[dt.datetime | None] = mapped_column(default=_first_look)  # when to see if sessions lie unused

    user: Mapped[User] = relationship()
    package: Mapped[Package | None] = relationship()
    service: Mapped[Service | None] = relationship()
    assigned_counsellor: Mapped[Counsellor | None] = relationship()

    @property
    def sessions_left(self) -> int:
        """Credits not yet used."""
        return self.sessions_total - self.sessions_used

    def is_usable(self, now: dt.datetime) -> bool:
        """Whether it may book at all at ``now``."""
        return self.status is EnrolmentStatus.ACTIVE and self.expires_at > now
