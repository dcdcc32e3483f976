"""Free times as programs ask for them and read them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from marshmallow import fields, validate

from webapp.availability.rules import SESSION_LENGTHS
from webapp.bookings.queries.slots import SlotState
from webapp.bookings.rules import BlockerKind
from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUNSELLOR
from webapp.core.jsonapi.schemas import Out, Query

A_LENGTH = validate.OneOf(SESSION_LENGTHS, error="must be 30, 45, 60 or 90.")
LENGTHS = {"enum": list(SESSION_LENGTHS), "description": "Minutes; the counsellor's usual length without it."}
ZONES = {"description": "Whose dates and clock; the counsellor's without it."}
MESSAGES: f.Messages = {"null": "can't be empty.", "invalid": "must be a month such as 2026-12."}
_MONTH = re.compile(r"(20\d\d|21\d\d)-(0[1-9]|1[0-2])")


class Month(fields.String):
    """A month such as ``2026-12``; inside its first day."""

    default_error_messages = MESSAGES

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.metadata = {"example": "2026-12", "pattern": f"^{_MONTH.pattern}$", **self.metadata}

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> Any:
        if not isinstance(value, str) or not _MONTH.fullmatch(value):
            raise self.make_error("invalid")
        return dt.date.fromisoformat(f"{value}-01")


class SlotQuery(Query):
    """Which days, 62 at most; a week from today without them."""

    start_date = f.Day()
    end_date = f.Day()
    duration = f.QueryWhole(validate=A_LENGTH, metadata=LENGTHS)
    timezone = f.Zone(metadata=ZONES)


class DateQuery(Query):
    """Which date; today without it."""

    date = f.Day()
    duration = f.QueryWhole(validate=A_LENGTH, metadata=LENGTHS)
    timezone = f.Zone(metadata={"description": "Whose date and clock; the caller's without it."})


class CalendarQuery(Query):
    """Which month; this one without it."""

    month = Month()
    timezone = f.Zone(metadata=ZONES)


class ExplainQuery(Query):
    """Which instant, for how long a session."""

    at = f.QueryInstant(required=True)
    duration = f.QueryWhole(validate=A_LENGTH, metadata=LENGTHS)


class SlotOut(Out):
    """A time on offer; date and clock are those of the zone asked for."""

    date = fields.Date(required=True)
    start_time = fields.String(required=True, metadata={"example": "10:00"})
    end_time = fields.String(required=True, metadata={"example": "10:30"})
    starts_at = f.Instant(required=True)
    ends_at = f.Instant(required=True)
    day_name = fields.String(required=True, metadata={"example": "Saturday"})
    formatted_time = fields.String(required=True, metadata={"example": "10:00 AM"})
    duration = fields.Integer(required=True, metadata={"description": "Minutes."})
    price = f.Rupees(metadata={"description": "Rupees for a single session of this length."})


class CounsellorSlotsOut(Out):
    """A counsellor and the times on offer; no times, no offer that day."""

    counsellor_id = f.Id(attribute="counsellor.public_id", required=True, metadata={"example": COUNSELLOR})
    name = fields.String(attribute="counsellor.name", required=True)
    title = fields.String(attribute="counsellor.title", required=True)
    exam_types = fields.List(fields.String(), attribute="counsellor.exam_types", required=True)
    languages = fields.List(fields.String(), attribute="counsellor.languages", required=True)
    specializations = fields.List(fields.String(), attribute="counsellor.specializations", required=True)
    experience = fields.Integer(attribute="counsellor.experience", required=True)
    rating = fields.Float(attribute="counsellor.rating", required=True)
    review_count = fields.Integer(attribute="counsellor.review_count", data_key="totalReviews", required=True)
    slots = fields.List(fields.Nested(SlotOut), required=True)


class BlockOut(Out):
    """A time of a public calendar, without names."""

    start_time = fields.String(required=True, metadata={"example": "10:00"})
    end_time = fields.String(required=True, metadata={"example": "10:30"})
    starts_at = f.Instant(required=True)
    ends_at = f.Instant(required=True)
    state = f.Choice(SlotState, data_key="status", required=True)


class CalendarOut(Out):
    """Every date of a month with its times."""

    calendar = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.Nested(BlockOut)),
        required=True,
        metadata={"description": "By date, 2026-12-14."},
    )


class BlockerOut(Out):
    """A rule that keeps a time from being booked."""

    kind = f.Choice(BlockerKind, required=True)
    message = fields.String(required=True)
    start = f.Instant(data_key="startsAt", metadata={"description": "Of the session, request or hold in the way."})
    end = f.Instant(data_key="endsAt")


class ExplainOut(Out):
    """Why a time is, or is not, on offer; the weightiest reason first."""

    at = f.Instant(required=True)
    is_free = fields.Boolean(required=True)
    blockers = fields.List(fields.Nested(BlockerOut), required=True)
