"""What programs send about sessions."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from webapp.availability.rules import parse_clock
from webapp.bookings.models import MeetingMode
from webapp.bookings.rules import SessionStatus
from webapp.bookings.rules.links import LINK_LIMIT, PLATFORM_LIMIT
from webapp.bookings.services.answers import REASON_LIMIT
from webapp.bookings.services.booking import AGENDA_LIMIT
from webapp.bookings.services.running import NOTES_LIMIT, RECORDING_DAYS
from webapp.bookings.services.steps import MOST_STEPS, STEP_LIMIT
from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUNSELLOR, ENROLMENT
from webapp.core.jsonapi.schemas import In, PageQuery

STATUS_WORDS = {
    "no-show" if status is SessionStatus.NO_SHOW else status.value: status
    for status in SessionStatus
    if status is not SessionStatus.HELD
}
SLOT_WORDS = "must be two times such as 10:00-10:30."
SLOT_MESSAGES: f.Messages = {"required": "is required.", "null": "can't be empty.", "invalid": SLOT_WORDS}
STEPS_MESSAGES: f.Messages = {"null": "can't be empty.", "invalid": "must be text, or a list of texts."}
SPANS = ("past", "upcoming", "thisWeek", "thisMonth")


class TimeSlot(fields.String):
    """Wall-clock times such as "10:00-10:30"; inside a pair of minutes after midnight."""

    default_error_messages = SLOT_MESSAGES

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        pattern = r"^\s*\d{1,2}:\d{2}\s*[-–]\s*\d{1,2}:\d{2}\s*$"
        self.metadata = {"example": "10:00-10:30", "pattern": pattern, **self.metadata}

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> Any:
        if not isinstance(value, str) or len(value) > 20:
            raise self.make_error("invalid")
        first, _, last = value.replace("–", "-").partition("-")
        try:
            start, end = parse_clock(first), parse_clock(last)
        except ValueError:
            raise self.make_error("invalid") from None
        if start >= end:
            raise ValidationError("must end after it starts.")
        return start, end


class Steps(fields.Field[Any]):
    """Next steps: a text with one a line, or a list of texts."""

    default_error_messages = STEPS_MESSAGES

    def __init__(self, **more: Any) -> None:
        text = {"type": "string", "maxLength": MOST_STEPS * (STEP_LIMIT + 1)}
        each = {"type": "array", "maxItems": MOST_STEPS, "items": {"type": "string", "maxLength": STEP_LIMIT}}
        super().__init__(**more)
        self.metadata = {"oneOf": [text, each], **self.metadata}

    def _deserialize(self, value: Any, *_where: Any, **_more: Any) -> list[str]:
        lines = value.splitlines() if isinstance(value, str) else value
        if not isinstance(lines, list) or not all(isinstance(line, str) for line in lines):
            raise self.make_error("invalid")
        return lines


class WhenIn(In):
    """A start: ``startsAt``, or a date and times of the counsellor's clock (of ``timezone`` where it is given).

    The first of the two times is the start; how long the session is, the enrolment says.
    """

    starts_at = f.Instant()
    preferred_date = f.Day()
    preferred_time_slot = TimeSlot()
    timezone = f.Zone()

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def one_start(self, data: dict[str, Any], original_data: Any, **_more: Any) -> None:
        """Want one start, said in one of the two ways."""
        del data
        sent = original_data if isinstance(original_data, dict) else {}
        local = [name for name in ("preferredDate", "preferredTimeSlot") if name in sent]
        if "startsAt" in sent and local:
            raise ValidationError("Send either startsAt, or preferredDate with preferredTimeSlot.", "startsAt")
        missing = [name for name in ("preferredDate", "preferredTimeSlot") if name not in local]
        if "startsAt" not in sent and missing:
            raise ValidationError({name: ["is required, or startsAt."] for name in missing})


class BookIn(WhenIn):
    """A booking. Without a counsellor it is with the assigned one, else with one of the package who is free then."""

    enrollment_id = f.Id(required=True, metadata={"example": ENROLMENT})
    counsellor_id = f.Id(metadata={"example": COUNSELLOR})
    agenda = f.Text(longest=AGENDA_LIMIT, load_default="")
    description = f.Text(longest=AGENDA_LIMIT, load_default="")
    meeting_preference = f.Choice(MeetingMode, load_default=MeetingMode.VIDEO)


class MoveIn(WhenIn):
    """Another time, and why."""

    reason = f.Text(longest=REASON_LIMIT, load_default="")


class SessionQuery(PageQuery):
    """Filters of a list of sessions."""

    status = f.Choice(STATUS_WORDS)
    upcoming = f.QueryFlag(metadata={"description": "true: what stands and has not ended. false: all the rest."})
    filter = f.Choice(SPANS, metadata={"description": "Weeks begin on Monday; days are those of the caller's zone."})


class DeclineIn(In):
    """Why a request is declined; the student reads it."""

    reason = f.Text(required=True, longest=REASON_LIMIT)


class CancelIn(In):
    """Why a session is cancelled; with ``reschedule`` the answer names the nearest times to book instead."""

    reason = f.Text(longest=REASON_LIMIT, load_default="")
    reschedule = f.Flag(load_default=False)


class OutcomeIn(In):
    """How a session ended. What is left out stays as it was written before."""

    status = f.Choice({"completed": SessionStatus.COMPLETED, "no-show": SessionStatus.NO_SHOW}, required=True)
    notes = f.Text(longest=NOTES_LIMIT, metadata={"description": "The student reads them."})
    next_steps = Steps()


class LinkIn(In):
    """Where the two meet."""

    meeting_link = f.Text(required=True, longest=LINK_LIMIT, metadata={"format": "uri"})
    meeting_platform = f.Text(longest=PLATFORM_LIMIT, load_default="")


class NotesIn(In):
    """Notes: public ones for student and staff, private ones for staff, a student's private ones for nobody else."""

    notes = f.Text(required=True, longest=NOTES_LIMIT)
    is_public = f.Flag(load_default=False)


class RecordingIn(In):
    """A recording and how long it may be seen; an empty link takes it off."""

    recording_link = f.Text(required=True, shortest=0, longest=LINK_LIMIT, metadata={"format": "uri"})
    expiry_days = f.Whole(least=RECORDING_DAYS.start, most=RECORDING_DAYS.stop - 1, load_default=30)
    downloadable = f.Flag(load_default=False)
