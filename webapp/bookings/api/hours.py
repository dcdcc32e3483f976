"""Changing a counsellor's hours, under `/api/v1/counsellors`: the answer tells which sessions lie outside them."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts.viewer import viewer
from webapp.availability.programs import FIELDS, change_availability
from webapp.availability.queries import editable_counsellor
from webapp.availability.schemas import AvailabilityIn
from webapp.bookings.api.door import STAFF
from webapp.bookings.queries.outside import SavedAvailability, saved_availability
from webapp.bookings.schemas.hours import SavedAvailabilityOut
from webapp.core.db import transaction
from webapp.core.jsonapi.door import Door

door = Door("counsellors", __name__, name="api-counsellor-hours", area="availability")
EXAMPLE = {
    "timezone": "Asia/Kolkata",
    "weekly": {
        "monday": [{"start": "10:00", "end": "13:00"}, {"start": "16:00", "end": "19:00"}],
        "wednesday": [{"start": "10:00", "end": "13:00"}],
    },
    "rules": {"minBookingNoticeHours": 12, "maxAdvanceDays": 60, "bookingMode": "instant"},
    "isActive": True,
}


@door.endpoint(
    "PUT",
    "/<counsellor_id>/availability",
    who=STAFF,
    body=AvailabilityIn,
    answer=SavedAvailabilityOut,
    example=EXAMPLE,
    errors=[409],
    names=FIELDS,
)
def put_availability(counsellor_id: str, body: dict[str, Any]) -> SavedAvailability:
    """Change hours and rules. Sessions that are booked stay as they are; those outside the hours are listed."""
    with transaction():
        counsellor = editable_counsellor(viewer(), counsellor_id)
        change_availability(actor=viewer(), counsellor=counsellor, given=body, now=g.now)
    return saved_availability(counsellor, now=g.now)
