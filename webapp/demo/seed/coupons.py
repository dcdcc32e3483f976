"""The coupons of the demo: one of each kind, one that has ended."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.packages.models import ExamType, Package
from webapp.payments.models import Coupon, DiscountType


@dataclass(frozen=True, slots=True)
class Voucher:
    """A coupon; days are counted from the seeding, paise or per cent as its kind says."""

    code: str
    words: str
    kind: DiscountType
    value: int
    since: int
    until: int | None
    exam: ExamType | None = None
    least: int = 0
    total: int | None = None
    each: int | None = 1


VOUCHERS = (
    Voucher("JEE10", "10 % off every JEE package", DiscountType.PERCENT, 10, -60, 120, ExamType.JEE, total=200),
    Voucher("NEET1500", "₹1,500 off NEET packages", DiscountType.FIXED, 1_500_00, -30, 90, ExamType.NEET, 10_000_00),
    Voucher("WELCOME500", "₹500 off for newcomers", DiscountType.FIXED, 500_00, -200, None, least=3_000_00),
    Voucher("FREE100", "Scholarship: the whole price", DiscountType.PERCENT, 100, -10, 60, total=20),
    Voucher("MONSOON15", "15 % off until the rains ended", DiscountType.PERCENT, 15, -150, -20),
)


def make_coupons(session: Session, packages: Mapping[str, Package], now: dt.datetime) -> dict[str, Coupon]:
    """Add the coupons that are missing; return those of the demo by code."""
    codes = [voucher.code for voucher in VOUCHERS]
    found = {coupon.code: coupon for coupon in session.scalars(select(Coupon).where(Coupon.code.in_(codes)))}
    for voucher in VOUCHERS:
        if voucher.code not in found:
            found[voucher.code] = _coupon(voucher, packages, now)
            session.add(found[voucher.code])
    session.flush()  # uses want their ids
    return found


def _coupon(voucher: Voucher, packages: Mapping[str, Package], now: dt.datetime) -> Coupon:
    day = now.replace(hour=0, minute=0)
    return Coupon(
        code=voucher.code,
        description=voucher.words,
        discount_type=voucher.kind,
        discount_value=voucher.value,
        min_amount=voucher.least,
        valid_from=day + dt.timedelta(days=voucher.since),
        valid_until=day + dt.timedelta(days=voucher.until) if voucher.until is not None else None,
        usage_limit=voucher.total,
        per_user_limit=voucher.each,
        used=0,
        packages=[package for package in packages.values() if voucher.exam and package.exam_type is voucher.exam],
    )
