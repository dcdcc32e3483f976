"""`/api/v1/coupons`: what a code is worth, and the admin's hand on coupons."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts.models import Role
from webapp.accounts.viewer import viewer
from webapp.core.db import transaction
from webapp.core.errors import ValidationFailed
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.examples import PACKAGE
from webapp.packages.models import Package
from webapp.payments.models import Coupon, DiscountType
from webapp.payments.queries import coupon_by_id, coupons_page
from webapp.payments.schemas_coupons import (
    CouponIn,
    CouponOut,
    CouponPatchIn,
    CouponQuery,
    ValidatedOut,
    ValidateIn,
    outside_value,
)
from webapp.payments.services import coupons
from webapp.payments.services.checkout import find_item, quote

door = Door("coupons", __name__, about="Codes that take something off.", area="coupons")
ID = "/<coupon_id>"
EXAMPLE = {
    "code": "MONSOON15",
    "discountType": "percent",
    "discountValue": 15,
    "minAmount": 1000,
    "validUntil": "2027-03-31T18:30:00.000Z",
    "packageIds": [PACKAGE],
    "usageLimit": 100,
    "perUserLimit": 1,
}
WHOLE = "Discount value must be a whole per cent from 1 to 100."
TOGETHER = "Discount value is needed where the type changes."


@door.endpoint(
    "POST",
    "/validate",
    who=["signed_in"],
    body=ValidateIn,
    answer=ValidatedOut,
    example={"code": "EARLY10", "packageId": PACKAGE},
    errors=[404, 409],
    repeats=None,
    names={"coupon_code": "code"},
)
def validate_coupon(body: dict[str, Any]) -> dict[str, Any]:
    """Say what a package or service would cost with a code; nothing is taken."""
    user, item = viewer(), find_item(package_id=body.get("package_id"), service_id=body.get("service_id"))
    student = user if user.role is Role.STUDENT else None
    coupon = coupons.find_usable(code=body["code"], student=student, item=item, now=g.now)
    found = quote(student=student, item=item, coupon_code=coupon.code, now=g.now)
    return {
        "valid": True,
        "code": coupon.code,
        "discount_type": coupon.discount_type,
        "discount_value": outside_value(coupon),
        "original_amount": item.selling_price if isinstance(item, Package) else item.price,
        "discount_amount": found.coupon_discount,
        "final_amount": found.amount,
        "currency": "INR",
    }


@door.endpoint(
    "GET",
    "",
    who=["admin"],
    query=CouponQuery,
    answer=CouponOut,
    many=True,
    paged=True,
    example_query={"state": "usable"},
)
def list_coupons(query: dict[str, Any]) -> Answer:
    """List coupons, the newest first."""
    return paged(
        coupons_page(query.get("search", ""), query["page"], part=query.get("state"), now=g.now, limit=query["limit"])
    )


@door.endpoint("GET", ID, who=["admin"], answer=CouponOut)
def get_coupon(coupon_id: str) -> Coupon:
    """Return a coupon."""
    return coupon_by_id(coupon_id)


@door.endpoint("POST", "", who=["admin"], body=CouponIn, answer=CouponOut, example=EXAMPLE)
def create_coupon(body: dict[str, Any]) -> Coupon:
    """Make a coupon; it is good from now on where nothing else is said."""
    body.setdefault("valid_from", g.now)
    body["discount_value"] = _value(body["discount_type"], body["discount_value"])
    with transaction():
        return coupons.create_coupon(actor=viewer(), **body)


@door.endpoint(
    "PATCH",
    ID,
    who=["admin"],
    body=CouponPatchIn(partial=True),
    answer=CouponOut,
    example={"usageLimit": 200, "isActive": True},
    errors=[409],
)
def update_coupon(coupon_id: str, body: dict[str, Any]) -> Coupon:
    """Change the fields that are given; orders made before keep their price."""
    now_is = coupon_by_id(coupon_id).discount_type
    kind = body.get("discount_type", now_is)
    if "discount_value" in body:
        body["discount_value"] = _value(kind, body["discount_value"])
    elif kind is not now_is:
        raise ValidationFailed(fields={"discount_value": TOGETHER})
    with transaction():
        return coupons.update_coupon(actor=viewer(), coupon_id=coupon_id, **body)


@door.endpoint("DELETE", ID, who=["admin"])
def delete_coupon(coupon_id: str) -> str:
    """Delete a coupon, or switch it off where it was used."""
    with transaction():
        gone = coupons.remove_coupon(actor=viewer(), coupon_id=coupon_id)
    return "The coupon is deleted." if gone else "The coupon was used: it is switched off."


def _value(kind: DiscountType, hundredths: int) -> int:
    """Return a value as it is kept: a whole per cent, or paise."""
    if kind is not DiscountType.PERCENT:
        return hundredths
    if hundredths % 100 or hundredths > 100 * 100:
        raise ValidationFailed(fields={"discount_value": WHOLE})
    return hundredths // 100
