"""Rows of refunds and the sums they keep on their (locked) payment. Paise.

`Payment.refunded` is what is promised or back: approved, at the gateway, processed. Its CHECK keeps it
within what was paid, whatever happens at the same time.
"""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import User
from webapp.core.db import after_commit, db
from webapp.core.ids import new_public_id
from webapp.core.jobs import hint
from webapp.payments.errors import RefundNotAllowed
from webapp.payments.models import Payment, Refund, RefundStatus
from webapp.payments.rules import PROMISED_REFUNDS, TAKEN_PAYMENTS, refundable, status_with, working_days_after
from webapp.payments.services import ledger

SEND_JOB = "webapp.payments.jobs.send_refunds_job"


def open_refund(
    payment: Payment,
    amount: int,
    *,
    reason: str,
    now: dt.datetime,
    status: RefundStatus = RefundStatus.APPROVED,
    asked_by: User | None = None,
    decided_by: User | None = None,
) -> Refund:
    """Make a refund of ``amount`` paise on a locked payment; an approved one is sent after the commit.

    Raises:
        RefundNotAllowed: the payment was not taken, or less than this is left of it.
    """
    require_left(payment, amount)
    refund = Refund(
        amount=amount,
        status=status,
        reason=reason,
        idempotency_key=new_public_id("rfnd"),
        requested_at=now,
        requested_by=asked_by,
        requested_by_id=asked_by.id if asked_by else None,
        decided_by_id=decided_by.id if decided_by else None,
    )
    refund.payment = payment
    db.session.add(refund)
    if status is RefundStatus.APPROVED:
        promise(refund, now)
    restate(payment)
    return refund


def promise(refund: Refund, now: dt.datetime) -> None:
    """Count an approved refund as promised, say when it arrives, and have it sent after the commit."""
    refund.payment.refunded += refund.amount
    refund.decided_at, refund.estimated_at = now, working_days_after(now)
    after_commit(wake_refunds)


def require_left(payment: Payment, amount: int) -> None:
    """Make sure that ``amount`` paise of a locked payment may still go back."""
    if payment.status not in TAKEN_PAYMENTS:
        raise RefundNotAllowed("This payment was not taken, so nothing can go back.")
    if not 0 < amount <= refundable(payment.amount, payment.refunded):
        raise RefundNotAllowed


def restate(payment: Payment) -> None:
    """Set a locked payment's status to what its refunds make of it."""
    db.session.flush()  # the new row and its sums; the CHECK speaks here
    rows = [(refund.status, refund.amount) for refund in payment.refunds]
    payment.status = status_with(payment.status, payment.amount, rows)
    db.session.flush()  # a later look-up in this transaction sees it


def record_outside(payment: Payment, amount: int, *, now: dt.datetime, gateway_refund_id: str | None = None) -> Refund:
    """Note money that went back at the gateway without us, and book it."""
    refund = Refund(
        amount=amount,
        status=RefundStatus.PROCESSED,
        reason="Refunded at the gateway.",
        idempotency_key=new_public_id("outside"),
        gateway_refund_id=gateway_refund_id,
        requested_at=now,
        decided_at=now,
        processed_at=now,
    )
    refund.payment = payment
    db.session.add(refund)
    payment.refunded += amount
    restate(payment)
    ledger.post_refund(refund, now)
    return refund


def is_promised(refund: Refund) -> bool:
    """Whether the refund counts in `Payment.refunded`."""
    return refund.status in PROMISED_REFUNDS


def wake_refunds() -> None:
    """Ask a worker to send what is approved. Only a hint: the sweep finds the rows anyway."""
    hint(SEND_JOB)
