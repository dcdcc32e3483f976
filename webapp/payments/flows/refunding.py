"""Refunds on their way: sent with a key that pays once, followed until the gateway is done."""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import select

from webapp.core.crashpoints import crash_point
from webapp.core.db import db, transaction
from webapp.payments.gateways import GatewayError, GatewayRefund, get_gateway
from webapp.payments.models import Refund, RefundStatus
from webapp.payments.services import refunds

FIRST_PAUSE = dt.timedelta(minutes=1)
LONGEST_PAUSE = dt.timedelta(hours=6)
ASK_AFTER = dt.timedelta(hours=12)  # the webhook usually says it first
log = structlog.get_logger(__name__)


def send_refunds(now: dt.datetime) -> int:
    """Send every approved refund that is due to the gateway; return how many it took.

    One that got no answer waits: a minute, two, four, at most six hours. The same key makes a retry safe.
    """
    rows = db.session.scalars(select(Refund).where(Refund.status == RefundStatus.APPROVED).order_by(Refund.id))
    due = [row.id for row in rows if row.attempts == 0 or row.updated_at + _pause(row.attempts) <= now]
    return sum(send_refund(pk, now) for pk in due)


def _pause(attempts: int) -> dt.timedelta:
    return min(FIRST_PAUSE * (1 << min(attempts - 1, 20)), LONGEST_PAUSE)


def send_refund(refund_pk: int, now: dt.datetime) -> bool:
    """Send one approved refund; False if it is not (any more) to be sent, or the gateway did not take it."""
    refund = db.session.get(Refund, refund_pk, populate_existing=True)
    if refund is None or refund.status is not RefundStatus.APPROVED:
        return False
    payment_id, key, public_id = refund.payment.gateway_payment_id, refund.idempotency_key, refund.public_id
    crash_point("refund.before_sending")
    try:
        report = get_gateway().refund(payment_id, refund.amount, idempotency_key=key, notes={"refund": public_id})
    except GatewayError as error:
        _note(refund_pk, error, now)
        return False
    crash_point("refund.sent")
    with transaction():
        refunds.record_refund(report, refund_pk=refund_pk, now=now)
    return True


def _note(refund_pk: int, error: GatewayError, now: dt.datetime) -> None:
    log.warning("refund_not_taken", refund=refund_pk, temporary=error.temporary, error=str(error))
    with transaction():
        if error.temporary:
            refunds.note_attempt(refund_pk, str(error))
        else:
            refunds.fail_refund(refund_pk, error=str(error), now=now)


def follow_refunds(now: dt.datetime) -> int:
    """Ask about refunds the gateway has had for half a day without a word; return how many moved on."""
    waiting = select(Refund).where(Refund.status == RefundStatus.PENDING, Refund.gateway_refund_id.is_not(None))
    rows = [
        (row.payment.gateway_payment_id, row.gateway_refund_id or "", row.id)
        for row in db.session.scalars(waiting.order_by(Refund.id))
        if row.updated_at + ASK_AFTER <= now
    ]
    moved = 0
    for payment_id, refund_id, pk in rows:
        try:
            report = get_gateway().fetch_refund(payment_id, refund_id)
        except GatewayError as error:
            log.warning("refund_not_followed", refund=refund_id, error=str(error))
            if error.temporary:
                break
            continue
        moved += _take_in(report, pk, now)
    return moved


def _take_in(report: GatewayRefund, refund_pk: int, now: dt.datetime) -> bool:
    with transaction():
        refund = refunds.record_refund(report, refund_pk=refund_pk, now=now)
        if refund is not None and refund.status is RefundStatus.PENDING:
            refunds.note_asked(refund)
            return False
    return True
