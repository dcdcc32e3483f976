"""A counsellor's sessions and earnings in numbers, for that counsellor and admins."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import g

from webapp.accounts.viewer import viewer
from webapp.availability.rules import local_date
from webapp.bookings.queries.choosing import zone_of
from webapp.bookings.queries.figures import figures_of
from webapp.core.errors import ValidationFailed
from webapp.counsellors.queries import counsellor_for
from webapp.dashboards.staff.api.door import ID, STAFF, door
from webapp.dashboards.staff.schemas import EarningsOut, EarningsQuery, StatsOut
from webapp.payments.queries.periods import PeriodEarnings, earnings_between

DAY = dt.timedelta(days=1)
MOST_DAYS = 366
Span = tuple[dt.date, dt.date]


@door.endpoint("GET", f"{ID}/stats", who=STAFF, answer=StatsOut)
def get_counsellor_stats(counsellor_id: str) -> dict[str, Any]:
    """Return a counsellor's sessions in numbers; months are those of the counsellor's zone."""
    counsellor = counsellor_for(viewer(), counsellor_id)
    figures = figures_of(counsellor.id, zone=zone_of(counsellor_id), now=g.now)
    return {"counsellor": counsellor, "figures": figures, "month": figures, "recent": figures}


@door.endpoint(
    "GET",
    f"{ID}/earnings",
    who=STAFF,
    query=EarningsQuery,
    answer=EarningsOut,
    example_query={"period": "month"},
)
def get_counsellor_earnings(counsellor_id: str, query: dict[str, Any]) -> PeriodEarnings:
    """Return what a counsellor earned of sessions in a week, month or year, or between two dates."""
    counsellor, zone = counsellor_for(viewer(), counsellor_id), zone_of(counsellor_id)
    first, last = _span(query, local_date(g.now, zone))
    return earnings_between(counsellor, first, last, zone=zone)


def _span(query: dict[str, Any], today: dt.date) -> Span:
    """Return first and last date. Raises ValidationFailed where they are no span of 366 days."""
    if "start_date" not in query and "end_date" not in query:
        return _period(query.get("period", "month"), today)
    if "period" in query:
        raise ValidationFailed(fields={"period": "Send either a period, or dates."})
    last = query.get("end_date") or max(today, query["start_date"])
    first = query.get("start_date") or last.replace(day=1)
    if last < first:
        raise ValidationFailed(fields={"endDate": "End date must not lie before the start date."})
    if (last - first).days >= MOST_DAYS:
        raise ValidationFailed(fields={"endDate": f"End date must be within {MOST_DAYS} days of the start date."})
    return first, last


def _period(word: str, today: dt.date) -> Span:
    if word == "week":
        first = today - today.weekday() * DAY
        return first, first + 6 * DAY
    if word == "year":
        return today.replace(month=1, day=1), today.replace(month=12, day=31)
    first = today.replace(day=1)
    return first, (first + 31 * DAY).replace(day=1) - DAY
