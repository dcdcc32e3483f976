"""Orders, payments, refunds and receipts as the JSON door writes and reads them (api.md "payments")."""

from __future__ import annotations

from marshmallow import fields

from webapp.bookings.models import MeetingMode
from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import GATEWAY_ORDER, GATEWAY_PAYMENT, ORDER, PAYMENT
from webapp.core.jsonapi.schemas import In, Out, PageQuery
from webapp.core.times import iso_z
from webapp.payments.models import Refund, RefundStatus
from webapp.payments.queries.programs import HISTORY_WORDS
from webapp.payments.rules import working_days_after
from webapp.payments.schemas_enrolments import EnrolmentOut

LONGEST_TOKEN = 200
AGENDA = 1000
REASON = 500


class CreateOrderIn(In):
    """What is bought: a package (a time may be kept with it), or a single service with its time."""

    package_id = f.Id()
    service_id = f.Id()
    counsellor_id = f.Id()
    starts_at = f.Instant()
    coupon_code = f.Text(longest=40, allow_none=True)
    agenda = f.Text(longest=AGENDA, load_default="")
    meeting_preference = f.Choice(MeetingMode, load_default=MeetingMode.VIDEO)


class CreatedOrderOut(Out):
    """An order to be paid at the gateway's checkout; one of 0 has no ``razorpayOrderId`` and is paid already."""

    order_id = f.Id(required=True, metadata={"example": ORDER})
    razorpay_order_id = f.Id(metadata={"example": GATEWAY_ORDER})
    amount = f.Rupees(required=True)
    amount_in_paise = fields.Integer(required=True, metadata={"description": "For the gateway's checkout."})
    currency = fields.String(required=True)
    key_id = fields.String(required=True, metadata={"description": "Of the gateway's checkout."})
    status = f.Choice(HISTORY_WORDS, required=True)
    price = f.Rupees(required=True)
    discount = f.Rupees(required=True)
    coupon_discount = f.Rupees(required=True)
    coupon_code = fields.String()
    held_until = f.Instant(metadata={"description": "How long the time is kept."})
    expires_at = f.Instant(required=True, metadata={"description": "When the order ends unpaid."})
    enrollment_id = f.Id()
    session_id = f.Id()


class VerifyIn(In):
    """What the gateway's checkout gave back."""

    razorpay_order_id = f.Text(required=True, longest=LONGEST_TOKEN)
    razorpay_payment_id = f.Text(required=True, longest=LONGEST_TOKEN)
    razorpay_signature = f.Text(required=True, longest=LONGEST_TOKEN)


class StartOut(Out):
    """A start on offer."""

    starts_at = f.Instant(required=True)


class VerifiedOut(Out):
    """What became of the payment; ``nearest`` has starts on offer where the wanted time was lost."""

    status = f.Choice(HISTORY_WORDS, required=True)
    order_id = f.Id(required=True, metadata={"example": ORDER})
    payment_id = f.Id(metadata={"example": PAYMENT})
    amount = f.Rupees(required=True)
    currency = fields.String(required=True)
    receipt_number = fields.String()
    enrollment_id = f.Id()
    session_id = f.Id()
    enrollment = fields.Nested(EnrolmentOut)
    nearest = fields.List(fields.Nested(StartOut), required=True)


class HistoryQuery(PageQuery):
    """Filters of the history; days are the caller's, both included."""

    status = f.Choice(HISTORY_WORDS)
    start_date = f.Day()
    end_date = f.Day()


class PaidOut(Out):
    """One order of the history; `_id` is its payment's, or its own as long as nothing was paid."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": PAYMENT})
    order_id = fields.String(attribute="order.public_id", required=True, metadata={"example": ORDER})
    razorpay_order_id = fields.String(attribute="order.gateway_order_id", metadata={"example": GATEWAY_ORDER})
    razorpay_payment_id = fields.String(
        attribute="payment.gateway_payment_id", dump_default=None, metadata={"example": GATEWAY_PAYMENT}
    )
    user_id = fields.String(attribute="order.user.public_id", required=True)
    title = fields.String(attribute="order.title", required=True)
    package_id = fields.String(attribute="order.package.public_id", dump_default=None)
    service_id = fields.String(attribute="order.service.public_id", dump_default=None)
    enrollment_id = fields.String(attribute="order.enrolment.public_id", dump_default=None)
    amount = f.Rupees(attribute="order.amount", required=True)
    refunded_amount = f.Rupees(attribute="payment.refunded", dump_default=0, required=True)
    currency = fields.String(attribute="order.currency", required=True)
    status = f.Choice(HISTORY_WORDS, required=True)
    coupon_code = fields.String(attribute="order.coupon.code", dump_default=None)
    payment_method = fields.String(attribute="payment.method", dump_default=None)
    receipt_number = fields.String(attribute="receipt.receipt_number", dump_default=None)
    created_at = f.Instant(attribute="order.placed_at", required=True)
    paid_at = f.Instant(attribute="order.paid_at")


class RefundIn(In):
    """Money back: a student asks, an admin carries it out or declines. Without an amount: all that is left."""

    amount = f.Rupees(positive=True, allow_none=True)
    reason = f.Text(longest=REASON, load_default="")
    decision = f.Choice(
        ["approve", "decline"], metadata={"description": "Admins only; a declined request needs a reason."}
    )


class RefundOut(Out):
    """A refund; ``status`` is the payment's, ``refundStatus`` its own."""

    public_id = f.Id(data_key="_id", required=True)
    payment_id = fields.String(attribute="payment.public_id", required=True, metadata={"example": PAYMENT})
    status = f.Choice(HISTORY_WORDS, attribute="payment.status", required=True)
    refund_status = f.Choice(RefundStatus, attribute="status", required=True)
    refund_amount = f.Rupees(attribute="amount", required=True)
    currency = fields.String(attribute="payment.currency", required=True)
    reason = fields.String(required=True)
    answer = fields.String(required=True)
    requested_at = f.Instant(required=True)
    estimated_refund_date = fields.Method(
        "_estimated",
        metadata={"type": "string", "format": "date-time", "description": "By then it arrives."},
    )

    def _estimated(self, refund: Refund) -> str | None:
        if refund.status in (RefundStatus.DECLINED, RefundStatus.FAILED):
            return None
        return iso_z(refund.estimated_at or working_days_after(refund.requested_at))
