"""What other systems are told of a session: that something happened, and the ids concerned. Never a name or a note."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.bookings.rules.reminders import Reminder
from webapp.core.db import db
from webapp.webhooks.services import WebhookEvent, emit

S = CounsellingSession
_BECAME = {
    SessionStatus.SCHEDULED: WebhookEvent.SESSION_BOOKED,
    SessionStatus.COMPLETED: WebhookEvent.SESSION_COMPLETED,
}


def emit_change(session: S, before: SessionStatus | None, now: dt.datetime) -> None:
    """Tell of a session that has become confirmed or completed; nothing else of its history leaves the house.

    A session that was moved is a new one, and names the one it came from.
    """
    event = _BECAME.get(session.status)
    if event is None or session.status is before:
        return
    data = ids_of(session)
    if event is WebhookEvent.SESSION_BOOKED and session.rescheduled_from_id is not None:
        moved = select(S.public_id).where(S.id == session.rescheduled_from_id)
        data["rescheduledFrom"] = db.session.scalar(moved)
    emit(event, data, dedupe_key=f"{event}:{session.public_id}", now=now)


def emit_reminder(session: S, kind: Reminder, now: dt.datetime) -> None:
    """Tell that people are reminded of a session, once for each reminder and version of it."""
    event = WebhookEvent.SESSION_REMINDER
    key = f"{event}:{session.public_id}:{kind.value}:v{session.version}"
    emit(event, {**ids_of(session), "reminder": kind.value}, dedupe_key=key, now=now)


def ids_of(session: S) -> dict[str, str | None]:
    """Return the ids concerned, by the names the API has for them."""
    return {
        "sessionId": session.public_id,
        "enrollmentId": session.enrolment.public_id if session.enrolment else None,
        "counsellorId": session.counsellor.public_id,
        "userId": session.student.public_id,
    }
