"""Saved hours as programs read them, with the sessions outside them."""

from __future__ import annotations

from marshmallow import fields

from webapp.availability.schemas import AvailabilityOut
from webapp.bookings.schemas.sessions_in import STATUS_WORDS
from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import SESSION
from webapp.core.jsonapi.schemas import Out


class OutsideOut(Out):
    """A session that is booked, or asked for, outside the hours."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": SESSION})
    status = f.Choice(STATUS_WORDS, required=True)
    starts_at = f.Instant(data_key="scheduledDate", required=True)
    minutes = fields.Integer(data_key="duration", required=True, metadata={"description": "Minutes."})


class SavedAvailabilityOut(AvailabilityOut):
    """Hours and rules after a change. The affected sessions stand until somebody moves or cancels them."""

    affected_sessions = fields.List(
        fields.Nested(OutsideOut),
        required=True,
        metadata={"description": "Upcoming sessions and open requests outside these hours, the soonest first."},
    )
