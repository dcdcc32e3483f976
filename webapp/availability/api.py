"""A counsellor's hours, rules and days that differ, under `/api/v1/counsellors`."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts.viewer import caller, viewer
from webapp.availability.days import add_day, change_day, remove_day
from webapp.availability.models import AvailabilityException
from webapp.availability.programs import (
    Availability,
    availability_of,
    exceptions_page,
    seen_counsellor,
)
from webapp.availability.queries import DayRecord, editable_counsellor
from webapp.availability.schemas import (
    AvailabilityOut,
    ExceptionIn,
    ExceptionOut,
    ExceptionPatchIn,
    ExceptionQuery,
)
from webapp.core.db import transaction
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged

door = Door("counsellors", __name__, name="api-counsellor-availability", area="availability")
STAFF = ("counsellor", "admin")
WHOLE = "/<counsellor_id>/availability"
DAYS = f"{WHOLE}/exceptions"
DAY = f"{DAYS}/<exception_id>"
NAMES = {"exceptions": "date"}


@door.endpoint("GET", WHOLE, who=["public"], answer=AvailabilityOut)
def get_availability(counsellor_id: str) -> Availability:
    """Return a counsellor's weekly hours and rules."""
    return availability_of(seen_counsellor(caller(), counsellor_id))


@door.endpoint("GET", DAYS, who=STAFF, query=ExceptionQuery, answer=ExceptionOut, many=True, paged=True)
def list_exceptions(counsellor_id: str, query: dict[str, Any]) -> Answer:
    """List the days that differ, in order of date."""
    counsellor = editable_counsellor(viewer(), counsellor_id)
    found = exceptions_page(
        counsellor.id,
        first=query.get("start_date"),
        last=query.get("end_date"),
        page=query["page"],
        limit=query["limit"],
    )
    return paged(found)


@door.endpoint(
    "POST",
    DAYS,
    who=STAFF,
    body=ExceptionIn,
    answer=ExceptionOut,
    status=201,
    example={"date": "2026-12-21", "windows": [{"start": "17:00", "end": "19:00"}], "reason": "Wedding in the family"},
    names=NAMES,
)
def add_exception(counsellor_id: str, body: dict[str, Any]) -> AvailabilityException:
    """Make a date differ: other hours, or a day off."""
    record = DayRecord(body["date"], tuple(body["windows"]), body["reason"])
    with transaction():
        counsellor = editable_counsellor(viewer(), counsellor_id)
        return add_day(actor=viewer(), counsellor=counsellor, record=record, now=g.now)


@door.endpoint(
    "PATCH",
    DAY,
    who=STAFF,
    body=ExceptionPatchIn(partial=True),
    answer=ExceptionOut,
    example={"windows": []},
    errors=[409],
    names=NAMES,
)
def change_exception(counsellor_id: str, exception_id: str, body: dict[str, Any]) -> AvailabilityException:
    """Change what is given of a day that differs."""
    windows = body.get("windows")
    with transaction():
        return change_day(
            actor=viewer(),
            counsellor=editable_counsellor(viewer(), counsellor_id),
            exception_id=exception_id,
            date=body.get("date"),
            ranges=None if windows is None else tuple(windows),
            reason=body.get("reason"),
            now=g.now,
        )


@door.endpoint("DELETE", DAY, who=STAFF)
def delete_exception(counsellor_id: str, exception_id: str) -> str:
    """Give a date its weekly hours back."""
    with transaction():
        counsellor = editable_counsellor(viewer(), counsellor_id)
        remove_day(actor=viewer(), counsellor=counsellor, exception_id=exception_id, now=g.now)
    return "This date has its weekly hours again."
