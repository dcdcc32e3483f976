"""Sessions as programs read them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from webapp.bookings.models import MeetingMode
from webapp.bookings.schemas.sessions_in import STATUS_WORDS
from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import COUNSELLOR, ENROLMENT, SESSION, STUDENT
from webapp.core.jsonapi.schemas import Out


class PersonOut(Out):
    """A person of a session."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": STUDENT})
    name = fields.String(required=True)


class SessionCounsellorOut(PersonOut):
    """The counsellor of a session."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": COUNSELLOR})
    title = fields.String(required=True)


class SessionOut(Out):
    """A session as whoever asks may see it. The link is there once it is confirmed, private notes for staff alone."""

    public_id = f.Id(attribute="session.public_id", data_key="_id", required=True, metadata={"example": SESSION})
    status = f.Choice(STATUS_WORDS, required=True)
    enrollment_id = f.Id(attribute="session.enrolment.public_id", metadata={"example": ENROLMENT})
    enrollment_title = fields.String(attribute="session.enrolment.title")
    counsellor_id = f.Id(attribute="session.counsellor.public_id", required=True, metadata={"example": COUNSELLOR})
    counsellor = fields.Nested(SessionCounsellorOut, attribute="session.counsellor", required=True)
    user_id = f.Id(attribute="session.student.public_id", required=True, metadata={"example": STUDENT})
    student = fields.Nested(PersonOut, attribute="session.student", required=True)
    starts_at = f.Instant(attribute="session.starts_at", required=True)
    ends_at = f.Instant(attribute="session.ends_at", required=True)
    scheduled_date = f.Instant(required=True, metadata={"description": "The start, as ``startsAt``."})
    minutes = fields.Integer(
        attribute="session.minutes", data_key="duration", required=True, metadata={"description": "Minutes."}
    )
    agenda = fields.String(required=True)
    description = fields.String(required=True)
    meeting_preference = f.Choice(MeetingMode, attribute="session.meeting_mode", required=True)
    meeting_link = fields.String()
    meeting_platform = fields.String()
    respond_by = f.Instant(metadata={"description": "When a request lapses without an answer."})
    requested_at = f.Instant(attribute="session.requested_at", required=True)
    confirmed_at = f.Instant(attribute="session.confirmed_at")
    started_at = f.Instant(attribute="session.started_at")
    completed_at = f.Instant(attribute="session.finished_at")
    cancel_reason = fields.String(metadata={"description": "Of a cancelled or declined one."})
    reschedule_reason = fields.String(metadata={"description": "Of one that was moved."})
    credit_returned = fields.Boolean(attribute="session.credit_returned", required=True)
    notes = fields.String(attribute="session.shared_notes", required=True)
    private_notes = fields.String(metadata={"description": "For counsellor and admins."})
    own_notes = fields.String(metadata={"description": "The student's own, for the student alone."})
    next_steps = fields.List(fields.String(), required=True)
    recording_link = fields.String()
    recording_expires_at = f.Instant()
    recording_downloadable = fields.Boolean()
    rescheduled_from = f.Id(metadata={"example": SESSION})
    rescheduled_to = f.Id(metadata={"example": SESSION})
    created_at = f.Instant(attribute="session.created_at", required=True)
    updated_at = f.Instant(attribute="session.updated_at", required=True)


class CancelledOut(SessionOut):
    """A cancelled session, and times on offer instead where they were asked for."""

    nearest = fields.List(f.Instant(), required=True)

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """Read the times beside the session, everything else of it."""
        return obj.nearest if attr == "nearest" else super().get_attribute(obj.view, attr, default)


class SessionStatsOut(Out):
    """Sessions of one person in numbers."""

    total = fields.Integer(required=True)
    past = fields.Integer(required=True)
    upcoming = fields.Integer(required=True)
    requested = fields.Integer(required=True)
    scheduled = fields.Integer(required=True)
    completed = fields.Integer(required=True)
    cancelled = fields.Integer(required=True)
    declined = fields.Integer(required=True)
    expired = fields.Integer(required=True)
    no_show = fields.Integer(required=True)
    rescheduled = fields.Integer(required=True)
    total_minutes = fields.Integer(required=True, metadata={"description": "Of completed sessions."})
