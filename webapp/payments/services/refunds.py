"""Refunds: asked for, decided, given by an admin, and what the gateway says of them. Paise.

Never more than was paid: the payment's row lock first, the CHECK on `Payment.refunded` behind it.
"""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import func, select, update

from webapp.accounts.models import User
from webapp.bookings.services.endings import free_sessions
from webapp.core.crashpoints import crash_point
from webapp.core.db import db
from webapp.core.errors import InvalidState, NotFound, ValidationFailed
from webapp.core.ids import new_public_id
from webapp.core.money import format_rupees
from webapp.enrolments.models import EnrolmentStatus
from webapp.enrolments.services import end_enrolment, lock_enrolment
from webapp.payments.emails import (
    alert_admins,
    tell_refund_decided,
    tell_refund_processed,
    tell_refund_requested,
)
from webapp.payments.errors import RefundNotAllowed
from webapp.payments.gateways.base import GatewayRefund
from webapp.payments.models import Match, Order, Payment, Refund, RefundStatus
from webapp.payments.permissions import require_admin
from webapp.payments.rules import RefundEvent, next_refund, refund_allows, refundable
from webapp.payments.services import ledger
from webapp.payments.services.locks import lock_order, lock_payment, lock_refunds
from webapp.payments.services.refund_rows import (
    is_promised,
    open_refund,
    promise,
    record_outside,
    require_left,
    restate,
)

REASON_LIMIT = 500
ENDED = "The package was refunded in full."
log = structlog.get_logger(__name__)


def request_refund(
    *, student: User, payment_id: str, reason: str, now: dt.datetime, amount: int | None = None
) -> Refund:
    """Ask for money back; an admin decides. ``amount`` in paise, None: all that is left.

    Raises:
        NotFound: not this student's payment. ValidationFailed: no reason, or too long a one.
        InvalidState: a request is open already. RefundNotAllowed: nothing to give back, or more than is left.
    """
    seen = db.session.scalar(
        select(Payment)
        .join(Order, Order.id == Payment.order_id)
        .where(Payment.public_id == payment_id, Order.user_id == student.id)
    )
    if seen is None:
        raise NotFound("We could not find that payment.")
    reason = _read_text(reason, "reason", "Say in a few words why; it helps us decide.")
    payment = _lock(seen)
    if _open_request(payment) is not None:
        raise InvalidState("You have asked already. We answer by mail.")
    if payment.match is not Match.ENROLLED:
        raise RefundNotAllowed("This payment goes back by itself, or is looked at by our team already.")
    wanted = refundable(payment.amount, payment.refunded) if amount is None else amount
    refund = open_refund(payment, wanted, reason=reason, now=now, status=RefundStatus.REQUESTED, asked_by=student)
    if payment.order is not None:
        tell_refund_requested(refund, payment.order, now)
    return refund


def decide(
    *, actor: User, refund_id: str, approve: bool, now: dt.datetime, answer: str = "", amount: int | None = None
) -> Refund:
    """Answer a student's request. Approved, ``amount`` paise (None: what was asked) go to the gateway.

    Raises:
        Forbidden: not an admin. NotFound: no such refund. ValidationFailed: too long an answer, or
            none where it is declined.
        InvalidState: decided already. RefundNotAllowed: more than is left of the payment.
    """
    require_admin(actor)
    seen = db.session.scalar(select(Refund).where(Refund.public_id == refund_id))
    if seen is None:
        raise NotFound("We could not find that request.")
    answer = _read_text(answer, "answer", None if approve else "Say why not; the student reads it.")
    payment = _lock(seen.payment)
    refund = next(row for row in payment.refunds if row.id == seen.id)
    if not refund_allows(refund.status, RefundEvent.APPROVE):
        raise InvalidState("This request has been decided already.")
    refund.answer, refund.decided_by_id, refund.decided_at = answer, actor.id, now
    if approve:
        _approve(refund, refund.amount if amount is None else amount, now)
    else:
        refund.status = next_refund(refund.status, RefundEvent.DECLINE)
        restate(payment)
    _tell_decided(refund, now)
    return refund


def _approve(refund: Refund, amount: int, now: dt.datetime) -> None:
    require_left(refund.payment, amount)
    refund.amount = amount
    refund.status = next_refund(refund.status, RefundEvent.APPROVE)
    promise(refund, now)
    restate(refund.payment)
    _end_if_all_goes_back(refund.payment, now)


def refund_payment(*, actor: User, payment_id: str, reason: str, now: dt.datetime, amount: int | None = None) -> Refund:
    """Give back ``amount`` paise (None: all that is left) of any captured payment; an open request is carried out.

    Raises:
        Forbidden: not an admin. NotFound: no such payment. ValidationFailed: no reason, or too long a one.
        RefundNotAllowed: more than is left of it, or it was never taken.
    """
    require_admin(actor)
    seen = db.session.scalar(select(Payment).where(Payment.public_id == payment_id))
    if seen is None:
        raise NotFound("We could not find that payment.")
    reason = _read_text(reason, "reason", "Say why; it is kept with the payment.")
    payment = _lock(seen)
    refund = _open_request(payment)
    if refund is not None:
        refund.answer, refund.decided_by_id = reason, actor.id
        _approve(refund, refund.amount if amount is None else amount, now)
    else:
        wanted = refundable(payment.amount, payment.refunded) if amount is None else amount
        refund = open_refund(payment, wanted, reason=reason, now=now, decided_by=actor)
        _end_if_all_goes_back(payment, now)
    _tell_decided(refund, now)
    return refund


def retry_refund(*, actor: User, refund_id: str, now: dt.datetime) -> Refund:
    """Send a refund that failed at the gateway once more, under a new key.

    Raises:
        Forbidden, NotFound: as `decide`. InvalidState: it has not failed. RefundNotAllowed: too little is left.
    """
    require_admin(actor)
    seen = db.session.scalar(select(Refund).where(Refund.public_id == refund_id))
    if seen is None:
        raise NotFound("We could not find that refund.")
    payment = _lock(seen.payment)
    refund = next(row for row in payment.refunds if row.id == seen.id)
    if not refund_allows(refund.status, RefundEvent.RETRY):
        raise InvalidState("Only a refund that failed can be sent again.")
    require_left(payment, refund.amount)
    refund.status = next_refund(refund.status, RefundEvent.RETRY)
    refund.idempotency_key, refund.gateway_refund_id = new_public_id("rfnd"), None
    refund.attempts, refund.last_error = 0, ""
    promise(refund, now)
    restate(payment)
    return refund


def record_refund(report: GatewayRefund, *, now: dt.datetime, refund_pk: int | None = None) -> Refund | None:
    """Take in what the gateway says of a refund, any number of times and in any order.

    ``refund_pk``: whose answer it is, where we have just asked. A refund made at the gateway itself is
    noted too. None: it is of a payment we do not know.
    """
    seen = db.session.scalar(select(Payment).where(Payment.gateway_payment_id == report.payment_id))
    if seen is None:
        log.warning("refund_of_unknown_payment", refund=report.id, payment=report.payment_id)
        return None
    payment = _lock(seen)
    if payment.order is not None and payment.order.enrolment_id is not None:
        lock_enrolment(payment.order.enrolment_id)  # what is not yet earned is read for the ledger
    refund = _find(payment, report, refund_pk)
    if refund is None:
        return _from_outside(payment, report, now)
    refund.gateway_refund_id = report.id
    event = {"pending": RefundEvent.SEND, "processed": RefundEvent.PROCESS, "failed": RefundEvent.FAIL}[report.status]
    if refund_allows(refund.status, event):
        _step(refund, event, now)
    return refund


def fail_refund(refund_pk: int, *, error: str, now: dt.datetime) -> None:
    """The gateway refused a refund for good: what was promised is free again, and the admins know."""
    seen = db.session.get(Refund, refund_pk)
    if seen is None:
        return
    payment = _lock(seen.payment)
    refund = next(row for row in payment.refunds if row.id == seen.id)
    refund.last_error = error[:300]
    if refund_allows(refund.status, RefundEvent.FAIL):
        _step(refund, RefundEvent.FAIL, now)


def note_attempt(refund_pk: int, error: str) -> None:
    """Note that the gateway did not answer; the refund is sent again later with the same key."""
    seen = db.session.get(Refund, refund_pk)
    if seen is not None:
        payment = _lock(seen.payment)
        refund = next(row for row in payment.refunds if row.id == seen.id)
        refund.attempts, refund.last_error = refund.attempts + 1, error[:300]


def _step(refund: Refund, event: RefundEvent, now: dt.datetime) -> None:
    payment = refund.payment
    refund.status = next_refund(refund.status, event)
    if event is RefundEvent.FAIL:
        payment.refunded -= refund.amount
        _tell_failed(refund, now)
    elif event is RefundEvent.PROCESS:
        refund.processed_at = now
        ledger.post_refund(refund, now)
        if payment.order is not None:
            tell_refund_processed(refund, payment.order, now)
    restate(payment)
    crash_point("refund.before_commit")


def _find(payment: Payment, report: GatewayRefund, refund_pk: int | None) -> Refund | None:
    ours = report.notes.get("refund")
    for refund in payment.refunds:
        if refund.gateway_refund_id == report.id or refund.id == refund_pk:
            return refund
    return next((row for row in payment.refunds if row.gateway_refund_id is None and row.public_id == ours), None)


def _from_outside(payment: Payment, report: GatewayRefund, now: dt.datetime) -> Refund | None:
    """Somebody refunded at the gateway itself; counted once it is processed."""
    if report.status != "processed":
        return None
    if report.amount > refundable(payment.amount, payment.refunded):
        alert_admins(
            key=f"refund:{report.id}:too_much",
            headline=f"The gateway reports {format_rupees(report.amount)} back on a payment with less left",
            lines=[f"Refund {report.id} on payment {payment.gateway_payment_id}. It was not booked."],
            path=f"/admin/payments/{payment.public_id}",
            now=now,
        )
        return None
    refund = record_outside(payment, report.amount, now=now, gateway_refund_id=report.id)
    _end_if_all_goes_back(payment, now)
    if payment.order is not None:
        tell_refund_processed(refund, payment.order, now)
    return refund


def _end_if_all_goes_back(payment: Payment, now: dt.datetime) -> None:
    """A full refund ends the enrolment, frees its sessions ahead and tells both people."""
    order = payment.order
    if payment.match is not Match.ENROLLED or payment.refunded < payment.amount or order is None:
        return
    if order.enrolment_id is None:
        return
    enrolment = lock_enrolment(order.enrolment_id)
    if enrolment.status is not EnrolmentStatus.REFUNDED:
        end_enrolment(enrolment, EnrolmentStatus.REFUNDED)
        free_sessions(enrolment, actor=None, reason=ENDED, now=now)


def _lock(seen: Payment) -> Payment:
    if seen.order is not None:
        lock_order(seen.order, people=False)
    payment = lock_payment(seen.id)
    lock_refunds([payment.id])
    db.session.expire(payment, ["refunds"])
    return payment


def _open_request(payment: Payment) -> Refund | None:
    return next((refund for refund in payment.refunds if refund.status is RefundStatus.REQUESTED), None)


def _tell_decided(refund: Refund, now: dt.datetime) -> None:
    payment = refund.payment
    if payment.order is None or payment.match is not Match.ENROLLED:
        return
    ended = is_promised(refund) and payment.refunded >= payment.amount
    tell_refund_decided(refund, payment.order, now, ended=ended)


def _tell_failed(refund: Refund, now: dt.datetime) -> None:
    alert_admins(
        key=f"refund:{refund.idempotency_key}:failed",
        headline=f"A refund of {format_rupees(refund.amount)} failed at the gateway",
        lines=[refund.last_error or "The gateway gave no reason.", "Send it again or pay it back another way."],
        path=f"/admin/payments/{refund.payment.public_id}",
        now=now,
    )


def _read_text(text: str, field: str, if_missing: str | None) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if if_missing and not text:
        raise ValidationFailed(fields={field: if_missing})
    if len(text) > REASON_LIMIT:
        raise ValidationFailed(fields={field: f"Keep this within {REASON_LIMIT} characters."})
    return text


def note_asked(refund: Refund) -> None:
    """Note that the gateway was asked about a (locked) refund and is not done: it is asked again later."""
    db.session.execute(update(Refund).where(Refund.id == refund.id).values(updated_at=func.clock_timestamp()))
