"""What a counsellor earned and had booked over some days, by day and by what was sold. Paise."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Date, String, cast, func, select

from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.times import midnight
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.payments.models import Account, LedgerEntry, LedgerTransaction
from webapp.payments.queries.earnings import AnySelect, balance_for

S = CounsellingSession
DAY = dt.timedelta(days=1)
BOOKED = (SessionStatus.SCHEDULED, SessionStatus.COMPLETED, SessionStatus.NO_SHOW)


@dataclass(frozen=True, slots=True)
class DayEarnings:
    """A day on which something was booked or earned."""

    date: dt.date
    earnings: int
    bookings: int


@dataclass(frozen=True, slots=True)
class TitleEarnings:
    """A package or single session by its name when it was bought."""

    title: str
    earnings: int
    bookings: int


@dataclass(frozen=True, slots=True)
class PeriodEarnings:
    """The span and its sums; ``pending_payouts`` is all that is owed by now, of whatever time."""

    start_date: dt.date
    end_date: dt.date
    total_earnings: int
    total_bookings: int
    completed_sessions: int
    pending_payouts: int
    by_service: list[TitleEarnings]
    daily_earnings: list[DayEarnings]

    @property
    def average_session_value(self) -> int:
        """What a completed session earned on average."""
        return round(self.total_earnings / self.completed_sessions) if self.completed_sessions else 0


def earnings_between(counsellor: Counsellor, first: dt.date, last: dt.date, *, zone: str) -> PeriodEarnings:
    """Return earnings and bookings of sessions that start on dates of ``zone``; two statements."""
    days: dict[dt.date, list[int]] = {}
    titles: dict[str, list[int]] = {}
    completed = 0
    for date, title, status, number, earned in db.session.execute(_sums(counsellor.id, first, last, zone)):
        for sums in (days.setdefault(date, [0, 0]), titles.setdefault(title or "", [0, 0])):
            sums[0] += int(earned)
            sums[1] += number
        completed += number if status is SessionStatus.COMPLETED else 0
    sold = [TitleEarnings(name, *sums) for name, sums in titles.items()]
    return PeriodEarnings(
        first,
        last,
        sum(earned for earned, _ in days.values()),
        sum(number for _, number in days.values()),
        completed,
        max(balance_for(counsellor).owed, 0),
        sorted(sold, key=lambda one: (-one.earnings, one.title)),
        [DayEarnings(date, *days[date]) for date in sorted(days)],
    )


def _sums(counsellor_id: int, first: dt.date, last: dt.date, zone: str) -> AnySelect:
    """By day, title and status: how many sessions, and what they earned."""
    date = cast(func.timezone(zone, S.starts_at), Date)
    earned = (
        select(func.sum(-LedgerEntry.amount))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerEntry.transaction_id)
        .where(
            LedgerTransaction.reference == func.concat("session:", cast(S.id, String)),
            LedgerEntry.account == Account.COUNSELLOR,
            LedgerEntry.counsellor_id == counsellor_id,
        )
        .correlate(S)
        .scalar_subquery()
    )
    each = (
        select(date.label("date"), Enrolment.title, S.status, func.coalesce(earned, 0).label("earned"))
        .outerjoin(Enrolment, Enrolment.id == S.enrolment_id)
        .where(
            S.counsellor_id == counsellor_id,
            S.status.in_(BOOKED),
            S.starts_at >= midnight(first, zone),
            S.starts_at < midnight(last + DAY, zone),
        )
        .subquery()
    )
    return select(each.c.date, each.c.title, each.c.status, func.count(), func.sum(each.c.earned)).group_by(
        each.c.date, each.c.title, each.c.status
    )
