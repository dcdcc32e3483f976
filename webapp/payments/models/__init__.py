"""Tables of money, by what they are about."""

from __future__ import annotations

from webapp.payments.models.coupons import Coupon, CouponUse, DiscountType
from webapp.payments.models.gateway import GatewayEvent
from webapp.payments.models.ledger import (
    Account,
    LedgerEntry,
    LedgerTransaction,
    Payout,
    Receipt,
    ReceiptCounter,
)
from webapp.payments.models.orders import (
    Match,
    Order,
    OrderStatus,
    Payment,
    PaymentStatus,
    Refund,
    RefundStatus,
)

__all__ = [
    "Account",
    "Coupon",
    "CouponUse",
    "DiscountType",
    "GatewayEvent",
    "LedgerEntry",
    "LedgerTransaction",
    "Match",
    "Order",
    "OrderStatus",
    "Payment",
    "PaymentStatus",
    "Payout",
    "Receipt",
    "ReceiptCounter",
    "Refund",
    "RefundStatus",
]
