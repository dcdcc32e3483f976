"""The state machines of order, payment and refund: one table each, forward only. Source: issue "Money", api.md."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import TypeVar

from webapp.payments.models import OrderStatus, PaymentStatus, RefundStatus

S = TypeVar("S", bound=enum.StrEnum)
E = TypeVar("E", bound=enum.StrEnum)


class OrderEvent(enum.StrEnum):
    """What can happen to an order."""

    OPEN = "open"  # the gateway knows it: it can be paid
    PAY = "pay"
    EXPIRE = "expire"


class PaymentEvent(enum.StrEnum):
    """What can happen to a payment; the refund events follow from the sums of its refunds."""

    AUTHORIZE = "authorize"
    CAPTURE = "capture"
    FAIL = "fail"
    REFUND_OPEN = "refund_open"  # some of it is asked for or promised, and not yet back
    REFUND_NONE = "refund_none"  # it came to nothing, and none was made before
    REFUND_PART = "refund_part"
    REFUND_ALL = "refund_all"


class RefundEvent(enum.StrEnum):
    """What can happen to a refund."""

    APPROVE = "approve"
    DECLINE = "decline"
    SEND = "send"
    PROCESS = "process"
    FAIL = "fail"
    RETRY = "retry"


Ord, P, R = OrderStatus, PaymentStatus, RefundStatus

ORDER_STEPS: Mapping[tuple[OrderStatus, OrderEvent], OrderStatus] = {
    (Ord.CREATED, OrderEvent.OPEN): Ord.PENDING,
    (Ord.CREATED, OrderEvent.PAY): Ord.PAID,
    (Ord.CREATED, OrderEvent.EXPIRE): Ord.EXPIRED,
    (Ord.PENDING, OrderEvent.PAY): Ord.PAID,
    (Ord.PENDING, OrderEvent.EXPIRE): Ord.EXPIRED,
    (Ord.EXPIRED, OrderEvent.PAY): Ord.PAID,  # money that came late is never lost
}

PAYMENT_STEPS: Mapping[tuple[PaymentStatus, PaymentEvent], PaymentStatus] = {
    (P.PENDING, PaymentEvent.CAPTURE): P.SUCCEEDED,
    (P.PENDING, PaymentEvent.FAIL): P.FAILED,
    (P.FAILED, PaymentEvent.AUTHORIZE): P.PENDING,  # a bank may say yes after its no
    (P.FAILED, PaymentEvent.CAPTURE): P.SUCCEEDED,
    (P.SUCCEEDED, PaymentEvent.REFUND_OPEN): P.REFUND_PENDING,
    (P.SUCCEEDED, PaymentEvent.REFUND_PART): P.PARTIALLY_REFUNDED,
    (P.SUCCEEDED, PaymentEvent.REFUND_ALL): P.REFUNDED,
    (P.REFUND_PENDING, PaymentEvent.REFUND_NONE): P.SUCCEEDED,
    (P.REFUND_PENDING, PaymentEvent.REFUND_PART): P.PARTIALLY_REFUNDED,
    (P.REFUND_PENDING, PaymentEvent.REFUND_ALL): P.REFUNDED,
    (P.PARTIALLY_REFUNDED, PaymentEvent.REFUND_OPEN): P.REFUND_PENDING,
    (P.PARTIALLY_REFUNDED, PaymentEvent.REFUND_ALL): P.REFUNDED,
}

REFUND_STEPS: Mapping[tuple[RefundStatus, RefundEvent], RefundStatus] = {
    (R.REQUESTED, RefundEvent.APPROVE): R.APPROVED,
    (R.REQUESTED, RefundEvent.DECLINE): R.DECLINED,
    (R.APPROVED, RefundEvent.SEND): R.PENDING,
    (R.APPROVED, RefundEvent.PROCESS): R.PROCESSED,
    (R.APPROVED, RefundEvent.FAIL): R.FAILED,
    (R.PENDING, RefundEvent.PROCESS): R.PROCESSED,
    (R.PENDING, RefundEvent.FAIL): R.FAILED,
    (R.FAILED, RefundEvent.RETRY): R.APPROVED,
}

OPEN_ORDERS = frozenset({Ord.CREATED, Ord.PENDING})
TAKEN_PAYMENTS = frozenset({P.SUCCEEDED, P.REFUND_PENDING, P.PARTIALLY_REFUNDED, P.REFUNDED})
PROMISED_REFUNDS = frozenset({R.APPROVED, R.PENDING, R.PROCESSED})
UNDERWAY_REFUNDS = frozenset({R.REQUESTED, R.APPROVED, R.PENDING})  # api.md: a request reads refund_pending


class IllegalStep(Exception):
    """An event that the status does not allow."""

    def __init__(self, status: enum.StrEnum, event: enum.StrEnum) -> None:
        super().__init__(f"{event} is not possible for what is {status}")
        self.status, self.event = status, event


def _next(table: Mapping[tuple[S, E], S], status: S, event: E) -> S:
    try:
        return table[status, event]
    except KeyError:
        raise IllegalStep(status, event) from None


def next_order(status: OrderStatus, event: OrderEvent) -> OrderStatus:
    """Return an order's status after an event; IllegalStep where the table has none."""
    return _next(ORDER_STEPS, status, event)


def next_payment(status: PaymentStatus, event: PaymentEvent) -> PaymentStatus:
    """Return a payment's status after an event; IllegalStep where the table has none."""
    return _next(PAYMENT_STEPS, status, event)


def next_refund(status: RefundStatus, event: RefundEvent) -> RefundStatus:
    """Return a refund's status after an event; IllegalStep where the table has none."""
    return _next(REFUND_STEPS, status, event)


def refund_allows(status: RefundStatus, event: RefundEvent) -> bool:
    """Whether the table has this step: which buttons a page shows."""
    return (status, event) in REFUND_STEPS
