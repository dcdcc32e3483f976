"""The door of `/api/v1/counselling-sessions`, and what its views share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import g

from webapp.accounts.viewer import viewer
from webapp.availability.rules import local_to_utc
from webapp.bookings.queries.programs import SessionView, session_view
from webapp.core.errors import ValidationFailed
from webapp.core.jsonapi.door import Door

door = Door("counselling-sessions", __name__, about="Meetings of students and counsellors.", area="sessions")
STAFF = ("counsellor", "admin")
ID = "/<session_id>"
NO_SUCH_TIME = "The clocks change on this date: there is no such time."


def shown(session_id: str) -> SessionView:
    """Return a session as it is now, as the caller may see it."""
    return session_view(viewer(), session_id, g.now)


def start_in(body: Mapping[str, Any], zone: str) -> dt.datetime:
    """Return the wanted start; local times are those of ``zone`` unless the body names another.

    Raises:
        ValidationFailed: a time of the clock that the zone skips on this date.
    """
    if "starts_at" in body:
        return body["starts_at"]  # type: ignore[no-any-return]
    found = local_to_utc(body["preferred_date"], body["preferred_time_slot"][0], body.get("timezone") or zone)
    if found is None:
        raise ValidationFailed(NO_SUCH_TIME, fields={"preferredTimeSlot": NO_SUCH_TIME})
    return found
