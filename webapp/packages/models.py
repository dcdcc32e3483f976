"""Packages, their features and who counsels in them."""

from __future__ import annotations

import enum

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column, str_enum
from webapp.counsellors.models import EMPTY_ARRAY, FALSE, TRUE, ZERO, Counsellor


class ExamType(enum.StrEnum):
    """The entrance exams packages are made for."""

    JEE = "jee"
    NEET = "neet"
    WBJEE = "wbjee"


package_counsellors = Table(
    "package_counsellors",
    Base.metadata,
    Column("package_id", ForeignKey("packages.id", ondelete="CASCADE"), primary_key=True),
    Column("counsellor_id", ForeignKey("counsellors.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Package(IdMixin, TimesMixin, Base):
    """What is sold: exam, price (paise), validity (days), sessions and their length (minutes)."""

    __tablename__ = "packages"
    __table_args__ = (
        CheckConstraint("price > 0", name="price"),
        CheckConstraint("discount_price is null or discount_price between 0 and price", name="discount"),
        CheckConstraint("validity_days >= 1", name="validity"),
        CheckConstraint("max_sessions >= 1", name="max_sessions"),
        CheckConstraint("session_minutes in (30, 45, 60, 90)", name="session_minutes"),
        CheckConstraint("total_enrolments >= 0", name="total_enrolments"),
        Index("ix_packages_active_order", "is_active", "display_order", "id"),
    )

    public_id: Mapped[str] = public_id_column("pkg")
    name: Mapped[str] = mapped_column(String(120))
    slug: Mapped[str] = mapped_column(String(140), unique=True)
    exam_type: Mapped[ExamType] = mapped_column(str_enum(ExamType, "exam_type"))
    description: Mapped[str] = mapped_column(Text, default="", server_default="")
    short_description: Mapped[str] = mapped_column(String(300), default="", server_default="")
    price: Mapped[int] = mapped_column(BigInteger)
    discount_price: Mapped[int | None] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3), default="INR", server_default="INR")
    validity_days: Mapped[int]
    max_sessions: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    session_minutes: Mapped[int] = mapped_column(default=30, server_default=text("30"))
    highlights: Mapped[list[str]] = mapped_column(ARRAY(Text), default=list, server_default=EMPTY_ARRAY)
    badge: Mapped[str | None] = mapped_column(String(30))
    badge_color: Mapped[str | None] = mapped_column(String(7))
    terms: Mapped[str] = mapped_column(Text, default="", server_default="")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=TRUE)
    is_featured: Mapped[bool] = mapped_column(default=False, server_default=FALSE)
    is_archived: Mapped[bool] = mapped_column(default=False, server_default=FALSE)
    display_order: Mapped[int] = mapped_column(default=0, server_default=ZERO)
    total_enrolments: Mapped[int] = mapped_column(default=0, server_default=ZERO)

    features: Mapped[list[PackageFeature]] = relationship(
        back_populates="package",
        order_by="PackageFeature.position, PackageFeature.id",
        cascade="all, delete-orphan",
    )
    counsellors: Mapped[list[Counsellor]] = relationship(
        secondary=package_counsellors, order_by="Counsellor.display_order, Counsellor.id"
    )

    @property
    def selling_price(self) -> int:
        """What a buyer is asked for before coupons, in paise."""
        return self.price if self.discount_price is None else self.discount_price


class PackageFeature(IdMixin, Base):
    """One line of what a package holds, or says it does not hold."""

    __tablename__ = "package_features"

    package_id: Mapped[int] = mapped_column(ForeignKey("packages.id", ondelete="CASCADE"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    description: Mapped[str] = mapped_column(String(500), default="", server_default="")
    included: Mapped[bool] = mapped_column(default=True, server_default=TRUE)
    position: Mapped[int] = mapped_column(default=0, server_default=ZERO)

    package: Mapped[Package] = relationship(back_populates="features")

    def __str__(self) -> str:
        """Name the line for people: "Choice list", "Hostel help (not included)"."""
        return self.title if self.included else f"{self.title} (not included)"
