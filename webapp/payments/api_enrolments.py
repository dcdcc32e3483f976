"""`POST /api/v1/counselling-enrollments`: a payment becomes an enrolment."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts.viewer import viewer
from webapp.core.errors import Conflict, ValidationFailed
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.examples import GATEWAY_ORDER, GATEWAY_PAYMENT, PACKAGE
from webapp.core.money import format_rupees
from webapp.payments import flows
from webapp.payments.api import SIGNATURE, require_paid
from webapp.payments.models import Order, OrderStatus
from webapp.payments.queries import order_by_gateway_id
from webapp.payments.queries.programs import Bought, with_orders
from webapp.payments.schemas_enrolments import EnrolIn, EnrolmentOut

door = Door("counselling-enrollments", __name__, area="enrollments", name="api-enrollments-by-payment")
NOT_YET = "The bank has not said yes yet. Ask again in a moment; the money is enrolled as soon as it is there."


@door.endpoint(
    "POST",
    "",
    who=["student"],
    body=EnrolIn,
    answer=EnrolmentOut,
    example={
        "packageId": PACKAGE,
        "razorpayOrderId": GATEWAY_ORDER,
        "paymentId": GATEWAY_PAYMENT,
        "signature": SIGNATURE,
    },
    errors=[402, 404],
    limit="payments",
    repeats="gateway",
    keys=False,
)
def create_enrollment(body: dict[str, Any]) -> Bought:
    """Enrol for a payment that the gateway has taken; asked again, the same enrolment comes back."""
    _compare(order_by_gateway_id(viewer(), body["razorpay_order_id"]), body)
    settlement = flows.verify_return(
        user=viewer(),
        gateway_order_id=body["razorpay_order_id"],
        gateway_payment_id=body["payment_id"],
        signature=body["signature"],
        now=g.now,
    )
    order = require_paid(settlement)
    if order.status is not OrderStatus.PAID or order.enrolment is None:
        raise Conflict(NOT_YET)
    return with_orders([order.enrolment])[0]


def _compare(order: Order, body: dict[str, Any]) -> None:
    """Make sure that what the client believes is what the order says."""
    wrong = {}
    if order.package is None or order.package.public_id != body["package_id"]:
        wrong["package_id"] = "This order is for something else."
    if body.get("amount_paid") not in (None, order.amount):
        wrong["amount_paid"] = f"This order is of {format_rupees(order.amount)}."
    code = order.coupon.code.upper() if order.coupon else None
    if body.get("coupon_code") and body["coupon_code"].upper() != code:
        wrong["coupon_code"] = "This order has another coupon, or none."
    if wrong:
        raise ValidationFailed(fields=wrong)
