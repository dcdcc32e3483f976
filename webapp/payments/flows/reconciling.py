"""The reconciler: asks the gateway what became of orders, heals what we missed, ends what nobody paid.

``last_checked_at`` is the database's own clock, so a sweep as of tomorrow keeps none of today's from
asking. Nothing is ended before the gateway has been asked.
"""

from __future__ import annotations

import datetime as dt

import structlog
from sqlalchemy import ColumnElement, and_, func, or_, select, update

from webapp.core.crashpoints import crash_point
from webapp.core.db import db, transaction
from webapp.core.errors import NotFound, ServiceUnavailable
from webapp.payments.emails import alert_admins
from webapp.payments.flows.taking import taken
from webapp.payments.gateways import Gateway, GatewayError, GatewayPayment, get_gateway
from webapp.payments.models import Order, OrderStatus
from webapp.payments.rules import OPEN_ORDERS
from webapp.payments.services import checkout, refunds, settle

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
AHEAD = dt.timedelta(minutes=5)  # a sweep as of a time later than this asks about everything
ASK_ENDED_FOR = dt.timedelta(days=7)  # money may come to an order that has ended
BATCH = 100
log = structlog.get_logger(__name__)


def reconcile_due(now: dt.datetime) -> int:
    """Ask about every order open for more than an hour, not asked about within the last; return how many.

    Orders whose time is over are asked about and ended; ended ones once a day for a week, paid ones once
    more (for a second payment). Stops at the first call the gateway does not answer: the next sweep goes on.
    """
    done, after = 0, 0
    while ids := _due(now, after):
        for pk in ids:
            try:
                reconcile_order(pk, now)
            except GatewayError as error:
                if error.temporary:
                    log.warning("reconciler_stopped", error=str(error), done=done)
                    return done
                _note_refusal(pk, error, now)
            done += 1
        after = ids[-1]
    return done


def reconcile_now(now: dt.datetime, *, order_id: str | None = None) -> int:
    """The admins' button: ask about one order (public id), or all open ones, whatever their age; return how many.

    Raises:
        NotFound: no such order. ServiceUnavailable: the gateway does not answer.
    """
    wanted = select(Order.id).where(Order.amount > 0).order_by(Order.id)
    wanted = wanted.where(Order.public_id == order_id) if order_id else wanted.where(Order.status.in_(OPEN_ORDERS))
    ids = list(db.session.scalars(wanted))
    if order_id and not ids:
        raise NotFound("We could not find that order.")
    for pk in ids:
        try:
            reconcile_order(pk, now)
        except GatewayError as error:
            if error.temporary:
                raise ServiceUnavailable("The payment gateway is not answering. Try again in a moment.") from error
            _note_refusal(pk, error, now)
    return len(ids)


def reconcile_order(order_pk: int, now: dt.datetime) -> bool:
    """Ask the gateway about one order and take in every answer; end it if its time is over.

    Returns whether a payment of it is still under way. GatewayError as the gateway says, with nothing ended.
    """
    order = db.session.get(Order, order_pk, populate_existing=True)
    if order is None:
        return False
    waiting = False
    if order.amount > 0 and (gateway_order_id := _gateway_order_of(order)) is not None:
        gateway = get_gateway()
        for report in gateway.payments_of(gateway_order_id):
            waiting = _take_in(gateway, report, now) or waiting
    crash_point("reconcile.asked")
    with transaction():
        db.session.execute(
            update(Order)
            .where(Order.id == order_pk)
            .values(last_checked_at=func.clock_timestamp())
            .execution_options(synchronize_session=False)
        )
    with transaction():
        checkout.end_unpaid(order_pk, now=now)
        crash_point("expire.before_commit")
    return waiting


def _gateway_order_of(order: Order) -> str | None:
    """Return the gateway's id of an order; one that was made just before a kill is found and written down."""
    if order.gateway_order_id is not None or order.status is not OrderStatus.CREATED:
        return order.gateway_order_id
    pk, made = order.id, get_gateway().find_order(order.public_id)
    if made is None or (made.amount, made.currency) != (order.amount, order.currency):
        return None
    with transaction():
        return checkout.attach_gateway_order(pk, made.id).gateway_order_id


def _take_in(gateway: Gateway, report: GatewayPayment, now: dt.datetime) -> bool:
    """Settle one payment and what went back of it; True while it is neither taken nor refused."""
    report = taken(gateway, report)
    with transaction():
        outcome = settle.record_payment(report, source="reconciler", now=now).outcome
    if report.amount_refunded and outcome is not settle.Outcome.REFUNDED:
        for refund in gateway.refunds_of(report.id):
            with transaction():
                refunds.record_refund(refund, now=now)
    return report.status in ("created", "authorized") and outcome is settle.Outcome.PENDING


def _due(now: dt.datetime, after: int) -> list[int]:
    real = db.session.scalars(select(func.clock_timestamp())).one()
    asked_before = real if now > real + AHEAD else real - HOUR
    long_ago = real if now > real + AHEAD else real - DAY
    open_ones = and_(
        Order.status.in_(OPEN_ORDERS),
        or_(Order.expires_at <= now, and_(Order.placed_at <= now - HOUR, _not_since(asked_before))),
    )
    ended = and_(
        Order.status == OrderStatus.EXPIRED,
        Order.gateway_order_id.is_not(None),
        Order.placed_at > now - ASK_ENDED_FOR - DAY,
        _not_since(long_ago),
    )
    paid = and_(
        Order.status == OrderStatus.PAID,
        Order.gateway_order_id.is_not(None),
        Order.placed_at > now - ASK_ENDED_FOR - DAY,
        Order.paid_at <= now - HOUR,
        or_(Order.last_checked_at.is_(None), Order.last_checked_at < Order.paid_at + HOUR),
        _not_since(asked_before),
    )
    wanted = select(Order.id).where(or_(open_ones, ended, paid), Order.id > after)
    return list(db.session.scalars(wanted.order_by(Order.id).limit(BATCH)))


def _not_since(instant: dt.datetime) -> ColumnElement[bool]:
    return or_(Order.last_checked_at.is_(None), Order.last_checked_at <= instant)


def _note_refusal(order_pk: int, error: GatewayError, now: dt.datetime) -> None:
    """The gateway said no to a plain question: the order stays as it is, and the admins hear of it once a day."""
    log.error("reconciler_refused", order=order_pk, error=str(error))
    with transaction():
        order = db.session.get(Order, order_pk)
        if order is not None:
            order.last_checked_at = db.session.scalar(select(func.clock_timestamp()))
            alert_admins(
                key=f"reconciler:{now.date().isoformat()}",
                headline="The gateway refuses to answer about an order",
                lines=[f"Order {order.public_id}: {str(error)[:200]}", "Orders it can't ask about are not ended."],
                path="/admin/payments",
                now=now,
            )
