"""What admins see of coupons: the list, one of them, who used it."""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import DEFAULT_LIMIT, Page, paginate
from webapp.payments.models import Coupon, CouponUse, Order
from webapp.payments.queries.admin import plain


class CouponPart(enum.StrEnum):
    """A part of all coupons, for a list."""

    USABLE = "usable"  # now, with uses left
    PLANNED = "planned"
    OVER = "over"  # its time, or its uses
    OFF = "off"


def coupons_page(
    search: str = "",
    page: int = 1,
    *,
    part: CouponPart | None = None,
    now: dt.datetime | None = None,
    limit: int = DEFAULT_LIMIT,
) -> Page[Coupon]:
    """Return one page of coupons, the newest first, with their packages; a ``part`` needs ``now``."""
    return paginate(db.session(), _wanted(search, part, now), page=page, limit=limit)


def every_coupon(
    search: str = "", *, part: CouponPart | None = None, now: dt.datetime | None = None
) -> Iterator[Coupon]:
    """Yield all coupons of a filter (as `coupons_page`), the newest first: for an export."""
    yield from db.session.scalars(_wanted(search, part, now))


def _wanted(search: str, part: CouponPart | None, now: dt.datetime | None) -> Select[Any]:
    wanted: Select[Any] = select(Coupon).options(selectinload(Coupon.packages)).order_by(Coupon.id.desc())
    if text := plain(search):
        wanted = wanted.where(
            or_(Coupon.code.icontains(text, autoescape=True), Coupon.description.icontains(text, autoescape=True))
        )
    if part is not None and now is not None:
        wanted = wanted.where(_in_part(part, now))
    return wanted


def _in_part(part: CouponPart, now: dt.datetime) -> ColumnElement[bool]:
    ended = Coupon.valid_until.is_not(None) & (Coupon.valid_until <= now)
    used_up = Coupon.usage_limit.is_not(None) & (Coupon.used >= Coupon.usage_limit)
    planned = Coupon.valid_from > now
    if part is CouponPart.OFF:
        return ~Coupon.is_active
    over = ended | used_up
    by_part = {CouponPart.USABLE: ~over & ~planned, CouponPart.PLANNED: ~over & planned, CouponPart.OVER: over}
    return Coupon.is_active & by_part[part]


def part_of(coupon: Coupon, now: dt.datetime) -> CouponPart:
    """Return how a coupon stands now."""
    if not coupon.is_active:
        return CouponPart.OFF
    ended = coupon.valid_until is not None and coupon.valid_until <= now
    if ended or (coupon.usage_limit is not None and coupon.used >= coupon.usage_limit):
        return CouponPart.OVER
    return CouponPart.PLANNED if coupon.valid_from > now else CouponPart.USABLE


def coupon_uses(coupon: Coupon, limit: int = DEFAULT_LIMIT) -> list[tuple[CouponUse, Order]]:
    """Return the latest uses of a coupon with their orders and students; one statement."""
    wanted = (
        select(CouponUse, Order)
        .join(Order, Order.id == CouponUse.order_id)
        .options(joinedload(Order.user))
        .where(CouponUse.coupon_id == coupon.id)
    )
    rows = db.session.execute(wanted.order_by(CouponUse.id.desc()).limit(limit))
    return [(row[0], row[1]) for row in rows]


def coupon_by_id(public_id: str) -> Coupon:
    """Return a coupon with its packages; else NotFound."""
    found = db.session.scalar(
        select(Coupon).options(selectinload(Coupon.packages)).where(Coupon.public_id == public_id)
    )
    if found is None:
        raise NotFound("We could not find that coupon.")
    return found
