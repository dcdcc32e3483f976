"""Coupons and the uses taken of them."""

from __future__ import annotations

import datetime as dt
import enum

from sqlalchemy import BigInteger, CheckConstraint, Column, ForeignKey, Index, String, Table, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from webapp.core.db import Base, IdMixin, TimesMixin, public_id_column, str_enum
from webapp.packages.models import Package


class DiscountType(enum.StrEnum):
    """How a coupon takes off."""

    PERCENT = "percent"  # discount_value is a whole per cent, 1–100
    FIXED = "fixed"  # discount_value is paise


coupon_packages = Table(
    "coupon_packages",
    Base.metadata,
    Column("coupon_id", ForeignKey("coupons.id", ondelete="CASCADE"), primary_key=True),
    Column("package_id", ForeignKey("packages.id", ondelete="CASCADE"), primary_key=True, index=True),
)


class Coupon(IdMixin, TimesMixin, Base):
    """A discount code: window, packages (none listed = all), minimum amount, total and per-user limits.

    ``used`` counts live uses and never passes ``usage_limit``: the CHECK is what a race runs into.
    """

    __tablename__ = "coupons"
    __table_args__ = (
        Index("uq_coupons_code_upper", func.upper(text("code")), unique=True),
        CheckConstraint("discount_value > 0", name="discount_value"),
        CheckConstraint("discount_type <> 'percent' or discount_value <= 100", name="percent"),
        CheckConstraint("min_amount >= 0", name="min_amount"),
        CheckConstraint("valid_until is null or valid_until > valid_from", name="window"),
        CheckConstraint("used >= 0 and (usage_limit is null or used <= usage_limit)", name="uses"),
        CheckConstraint("usage_limit is null or usage_limit >= 1", name="usage_limit"),
        CheckConstraint("per_user_limit is null or per_user_limit >= 1", name="per_user_limit"),
    )

    public_id: Mapped[str] = public_id_column("coupon")
    code: Mapped[str] = mapped_column(String(40))
    description: Mapped[str] = mapped_column(String(200), default="", server_default="")
    discount_type: Mapped[DiscountType] = mapped_column(str_enum(DiscountType, "discount_type"))
    discount_value: Mapped[int] = mapped_column(BigInteger)
    min_amount: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    valid_from: Mapped[dt.datetime]
    valid_until: Mapped[dt.datetime | None]
    usage_limit: Mapped[int | None]
    per_user_limit: Mapped[int | None]
    used: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))

    packages: Mapped[list[Package]] = relationship(secondary=coupon_packages, order_by="Package.display_order")


class CouponUse(IdMixin, Base):
    """One use, taken when the order is made; ``released_at`` when the order ended unpaid."""

    __tablename__ = "coupon_uses"
    __table_args__ = (
        Index("ix_coupon_uses_user", "coupon_id", "user_id", postgresql_where=text("released_at is null")),
    )

    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupons.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    taken_at: Mapped[dt.datetime]
    released_at: Mapped[dt.datetime | None]
