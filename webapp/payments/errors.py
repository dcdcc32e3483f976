"""Refusals of this room."""

from __future__ import annotations

from webapp.core.errors import Conflict, DomainError, InvalidState, ValidationFailed


class CouponRefused(ValidationFailed):
    """A coupon that does not fit here; the message says why."""

    message = "This coupon can't be used here."

    def __init__(self, message: str | None = None) -> None:
        words = message or self.message
        super().__init__(words, fields={"coupon_code": words})


class CouponUsedUp(CouponRefused):
    """Every use of the coupon is taken, by others or by this student."""

    code = Conflict.code
    http_status = 409
    api_status = 409
    message = "This coupon has been used up."


class PaymentFailed(DomainError):
    """The money was not taken, or what came back from the gateway cannot be trusted."""

    code = "PAYMENT_FAILED"
    http_status = 402
    message = "The payment did not go through. Nothing was taken; your order is kept and can be paid again."


class WrongSignature(PaymentFailed):
    """The browser came back with a signature that is not the gateway's."""

    http_status = 422
    api_status = 400
    message = "We could not confirm this payment. If money left your account, we find it by ourselves within the hour."


class RefundNotAllowed(InvalidState):
    """More than what is left of the payment, or a payment that was never taken."""

    code = "REFUND_NOT_ALLOWED"
    message = "This is more than what is left of the payment."


class WebhookRefused(DomainError):
    """A webhook without the gateway's signature, or none we can read."""

    code = "VALIDATION_ERROR"
    http_status = 400
    message = "This is not a webhook of the payment gateway."
