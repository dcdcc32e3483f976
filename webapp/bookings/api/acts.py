"""What happens to a booked session: answered, moved, cancelled, held or missed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import g

from webapp.accounts.viewer import viewer
from webapp.bookings.api.door import ID, STAFF, door, shown, start_in
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import get_session_for, nearest_free
from webapp.bookings.queries.choosing import zone_of_session
from webapp.bookings.queries.programs import SessionView
from webapp.bookings.rules import SessionStatus
from webapp.bookings.schemas.sessions import CancelledOut, SessionOut
from webapp.bookings.schemas.sessions_in import CancelIn, DeclineIn, MoveIn, OutcomeIn
from webapp.bookings.services import (
    StepText,
    accept_session,
    cancel_session,
    change_time,
    complete_session,
    decline_session,
    mark_no_show,
)
from webapp.core.db import transaction
from webapp.core.jsonapi.envelope import Answer


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A cancelled session beside the times on offer instead."""

    view: SessionView
    nearest: Sequence[dt.datetime]


@door.endpoint("PATCH", f"{ID}/accept", who=STAFF, answer=SessionOut, errors=[409])
def accept_counselling_session(session_id: str) -> SessionView:
    """Confirm a request."""
    with transaction():
        accept_session(actor=viewer(), session_id=session_id, now=g.now)
    return shown(session_id)


@door.endpoint(
    "PATCH",
    f"{ID}/decline",
    who=STAFF,
    body=DeclineIn,
    answer=SessionOut,
    example={"reason": "I am travelling that day."},
    errors=[409],
)
def decline_counselling_session(session_id: str, body: dict[str, Any]) -> SessionView:
    """Decline a request; the student reads why and has the session back."""
    with transaction():
        decline_session(actor=viewer(), session_id=session_id, reason=body["reason"], now=g.now)
    return shown(session_id)


@door.endpoint(
    "PATCH",
    f"{ID}/status",
    who=STAFF,
    body=OutcomeIn,
    answer=SessionOut,
    example={
        "status": "completed",
        "notes": "We went through all five choices.",
        "nextSteps": ["Lock the choice list", "Bring the category certificate"],
    },
)
def finish_counselling_session(session_id: str, body: dict[str, Any]) -> SessionView:
    """Finish a session that has begun: held, or missed by its student."""
    steps = body.get("next_steps")
    finish = mark_no_show if body["status"] is SessionStatus.NO_SHOW else complete_session
    with transaction():
        finish(
            actor=viewer(),
            session_id=session_id,
            notes=body.get("notes"),
            next_steps=None if steps is None else [StepText(text) for text in steps],
            now=g.now,
        )
    return shown(session_id)


@door.endpoint(
    "PATCH",
    f"{ID}/cancel",
    who=["signed_in"],
    body=CancelIn,
    answer=CancelledOut,
    example={"reason": "My mock test was moved to that day.", "reschedule": True},
    errors=[409],
    limit="cancel",
)
def cancel_counselling_session(session_id: str, body: dict[str, Any]) -> Answer:
    """Cancel a session or request before it begins; whether the credit comes back, the deadline says."""
    with transaction():
        cancel_session(actor=viewer(), session_id=session_id, reason=body["reason"], now=g.now)
    view = shown(session_id)
    words = "The session came back to the package." if view.session.credit_returned else "The session stays used."
    return Answer(Cancelled(view, _instead(view.session) if body["reschedule"] else []), f"Cancelled. {words}")


def _instead(session: CounsellingSession) -> list[dt.datetime]:
    return nearest_free(
        session.counsellor,
        session.starts_at,
        duration=session.minutes,
        student_id=session.student_id,
        now=g.now,
        expires_at=session.enrolment.expires_at if session.enrolment else None,
    )


@door.endpoint(
    "POST",
    f"{ID}/reschedule",
    who=["signed_in"],
    body=MoveIn,
    answer=SessionOut,
    example={"startsAt": "2026-12-15T05:00:00.000Z", "reason": "My mock test was moved to that day."},
    limit="booking",
)
def reschedule_counselling_session(session_id: str, body: dict[str, Any]) -> SessionView:
    """Give a session another time; the answer is the session that carries on. One's own request is asked anew."""
    with transaction():
        zone = zone_of_session(get_session_for(viewer(), session_id))
        moved = change_time(
            actor=viewer(),
            session_id=session_id,
            starts_at=start_in(body, zone),
            reason=body["reason"],
            now=g.now,
        )
        carries_on = moved.public_id
    return shown(carries_on)
