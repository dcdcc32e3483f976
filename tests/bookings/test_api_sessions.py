"""`/api/v1/counselling-sessions`: booking and reading."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.bookings.api_world import HOUR, NOW, TEN, URL, ApiWorld
from tests.factories import make_counsellor, make_enrolment, make_package, make_session, make_user
from tests.programs import Program, details
from tests.queries import count_queries
from webapp.availability.rules import BookingMode
from webapp.bookings.models import CounsellingSession, NextStep
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db

DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def world(app: Flask, frozen: None) -> ApiWorld:
    return ApiWorld(app)


def test_a_session_is_booked_by_the_counsellors_clock(world: ApiWorld) -> None:
    wish = world.wish(agenda="Which NITs", description="92.4 percentile.", meetingPreference="phone")
    made = world.me.post(URL, wish, status=201)["data"]
    assert made["status"] == "scheduled"
    assert made["startsAt"] == made["scheduledDate"] == "2026-12-12T04:30:00.000Z"
    assert (made["endsAt"], made["duration"]) == ("2026-12-12T05:00:00.000Z", 30)
    assert (made["enrollmentId"], made["userId"]) == (world.enrolment.public_id, world.student.public_id)
    assert made["counsellorId"] == made["counsellor"]["_id"] == world.counsellor.public_id
    assert (made["agenda"], made["description"]) == ("Which NITs", "92.4 percentile.")
    assert made["meetingPreference"] == "phone"
    assert (made["nextSteps"], made["notes"], made["creditReturned"]) == ([], "", False)
    assert db.session.get(CounsellingSession, 1) is None or made["_id"].startswith("session_")
    db.session.refresh(world.enrolment)
    assert world.enrolment.sessions_used == 1


def test_a_zone_of_ones_own_and_an_instant_say_the_same(world: ApiWorld) -> None:
    dubai = world.wish(preferredTimeSlot="08:30-09:00", timezone="Asia/Dubai")
    assert world.me.post(URL, dubai, status=201)["data"]["startsAt"] == "2026-12-12T04:30:00.000Z"
    exact = {"enrollmentId": world.enrolment.public_id, "startsAt": "2026-12-12T11:00:00+05:30"}
    assert world.me.post(URL, exact, status=201)["data"]["startsAt"] == "2026-12-12T05:30:00.000Z"


def test_with_approval_it_is_a_request(app: Flask, frozen: None) -> None:
    world = ApiWorld(app, mode=BookingMode.APPROVAL)
    made = world.me.post(URL, world.wish(), status=201)["data"]
    assert made["status"] == "requested"
    assert made["respondBy"] == "2026-12-12T01:30:00.000Z"
    assert made["meetingLink"] is None


def test_without_a_counsellor_it_is_one_of_the_package_who_is_free(world: ApiWorld) -> None:
    other = make_counsellor(windows=[(5, 600, 720)], name="Prof. Arjun Rao")
    world.package.counsellors.append(other)
    db.session.commit()
    body = world.wish()
    del body["counsellorId"]
    assert world.me.post(URL, body, status=201)["data"]["counsellor"]["name"] == "Dr. Meera Krishnan"
    friend = make_user()
    body["enrollmentId"] = make_enrolment(friend, world.package).public_id
    db.session.commit()
    assert Program(world.app, friend).post(URL, body, status=201)["data"]["counsellor"]["name"] == "Prof. Arjun Rao"
    third = make_user()
    body["enrollmentId"] = make_enrolment(third, world.package).public_id
    db.session.commit()
    refused = Program(world.app, third).post(URL, body, status=409)["error"]
    assert refused["code"] == "SLOT_NOT_AVAILABLE"
    assert refused["nearest"]


def test_every_wrong_field_is_named_at_once(world: ApiWorld) -> None:
    body = {
        "counsellorId": 5,
        "preferredDate": "2026-02-30",
        "preferredTimeSlot": "10:30-10:00",
        "timezone": "Mars/Olympus",
        "description": "x" * 1001,
        "meetingPreference": "fax",
        "price": 1,
    }
    assert details(world.me.post(URL, body, status=400)) == {
        "enrollmentId": "Enrollment id is required.",
        "counsellorId": "Counsellor id must be an id.",
        "preferredDate": "Preferred date must be a date such as 2026-11-21.",
        "preferredTimeSlot": "Preferred time slot must end after it starts.",
        "timezone": "Timezone must be a time zone such as Asia/Kolkata.",
        "description": "Description must have at most 1000 characters.",
        "meetingPreference": "Meeting preference must be one of video, phone, chat, in-person.",
        "price": "Price is not a field here.",
    }


def test_a_start_is_said_once(world: ApiWorld) -> None:
    both = details(world.me.post(URL, world.wish(startsAt="2026-12-12T04:30:00Z"), status=400))
    assert "either" in both["startsAt"]
    bare = details(world.me.post(URL, {"enrollmentId": world.enrolment.public_id}, status=400))
    assert bare == {
        "preferredDate": "Preferred date is required, or startsAt.",
        "preferredTimeSlot": "Preferred time slot is required, or startsAt.",
    }
    assert details(world.me.post(URL, world.wish(preferredTimeSlot="ten"), status=400))


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"preferredTimeSlot": "10:10-10:40"}, 409, "SLOT_NOT_AVAILABLE"),
        ({"preferredTimeSlot": "20:00-20:30"}, 409, "SLOT_NOT_AVAILABLE"),
        ({"preferredDate": "2026-12-09"}, 400, "VALIDATION_ERROR"),  # within the notice
        ({"preferredDate": "2027-11-11"}, 400, "VALIDATION_ERROR"),  # beyond the horizon
        ({"preferredDate": "2150-01-01"}, 400, "VALIDATION_ERROR"),
        ({"enrollmentId": "enroll_nobody"}, 404, "NOT_FOUND"),
        ({"counsellorId": "counsellor_nobody"}, 404, "NOT_FOUND"),
    ],
)
def test_refusals_have_their_codes(world: ApiWorld, change: dict[str, Any], status: int, code: str) -> None:
    assert world.me.post(URL, world.wish(**change), status=status)["error"]["code"] == code


def test_what_is_taken_is_refused_with_the_nearest_times(world: ApiWorld) -> None:
    world.me.post(URL, world.wish(), status=201)
    own = world.me.post(URL, world.wish(), status=409)["error"]
    assert own["nearest"]
    friend = make_user()
    other = make_enrolment(friend, world.package)
    db.session.commit()
    taken = Program(world.app, friend).post(URL, world.wish(enrollmentId=other.public_id), status=409)["error"]
    assert taken["code"] == "SLOT_NOT_AVAILABLE"
    assert "2026-12-12T05:00:00.000Z" in taken["nearest"]


def test_credits_and_validity_have_codes_of_their_own(world: ApiWorld) -> None:
    world.enrolment.sessions_used = world.enrolment.sessions_total
    db.session.commit()
    assert world.me.post(URL, world.wish(), status=400)["error"]["code"] == "NO_SESSIONS_LEFT"
    ended = make_enrolment(world.student, world.package, expires_at=NOW - DAY)
    db.session.commit()
    over = world.me.post(URL, world.wish(enrollmentId=ended.public_id), status=400)
    assert over["error"]["code"] == "ENROLLMENT_EXPIRED"


def test_who_may_book(world: ApiWorld) -> None:
    assert Program(world.app).post(URL, {}, status=401)["error"]["code"] == "UNAUTHORIZED"
    for other in (world.staff, world.desk):
        assert other.post(URL, {}, status=403)["error"]["code"] == "FORBIDDEN"
    new = make_user(verified=False)
    mine = make_enrolment(new, world.package)
    db.session.commit()
    assert Program(world.app, new).post(URL, world.wish(enrollmentId=mine.public_id), status=403)
    assert Program(world.app, make_user()).post(URL, world.wish(), status=404)


def test_the_same_key_books_once(world: ApiWorld) -> None:
    headers = {"Idempotency-Key": "abc"}
    first = world.me.post(URL, world.wish(), status=201, headers=headers)
    assert world.me.post(URL, world.wish(), status=201, headers=headers) == first
    assert world.me.post(URL, world.wish(agenda="Other"), status=409, headers=headers)
    assert db.session.query(CounsellingSession).count() == 1


def test_an_eleventh_booking_in_a_minute_waits(world: ApiWorld) -> None:
    for _ in range(10):
        world.me.post(URL, {}, status=400)
    refused = world.me.ask("POST", URL, world.wish(), status=429)
    assert refused.headers["Retry-After"]
    assert refused.headers["X-RateLimit-Remaining"] == "0"


def test_one_session_is_for_its_people(world: ApiWorld) -> None:
    session = world.booked(private_notes="Nervous.", shared_notes="Lock the list.", student_notes="Ask father.")
    path = f"{URL}/{session.public_id}"
    mine, theirs, desk = (who.get(path)["data"] for who in (world.me, world.staff, world.desk))
    assert mine["_id"] == theirs["_id"] == session.public_id
    assert mine["meetingLink"] == "https://meet.jit.si/disha-test-room"
    assert [one["notes"] for one in (mine, theirs, desk)] == ["Lock the list."] * 3
    assert [one["privateNotes"] for one in (mine, theirs, desk)] == [None, "Nervous.", "Nervous."]
    assert [one["ownNotes"] for one in (mine, theirs, desk)] == ["Ask father.", None, None]
    for outsider in world.outsiders():
        for suffix in ("", "/calendar.ics"):
            assert outsider.get(path + suffix, status=404)["error"]["code"] == "NOT_FOUND"
    assert Program(world.app).get(f"{URL}/session_nobody", status=401)


def test_a_held_time_is_no_session(world: ApiWorld) -> None:
    held = world.booked(status=SessionStatus.HELD, expires_at=NOW + HOUR, debit=False)
    assert world.me.get(f"{URL}/{held.public_id}", status=404)
    assert world.me.get(f"{URL}/my")["data"] == []
    assert world.desk.get(f"{URL}/counsellor/{world.counsellor.public_id}")["data"] == []
    assert world.me.get(f"{URL}/my/stats")["data"]["total"] == 0
    assert world.me.get(f"{URL}/my?status=held", status=400)


def _fill(world: ApiWorld) -> dict[str, CounsellingSession]:
    world.enrolment.sessions_total = 20
    return {
        "done": world.booked(NOW - 3 * DAY, SessionStatus.COMPLETED),
        "missed": world.booked(NOW - 40 * DAY, SessionStatus.NO_SHOW),
        "soon": world.booked(TEN),
        "later": world.booked(TEN + 9 * DAY),
        "far": world.booked(TEN + 40 * DAY),
        "asked": world.booked(TEN + DAY, SessionStatus.REQUESTED),
        "lapsed": world.booked(TEN + 2 * DAY, SessionStatus.REQUESTED, expires_at=NOW - HOUR),
        "off": world.booked(TEN + 3 * DAY, SessionStatus.CANCELLED, reason="Ill."),
    }


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["far", "later", "off", "lapsed", "asked", "soon", "done", "missed"]),
        ("filter=upcoming", ["soon", "asked", "later", "far"]),
        ("upcoming=true&limit=2", ["soon", "asked"]),
        ("filter=past", ["off", "lapsed", "done", "missed"]),
        ("upcoming=false", ["off", "lapsed", "done", "missed"]),
        ("filter=upcoming&upcoming=false", []),
        ("filter=thisWeek", ["asked", "soon"]),  # Mon, 7 Dec to Sun, 13 Dec
        ("filter=thisMonth", ["later", "off", "lapsed", "asked", "soon", "done"]),
        ("filter=thisMonth&upcoming=true", ["soon", "asked", "later"]),
        ("status=no-show", ["missed"]),
        ("status=requested", ["asked"]),
        ("status=expired", ["lapsed"]),
        ("status=cancelled", ["off"]),
        ("status=rescheduled", []),
    ],
)
def test_a_list_shows_what_is_asked_for(world: ApiWorld, query: str, wanted: list[str]) -> None:
    sessions = _fill(world)
    names = {session.public_id: name for name, session in sessions.items()}
    for who, path in ((world.me, "my"), (world.staff, f"counsellor/{world.counsellor.public_id}")):
        found = who.get(f"{URL}/{path}?{query}")
        assert [names[row["_id"]] for row in found["data"]] == wanted
    assert found["pagination"]["page"] == 1


def test_words_of_a_list(world: ApiWorld) -> None:
    _fill(world)
    words = {row["status"] for row in world.me.get(f"{URL}/my")["data"]}
    assert words == {"completed", "no-show", "scheduled", "requested", "expired", "cancelled"}
    wrong = details(world.me.get(f"{URL}/my?status=no_show&filter=tomorrow&upcoming=1&sort=x", status=400))
    assert "no-show" in wrong["status"]
    assert "thisWeek" in wrong["filter"]
    assert set(wrong) == {"status", "filter", "upcoming", "sort"}


def test_a_counsellors_list_is_for_that_counsellor_and_admins(world: ApiWorld) -> None:
    path = f"{URL}/counsellor/{world.counsellor.public_id}"
    world.booked()
    assert len(world.desk.get(path)["data"]) == 1
    student, counsellor = world.outsiders()
    assert student.get(path, status=403)
    assert counsellor.get(path, status=404)
    assert world.desk.get(f"{URL}/counsellor/nobody", status=404)
    assert len(world.staff.get(f"{URL}/my")["data"]) == 1
    assert counsellor.get(f"{URL}/my")["data"] == []


def test_my_numbers_and_my_latest(world: ApiWorld) -> None:
    assert world.me.get(f"{URL}/my/latest", status=404)
    sessions = _fill(world)
    assert world.me.get(f"{URL}/my/stats")["data"] == {
        "total": 8, "past": 2, "upcoming": 4, "requested": 1, "scheduled": 3, "completed": 1, "cancelled": 1,
        "declined": 0, "expired": 1, "noShow": 1, "rescheduled": 0, "totalMinutes": 30,
    }  # fmt: skip
    sessions["later"].requested_at = NOW
    db.session.commit()
    assert world.me.get(f"{URL}/my/latest")["data"]["_id"] == sessions["later"].public_id


def test_the_calendar_file_is_of_a_confirmed_session(world: ApiWorld) -> None:
    session, asked = world.booked(), world.booked(TEN + DAY, SessionStatus.REQUESTED)
    file = world.me.ask("GET", f"{URL}/{session.public_id}/calendar.ics", status=200)
    assert file.mimetype == "text/calendar"
    assert b"BEGIN:VEVENT" in file.data
    refused = world.me.get(f"{URL}/{asked.public_id}/calendar.ics", status=400)
    assert refused["error"]["code"] == "INVALID_STATE"


def test_a_list_costs_the_same_at_any_size(world: ApiWorld) -> None:
    world.enrolment.sessions_total = 100

    def fill(first: int, number: int) -> None:
        for day in range(first, first + number):
            session = make_session(world.enrolment, world.counsellor, NOW - day * DAY, status=SessionStatus.COMPLETED)
            db.session.add(NextStep(session_id=session.id, text="Lock the list"))
            moved = make_session(make_enrolment(world.student, make_package()), make_counsellor(), TEN + day * DAY)
            moved.rescheduled_from_id = session.id
        db.session.commit()
        db.session.expire_all()

    paths = ((world.me, "my"), (world.staff, f"counsellor/{world.counsellor.public_id}"))
    counts = []
    for first, number in ((1, 2), (3, 20)):
        fill(first, number)
        for who, path in paths:
            with count_queries() as statements:
                found = who.get(f"{URL}/{path}?limit=100")
            counts.append(len(statements))
    assert counts[:2] == counts[2:]
    assert len(found["data"]) == 22
