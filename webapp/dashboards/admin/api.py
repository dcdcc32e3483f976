"""`/api/v1/admin/stats`."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts.viewer import viewer
from webapp.core.jsonapi.door import Door
from webapp.dashboards.admin.queries import counsellor_days, figures
from webapp.dashboards.admin.schemas import HouseStatsOut, HouseStatsQuery
from webapp.inquiries.queries import lead_stats
from webapp.payments.queries import revenue
from webapp.reviews.queries import count_waiting

door = Door("admin", __name__, about="How the house stands.", area="stats")


@door.endpoint("GET", "/stats", who=["admin"], query=HouseStatsQuery, answer=HouseStatsOut)
def get_stats(query: dict[str, Any]) -> dict[str, Any]:
    """Return the numbers of the admin's home."""
    zone, now = query.get("timezone") or viewer().zone, g.now
    numbers, money = figures(zone, now), revenue(now)
    return {
        "sessions": {"today": numbers.today, "this_week": numbers.week},
        "enrollments": {"active": numbers.enrolments, "sessions_remaining": numbers.credits_left},
        "students": {"active": numbers.students, "new_this_week": numbers.new_students},
        "revenue": {
            "days": money.days,
            "amount": money.now,
            "before": money.before,
            "change_percentage": money.change,
        },
        "inquiries": lead_stats(now),
        "reviews_waiting": count_waiting(),
        "counsellors": counsellor_days(zone, now),
    }
