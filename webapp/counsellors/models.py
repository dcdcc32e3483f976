"""Counsellors' public profiles and the single services they sell."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, ForeignKey, Index, String, Text, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.accounts.models import User
from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column

EMPTY_ARRAY = text("'{}'")
FALSE, TRUE, ZERO = text("false"), text("true"), text("0")


class Counsellor(IdMixin, TimesMixin, Base):
    """A public profile, usually tied to a user with role counsellor.

    ``rating_start``/``reviews_start`` are a balance an admin gave; published reviews add to it.
    ``rating`` and ``review_count`` are what people see, kept right by `record_rating`.
    """

    __tablename__ = "counsellors"
    __table_args__ = (
        Index("uq_counsellors_email_lower", func.lower(text("email")), unique=True),
        Index("ix_counsellors_active_order", "is_active", "display_order", "id"),
        Index("ix_counsellors_exam_types", "exam_types", postgresql_using="gin"),
        Index(
            "ix_counsellors_applied",
            "applied_at",
            postgresql_where=text("applied_at is not null and approved_at is null and declined_at is null"),
        ),
        CheckConstraint("rating between 0 and 5", name="rating_range"),
        CheckConstraint("review_count >= 0", name="review_count"),
        CheckConstraint("hourly_rate >= 0", name="hourly_rate"),
    )

    public_id: Mapped[str] = public_id_column("counsellor")
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    title: Mapped[str] = mapped_column(String(160))
    email: Mapped[str] = mapped_column(String(254))
    phone: Mapped[str | None] = mapped_column(String(16))
    photo: Mapped[str | None] = mapped_column(String(200))
    bio: Mapped[str] = mapped_column(Text, default="", server_default="")
    short_bio: Mapped[str] = mapped_column(String(300), default="", server_default="")
    qualifications: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=EMPTY_ARRAY)
    certifications: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=EMPTY_ARRAY)
    specializations: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=EMPTY_ARRAY)
    exam_types: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=EMPTY_ARRAY)
    languages: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=EMPTY_ARRAY)
    experience: Mapped[int] = mapped_column(default=0, server_default=ZERO)  # years
    students_guided: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    location: Mapped[str] = mapped_column(String(120), default="", server_default="")
    hourly_rate: Mapped[int] = mapped_column(BigInteger, default=0, server_default=ZERO)  # paise
    social_links: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default=text("'{}'::jsonb"))
    rating_start: Mapped[Decimal] = mapped_column(default=Decimal(0), server_default=ZERO)
    reviews_start: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    rating: Mapped[Decimal] = mapped_column(default=Decimal(0), server_default=ZERO)
    review_count: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=TRUE)
    is_featured: Mapped[bool] = mapped_column(default=False, server_default=FALSE)
    display_order: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    deactivated_reason: Mapped[str | None] = mapped_column(String(500))
    deactivated_at: Mapped[dt.datetime | None]
    applied_at: Mapped[dt.datetime | None]  # somebody asked to counsel here; an admin decides
    application: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    approved_at: Mapped[dt.datetime | None]
    declined_at: Mapped[dt.datetime | None]

    user: Mapped[User | None] = relationship()
    services: Mapped[list[Service]] = relationship(back_populates="counsellor", order_by="Service.position, Service.id")


class Service(IdMixin, TimesMixin, Base):
    """A single session a counsellor sells on its own (30/45/60/90 minutes, price in paise)."""

    __tablename__ = "services"
    __table_args__ = (
        CheckConstraint("duration in (30, 45, 60, 90)", name="duration"),
        CheckConstraint("price > 0", name="price"),
    )

    public_id: Mapped[str] = public_id_column("service")
    counsellor_id: Mapped[int] = mapped_column(ForeignKey("counsellors.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(1000), default="", server_default="")
    duration: Mapped[int]
    price: Mapped[int] = mapped_column(BigInteger)
    position: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    is_active: Mapped[bool] = mapped_column(default=True, server_default=TRUE)

    counsellor: Mapped[Counsellor] = relationship(back_populates="services")
