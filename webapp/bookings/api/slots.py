"""Free times of counsellors, under `/api/v1/counsellors`."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import g

from webapp.accounts.models import Role
from webapp.accounts.viewer import caller, viewer
from webapp.availability.queries import editable_counsellor
from webapp.availability.rules import local_date
from webapp.bookings.api.door import STAFF
from webapp.bookings.queries import explain_time
from webapp.bookings.queries.slots import CounsellorSlots, Slot, clock_of, month_blocks, slots_between, slots_of_all
from webapp.bookings.schemas.slots import (
    CalendarOut,
    CalendarQuery,
    CounsellorSlotsOut,
    DateQuery,
    ExplainOut,
    ExplainQuery,
    SlotOut,
    SlotQuery,
)
from webapp.core.errors import ValidationFailed
from webapp.core.jsonapi.door import Door
from webapp.core.replicas import may_lag

door = Door("counsellors", __name__, name="api-counsellor-slots", area="availability")
DAY = dt.timedelta(days=1)
MOST_DAYS, USUAL_DAYS = 62, 7
AWAY = "This date is too far away."
NEAR = 3660 * DAY


@door.endpoint(
    "GET",
    "/slots",
    who=["signed_in"],
    query=DateQuery,
    answer=CounsellorSlotsOut,
    many=True,
    example_query={"date": "2026-12-14"},
    limit="slots",
)
def list_slots_of_all(query: dict[str, Any]) -> list[CounsellorSlots]:
    """List all active counsellors with their free times on a date."""
    zone = query.get("timezone") or viewer().zone
    date = query.get("date") or local_date(g.now, zone)
    _require_near("date", date)
    return slots_of_all(date, zone=zone, duration=query.get("duration"), student_id=_student_id(), now=g.now)


@door.endpoint(
    "GET",
    "/<counsellor_id>/slots",
    who=["public"],
    query=SlotQuery,
    answer=SlotOut,
    many=True,
    example_query={"startDate": "2026-12-14", "endDate": "2026-12-20"},
)
@may_lag
def list_slots(counsellor_id: str, query: dict[str, Any]) -> list[Slot]:
    """List a counsellor's free times; a student's own sessions are left out."""
    clock = clock_of(counsellor_id)
    zone = query.get("timezone") or clock.zone
    first, last = _days(query, local_date(g.now, zone))
    duration = query.get("duration") or clock.minutes
    return slots_between(clock, first, last, zone=zone, duration=duration, student_id=_student_id(), now=g.now)


@door.endpoint(
    "GET",
    "/<counsellor_id>/calendar",
    who=["public"],
    query=CalendarQuery,
    answer=CalendarOut,
    example_query={"month": "2026-12"},
)
@may_lag
def get_month_calendar(counsellor_id: str, query: dict[str, Any]) -> dict[str, Any]:
    """Return every date of a month with its times: available, booked or blocked."""
    clock = clock_of(counsellor_id)
    zone = query.get("timezone") or clock.zone
    first = query.get("month") or local_date(g.now, zone).replace(day=1)
    _require_near("month", first)
    last = (first + 31 * DAY).replace(day=1) - DAY
    days = month_blocks(clock, first, last, zone=zone, student_id=_student_id(), now=g.now)
    return {"calendar": {day.isoformat(): blocks for day, blocks in days.items()}}


@door.endpoint(
    "GET",
    "/<counsellor_id>/slots/explain",
    who=STAFF,
    query=ExplainQuery,
    answer=ExplainOut,
    example_query={"at": "2026-12-14T04:30:00.000Z"},
)
def explain_slot(counsellor_id: str, query: dict[str, Any]) -> dict[str, Any]:
    """Say everything that keeps an instant from being a free start."""
    counsellor = editable_counsellor(viewer(), counsellor_id)
    blockers = explain_time(counsellor, query["at"], duration=query.get("duration"), now=g.now)
    return {"at": query["at"], "is_free": not blockers, "blockers": blockers}


def _days(query: dict[str, Any], today: dt.date) -> tuple[dt.date, dt.date]:
    """Return the first and the last date. Raises ValidationFailed where they are no span of 62 days."""
    last = query.get("end_date")
    first = query.get("start_date") or (min(today, last) if last else today)
    _require_near("startDate", first)
    last = last or first + (USUAL_DAYS - 1) * DAY
    if last < first:
        raise ValidationFailed(fields={"endDate": "End date must not lie before the start date."})
    if (last - first).days >= MOST_DAYS:
        raise ValidationFailed(fields={"endDate": f"End date must be within {MOST_DAYS} days of the start date."})
    return first, last


def _require_near(field: str, date: dt.date) -> None:
    if abs(date - g.now.date()) > NEAR:
        raise ValidationFailed(AWAY, fields={field: AWAY})


def _student_id() -> int | None:
    user = caller()
    return user.id if user is not None and user.role is Role.STUDENT else None
