"""Booking sessions and reading them."""

from __future__ import annotations

from typing import Any

from flask import Response, g
from sqlalchemy import ColumnElement

from webapp.accounts.viewer import viewer
from webapp.bookings.api.door import ID, STAFF, door, shown, start_in
from webapp.bookings.calendar_file import FILENAME, Method, content_type
from webapp.bookings.emails import calendar_for
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import get_session_for
from webapp.bookings.queries.choosing import choose_counsellor, zone_of
from webapp.bookings.queries.programs import (
    SessionTally,
    SessionView,
    SessionWish,
    latest_session,
    of_counsellor,
    sessions_page,
    taking_part,
    tally_of_sessions,
)
from webapp.bookings.schemas.sessions import SessionOut, SessionStatsOut
from webapp.bookings.schemas.sessions_in import BookIn, SessionQuery
from webapp.bookings.services import book_session
from webapp.core.db import transaction
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.core.jsonapi.examples import COUNSELLOR, ENROLMENT
from webapp.counsellors.queries import counsellor_for

EXAMPLE = {
    "enrollmentId": ENROLMENT,
    "counsellorId": COUNSELLOR,
    "preferredDate": "2026-12-14",
    "preferredTimeSlot": "10:00-10:30",
    "agenda": "Which NITs are in reach",
    "description": "92.4 percentile, home state West Bengal.",
    "meetingPreference": "video",
}


@door.endpoint(
    "POST",
    "",
    who=["student"],
    body=BookIn,
    answer=SessionOut,
    status=201,
    example=EXAMPLE,
    errors=[404],
    limit="booking",
    names={"meeting_mode": "meetingPreference", "counsellor": "counsellorId"},
    keys=False,
)
def book_counselling_session(body: dict[str, Any]) -> SessionView:
    """Book a start with a credit: a request, or confirmed at once where the counsellor books instantly."""
    with transaction():
        booked = _book(body)
        session_id = booked.public_id
    return shown(session_id)


def _book(body: dict[str, Any]) -> CounsellingSession:
    student, counsellor_id, enrolment_id = viewer(), body.get("counsellor_id"), body["enrollment_id"]
    if counsellor_id is None:
        counsellor_id, starts_at = choose_counsellor(student, enrolment_id, lambda zone: start_in(body, zone), g.now)
    else:
        starts_at = start_in(body, zone_of(counsellor_id))
    return book_session(
        student=student,
        counsellor_id=counsellor_id,
        enrolment_id=enrolment_id,
        starts_at=starts_at,
        agenda=body["agenda"],
        description=body["description"],
        meeting_mode=body["meeting_preference"],
        now=g.now,
    )


@door.endpoint(
    "GET",
    "/my",
    who=["signed_in"],
    query=SessionQuery,
    answer=SessionOut,
    many=True,
    paged=True,
    example_query={"filter": "upcoming"},
    keys=False,
)
def list_my_sessions(query: dict[str, Any]) -> Answer:
    """List the sessions in which the caller is student or counsellor: what comes first, else the latest first."""
    return _listed(taking_part(viewer()), query)


@door.endpoint("GET", "/my/stats", who=["signed_in"], answer=SessionStatsOut, keys=False)
def get_my_session_stats() -> SessionTally:
    """Return the caller's sessions in numbers."""
    return tally_of_sessions(viewer(), g.now)


@door.endpoint("GET", "/my/latest", who=["signed_in"], answer=SessionOut, errors=[404], keys=False)
def get_my_latest_session() -> SessionView:
    """Return the session that was asked for last."""
    return latest_session(viewer(), g.now)


@door.endpoint(
    "GET",
    "/counsellor/<counsellor_id>",
    who=STAFF,
    query=SessionQuery,
    answer=SessionOut,
    many=True,
    paged=True,
    example_query={"status": "requested"},
)
def list_sessions_of_counsellor(counsellor_id: str, query: dict[str, Any]) -> Answer:
    """List a counsellor's sessions, for that counsellor and admins."""
    return _listed(of_counsellor(counsellor_for(viewer(), counsellor_id)), query)


def _listed(whose: ColumnElement[bool], query: dict[str, Any]) -> Answer:
    wish = SessionWish(viewer().zone, query.get("status"), query.get("upcoming"), query.get("filter"))
    found = sessions_page(whose, wish, reader=viewer(), page=query["page"], limit=query["limit"], now=g.now)
    return paged(found)


@door.endpoint("GET", ID, who=["signed_in"], answer=SessionOut)
def get_counselling_session(session_id: str) -> SessionView:
    """Return a session to its student, its counsellor or an admin."""
    return shown(session_id)


@door.endpoint("GET", f"{ID}/calendar.ics", who=["signed_in"], produces="text/calendar")
def get_session_calendar(session_id: str) -> Response:
    """Return a confirmed session as a file for calendars."""
    session = get_session_for(viewer(), session_id)
    return Response(
        calendar_for(viewer(), session, g.now),
        content_type=content_type(Method.PUBLISH),
        headers={"Content-Disposition": f'attachment; filename="{FILENAME}"', "Cache-Control": "private, no-store"},
    )
