"""`/api/v1/counsellors/:id/availability`: hours, rules and days that differ, for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_exception, make_session, make_user
from tests.programs import Program, details, partner_key
from tests.queries import count_queries
from webapp.accounts.models import Role
from webapp.availability.models import AvailabilityException
from webapp.bookings.api.hours import EXAMPLE
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db

NONE: dict[str, list[Any]] = {
    day: [] for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
}


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


class World:
    """A counsellor with hours every day, and who may look at them."""

    def __init__(self, app: Flask) -> None:
        self.counsellor = make_counsellor(windows=[(0, 600, 780)])
        self.url = f"/counsellors/{self.counsellor.public_id}/availability"
        assert self.counsellor.user is not None
        self.admin = make_user(role=Role.ADMIN)
        self.own, self.desk = Program(app, self.counsellor.user), Program(app, self.admin)
        self.student, self.other = Program(app, make_user()), Program(app, make_counsellor().user)
        self.nobody = Program(app)


@pytest.fixture
def world(app: Flask, frozen: None) -> World:
    return World(app)


def test_everybody_reads_hours_and_rules(world: World) -> None:
    assert world.nobody.get(world.url)["data"] == {
        "counsellorId": world.counsellor.public_id,
        "timezone": "Asia/Kolkata",
        "weekly": {**NONE, "monday": [{"start": "10:00", "end": "13:00"}]},
        "rules": {
            "minBookingNoticeHours": 24,
            "maxAdvanceDays": 90,
            "cancellationDeadlineHours": 24,
            "slotStepMinutes": None,
            "bufferBeforeMinutes": 0,
            "bufferAfterMinutes": 0,
            "maxPerDay": None,
            "bookingMode": "instant",
            "sessionDuration": 30,
        },
        "isActive": True,
    }


def test_who_is_not_active_is_seen_by_staff_alone(world: World) -> None:
    world.counsellor.is_active = False
    db.session.commit()
    for who in (world.nobody, world.student, world.other):
        assert who.get(world.url, status=404)["error"]["code"] == "NOT_FOUND"
    for who in (world.own, world.desk):
        assert who.get(world.url)["data"]["isActive"] is True


def test_hours_and_rules_are_saved_together(world: World) -> None:
    for who in (world.own, world.desk):
        saved = who.put(world.url, EXAMPLE)["data"]
        assert saved["weekly"] == {**NONE, **EXAMPLE["weekly"]}  # type: ignore[dict-item]
        assert saved["rules"]["minBookingNoticeHours"] == 12
        assert (saved["rules"]["maxAdvanceDays"], saved["rules"]["bookingMode"]) == (60, "instant")
    assert world.nobody.get(world.url)["data"] == {k: v for k, v in saved.items() if k != "affectedSessions"}


def test_what_is_booked_outside_the_new_hours_is_listed_and_stays(world: World) -> None:
    enrolment = make_enrolment(make_user(), session_minutes=30, sessions_total=9)
    monday = dt.datetime(2026, 12, 14, 4, 30, tzinfo=dt.UTC)  # 10:00 in Kolkata
    inside = make_session(enrolment, world.counsellor, monday + dt.timedelta(hours=2))
    early = make_session(enrolment, world.counsellor, monday)
    asked = make_session(enrolment, world.counsellor, monday + dt.timedelta(days=7), status="requested")
    make_session(enrolment, world.counsellor, monday - dt.timedelta(days=7))  # over
    make_session(enrolment, make_counsellor(), monday + dt.timedelta(hours=1))  # somebody else's
    db.session.commit()
    body = {"weekly": {"monday": [{"start": "12:00", "end": "13:00"}]}}
    wanted = [
        {"_id": early.public_id, "status": "scheduled", "scheduledDate": "2026-12-14T04:30:00.000Z", "duration": 30},
        {"_id": asked.public_id, "status": "requested", "scheduledDate": "2026-12-21T04:30:00.000Z", "duration": 30},
    ]
    assert world.own.put(world.url, body)["data"]["affectedSessions"] == wanted
    assert world.desk.put(world.url, {})["data"]["affectedSessions"] == wanted  # who asks again is told again
    assert early.status is SessionStatus.SCHEDULED
    make_exception(world.counsellor, dt.date(2026, 12, 14), [[600, 630]])
    db.session.commit()
    listed = world.own.put(world.url, {})["data"]["affectedSessions"]
    assert [row["_id"] for row in listed] == [inside.public_id, asked.public_id]
    wide = {"weekly": {"monday": [{"start": "10:00", "end": "13:00"}]}}
    assert [row["_id"] for row in world.own.put(world.url, wide)["data"]["affectedSessions"]] == [inside.public_id]


def test_listing_what_is_outside_costs_the_same_for_many(world: World) -> None:
    enrolment = make_enrolment(make_user(), session_minutes=30, sessions_total=30)
    monday = dt.datetime(2026, 12, 14, 4, 30, tzinfo=dt.UTC)

    def put() -> int:
        db.session.commit()
        with count_queries() as counted:
            world.own.put(world.url, {"weekly": {}})
        return len(counted)

    make_session(enrolment, world.counsellor, monday)
    put()
    few = put()
    for week in range(1, 12):
        make_session(enrolment, world.counsellor, monday + dt.timedelta(days=7 * week))
    assert put() == few


def test_what_is_left_out_stays(world: World) -> None:
    world.own.put(world.url, {"rules": {"maxPerDay": 3, "slotStepMinutes": 15, "cancellationDeadlineHours": 48}})
    saved = world.own.put(world.url, {"timezone": "Asia/Dubai", "rules": {"maxPerDay": None}})["data"]
    assert saved["timezone"] == "Asia/Dubai"
    assert (saved["rules"]["maxPerDay"], saved["rules"]["slotStepMinutes"]) == (None, 15)
    assert saved["rules"]["cancellationDeadlineHours"] == 48
    assert saved["weekly"]["monday"] == [{"start": "10:00", "end": "13:00"}]
    assert world.own.put(world.url, {"isActive": False})["data"]["isActive"] is False
    assert world.own.put(world.url, {})["data"]["isActive"] is False


def test_a_day_may_be_one_window_none_or_whole(world: World) -> None:
    week = {
        "monday": None,
        "tuesday": {"start": "9:05", "end": "10:00"},
        "sunday": [{"start": "00:00", "end": "24:00"}],
    }
    saved = world.own.put(world.url, {"weekly": week})["data"]["weekly"]
    assert saved["monday"] == saved["friday"] == []
    assert saved["tuesday"] == [{"start": "09:05", "end": "10:00"}]
    assert saved["sunday"] == [{"start": "00:00", "end": "24:00"}]


def test_a_counsellor_without_a_calendar_gets_one(app: Flask, world: World) -> None:
    bare = make_counsellor(calendar=False)
    url = f"/counsellors/{bare.public_id}/availability"
    db.session.commit()
    assert world.nobody.get(url)["data"]["isActive"] is False
    assert Program(app, bare.user).put(url, {"weekly": {}})["data"]["isActive"] is True


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"timezone": "Mars"}, {"timezone": "Timezone must be a time zone such as Asia/Kolkata."}),
        ({"weekly": {"monday": [{"start": "25:00"}]}}, {
            "weekly.monday.0.start": "Start must be a time from 00:00 to 24:00.",
            "weekly.monday.0.end": "End is required.",
        }),
        ({"weekly": {"someday": []}}, {"weekly.someday": "Someday is not a field here."}),
        ({"weekly": {"monday": "10-12"}}, {"weekly.monday": "Monday must be a list of times such as 10:00 to 13:00."}),
        ({"rules": {"maxAdvanceDays": 366, "slotStepMinutes": 4, "bookingMode": "maybe"}}, {
            "rules.maxAdvanceDays": "Max advance days must be between 1 and 365.",
            "rules.slotStepMinutes": "Slot step minutes must be between 5 and 240.",
            "rules.bookingMode": "Booking mode must be one of approval, instant.",
        }),
        ({"rules": {"minBookingNoticeHours": 48, "maxAdvanceDays": 1}}, {
            "rules.minBookingNoticeHours":
                "Notice must be shorter than the time bookable ahead, or no time would ever be free.",
        }),
        ({"weekly": {"friday": [{"start": "10:00", "end": "12:00"}, {"start": "11:00", "end": "13:00"}]}}, {
            "weekly.friday": "Friday: 10:00 AM – 12:00 PM overlaps 11:00 AM – 1:00 PM.",
        }),
        ({"weekly": {"friday": [{"start": "12:00", "end": "10:00"}]}}, {
            "weekly.friday": "Friday: 12:00 PM – 10:00 AM ends before it starts.",
        }),
    ],
)  # fmt: skip
def test_wrong_fields_are_named(world: World, body: dict[str, Any], wrong: dict[str, str]) -> None:
    assert details(world.own.put(world.url, body, status=400)) == wrong


def test_a_day_off_and_special_hours(world: World) -> None:
    off = world.own.post(f"{world.url}/exceptions", {"date": "2026-12-14", "reason": "Away"}, status=201)["data"]
    assert (off["date"], off["windows"], off["isDayOff"], off["reason"]) == ("2026-12-14", [], True, "Away")
    body = {"date": "2026-12-15", "windows": [{"start": "17:00", "end": "19:00"}]}
    special = world.desk.post(f"{world.url}/exceptions", body, status=201)["data"]
    assert (special["windows"], special["isDayOff"]) == ([{"start": "17:00", "end": "19:00"}], False)
    listed = world.own.get(f"{world.url}/exceptions?limit=1")
    assert [row["_id"] for row in listed["data"]] == [off["_id"]]
    assert listed["pagination"]["total"] == 2
    later = world.own.get(f"{world.url}/exceptions?startDate=2026-12-15&endDate=2026-12-31")["data"]
    assert [row["_id"] for row in later] == [special["_id"]]
    twin = world.own.post(f"{world.url}/exceptions", {"date": "2026-12-14"}, status=409)
    assert (twin["error"]["code"], list(details(twin))) == ("DUPLICATE_ENTRY", ["date"])


def test_a_day_is_changed_in_part_and_keeps_its_id(world: World) -> None:
    made = world.own.post(f"{world.url}/exceptions", {"date": "2026-12-14", "reason": "Away"}, status=201)["data"]
    path = f"{world.url}/exceptions/{made['_id']}"
    changed = world.own.patch(path, {"windows": [{"start": "10:00", "end": "11:00"}]})["data"]
    assert (changed["_id"], changed["date"], changed["reason"]) == (made["_id"], "2026-12-14", "Away")
    moved = world.own.patch(path, {"date": "2026-12-16"})["data"]
    assert (moved["_id"], moved["date"]) == (made["_id"], "2026-12-16")
    assert moved["windows"] == [{"start": "10:00", "end": "11:00"}]
    world.own.post(f"{world.url}/exceptions", {"date": "2026-12-17"}, status=201)
    assert world.own.patch(path, {"date": "2026-12-17"}, status=409)["error"]["code"] == "DUPLICATE_ENTRY"
    assert "again" in world.own.delete(path)["message"]
    assert world.own.delete(path, status=404)
    assert db.session.query(AvailabilityException).count() == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "date"),
        ({"date": "2026-12-08"}, "date"),
        ({"date": "2029-12-08"}, "date"),
        ({"date": "2026-12-14", "windows": [{"start": "12:00", "end": "12:00"}]}, "windows"),
        ({"date": "2026-12-14", "windows": [{"start": "12:00"}]}, "windows.0.end"),
        ({"date": "2026-12-14", "windows": None}, "windows"),
        ({"date": "2026-12-14", "reason": "x" * 121}, "reason"),
    ],
)
def test_wrong_days_are_named(world: World, body: dict[str, Any], field: str) -> None:
    assert list(details(world.own.post(f"{world.url}/exceptions", body, status=400))) == [field]


def test_a_day_that_has_passed_stays(world: World) -> None:
    past = make_exception(world.counsellor, dt.date(2026, 12, 1))
    db.session.commit()
    path = f"{world.url}/exceptions/{past.public_id}"
    assert world.own.delete(path, status=400)["error"]["code"] == "INVALID_STATE"
    assert world.own.patch(path, {"reason": "Other"}, status=400)
    assert db.session.query(AvailabilityException).count() == 1


def test_only_the_counsellor_and_admins_write(world: World) -> None:
    made = world.own.post(f"{world.url}/exceptions", {"date": "2026-12-14"}, status=201)["data"]
    day = f"{world.url}/exceptions/{made['_id']}"
    for method, path, body in (
        ("PUT", world.url, EXAMPLE),
        ("GET", f"{world.url}/exceptions", None),
        ("POST", f"{world.url}/exceptions", {"date": "2026-12-15"}),
        ("PATCH", day, {"reason": "Mine"}),
        ("DELETE", day, None),
    ):
        world.nobody.ask(method, path, body, status=401)
        world.student.ask(method, path, body, status=403)
        world.other.ask(method, path, body, status=404)
    assert world.own.get(f"{world.url}/exceptions")["pagination"]["total"] == 1


def test_a_partner_needs_the_right_to_availability(app: Flask, world: World) -> None:
    reader = Program(app, key=partner_key(world.admin, "availability:read")[1])
    assert reader.get(f"{world.url}/exceptions")["data"] == []
    assert reader.put(world.url, EXAMPLE, status=403)
    assert Program(app, key=partner_key(world.admin, "availability:write")[1]).put(world.url, EXAMPLE)


def test_a_list_costs_the_same_at_any_size(world: World) -> None:
    def fill(first: int, last: int) -> None:
        for day in range(first, last):
            make_exception(world.counsellor, dt.date(2026, 12, 10) + dt.timedelta(days=day))
        db.session.commit()
        db.session.expire_all()

    fill(0, 2)
    with count_queries() as few:
        world.own.get(f"{world.url}/exceptions?limit=100")
    fill(2, 22)
    with count_queries() as many:
        world.own.get(f"{world.url}/exceptions?limit=100")
    assert len(few) == len(many)
