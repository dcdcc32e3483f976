"""`/api/v1/payments`: an order, the way back from the gateway, the history, money back, receipts."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Response, current_app, g

from webapp.accounts.models import Role
from webapp.accounts.viewer import viewer
from webapp.core.db import transaction
from webapp.core.errors import ValidationFailed
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.examples import GATEWAY_ORDER, GATEWAY_PAYMENT, PACKAGE
from webapp.core.times import zone_info
from webapp.payments import flows
from webapp.payments.errors import PaymentFailed
from webapp.payments.gateways import get_gateway
from webapp.payments.models import Order, OrderStatus, Refund, RefundStatus
from webapp.payments.queries import history_status, late_offer, paying_payment, receipt_of
from webapp.payments.queries.programs import (
    HistoryFilter,
    find_payment,
    find_receipt,
    history_page,
    paid_rows,
    with_orders,
)
from webapp.payments.receipt_facts import receipt_facts
from webapp.payments.receipt_file import receipt_file
from webapp.payments.schemas import (
    CreatedOrderOut,
    CreateOrderIn,
    HistoryQuery,
    PaidOut,
    RefundIn,
    RefundOut,
    VerifiedOut,
    VerifyIn,
)
from webapp.payments.schemas_receipts import ReceiptOut
from webapp.payments.services import refunds
from webapp.payments.services.checkout import live_hold, place_order
from webapp.payments.services.settle import Outcome, Settlement
from webapp.payments.services.wanted_time import is_lost

door = Door("payments", __name__, about="Orders, payments, refunds, receipts. Amounts in rupees.", area="payments")
NAMES = {"meeting_mode": "meetingPreference"}
ID = "/<payment_id>"
NO_REASON = "Asked for without a reason."
WORDS = {
    Outcome.FAILED: "The bank declined the payment. Nothing was taken; the order can be paid again.",
    Outcome.WRONG_AMOUNT: "The amount paid is not the order's. Nobody was enrolled; our team looks into it.",
    Outcome.REFUNDED: "This payment went back already. Nobody was enrolled.",
}
SIGNATURE = "5f2b8c1d9e4a7063b1c8d2e5f7a9046c3b5d8e1f2a4c6b7d9e0f1a3c5b7d9e2f"


@door.endpoint(
    "POST",
    "/create-order",
    who=["student"],
    body=CreateOrderIn,
    answer=CreatedOrderOut,
    example={"packageId": PACKAGE, "couponCode": "EARLY10"},
    errors=[404],
    limit="payments",
    repeats="gateway",
    names=NAMES,
    keys=False,
)
def create_order(body: dict[str, Any]) -> dict[str, Any]:
    """Order a package, or a service with its time, at the server's price; what costs nothing enrols at once."""
    with transaction():
        placed = place_order(
            student=viewer(),
            package_id=body.get("package_id"),
            service_id=body.get("service_id"),
            counsellor_id=body.get("counsellor_id"),
            starts_at=body.get("starts_at"),
            coupon_code=body.get("coupon_code"),
            agenda=body["agenda"],
            meeting_mode=body["meeting_preference"],
            now=g.now,
            reuse=bool(g.get("taken_over")),  # a first try with the same key, which a crash ended
        ).public_id
    return _created(flows.ensure_gateway_order(placed))


def _created(order: Order) -> dict[str, Any]:
    held = live_hold(order, g.now)
    return {
        "order_id": order.public_id,
        "razorpay_order_id": order.gateway_order_id,
        "amount": order.amount,
        "amount_in_paise": order.amount,
        "currency": order.currency,
        "key_id": get_gateway().key_id,
        "status": history_status(order),
        "price": order.price,
        "discount": order.discount,
        "coupon_discount": order.coupon_discount,
        "coupon_code": order.coupon.code if order.coupon else None,
        "held_until": held.expires_at if held else None,
        "expires_at": order.expires_at,
        "enrollment_id": order.enrolment.public_id if order.enrolment else None,
        "session_id": order.session.public_id if order.session else None,
    }


@door.endpoint(
    "POST",
    "/verify",
    who=["student"],
    body=VerifyIn,
    answer=VerifiedOut,
    example={
        "razorpayOrderId": GATEWAY_ORDER,
        "razorpayPaymentId": GATEWAY_PAYMENT,
        "razorpaySignature": SIGNATURE,
    },
    errors=[402, 404],
    limit="payments",
    repeats="gateway",
    keys=False,
)
def verify_payment(body: dict[str, Any]) -> dict[str, Any]:
    """Take in what the gateway's checkout gave back; harmless to repeat."""
    settlement = flows.verify_return(
        user=viewer(),
        gateway_order_id=body["razorpay_order_id"],
        gateway_payment_id=body["razorpay_payment_id"],
        signature=body["razorpay_signature"],
        now=g.now,
    )
    return _verified(require_paid(settlement))


def require_paid(settlement: Settlement) -> Order:
    """Return the order of a settlement that took the money, or still waits for the bank.

    Raises:
        PaymentFailed: the money was not taken, or is not the order's.
    """
    if settlement.order is None or (settlement.outcome in WORDS and not settlement.is_paid):
        raise PaymentFailed(WORDS.get(settlement.outcome))
    return settlement.order


def _verified(order: Order) -> dict[str, Any]:
    receipt, payment, enrolment = receipt_of(order), paying_payment(order), order.enrolment
    near = late_offer(order, g.now) if order.status is OrderStatus.PAID and is_lost(order) else []
    return {
        "status": history_status(order),
        "order_id": order.public_id,
        "payment_id": payment.public_id if payment else None,
        "amount": order.amount,
        "currency": order.currency,
        "receipt_number": receipt.receipt_number if receipt else None,
        "enrollment_id": enrolment.public_id if enrolment else None,
        "session_id": order.session.public_id if order.session else None,
        "enrollment": with_orders([enrolment])[0] if enrolment else None,
        "nearest": [{"starts_at": start} for start in near],
    }


@door.endpoint(
    "GET",
    "/history",
    who=["student", "admin"],
    query=HistoryQuery,
    answer=PaidOut,
    many=True,
    paged=True,
    example_query={"status": "succeeded", "startDate": "2026-04-01"},
)
def payment_history(query: dict[str, Any]) -> Answer:
    """List orders and what was paid, the latest first: one's own, or all for admins."""
    first, last = query.get("start_date"), query.get("end_date")
    if first and last and last < first:
        raise ValidationFailed(fields={"end_date": "End date must not lie before the start date."})
    wanted = HistoryFilter(query.get("status"), _midnight(first), _midnight(last and last + dt.timedelta(days=1)))
    found = history_page(viewer(), wanted, page=query["page"], limit=query["limit"])
    return paged(found, items=paid_rows(found.items))


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), zone_info(viewer().zone)) if day else None


@door.endpoint(
    "POST",
    f"{ID}/refund",
    who=["student", "admin"],
    body=RefundIn,
    answer=RefundOut,
    example={"amount": 500, "reason": "I moved to another city."},
    limit="payments",
    names={"answer": "reason"},
)
def refund_payment(payment_id: str, body: dict[str, Any]) -> Refund:
    """Ask for money back (students), or carry it out or decline it (admins). The id may be the order's."""
    user, payment, amount = viewer(), find_payment(viewer(), payment_id), body.get("amount")
    is_admin, declines = user.role is Role.ADMIN, body.get("decision") == "decline"
    if "decision" in body and not is_admin:
        raise ValidationFailed(fields={"decision": "Decision is for admins."})
    reason = body["reason"] or ("" if declines else NO_REASON)
    asked = next((row for row in payment.refunds if row.status is RefundStatus.REQUESTED), None)
    if declines and asked is None:
        raise ValidationFailed(fields={"decision": "There is no request to decline."})
    with transaction():
        if declines and asked is not None:
            return refunds.decide(actor=user, refund_id=asked.public_id, approve=False, answer=reason, now=g.now)
        if is_admin:
            return refunds.refund_payment(
                actor=user, payment_id=payment.public_id, reason=reason, amount=amount, now=g.now
            )
        return refunds.request_refund(
            student=user, payment_id=payment.public_id, reason=reason, amount=amount, now=g.now
        )


@door.endpoint("GET", f"{ID}/receipt", who=["student", "admin"], answer=ReceiptOut)
def get_receipt(payment_id: str) -> dict[str, Any]:
    """Return the receipt of a payment or order."""
    return receipt_facts(find_receipt(viewer(), payment_id), current_app.config["SETTINGS"])


@door.endpoint("GET", f"{ID}/receipt.pdf", who=["student", "admin"], produces="application/pdf")
def get_receipt_pdf(payment_id: str) -> Response:
    """Return the receipt of a payment or order as PDF."""
    return receipt_file(find_receipt(viewer(), payment_id))
