"""What is written down about a session: its link, notes, a recording."""

from __future__ import annotations

from typing import Any

from flask import g

from webapp.accounts.viewer import viewer
from webapp.bookings.api.door import ID, STAFF, door, shown
from webapp.bookings.queries.programs import SessionView
from webapp.bookings.schemas.sessions import SessionOut
from webapp.bookings.schemas.sessions_in import LinkIn, NotesIn, RecordingIn
from webapp.bookings.services import add_notes, set_meeting_link, set_recording
from webapp.core.db import transaction


@door.endpoint(
    "PATCH",
    f"{ID}/meeting-link",
    who=STAFF,
    body=LinkIn,
    answer=SessionOut,
    example={"meetingLink": "https://meet.google.com/abc-defg-hij", "meetingPlatform": "Google Meet"},
    names={"link": "meetingLink"},
)
def set_session_link(session_id: str, body: dict[str, Any]) -> SessionView:
    """Set where the two meet; of a confirmed session both are told."""
    with transaction():
        set_meeting_link(
            actor=viewer(),
            session_id=session_id,
            link=body["meeting_link"],
            platform=body["meeting_platform"],
            now=g.now,
        )
    return shown(session_id)


@door.endpoint(
    "POST",
    f"{ID}/notes",
    who=["signed_in"],
    body=NotesIn,
    answer=SessionOut,
    example={"notes": "Compare closing ranks of the last three rounds.", "isPublic": True},
)
def add_session_notes(session_id: str, body: dict[str, Any]) -> SessionView:
    """Write notes. Staff write the public or the private ones anew; a student adds to the public ones."""
    with transaction():
        add_notes(actor=viewer(), session_id=session_id, notes=body["notes"], shared=body["is_public"], now=g.now)
    return shown(session_id)


@door.endpoint(
    "POST",
    f"{ID}/recording",
    who=STAFF,
    body=RecordingIn,
    answer=SessionOut,
    example={"recordingLink": "https://drive.google.com/file/d/1abc/view", "expiryDays": 30, "downloadable": False},
    names={"link": "recordingLink", "days": "expiryDays"},
)
def set_session_recording(session_id: str, body: dict[str, Any]) -> SessionView:
    """Put a recording on a session for some days; an empty link takes it off."""
    with transaction():
        set_recording(
            actor=viewer(),
            session_id=session_id,
            link=body["recording_link"],
            days=body["expiry_days"],
            downloadable=body["downloadable"],
            now=g.now,
        )
    return shown(session_id)
