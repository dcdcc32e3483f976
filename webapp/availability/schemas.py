"""Availability as the JSON door writes and reads it (api.md "availability")."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate

from webapp.availability.rules import (
    BUFFER_LIMITS,
    CAP_LIMITS,
    HORIZON_LIMITS,
    NOTICE_LIMITS,
    SESSION_LENGTHS,
    STEP_LIMITS,
    WEEKDAYS,
    BookingMode,
    format_clock,
    parse_clock,
)
from webapp.availability.services import MAX_DEADLINE_HOURS, MAX_REASON, MAX_WINDOWS_A_DAY
from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUNSELLOR, EXCEPTION
from webapp.core.jsonapi.schemas import In, Out, PageQuery

DAYS = tuple(day.lower() for day in WEEKDAYS)
CLOCK_WORDS = "must be a time from 00:00 to 24:00."
CLOCK_MESSAGES: f.Messages = {"required": "is required.", "null": "can't be empty.", "invalid": CLOCK_WORDS}
DAY_MESSAGES: f.Messages = {"null": "can't be empty.", "invalid": "must be a list of times such as 10:00 to 13:00."}
CLOCK: dict[str, Any] = {"type": "string", "pattern": "^([01]?[0-9]|2[0-3]):[0-5][0-9]$|^24:00$", "example": "10:00"}
WINDOW: dict[str, Any] = {
    "type": "object",
    "properties": {"start": CLOCK, "end": CLOCK},
    "required": ["start", "end"],
    "additionalProperties": False,
}
WINDOWS: dict[str, Any] = {"type": "array", "maxItems": MAX_WINDOWS_A_DAY, "items": WINDOW}


class Clock(fields.Field[Any]):
    """A time of the wall clock, "10:00"; minutes after midnight inside, 24:00 is 1440."""

    default_error_messages = CLOCK_MESSAGES

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.metadata = {**CLOCK, **self.metadata}

    def _serialize(self, value: Any, *_where: Any, **_more: Any) -> Any:
        return None if value is None else format_clock(value)

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> Any:
        try:
            if not isinstance(value, str) or not value.isascii():
                raise ValueError
            return parse_clock(value)
        except ValueError:
            raise self.make_error("invalid") from None


class WindowIn(In):
    """Hours of a day."""

    start = Clock(required=True)
    end = Clock(required=True)


class DayWindows(fields.Field[Any]):
    """The hours of a day: a list, one alone, or null for none; pairs of minutes inside."""

    default_error_messages = DAY_MESSAGES

    def __init__(self, *, plain: bool = False, **more: Any) -> None:
        super().__init__(allow_none=not plain, **more)
        self.metadata = {**WINDOWS, **self.metadata} if plain else {"oneOf": [WINDOWS, WINDOW], **self.metadata}

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> list[tuple[int, int]]:
        if isinstance(value, dict):
            value = [value]
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if len(value) > MAX_WINDOWS_A_DAY:
            raise ValidationError(f"may have at most {MAX_WINDOWS_A_DAY} entries.")
        return [(one["start"], one["end"]) for one in WindowIn(many=True).load(value)]


class WeekIn(In):
    """The hours of a week; a day that is left out, or null, has none."""

    monday = DayWindows()
    tuesday = DayWindows()
    wednesday = DayWindows()
    thursday = DayWindows()
    friday = DayWindows()
    saturday = DayWindows()
    sunday = DayWindows()


class RulesIn(In):
    """Rules of booking; what is left out stays."""

    min_booking_notice_hours = f.Whole(most=NOTICE_LIMITS[1] // 60)
    max_advance_days = f.Whole(least=HORIZON_LIMITS[0], most=HORIZON_LIMITS[1])
    cancellation_deadline_hours = f.Whole(most=MAX_DEADLINE_HOURS)
    slot_step_minutes = f.Whole(least=STEP_LIMITS[0], most=STEP_LIMITS[1], allow_none=True)
    buffer_before_minutes = f.Whole(most=BUFFER_LIMITS[1])
    buffer_after_minutes = f.Whole(most=BUFFER_LIMITS[1])
    max_per_day = f.Whole(least=CAP_LIMITS[0], most=CAP_LIMITS[1], allow_none=True)
    booking_mode = f.Choice(BookingMode)
    session_duration = f.Whole(
        validate=validate.OneOf(SESSION_LENGTHS, error="must be 30, 45, 60 or 90."),
        metadata={"enum": list(SESSION_LENGTHS), "description": "Where a package does not say."},
    )


class AvailabilityIn(In):
    """What to change: ``weekly`` replaces the whole week, ``rules`` those that are given."""

    timezone = f.Zone()
    weekly = f.Inner(WeekIn)
    rules = f.Inner(RulesIn)
    is_active = f.Flag()


class WindowOut(Out):
    """Hours of a day."""

    start = Clock(required=True)
    end = Clock(required=True)


class WeekOut(Out):
    """The hours of a week."""

    monday = fields.List(fields.Nested(WindowOut), required=True)
    tuesday = fields.List(fields.Nested(WindowOut), required=True)
    wednesday = fields.List(fields.Nested(WindowOut), required=True)
    thursday = fields.List(fields.Nested(WindowOut), required=True)
    friday = fields.List(fields.Nested(WindowOut), required=True)
    saturday = fields.List(fields.Nested(WindowOut), required=True)
    sunday = fields.List(fields.Nested(WindowOut), required=True)


class RulesOut(Out):
    """Rules of booking. A step of null follows the session's length; a number a day of null is no limit."""

    min_booking_notice_hours = fields.Integer(required=True)
    max_advance_days = fields.Integer(required=True)
    cancellation_deadline_hours = fields.Integer(required=True)
    slot_step_minutes = fields.Integer()
    buffer_before_minutes = fields.Integer(required=True)
    buffer_after_minutes = fields.Integer(required=True)
    max_per_day = fields.Integer()
    booking_mode = f.Choice(BookingMode, required=True)
    session_duration = fields.Integer(required=True)


class AvailabilityOut(Out):
    """When a counsellor may be booked; hours are of the wall clock in ``timezone``."""

    counsellor_id = f.Id(required=True, metadata={"example": COUNSELLOR})
    timezone = fields.String(required=True)
    weekly = fields.Nested(WeekOut, required=True)
    rules = fields.Nested(RulesOut, required=True)
    is_active = fields.Boolean(required=True)


class ExceptionQuery(PageQuery):
    """Which days that differ."""

    start_date = f.Day()
    end_date = f.Day()


class ExceptionIn(In):
    """A date whose hours replace the weekly ones; no windows is a day off."""

    date = f.Day(required=True)
    windows = DayWindows(plain=True, load_default=list)
    reason = f.Text(longest=MAX_REASON, load_default="")


class ExceptionPatchIn(ExceptionIn):
    """What to change of a day that differs."""


class ExceptionOut(Out):
    """A date whose hours replace the weekly ones."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": EXCEPTION})
    date = fields.Date(required=True)
    windows = fields.Method(
        "_windows", required=True, metadata={"type": "array", "items": {"$ref": "#/components/schemas/WindowOut"}}
    )
    is_day_off = fields.Method("_is_day_off", required=True, metadata={"type": "boolean"})
    reason = fields.String(required=True)
    created_at = f.Instant(required=True)

    def _windows(self, row: Any) -> list[dict[str, str]]:
        return [{"start": format_clock(start), "end": format_clock(end)} for start, end in row.ranges]

    def _is_day_off(self, row: Any) -> bool:
        return not row.ranges
