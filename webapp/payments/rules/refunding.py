"""How much may go back, what a payment is called then, when money arrives. Paise. Source: product.md "Money"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from webapp.core.times import DEFAULT_ZONE, zone_info
from webapp.payments.models import PaymentStatus, RefundStatus
from webapp.payments.rules.states import (
    PROMISED_REFUNDS,
    UNDERWAY_REFUNDS,
    PaymentEvent,
    next_payment,
)

REFUND_WORKING_DAYS = 7  # banks say 5–7; the later date is promised
SATURDAY = 5


def promised(refunds: Iterable[tuple[RefundStatus, int]]) -> int:
    """Return the sum of what is approved, under way or back: what `Payment.refunded` holds."""
    return sum(amount for status, amount in refunds if status in PROMISED_REFUNDS)


def refundable(paid: int, refunded: int) -> int:
    """Return what may still go back of a payment, never below zero."""
    return max(paid - refunded, 0)


def refund_event(paid: int, refunds: Iterable[tuple[RefundStatus, int]]) -> PaymentEvent:
    """Return which event of a payment follows from all its refunds together."""
    rows = list(refunds)
    if any(status in UNDERWAY_REFUNDS for status, _ in rows):
        return PaymentEvent.REFUND_OPEN
    back = sum(amount for status, amount in rows if status is RefundStatus.PROCESSED)
    if back == 0:
        return PaymentEvent.REFUND_NONE
    return PaymentEvent.REFUND_ALL if back >= paid else PaymentEvent.REFUND_PART


LEADS_TO = {
    PaymentEvent.REFUND_OPEN: PaymentStatus.REFUND_PENDING,
    PaymentEvent.REFUND_NONE: PaymentStatus.SUCCEEDED,
    PaymentEvent.REFUND_PART: PaymentStatus.PARTIALLY_REFUNDED,
    PaymentEvent.REFUND_ALL: PaymentStatus.REFUNDED,
}


def status_with(status: PaymentStatus, paid: int, refunds: Iterable[tuple[RefundStatus, int]]) -> PaymentStatus:
    """Return the status of a captured payment once its refunds stand so; IllegalStep if the table forbids it."""
    event = refund_event(paid, refunds)
    return status if LEADS_TO[event] is status else next_payment(status, event)


def working_days_after(instant: dt.datetime, days: int = REFUND_WORKING_DAYS) -> dt.datetime:
    """Return the same hour ``days`` working days later; Saturdays and Sundays of India do not count."""
    zone = zone_info(DEFAULT_ZONE)
    local = instant.astimezone(zone)
    while days:
        local += dt.timedelta(days=1)
        days -= local.weekday() < SATURDAY
    return local.astimezone(dt.UTC)
