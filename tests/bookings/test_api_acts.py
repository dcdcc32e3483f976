"""`/api/v1/counselling-sessions/:id/…`: what happens to a session, each by the right person in the right state."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.bookings.api_world import HOUR, NOW, URL, ApiWorld
from tests.pages import Browser
from tests.programs import Program, details, partner_key
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db

LINK = "https://meet.google.com/abc-defg-hij"
BEGUN = NOW - dt.timedelta(minutes=40)
ACTS: list[tuple[str, str, dict[str, Any], bool]] = [
    ("PATCH", "accept", {}, True),
    ("PATCH", "decline", {"reason": "Away."}, True),
    ("PATCH", "status", {"status": "completed"}, True),
    ("PATCH", "meeting-link", {"meetingLink": LINK}, True),
    ("POST", "recording", {"recordingLink": LINK}, True),
    ("PATCH", "cancel", {}, False),
    ("POST", "reschedule", {"startsAt": "2026-12-13T04:30:00Z"}, False),
    ("POST", "notes", {"notes": "Hello"}, False),
]


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def world(app: Flask, frozen: None) -> ApiWorld:
    return ApiWorld(app)


def path(session: CounsellingSession, act: str) -> str:
    return f"{URL}/{session.public_id}/{act}"


@pytest.mark.parametrize(("method", "act", "body", "staff"), ACTS)
def test_outsiders_find_nothing(world: ApiWorld, method: str, act: str, body: dict[str, Any], staff: bool) -> None:
    session = world.booked()
    student, counsellor = world.outsiders()
    student.ask(method, path(session, act), body, status=403 if staff else 404)
    counsellor.ask(method, path(session, act), body, status=404)
    world.desk.ask(method, f"{URL}/session_nobody/{act}", body, status=404)
    Program(world.app).ask(method, path(session, act), {}, status=401)
    if staff:
        world.me.ask(method, path(session, act), body, status=403)
    db.session.refresh(session)
    assert session.status is SessionStatus.SCHEDULED


@pytest.mark.parametrize("who", ["staff", "desk"])
def test_a_request_is_accepted(world: ApiWorld, who: str) -> None:
    session = world.booked(status=SessionStatus.REQUESTED)
    done = getattr(world, who).patch(path(session, "accept"))["data"]
    assert (done["status"], done["respondBy"]) == ("scheduled", None)
    assert done["meetingLink"].startswith("https://")
    again = world.staff.patch(path(session, "accept"), status=400)
    assert again["error"]["code"] == "INVALID_STATE"


def test_a_request_is_declined_with_a_reason(world: ApiWorld) -> None:
    session = world.booked(status=SessionStatus.REQUESTED)
    assert details(world.staff.patch(path(session, "decline"), {}, status=400)) == {"reason": "Reason is required."}
    done = world.staff.patch(path(session, "decline"), {"reason": "I am away."})["data"]
    assert (done["status"], done["cancelReason"], done["creditReturned"]) == ("declined", "I am away.", True)
    db.session.refresh(world.enrolment)
    assert world.enrolment.sessions_used == 0


def test_an_answer_too_late_is_a_conflict(world: ApiWorld) -> None:
    session = world.booked(status=SessionStatus.REQUESTED, expires_at=NOW - HOUR)
    assert world.staff.patch(path(session, "accept"), status=409)["error"]["code"] == "BOOKING_EXPIRED"


def test_a_session_that_was_held_has_notes_and_steps(world: ApiWorld) -> None:
    session = world.booked(BEGUN, private_notes="Nervous.")
    body = {"status": "completed", "notes": "All five.", "nextSteps": "Lock the list\n\nBring papers"}
    done = world.staff.patch(path(session, "status"), body)["data"]
    assert (done["status"], done["notes"], done["privateNotes"]) == ("completed", "All five.", "Nervous.")
    assert done["nextSteps"] == ["Lock the list", "Bring papers"]
    assert done["startedAt"]
    assert done["completedAt"]
    assert world.me.get(f"{URL}/{session.public_id}")["data"]["nextSteps"] == ["Lock the list", "Bring papers"]
    assert world.staff.patch(path(session, "status"), body, status=400)["error"]["code"] == "INVALID_STATE"


def test_what_is_left_out_of_the_outcome_stays(world: ApiWorld) -> None:
    session = world.booked(BEGUN, shared_notes="Written before.")
    world.staff.patch(path(session, "status"), {"status": "completed", "nextSteps": ["Lock the list"]})
    assert world.me.get(f"{URL}/{session.public_id}")["data"]["notes"] == "Written before."


def test_a_session_that_was_missed(world: ApiWorld) -> None:
    session = world.booked(BEGUN)
    done = world.desk.patch(path(session, "status"), {"status": "no-show", "notes": "I waited."})["data"]
    assert (done["status"], done["notes"], done["creditReturned"]) == ("no-show", "I waited.", False)


def test_nothing_ends_before_it_begins(world: ApiWorld) -> None:
    session = world.booked()
    for word in ("completed", "no-show"):
        early = world.staff.patch(path(session, "status"), {"status": word}, status=400)
        assert early["error"]["code"] == "INVALID_STATE"
    wrong = world.staff.patch(path(session, "status"), {"status": "cancelled", "nextSteps": [1]}, status=400)
    assert set(details(wrong)) == {"status", "nextSteps"}
    assert details(world.staff.patch(path(session, "status"), {"status": "no-show", "nextSteps": 5}, status=400))


def test_a_link_is_https(world: ApiWorld) -> None:
    session = world.booked()
    body = {"meetingLink": LINK, "meetingPlatform": "Google Meet"}
    done = world.staff.patch(path(session, "meeting-link"), body)["data"]
    assert (done["meetingLink"], done["meetingPlatform"]) == (LINK, "Google Meet")
    for bad in ("http://meet.google.com/abc", "javascript:alert(1)", "meet"):
        wrong = details(world.staff.patch(path(session, "meeting-link"), {"meetingLink": bad}, status=400))
        assert list(wrong) == ["meetingLink"]


def test_a_student_cancels_and_hears_of_other_times(world: ApiWorld) -> None:
    session = world.booked()
    done = world.me.patch(path(session, "cancel"), {"reason": "Mock test.", "reschedule": True})
    assert (done["data"]["status"], done["data"]["cancelReason"]) == ("cancelled", "Mock test.")
    assert done["data"]["creditReturned"] is True
    assert done["data"]["nearest"][0] == "2026-12-12T04:30:00.000Z"
    assert "came back" in done["message"]
    assert world.me.patch(path(session, "cancel"), status=400)["error"]["code"] == "INVALID_STATE"


def test_a_late_cancellation_keeps_the_credit_used(world: ApiWorld) -> None:
    session = world.booked(NOW + 5 * HOUR)
    done = world.me.patch(path(session, "cancel"))
    assert (done["data"]["creditReturned"], done["data"]["nearest"]) == (False, [])
    assert "stays used" in done["message"]


def test_nobody_cancels_what_has_begun(world: ApiWorld) -> None:
    session = world.booked(BEGUN)
    assert world.desk.patch(path(session, "cancel"), status=400)["error"]["code"] == "INVALID_STATE"


def test_a_session_moves_and_carries_on(world: ApiWorld) -> None:
    session = world.booked(agenda="Which NITs\n\nMine.")
    body = {"preferredDate": "2026-12-13", "preferredTimeSlot": "10:30-11:00", "reason": "Mock test."}
    moved = world.me.post(path(session, "reschedule"), body)["data"]
    assert (moved["status"], moved["startsAt"]) == ("scheduled", "2026-12-13T05:00:00.000Z")
    assert moved["rescheduledFrom"] == session.public_id
    assert (moved["agenda"], moved["description"]) == ("Which NITs", "Mine.")
    old = world.me.get(f"{URL}/{session.public_id}")["data"]
    assert (old["status"], old["rescheduledTo"]) == ("rescheduled", moved["_id"])
    assert old["rescheduleReason"] == "Mock test."
    assert [row["_id"] for row in world.me.get(f"{URL}/my?status=rescheduled")["data"]] == [session.public_id]
    db.session.refresh(world.enrolment)
    assert world.enrolment.sessions_used == 1


def test_a_students_request_is_asked_anew(world: ApiWorld) -> None:
    session = world.booked(status=SessionStatus.REQUESTED, agenda="Which NITs\n\nMine.")
    asked = world.me.post(path(session, "reschedule"), {"startsAt": "2026-12-13T05:00:00Z"})["data"]
    assert (asked["startsAt"], asked["description"]) == ("2026-12-13T05:00:00.000Z", "Mine.")
    assert world.me.get(f"{URL}/{session.public_id}")["data"]["status"] == "cancelled"
    db.session.refresh(world.enrolment)
    assert world.enrolment.sessions_used == 1


@pytest.mark.parametrize(
    ("start", "status", "code"),
    [
        ("2026-12-13T05:10:00Z", 409, "SLOT_NOT_AVAILABLE"),
        ("2026-12-12T04:30:00Z", 400, "VALIDATION_ERROR"),  # where it is
        ("2026-12-01T04:30:00Z", 400, "VALIDATION_ERROR"),  # over
        ("2026-12-13T05:00:00", 400, "VALIDATION_ERROR"),  # no zone
    ],
)
def test_a_session_moves_to_free_times_only(world: ApiWorld, start: str, status: int, code: str) -> None:
    session = world.booked()
    refused = world.me.post(path(session, "reschedule"), {"startsAt": start}, status=status)
    assert refused["error"]["code"] == code


def test_after_the_deadline_only_staff_move(world: ApiWorld) -> None:
    session = world.booked(NOW + 5 * HOUR)
    body = {"startsAt": "2026-12-13T05:00:00Z"}
    assert world.me.post(path(session, "reschedule"), body, status=403)["error"]["code"] == "FORBIDDEN"
    assert world.staff.post(path(session, "reschedule"), body)["data"]["status"] == "scheduled"
    asked = world.booked(status=SessionStatus.REQUESTED)
    assert world.staff.post(path(asked, "reschedule"), body, status=400)["error"]["code"] == "INVALID_STATE"


def test_notes_are_shared_or_not(world: ApiWorld) -> None:
    session = world.booked()
    world.staff.post(path(session, "notes"), {"notes": "Compare ranks.", "isPublic": True})
    world.staff.post(path(session, "notes"), {"notes": "Nervous."})
    seen = world.me.get(f"{URL}/{session.public_id}")["data"]
    assert (seen["notes"], seen["privateNotes"]) == ("Compare ranks.", None)
    world.me.post(path(session, "notes"), {"notes": "I did.", "isPublic": True})
    world.me.post(path(session, "notes"), {"notes": "Ask father.", "isPublic": False})
    theirs = world.staff.get(f"{URL}/{session.public_id}")["data"]
    assert theirs["notes"] == "Compare ranks.\n\nAnanya Chatterjee: I did."
    assert (theirs["privateNotes"], theirs["ownNotes"]) == ("Nervous.", None)
    assert world.me.get(f"{URL}/{session.public_id}")["data"]["ownNotes"] == "Ask father."
    pages = {user: Browser(world.app, user).get(f"/sessions/{session.public_id}").text for user in world.people()}
    assert [("Ask father." in page, "Your own notes" in page) for page in pages.values()] == [
        (True, True), (False, False), (False, False),
    ]  # fmt: skip
    assert details(world.me.post(path(session, "notes"), {"notes": "x" * 5001}, status=400))
    full = "x" * 4990
    world.staff.post(path(session, "notes"), {"notes": full, "isPublic": True})
    assert details(world.me.post(path(session, "notes"), {"notes": "Too much", "isPublic": True}, status=400))


def test_notes_belong_to_what_stands_or_was_held(world: ApiWorld) -> None:
    session = world.booked(status=SessionStatus.CANCELLED)
    for who in (world.me, world.staff):
        refused = who.post(path(session, "notes"), {"notes": "Hello"}, status=400)
        assert refused["error"]["code"] == "INVALID_STATE"


def test_a_recording_is_there_for_some_days(world: ApiWorld) -> None:
    session = world.booked(BEGUN, SessionStatus.COMPLETED)
    body = {"recordingLink": LINK, "expiryDays": 2, "downloadable": True}
    done = world.staff.post(path(session, "recording"), body)["data"]
    assert (done["recordingLink"], done["recordingDownloadable"]) == (LINK, True)
    assert world.me.get(f"{URL}/my")["data"][0]["recordingExpiresAt"] == "2026-12-11T04:00:00.000Z"
    with clock.frozen(NOW + dt.timedelta(days=3)):
        later = Program(world.app, world.student)
        assert later.get(f"{URL}/{session.public_id}")["data"]["recordingLink"] is None
    wrong = world.staff.post(path(session, "recording"), {"recordingLink": "ftp://x", "expiryDays": 366}, status=400)
    assert set(details(wrong)) == {"expiryDays"}
    assert details(world.staff.post(path(session, "recording"), {"recordingLink": "ftp://x"}, status=400))
    early = world.booked()
    assert world.staff.post(path(early, "recording"), {"recordingLink": LINK}, status=400)


def test_a_partner_reads_and_works_with_its_rights(world: ApiWorld) -> None:
    session = world.booked(BEGUN)
    reader = Program(world.app, key=partner_key(world.admin, "sessions:read")[1])
    assert reader.get(f"{URL}/{session.public_id}")["data"]["status"] == "scheduled"
    assert reader.patch(path(session, "status"), {"status": "completed"}, status=403)
    writer = Program(world.app, key=partner_key(world.admin, "sessions:write")[1])
    assert writer.patch(path(session, "status"), {"status": "completed"})["data"]["status"] == "completed"
    assert writer.get(f"{URL}/my", status=403)
    assert writer.post(URL, world.wish(), status=403)
