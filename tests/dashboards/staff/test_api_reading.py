"""`/api/v1/counsellors`: who may be booked, for everybody; sessions and money in numbers for the counsellor."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_package,
    make_review,
    make_service,
    make_session,
    make_user,
)
from tests.programs import Program, details, partner_key
from tests.queries import count_queries
from webapp.accounts.models import Role
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.counsellors.models import Counsellor
from webapp.payments.services.earnings import post_earning

URL = "/counsellors"
DAY = dt.timedelta(days=1)
TEN = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def nobody(app: Flask, frozen: None) -> Program:
    return Program(app)


@pytest.fixture
def desk(app: Flask, frozen: None) -> Program:
    return Program(app, make_user(role=Role.ADMIN))


@pytest.fixture
def meera(frozen: None) -> Counsellor:
    counsellor = make_counsellor(
        name="Dr. Meera Krishnan", phone="+919830012345", hourly_rate=150_000, experience=12, display_order=1,
        bio="Long.", short_bio="Short.", social_links={"linkedin": "https://linkedin.com/in/meera"}, location="Kolkata",
        qualifications=["PhD"], windows=[(5, 600, 660)], review_count=3, is_featured=True, students_guided=40,
    )  # fmt: skip
    make_service(counsellor, title="Check", duration=45, price=99_900)
    make_service(counsellor, title="Old", is_active=False)
    db.session.commit()
    return counsellor


def names(answer: Any) -> list[str]:
    return [row["name"] for row in answer["data"]]


def test_a_profile_as_everybody_sees_it(nobody: Program, meera: Counsellor) -> None:
    found = nobody.get(f"{URL}/{meera.public_id}")["data"]
    service = found.pop("services")
    assert [(one["title"], one["duration"], one["price"]) for one in service] == [("Check", 45, 999)]
    assert service[0]["_id"].startswith("service_")
    assert found.pop("createdAt").endswith("Z")
    assert found.pop("updatedAt").endswith("Z")
    week = found.pop("availability")
    assert week["saturday"] == [{"start": "10:00", "end": "11:00"}]
    assert week["monday"] == []
    assert found == {
        "_id": meera.public_id, "name": "Dr. Meera Krishnan", "title": "JEE and JoSAA counsellor", "image": None,
        "bio": "Long.", "shortBio": "Short.", "qualifications": ["PhD"], "certifications": [],
        "specializations": ["Choice lists"], "examTypes": ["jee", "neet"], "experience": 12, "studentsGuided": 40,
        "rating": 4.5, "totalReviews": 3, "languages": ["English", "Hindi"], "location": "Kolkata", "hourlyRate": 1500,
        "socialLinks": {"linkedin": "https://linkedin.com/in/meera", "twitter": None}, "timezone": "Asia/Kolkata",
        "isActive": True, "isFeatured": True, "displayOrder": 1, "nextAvailableSlot": "2026-12-12T04:30:00.000Z",
    }  # fmt: skip


def test_mail_and_phone_are_for_admins_and_the_counsellor(
    app: Flask, nobody: Program, desk: Program, meera: Counsellor
) -> None:
    path = f"{URL}/{meera.public_id}"
    for who in (nobody, Program(app, make_user()), Program(app, make_counsellor().user)):
        assert not {"email", "phone"} & set(who.get(path)["data"])
        assert not any({"email", "phone"} & set(row) for row in who.get(URL)["data"] if row["_id"] == meera.public_id)
    for who in (desk, Program(app, meera.user)):
        seen = who.get(path)["data"]
        assert (seen["email"], seen["phone"]) == (meera.email, "+919830012345")
        assert len(seen["services"]) == 2
    assert {"email", "phone"} <= set(desk.get(URL)["data"][0])


def test_who_is_not_active_is_for_admins_and_the_own(
    app: Flask, nobody: Program, desk: Program, meera: Counsellor
) -> None:
    meera.is_active = False
    db.session.commit()
    path = f"{URL}/{meera.public_id}"
    assert nobody.get(path, status=404)["error"]["code"] == "NOT_FOUND"
    assert names(nobody.get(URL)) == names(nobody.get(f"{URL}?isActive=false")) == []
    assert names(desk.get(f"{URL}?isActive=false")) == names(desk.get(URL)) == ["Dr. Meera Krishnan"]
    assert desk.get(path)["data"]["nextAvailableSlot"] is None
    assert Program(app, meera.user).get(path)["data"]["isActive"] is False


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", ["A", "B", "C"]),
        ("examType=wbjee", ["B"]),
        ("specialization=CHOICE lists", ["A", "C"]),
        ("language=bengali", ["B"]),
        ("minRating=4.5", ["A", "C"]),
        ("maxPrice=1000", ["B", "C"]),
        ("maxPrice=999.99", ["C"]),
        ("search=abroad", ["C"]),
        ("isFeatured=true", ["A"]),
        ("isActive=true&isFeatured=false", ["B", "C"]),
        ("available=true", ["A", "B"]),
        ("available=false", ["C"]),
        ("sort=-rating", ["A", "C", "B"]),
        ("sort=hourlyRate", ["C", "B", "A"]),
        ("sort=-name&limit=2", ["C", "B"]),
        ("sort=nextAvailableSlot", ["B", "A", "C"]),
        ("available=true&sort=-displayOrder&limit=1&page=2", ["A"]),
    ],
)
def test_the_list_is_filtered_sorted_and_cut(nobody: Program, query: str, wanted: list[str]) -> None:
    one: dict[str, Any] = {"display_order": 1, "hourly_rate": 200_000, "is_featured": True, "rating": Decimal("4.9")}
    two: dict[str, Any] = {"display_order": 2, "hourly_rate": 100_000, "rating": Decimal("3"), "exam_types": ["wbjee"]}
    make_counsellor(name="A", windows=[(5, 600, 660)], **one)
    make_counsellor(name="B", windows=[(3, 700, 760)], languages=["Bengali"], specializations=["Rank"], **two)
    make_counsellor(name="C", calendar=False, display_order=3, rating=Decimal("4.5"), short_bio="Studies abroad")
    db.session.commit()
    found = nobody.get(f"{URL}?{query}")
    assert names(found) == wanted


def test_wrong_filters_are_answered_with_the_right_ones(nobody: Program) -> None:
    wrong = details(nobody.get(f"{URL}?minRating=6&examType=gate&available=yes&sort=price&color=1", status=400))
    assert set(wrong) == {"minRating", "examType", "available", "sort", "color"}
    assert "nextAvailableSlot" in wrong["sort"]
    assert "jee, neet, wbjee" in wrong["examType"]


def test_the_list_costs_the_same_at_any_size(nobody: Program) -> None:
    def fill(number: int) -> None:
        for _ in range(number):
            make_service(make_counsellor())
        db.session.commit()
        db.session.expire_all()

    for query in ("limit=100", "limit=100&sort=nextAvailableSlot"):
        fill(2)
        with count_queries() as few:
            nobody.get(f"{URL}?{query}")
        fill(10)
        with count_queries() as many:
            nobody.get(f"{URL}?{query}")
        assert len(few) == len(many)


def _work(meera: Counsellor) -> None:
    student = make_user()
    bought = make_enrolment(student, make_package(name="JEE Complete", max_sessions=4), amount_paid=400_000)
    done = make_session(bought, meera, NOW - DAY, status=SessionStatus.COMPLETED)
    long_ago = make_session(bought, meera, NOW - 40 * DAY, status=SessionStatus.COMPLETED)
    make_session(bought, meera, NOW - 2 * DAY, status=SessionStatus.NO_SHOW)
    make_session(bought, meera, TEN)
    make_review(done)
    for session in (done, long_ago):
        with transaction():
            post_earning(session.id, now=NOW)


def test_sessions_in_numbers(app: Flask, desk: Program, meera: Counsellor) -> None:
    _work(meera)
    for who in (desk, Program(app, meera.user)):
        assert who.get(f"{URL}/{meera.public_id}/stats")["data"] == {
            "total": 4, "past": 3, "upcoming": 1, "thisMonth": 3, "confirmed": 1, "completed": 2, "cancelled": 0,
            "noShow": 1, "averageRating": 4.5, "totalRatings": 3, "totalMinutesConducted": 60,
            "thisMonthStats": {"consultations": 1, "minutes": 30, "uniqueStudents": 1},
            "recentActivity": {"last7Days": 1, "last30Days": 1, "last90Days": 2},
        }  # fmt: skip


def test_earnings_of_a_period(app: Flask, desk: Program, meera: Counsellor) -> None:
    _work(meera)
    path = f"{URL}/{meera.public_id}/earnings"
    assert Program(app, meera.user).get(path)["data"] == {
        "startDate": "2026-12-01", "endDate": "2026-12-31", "totalEarnings": 700, "totalBookings": 3,
        "completedSessions": 1, "pendingPayouts": 1400, "averageSessionValue": 700,
        "byService": [{"title": "JEE Complete", "earnings": 700, "bookings": 3}],
        "dailyEarnings": [
            {"date": "2026-12-07", "earnings": 0, "bookings": 1},
            {"date": "2026-12-08", "earnings": 700, "bookings": 1},
            {"date": "2026-12-12", "earnings": 0, "bookings": 1},
        ],
    }  # fmt: skip
    assert desk.get(f"{path}?period=year")["data"]["totalEarnings"] == 1400
    week = desk.get(f"{path}?period=week")["data"]
    assert (week["startDate"], week["endDate"], week["totalEarnings"]) == ("2026-12-07", "2026-12-13", 700)
    assert desk.get(f"{path}?startDate=2026-10-01&endDate=2026-10-31")["data"]["completedSessions"] == 1
    none = desk.get(f"{path}?startDate=2025-10-01&endDate=2025-10-31")["data"]
    assert (none["totalEarnings"], none["averageSessionValue"], none["dailyEarnings"]) == (0, 0, [])


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("period=day", "period"),
        ("period=week&startDate=2026-12-01", "period"),
        ("startDate=2026-12-31&endDate=2026-12-01", "endDate"),
        ("startDate=2025-01-01&endDate=2026-12-01", "endDate"),
        ("endDate=soon", "endDate"),
    ],
)
def test_a_wrong_period_is_named(desk: Program, meera: Counsellor, query: str, field: str) -> None:
    assert list(details(desk.get(f"{URL}/{meera.public_id}/earnings?{query}", status=400))) == [field]


def test_numbers_are_for_the_counsellor_and_admins(app: Flask, nobody: Program, meera: Counsellor) -> None:
    for what in ("stats", "earnings"):
        path = f"{URL}/{meera.public_id}/{what}"
        nobody.get(path, status=401)
        Program(app, make_user()).get(path, status=403)
        assert Program(app, make_counsellor().user).get(path, status=404)["error"]["code"] == "NOT_FOUND"


def test_a_partner_reads_counsellors(app: Flask, meera: Counsellor) -> None:
    admin = make_user(role=Role.ADMIN)
    assert names(Program(app, key=partner_key(admin, "counsellors:read")[1]).get(URL)) == ["Dr. Meera Krishnan"]
    assert Program(app, key=partner_key(admin, "packages:read")[1]).get(URL, status=403)
