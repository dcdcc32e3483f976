"""The numbers of the admin's home as the JSON door tells them (api.md "admin/stats")."""

from __future__ import annotations

from marshmallow import fields

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUNSELLOR
from webapp.core.jsonapi.schemas import Out, Query
from webapp.core.money import MAX_PAISE

MAY_BE_LESS = {"minimum": -MAX_PAISE / 100}  # more went back than came in


class HouseStatsQuery(Query):
    """In whose days and weeks to count."""

    timezone = f.Zone(metadata={"description": "The account's own unless said."})


class SessionNumbersOut(Out):
    """Confirmed, held and missed sessions of today and of this week (from Monday)."""

    today = fields.Integer(required=True)
    this_week = fields.Integer(required=True)


class EnrolmentNumbersOut(Out):
    """Enrolments that can book, and the sessions they have left."""

    active = fields.Integer(required=True)
    sessions_remaining = fields.Integer(required=True)


class StudentNumbersOut(Out):
    """Students, and those who signed up within seven days."""

    active = fields.Integer(required=True)
    new_this_week = fields.Integer(required=True)


class RevenueNumbersOut(Out):
    """What came in less what went back, lately and in as many days before."""

    days = fields.Integer(required=True)
    amount = f.Rupees(required=True, metadata=MAY_BE_LESS)
    before = f.Rupees(required=True, metadata=MAY_BE_LESS)
    change_percentage = fields.Integer()


class InquiryNumbersOut(Out):
    """What waits at the desk, and what came in 30 days; 10,000 may stand for more."""

    new = fields.Integer(required=True)
    unanswered_late = fields.Integer(required=True)
    contacted = fields.Integer(required=True)
    follow_ups_late = fields.Integer(required=True)
    follow_ups_today = fields.Integer(required=True)
    asked = fields.Integer(data_key="last30Days", required=True)
    converted = fields.Integer(data_key="convertedLast30Days", required=True)
    rate = fields.Integer(data_key="conversionRate", required=True)


class CounsellorNumbersOut(Out):
    """An active counsellor's day; ``nextFreeAt`` is null where no time is free within a week."""

    public_id = f.Id(attribute="counsellor.public_id", data_key="_id", required=True, metadata={"example": COUNSELLOR})
    name = fields.String(attribute="counsellor.name", required=True)
    sessions = fields.Integer(data_key="sessionsToday", required=True)
    waiting = fields.Integer(data_key="requestsWaiting", required=True)
    next_at = f.Instant(data_key="nextSessionAt")
    free_at = f.Instant(data_key="nextFreeAt")


class HouseStatsOut(Out):
    """How the house stands."""

    sessions = fields.Nested(SessionNumbersOut, required=True)
    enrollments = fields.Nested(EnrolmentNumbersOut, required=True)
    students = fields.Nested(StudentNumbersOut, required=True)
    revenue = fields.Nested(RevenueNumbersOut, required=True)
    inquiries = fields.Nested(InquiryNumbersOut, required=True)
    reviews_waiting = fields.Integer(required=True)
    counsellors = fields.List(fields.Nested(CounsellorNumbersOut), required=True)
