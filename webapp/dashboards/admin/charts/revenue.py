"""What came in and went back, by week. Paise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import case, func, select

from webapp.core.db import db
from webapp.core.times import midnight
from webapp.dashboards.admin.charts.weeks import WEEK, last_mondays, week_of
from webapp.payments.models import Order, Payment, Refund
from webapp.payments.queries.waiting import OURS

WEEKS = 12


@dataclass(frozen=True, slots=True)
class RevenueWeek:
    """One week: payments for packages, for single sessions, and refunds that were carried out."""

    monday: dt.date
    packages: int = 0
    services: int = 0
    refunds: int = 0

    @property
    def net(self) -> int:
        """What stayed."""
        return self.packages + self.services - self.refunds


def revenue_by_week(zone: str, now: dt.datetime) -> list[RevenueWeek]:
    """Return the last twelve weeks, the earliest first; two statements."""
    mondays = last_mondays(zone, now, WEEKS)
    since, until = midnight(mondays[0], zone), midnight(mondays[-1] + WEEK, zone)
    week = week_of(Payment.captured_at, zone)
    single = func.sum(case((Order.service_id.is_not(None), Payment.amount), else_=0))
    came = db.session.execute(
        select(week, func.sum(Payment.amount), single)
        .outerjoin(Order, Order.id == Payment.order_id)
        .where(Payment.match.in_(OURS), Payment.captured_at >= since, Payment.captured_at < until)
        .group_by(week)
    )
    taken = {row[0]: (int(row[1] - row[2]), int(row[2])) for row in came}
    week = week_of(Refund.processed_at, zone)
    went = db.session.execute(
        select(week, func.sum(Refund.amount))
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.match.in_(OURS), Refund.processed_at >= since, Refund.processed_at < until)
        .group_by(week)
    )
    returned = {row[0]: int(row[1]) for row in went}
    return [RevenueWeek(monday, *taken.get(monday, (0, 0)), returned.get(monday, 0)) for monday in mondays]
