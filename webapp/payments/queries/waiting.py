"""What of money waits for an admin, and what came in: a fixed number of statements whatever there is. Paise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from webapp.core.db import db
from webapp.payments.models import Match, Order, Payment, Refund, RefundStatus
from webapp.payments.queries.admin import WebhookHealth, webhook_health
from webapp.payments.services.by_hand import UNMATCHED

SHOWN = 6
REVENUE_DAYS = 30
OURS = (Match.ENROLLED, Match.SETTLED)


@dataclass(frozen=True, slots=True)
class MoneyWaiting:
    """The first of what waits, the earliest first; ``unmatched_total`` counts all of its kind."""

    unmatched: list[Payment]
    unmatched_total: int
    requests: list[Refund]
    failed: list[Refund]
    webhooks: WebhookHealth


@dataclass(frozen=True, slots=True)
class Revenue:
    """What came in for orders less what went back, of the last days and of as many before."""

    days: int
    now: int
    before: int

    @property
    def change(self) -> int | None:
        """By how many per cent it changed; None where there was nothing before."""
        return round((self.now - self.before) * 100 / self.before) if self.before > 0 else None


def money_waiting(now: dt.datetime) -> MoneyWaiting:
    """Read what waits: unmatched money, refunds to decide, refunds that failed, quiet webhooks; three statements."""
    unmatched = db.session.execute(
        select(Payment, func.count().over())
        .options(joinedload(Payment.order).joinedload(Order.user))
        .where(Payment.match.in_(UNMATCHED), Payment.refunded < Payment.amount)
        .order_by(Payment.id)
        .limit(SHOWN)
    ).all()
    refunds = _refunds()
    return MoneyWaiting(
        unmatched=[row[0] for row in unmatched],
        unmatched_total=unmatched[0][1] if unmatched else 0,
        requests=[row for row in refunds if row.status is RefundStatus.REQUESTED],
        failed=[row for row in refunds if row.status is RefundStatus.FAILED],
        webhooks=webhook_health(now),
    )


def _refunds() -> list[Refund]:
    """Requests, and refunds that failed and whose money is still here."""
    left = Payment.amount - Payment.refunded >= Refund.amount
    wanted = (
        select(Refund)
        .join(Refund.payment)
        .options(
            contains_eager(Refund.payment).joinedload(Payment.order).joinedload(Order.user),
            contains_eager(Refund.payment).joinedload(Payment.order).joinedload(Order.enrolment),
        )
        .where(or_(Refund.status == RefundStatus.REQUESTED, and_(Refund.status == RefundStatus.FAILED, left)))
    )
    return list(db.session.scalars(wanted.order_by(Refund.status.desc(), Refund.id).limit(2 * SHOWN)))


def revenue(now: dt.datetime, days: int = REVENUE_DAYS) -> Revenue:
    """Return what came in for orders less what went back, lately and in as many days before; one statement."""
    span = dt.timedelta(days=days)
    since, before = now - span, now - 2 * span
    came, went = func.coalesce(func.sum(Payment.amount), 0), func.coalesce(func.sum(Refund.amount), 0)

    def taken(start: dt.datetime, end: dt.datetime) -> object:
        wanted = select(came).where(Payment.match.in_(OURS), Payment.captured_at > start, Payment.captured_at <= end)
        return wanted.scalar_subquery()

    def returned(start: dt.datetime, end: dt.datetime) -> object:
        wanted = (
            select(went)
            .join(Payment, Payment.id == Refund.payment_id)
            .where(Payment.match.in_(OURS), Refund.processed_at > start, Refund.processed_at <= end)
        )
        return wanted.scalar_subquery()

    spans = ((since, now), (before, since))
    sums = [part for start, end in spans for part in (taken(start, end), returned(start, end))]
    row = db.session.execute(select(*sums)).one()  # type: ignore[call-overload]
    return Revenue(days, int(row[0] - row[1]), int(row[2] - row[3]))
