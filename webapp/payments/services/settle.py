"""What became of money: the one place where a payment is judged, whoever brings the news.

The browser's return, the webhook and the reconciler all end in `record_payment`, in any order and any
number of times. One transaction under the order's row lock; the tables in `rules.states` are the only
steps. Amounts in paise.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, cast

import structlog
from flask import current_app
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from webapp.bookings.models import CounsellingSession
from webapp.config import Settings
from webapp.core import live
from webapp.core.crashpoints import crash_point
from webapp.core.db import db
from webapp.core.money import format_rupees
from webapp.enrolments.models import Enrolment
from webapp.enrolments.services import enrol_package, enrol_service
from webapp.payments.emails import alert_admins, tell_duplicate, tell_failed, tell_late, tell_paid
from webapp.payments.gateways.base import GatewayPayment
from webapp.payments.models import Match, Order, OrderStatus, Payment, PaymentStatus
from webapp.payments.rules import OPEN_ORDERS, OrderEvent, PaymentEvent, next_order, next_payment
from webapp.payments.services import coupons, ledger, receipts, wanted_time
from webapp.payments.services.locks import lock_order, lock_payment
from webapp.payments.services.refund_rows import open_refund, record_outside

Source = Literal["return", "webhook", "reconciler"]
TWICE = "Paid twice: the second payment goes back by itself."
log = structlog.get_logger(__name__)


class Outcome(enum.StrEnum):
    """What a report led to."""

    ENROLLED = "enrolled"
    ALREADY = "already"  # nothing new
    PENDING = "pending"  # not taken yet
    FAILED = "failed"
    DUPLICATE = "duplicate"
    WRONG_AMOUNT = "wrong_amount"
    WRONG_ORDER = "wrong_order"  # a known payment under another order
    UNKNOWN_ORDER = "unknown_order"
    REFUNDED = "refunded"  # it had gone back before we heard of it


@dataclass(frozen=True, slots=True)
class Settlement:
    """What became of a payment. ``nearest``: UTC starts to choose from where the wanted time is gone."""

    outcome: Outcome
    order: Order | None = None
    payment: Payment | None = None
    session: CounsellingSession | None = None
    nearest: Sequence[dt.datetime] = ()

    @property
    def is_paid(self) -> bool:
        """Whether the student has what they paid for."""
        return self.order is not None and self.order.status is OrderStatus.PAID

    @property
    def is_late(self) -> bool:
        """Whether the wanted time was gone when the money came."""
        return self.is_paid and wanted_time.is_lost(cast(Order, self.order))


def record_payment(report: GatewayPayment, *, source: Source, now: dt.datetime) -> Settlement:
    """Take in what the gateway says of one payment; enrols exactly once. Never raises for wrong money.

    A wrong amount or currency, an unknown order or a second payment is kept as unmatched, booked, and
    told to the admins once; the second payment of a paid order goes back by itself.
    """
    seen = _order_of(report)
    known = db.session.scalar(select(Payment).where(Payment.gateway_payment_id == report.id))
    if known is not None and known.order_id != (seen.id if seen else None):
        return _wrong_order(known, report, now)
    if known is not None and known.match is not Match.OPEN:
        return Settlement(Outcome.ALREADY, seen, known, seen.session if seen else None)
    if seen is None:
        return _record_unknown(report, now)
    log.info("payment_report", payment=report.id, order=seen.public_id, state=report.status, source=source)
    order = lock_order(seen, people=report.status == "captured")
    return _judge(order, _lock_payment_row(report, order.id, order.gateway), report, now)


def _judge(order: Order, payment: Payment, report: GatewayPayment, now: dt.datetime) -> Settlement:
    """Everything is locked and read anew: somebody may have been faster."""
    if payment.order_id != order.id:
        return _wrong_order(payment, report, now)
    if payment.match is not Match.OPEN:
        return Settlement(Outcome.ALREADY, order, payment, order.session)
    payment.method = report.method[:30] or payment.method
    if report.status == "captured":
        return _captured(order, payment, report, now)
    if report.status == "refunded":
        return _gone_back(order, payment, report, now)
    return _underway(order, payment, report, now)


def settle_free(order: Order, *, now: dt.datetime) -> CounsellingSession | None:
    """Enrol for an order of 0, which was just placed; no gateway is asked. Returns its session, if it has a time."""
    return _enrol(order, None, now).session


def _order_of(report: GatewayPayment) -> Order | None:
    if report.order_id is None:
        return None
    return db.session.scalar(select(Order).where(Order.gateway_order_id == report.order_id))


def _lock_payment_row(report: GatewayPayment, order_id: int | None, gateway: str) -> Payment:
    """Make the payment's row unless somebody has, and lock it; the gateway's id is unique."""
    row = insert(Payment).values(
        order_id=order_id,
        gateway=gateway,
        gateway_payment_id=report.id,
        status=PaymentStatus.PENDING,
        match=Match.OPEN,
        amount=report.amount,
        currency=report.currency[:3],
        method=report.method[:30],
    )
    db.session.execute(row.on_conflict_do_nothing(index_elements=["gateway_payment_id"]))
    found = db.session.scalar(select(Payment.id).where(Payment.gateway_payment_id == report.id))
    return lock_payment(cast(int, found))


def _underway(order: Order, payment: Payment, report: GatewayPayment, now: dt.datetime) -> Settlement:
    """A payment that is tried, authorized or refused: no money yet, whatever was said before stays true."""
    if order.status is OrderStatus.CREATED:
        order.status = next_order(order.status, OrderEvent.OPEN)
    if report.status == "failed":
        if payment.status is PaymentStatus.PENDING:
            payment.status = next_payment(payment.status, PaymentEvent.FAIL)
            payment.failure = report.error[:300]
            if order.status in OPEN_ORDERS:
                tell_failed(order, payment, now)
        return Settlement(Outcome.FAILED, order, payment)
    if report.status == "authorized" and payment.status is PaymentStatus.FAILED:
        payment.status, payment.failure = next_payment(payment.status, PaymentEvent.AUTHORIZE), ""
    return Settlement(Outcome.PENDING, order, payment)


def _take(payment: Payment, report: GatewayPayment, now: dt.datetime) -> None:
    payment.status = next_payment(payment.status, PaymentEvent.CAPTURE)
    payment.amount, payment.currency = report.amount, report.currency[:3]
    payment.captured_at, payment.failure = now, ""


def _captured(order: Order, payment: Payment, report: GatewayPayment, now: dt.datetime) -> Settlement:
    _take(payment, report, now)
    crash_point("settle.captured")
    if report.amount != order.amount or report.currency != order.currency:
        asked = f"{format_rupees(order.amount)} {order.currency}"
        note = f"Order {order.public_id} asks for {asked}; this is {format_rupees(report.amount)} {report.currency}."
        return _keep_apart(order, payment, Match.WRONG_AMOUNT, note, now)
    if order.status is OrderStatus.PAID:
        return _second(order, payment, now)
    settlement = _enrol(order, payment, now)
    crash_point("settle.before_commit")
    return settlement


def _enrol(order: Order, payment: Payment | None, now: dt.datetime) -> Settlement:
    """Give the student what was paid: enrolment, session, receipt, ledger, mails, all or nothing."""
    expired = order.status is OrderStatus.EXPIRED
    enrolment = _make_enrolment(order, now)
    order.status, order.paid_at = next_order(order.status, OrderEvent.PAY), now
    order.enrolment = enrolment
    if payment is not None:
        payment.match = Match.ENROLLED
        if not coupons.retake_use(order):
            payment.note = "The coupon's use had gone to somebody else when this late payment came; its price was kept."
    db.session.flush()  # the session's constraints are asked next
    crash_point("settle.enrolled")
    session, nearest = wanted_time.book(order, enrolment, expired=expired, now=now)
    if payment is not None:
        ledger.post_payment(payment, now)
    if wanted_time.is_lost(order):
        tell_late(order, nearest, now)
    live.bump(f"user:{order.user.public_id}")
    tell_paid(order, receipts.issue(order, payment, now=now), payment, session, now)
    return Settlement(Outcome.ENROLLED, order, payment, session, nearest)


def _make_enrolment(order: Order, now: dt.datetime) -> Enrolment:
    if order.package is not None:
        return enrol_package(
            user_id=order.user_id, package=order.package, title=order.title, amount_paid=order.amount, now=now
        )
    if order.service is None:
        raise LookupError(f"{order.public_id} is for nothing")
    return enrol_service(
        user_id=order.user_id,
        service=order.service,
        title=order.title,
        amount_paid=order.amount,
        wanted=order.wanted_starts_at,
        now=now,
    )


def _second(order: Order, payment: Payment, now: dt.datetime) -> Settlement:
    """The order is paid: this money goes back by itself."""
    payment.match, payment.note = Match.DUPLICATE, f"Order {order.public_id} was paid already."
    ledger.post_payment(payment, now)
    refund = open_refund(payment, payment.amount, reason=TWICE, now=now)
    tell_duplicate(order, payment, refund, now)
    alert_admins(
        key=f"payment:{payment.gateway_payment_id}:duplicate",
        headline=f"{format_rupees(payment.amount)} paid twice; it goes back by itself",
        lines=[f"{order.user.name}, {order.title}.", f"Payment {payment.gateway_payment_id}."],
        path=f"/admin/payments/{payment.public_id}",
        now=now,
    )
    crash_point("settle.duplicate")
    return Settlement(Outcome.DUPLICATE, order, payment, order.session)


def _gone_back(order: Order, payment: Payment, report: GatewayPayment, now: dt.datetime) -> Settlement:
    """Taken and given back at the gateway before we heard of either: booked both ways, nobody enrolled."""
    _take(payment, report, now)
    payment.match, payment.note = Match.SETTLED, "Refunded at the gateway before it was settled here."
    ledger.post_payment(payment, now)
    record_outside(payment, payment.amount, now=now)
    return Settlement(Outcome.REFUNDED, order, payment)


def _record_unknown(report: GatewayPayment, now: dt.datetime) -> Settlement:
    """Money for no order of ours is kept; what was only tried leaves nothing."""
    if report.status != "captured":
        log.warning("payment_of_unknown_order", payment=report.id, order=report.order_id, state=report.status)
        return Settlement(Outcome.UNKNOWN_ORDER)
    payment = _lock_payment_row(report, None, _settings().payment_gateway)
    if payment.match is not Match.OPEN:
        return Settlement(Outcome.ALREADY, None, payment)
    _take(payment, report, now)
    return _keep_apart(None, payment, Match.UNKNOWN_ORDER, f"It names order {report.order_id or 'none'}.", now)


def _keep_apart(order: Order | None, payment: Payment, match: Match, note: str, now: dt.datetime) -> Settlement:
    """Keep captured money that enrols nobody: booked as unmatched, told to the admins."""
    payment.match, payment.note = match, note[:500]
    ledger.post_payment(payment, now)
    what = "a wrong amount" if match is Match.WRONG_AMOUNT else "an unknown order"
    alert_admins(
        key=f"payment:{payment.gateway_payment_id}:{match.value}",
        headline=f"{format_rupees(payment.amount)} captured for {what}",
        lines=[note, f"Payment {payment.gateway_payment_id}. Nobody was enrolled. Refund it or settle it by hand."],
        path=f"/admin/payments/{payment.public_id}",
        now=now,
    )
    log.error("payment_unmatched", payment=payment.gateway_payment_id, match=match.value, note=note)
    return Settlement(Outcome(match.value), order, payment)


def _wrong_order(payment: Payment, report: GatewayPayment, now: dt.datetime) -> Settlement:
    """A payment that is said to belong to another order than before: nothing changes, admins are told."""
    alert_admins(
        key=f"payment:{payment.gateway_payment_id}:wrong_order",
        headline=f"Payment {payment.gateway_payment_id} came back under another order",
        lines=[f"It was reported for order {report.order_id or 'none'}.", "Nobody was enrolled by this report."],
        path=f"/admin/payments/{payment.public_id}",
        now=now,
    )
    log.error("payment_wrong_order", payment=payment.gateway_payment_id, order=report.order_id)
    return Settlement(Outcome.WRONG_ORDER, None, payment)


def refuse_return(order: Order, payment_id: str, *, now: dt.datetime) -> None:
    """Tell the admins, once an order, that a browser came back with a signature or payment that is not its own."""
    alert_admins(
        key=f"order:{order.public_id}:signature",
        headline=f"A return with a wrong signature for {order.title}",
        lines=[
            f"Order {order.public_id} of {order.user.name}; payment named: {payment_id[:60]}.",
            "Nobody was enrolled by it. If money was taken, the webhook or the reconciler brings it.",
        ],
        path="/admin/payments",
        now=now,
    )


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])
