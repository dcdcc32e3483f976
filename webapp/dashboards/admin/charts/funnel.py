"""From question to review, by the week of the question."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import case, exists, func, or_, select
from sqlalchemy.sql.elements import ColumnElement

from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.times import midnight
from webapp.dashboards.admin.charts.weeks import WEEK, last_mondays, week_of
from webapp.enrolments.models import Enrolment
from webapp.inquiries.models import Inquiry, InquiryStatus
from webapp.reviews.models import Review

WEEKS = 8
STEPS = ("Inquiries", "Contacted", "Converted", "Paid", "First session", "Review")


@dataclass(frozen=True, slots=True)
class FunnelWeek:
    """How far the inquiries of one week have come by now, in the order of `STEPS`."""

    monday: dt.date
    counts: tuple[int, ...]


def funnel(zone: str, now: dt.datetime) -> list[FunnelWeek]:
    """Return the last eight weeks, the earliest first; one statement.

    Who was converted counts as contacted; "paid" is an enrolment with money behind it since the inquiry,
    "first session" one that was held, "review" one that was written.
    """
    mondays = last_mondays(zone, now, WEEKS)
    week = week_of(Inquiry.asked_at, zone)
    wanted = (
        select(week, func.count(), *(func.count(case((step, 1))) for step in _steps()))
        .where(Inquiry.asked_at >= midnight(mondays[0], zone), Inquiry.asked_at < midnight(mondays[-1] + WEEK, zone))
        .group_by(week)
    )
    found = {row[0]: tuple(int(number) for number in row[1:]) for row in db.session.execute(wanted)}
    return [FunnelWeek(monday, found.get(monday, (0,) * len(STEPS))) for monday in mondays]


def _steps() -> list[ColumnElement[bool]]:
    person = Inquiry.converted_user_id
    paid = exists().where(
        Enrolment.user_id == person, Enrolment.amount_paid > 0, Enrolment.enrolled_at >= Inquiry.asked_at
    )
    held = exists().where(
        CounsellingSession.student_id == person,
        CounsellingSession.status == SessionStatus.COMPLETED,
        CounsellingSession.starts_at >= Inquiry.asked_at,
    )
    said = exists().where(Review.student_id == person, Review.created_at >= Inquiry.asked_at)
    contacted = or_(
        Inquiry.answered_at.is_not(None), Inquiry.status.in_((InquiryStatus.CONTACTED, InquiryStatus.CONVERTED))
    )
    return [contacted, Inquiry.status == InquiryStatus.CONVERTED, paid, held, said]


def totals(weeks: list[FunnelWeek]) -> list[tuple[str, int, str]]:
    """Return name, number and share of the step before for every step of all weeks together."""
    sums = [sum(week.counts[step] for week in weeks) for step in range(len(STEPS))]
    rows = []
    for step, name in enumerate(STEPS):
        before = sums[step - 1] if step else 0
        share = f"{round(sums[step] * 100 / before)} % of {STEPS[step - 1].lower()}" if step and before else ""
        rows.append((name, sums[step], share))
    return rows
