"""Coupons as the JSON door writes and reads them (api.md "coupons")."""

from __future__ import annotations

from marshmallow import fields

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUPON, PACKAGE
from webapp.core.jsonapi.schemas import In, Out, PageQuery
from webapp.payments.models import Coupon, DiscountType
from webapp.payments.queries import CouponPart
from webapp.payments.services.coupons import MOST_USES

VALUE = {"description": "A whole per cent, or rupees where the type is fixed.", "maximum": 99_999_999.99}
LIMIT = {"description": "Null: no limit."}


class ValidateIn(In):
    """A code, and what it is for."""

    code = f.Text(required=True, longest=40)
    package_id = f.Id()
    service_id = f.Id()


class ValidatedOut(Out):
    """What it would cost with the coupon."""

    valid = fields.Boolean(required=True)
    code = fields.String(required=True)
    discount_type = f.Choice(DiscountType, required=True)
    discount_value = fields.Float(required=True, metadata=VALUE)
    original_amount = f.Rupees(required=True)
    discount_amount = f.Rupees(required=True)
    final_amount = f.Rupees(required=True)
    currency = fields.String(required=True)


class CouponIn(In):
    """A new coupon. Codes are kept in capitals; without ``packageIds`` it is for everything."""

    code = f.Text(required=True, longest=40)
    description = f.Text(longest=200, load_default="")
    discount_type = f.Choice(DiscountType, required=True)
    discount_value = f.Rupees(required=True, positive=True, metadata=VALUE)
    min_amount = f.Rupees(load_default=0)
    valid_from = f.Instant()
    valid_until = f.Instant(allow_none=True)
    package_ids = f.Listed(f.Id(), most=200)
    usage_limit = f.Whole(least=1, most=MOST_USES, allow_none=True, metadata=LIMIT)
    per_user_limit = f.Whole(least=1, most=MOST_USES, allow_none=True, metadata=LIMIT)
    is_active = f.Flag(load_default=True)


class CouponPatchIn(CouponIn):
    """What to change of a coupon; what is left out stays."""


class CouponQuery(PageQuery):
    """Filters of the coupons."""

    search = f.Text(longest=80)
    state = f.Choice(CouponPart)


class CouponOut(Out):
    """A coupon."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": COUPON})
    code = fields.String(required=True)
    description = fields.String(required=True)
    discount_type = f.Choice(DiscountType, required=True)
    discount_value = fields.Method("_value", required=True, metadata={"type": "number", **VALUE})
    min_amount = f.Rupees(required=True)
    valid_from = f.Instant(required=True)
    valid_until = f.Instant()
    package_ids = fields.Method(
        "_packages", required=True, metadata={"type": "array", "items": {"type": "string"}, "example": [PACKAGE]}
    )
    usage_limit = fields.Integer()
    per_user_limit = fields.Integer()
    used_count = fields.Integer(attribute="used", required=True)
    is_active = fields.Boolean(required=True)
    created_at = f.Instant(required=True)
    updated_at = f.Instant(required=True)

    def _value(self, coupon: Coupon) -> float:
        return outside_value(coupon)

    def _packages(self, coupon: Coupon) -> list[str]:
        return [package.public_id for package in coupon.packages]


def outside_value(coupon: Coupon) -> float:
    """Return a coupon's value as it is written outside: a whole per cent, or rupees."""
    if coupon.discount_type is DiscountType.PERCENT or coupon.discount_value % 100 == 0:
        whole = coupon.discount_value
        return whole if coupon.discount_type is DiscountType.PERCENT else whole // 100
    return coupon.discount_value / 100
