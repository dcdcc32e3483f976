"""`/api/v1/counsellors/…/slots` and the month calendar: free times for programs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.bookings.api_world import HOUR, NOW, TEN, ApiWorld
from tests.factories import make_counsellor, make_enrolment, make_exception, make_service, make_session, make_user
from tests.programs import Program, details
from tests.queries import count_queries
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


@pytest.fixture
def nobody(app: Flask, world: ApiWorld) -> Program:
    return Program(app)


def url(world: ApiWorld, rest: str = "slots?startDate=2026-12-12&endDate=2026-12-12") -> str:
    return f"/counsellors/{world.counsellor.public_id}/{rest}"


def test_a_day_of_free_times(world: ApiWorld, nobody: Program) -> None:
    make_service(world.counsellor, duration=30, price=49_900)
    world.booked(TEN + HOUR)
    answer = nobody.get(url(world))
    assert "pagination" not in answer
    assert [slot["startTime"] for slot in answer["data"]] == ["10:00", "10:30", "11:30", "12:00", "12:30"]
    assert answer["data"][0] == {
        "date": "2026-12-12", "startTime": "10:00", "endTime": "10:30", "startsAt": "2026-12-12T04:30:00.000Z",
        "endsAt": "2026-12-12T05:00:00.000Z", "dayName": "Saturday", "formattedTime": "10:00 AM", "duration": 30,
        "price": 499,
    }  # fmt: skip
    assert answer["data"][-1]["formattedTime"] == "12:30 PM"


def test_length_and_zone_are_what_is_asked_for(world: ApiWorld, nobody: Program) -> None:
    world.counsellor.hourly_rate = 100_000
    db.session.commit()
    long = nobody.get(url(world, "slots?startDate=2026-12-12&endDate=2026-12-12&duration=60"))["data"]
    assert [(slot["startTime"], slot["endTime"], slot["price"]) for slot in long] == [
        ("10:00", "11:00", 1000), ("11:00", "12:00", 1000), ("12:00", "13:00", 1000),
    ]  # fmt: skip
    far = nobody.get(url(world, "slots?startDate=2026-12-11&endDate=2026-12-11&timezone=America/Los_Angeles"))["data"]
    assert [slot["startTime"] for slot in far] == ["20:30", "21:00", "21:30", "22:00", "22:30", "23:00"]
    assert far[0]["startsAt"] == "2026-12-12T04:30:00.000Z"


def test_without_dates_it_is_the_coming_week(world: ApiWorld, nobody: Program) -> None:
    dates = {slot["date"] for slot in nobody.get(url(world, "slots"))["data"]}
    assert dates == {f"2026-12-{day}" for day in range(10, 16)}  # the 9th is within the notice
    assert nobody.get(url(world, "slots?startDate=2020-01-01"))["data"] == []
    assert {slot["date"] for slot in nobody.get(url(world, "slots?endDate=2026-12-10"))["data"]} == {"2026-12-10"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("startDate=2026-12-12&endDate=2027-02-12", "endDate"),  # 63 days
        ("startDate=2026-12-12&endDate=2026-12-11", "endDate"),
        ("startDate=2026-02-30", "startDate"),
        ("startDate=2190-01-01", "startDate"),
        ("duration=20", "duration"),
        ("duration=x", "duration"),
        ("timezone=Nowhere", "timezone"),
        ("date=2026-12-12", "date"),
    ],
)
def test_wrong_parameters_are_named(world: ApiWorld, nobody: Program, query: str, field: str) -> None:
    assert list(details(nobody.get(url(world, f"slots?{query}"), status=400))) == [field]


def test_62_days_are_allowed(world: ApiWorld, nobody: Program) -> None:
    assert len(nobody.get(url(world, "slots?startDate=2026-12-10&endDate=2027-02-09"))["data"]) == 62 * 6


def test_a_students_own_sessions_are_left_out(world: ApiWorld, nobody: Program) -> None:
    make_session(make_enrolment(world.student), make_counsellor(), TEN)
    db.session.commit()
    assert "10:00" not in [slot["startTime"] for slot in world.me.get(url(world))["data"]]
    for other in (nobody, world.staff, world.desk):
        assert "10:00" in [slot["startTime"] for slot in other.get(url(world))["data"]]


def test_nobody_sees_times_of_who_is_not_active(world: ApiWorld, nobody: Program) -> None:
    world.counsellor.is_active = False
    db.session.commit()
    for rest in ("slots", "calendar"):
        assert nobody.get(url(world, rest), status=404)["error"]["code"] == "NOT_FOUND"
    assert nobody.get("/counsellors/counsellor_x/slots", status=404)


def test_all_counsellors_of_a_date_in_one_answer(world: ApiWorld, nobody: Program) -> None:
    make_counsellor(name="Prof. Arjun Rao", windows=[(0, 600, 660)], display_order=5)
    make_counsellor(name="Gone", is_active=False)
    db.session.commit()
    answer = world.me.get("/counsellors/slots?date=2026-12-12")
    assert "pagination" not in answer
    first, second = answer["data"]
    assert (first["counsellorId"], first["name"]) == (world.counsellor.public_id, "Dr. Meera Krishnan")
    assert [slot["startTime"] for slot in first["slots"]][:2] == ["10:00", "10:30"]
    assert (second["name"], second["slots"]) == ("Prof. Arjun Rao", [])
    assert nobody.get("/counsellors/slots?date=2026-12-12", status=401)
    assert world.me.get("/counsellors/slots?date=tomorrow", status=400)
    assert world.me.get("/counsellors/slots?date=2199-12-12", status=400)


def test_51_times_in_ten_seconds_are_too_often(world: ApiWorld) -> None:
    for _ in range(50):
        world.me.get("/counsellors/slots?date=x", status=400)
    refused = world.me.ask("GET", "/counsellors/slots?date=2026-12-12", status=429)
    assert refused.headers["X-RateLimit-Limit"] == "50"


def test_a_month_in_blocks(world: ApiWorld, nobody: Program) -> None:
    world.booked(TEN)
    world.booked(TEN + DAY, SessionStatus.REQUESTED)
    make_exception(world.counsellor, dt.date(2026, 12, 14), reason="Private.")
    db.session.commit()
    data = nobody.get(url(world, "calendar?month=2026-12"))["data"]
    days = data["calendar"]
    assert list(days) == [f"2026-12-{day:02d}" for day in range(1, 32)]
    assert [block["status"] for block in days["2026-12-12"]] == ["booked", *["available"] * 5]
    assert days["2026-12-13"][0]["status"] == "booked"
    assert days["2026-12-14"] == [
        {"startTime": "00:00", "endTime": "24:00", "startsAt": "2026-12-13T18:30:00.000Z",
         "endsAt": "2026-12-14T18:30:00.000Z", "status": "blocked"},
    ]  # fmt: skip
    assert {block["status"] for block in days["2026-12-08"]} == {"blocked"}
    assert "Private" not in str(data)
    assert "Ananya" not in str(data)
    assert len(nobody.get(url(world, "calendar"))["data"]["calendar"]) == 31
    for month in ("2026-13", "2026-1", "december", "2150-01"):
        assert list(details(nobody.get(url(world, f"calendar?month={month}"), status=400))) == ["month"]


def test_a_closed_calendar_offers_nothing(world: ApiWorld, nobody: Program) -> None:
    closed = make_counsellor(calendar=False)
    db.session.commit()
    assert nobody.get(f"/counsellors/{closed.public_id}/slots")["data"] == []
    days = nobody.get(f"/counsellors/{closed.public_id}/calendar?month=2026-12")["data"]["calendar"]
    assert not any(days.values())


def test_why_a_time_is_not_on_offer(world: ApiWorld, nobody: Program) -> None:
    world.booked(TEN)
    world.booked(TEN + HOUR, SessionStatus.HELD, expires_at=NOW + HOUR, debit=False)

    def kinds(at: str, who: Program = world.staff) -> list[str]:
        found = who.get(url(world, f"slots/explain?at={at}"))["data"]
        assert found["isFree"] is not bool(found["blockers"])
        return [one["kind"] for one in found["blockers"]]

    assert kinds("2026-12-12T04:30:00Z") == ["session"]
    assert kinds("2026-12-12T11:00:00%2B05:30", world.desk) == ["hold"]
    assert kinds("2026-12-12T11:30:00+05:30") == []  # the plus came as a space
    assert kinds("2026-12-12T14:00:00Z") == ["window"]
    assert kinds("2026-12-09T05:30:00Z") == ["notice"]
    assert kinds("2027-05-05T05:30:00Z") == ["horizon"]
    path = url(world, "slots/explain?at=2026-12-12T04:30:00Z")
    assert nobody.get(path, status=401)
    student, counsellor = world.outsiders()
    assert student.get(path, status=403)
    assert counsellor.get(path, status=404)
    assert list(details(world.staff.get(url(world, "slots/explain"), status=400))) == ["at"]


def test_lists_cost_the_same_at_any_size(world: ApiWorld) -> None:
    def fill(number: int) -> None:
        for _ in range(number):
            one = make_counsellor()
            make_service(one)
            make_session(make_enrolment(make_user()), one, TEN)
        db.session.commit()
        db.session.expire_all()

    fill(2)
    with count_queries() as few:
        world.me.get("/counsellors/slots?date=2026-12-12")
    fill(10)
    with count_queries() as many:
        assert len(world.me.get("/counsellors/slots?date=2026-12-12")["data"]) == 13
    assert len(few) == len(many)
    with count_queries() as day:
        world.me.get(url(world))
    with count_queries() as days:
        world.me.get(url(world, "slots?startDate=2026-12-10&endDate=2027-02-09"))
    assert len(day) == len(days)
