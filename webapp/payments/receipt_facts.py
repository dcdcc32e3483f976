"""A receipt's row as plain facts, for programs; `receipt_words` has the words that people read. Paise."""

from __future__ import annotations

from typing import Any

from webapp.config import Settings
from webapp.payments.models import Receipt, RefundStatus
from webapp.payments.rules import amount_in_words


def receipt_facts(receipt: Receipt, settings: Settings) -> dict[str, Any]:
    """Return what the receipt says, by the names of `ReceiptOut`."""
    order, payment = receipt.order, receipt.payment
    address = [line.strip() for line in settings.company_address.replace("\\n", "\n").splitlines() if line.strip()]
    return {
        "public_id": receipt.public_id,
        "receipt_number": receipt.receipt_number,
        "order_id": order.public_id,
        "payment_id": payment.public_id if payment else None,
        "razorpay_payment_id": payment.gateway_payment_id if payment else None,
        "payment_method": payment.method or None if payment else None,
        "issued_at": receipt.issued_at,
        "paid_at": order.paid_at,
        "seller": {"name": settings.company_name, "address": address, "gstin": settings.company_gstin or None},
        "customer": order.user,
        "title": order.title,
        "price": order.price,
        "discount": order.discount,
        "coupon_code": order.coupon.code if order.coupon else None,
        "coupon_discount": order.coupon_discount,
        "taxable_amount": order.amount - order.tax,
        "tax": order.tax,
        "amount": order.amount,
        "amount_in_words": amount_in_words(order.amount),
        "currency": order.currency,
        "refunds": [row for row in payment.refunds if row.status is RefundStatus.PROCESSED] if payment else [],
    }
