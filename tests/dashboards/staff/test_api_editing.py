"""`/api/v1/counsellors`: made, changed, deactivated, rated and removed."""

from __future__ import annotations

import base64
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from flask import Flask
from PIL import Image
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
from tests.programs import Program, details
from webapp.accounts.models import Role, User
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db
from webapp.core.pictures import MOST_BYTES
from webapp.counsellors.models import Counsellor, Service
from webapp.dashboards.staff.api.editing import EXAMPLE
from webapp.notifications.models import OutboxMail

URL = "/counsellors"
TEN = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def desk(app: Flask, frozen: None) -> Program:
    return Program(app, make_user(role=Role.ADMIN))


@pytest.fixture
def nobody(app: Flask, frozen: None) -> Program:
    return Program(app)


def picture(kind: str = "PNG", side: int = 200) -> str:
    file = io.BytesIO()
    Image.new("RGB", (side, side), "teal").save(file, kind)
    return f"data:image/{kind.lower()};base64,{base64.b64encode(file.getvalue()).decode()}"


def row(counsellor_id: str) -> Counsellor:
    return db.session.query(Counsellor).filter_by(public_id=counsellor_id).one()


def test_a_counsellor_is_made_whole(desk: Program, nobody: Program) -> None:
    made = desk.post(URL, {**EXAMPLE, "rating": 4.8, "totalReviews": 12, "displayOrder": 3}, status=201)["data"]
    assert (made["email"], made["phone"]) == ("kavita.rao@example.com", "+919830012345")
    assert (made["rating"], made["totalReviews"], made["hourlyRate"], made["displayOrder"]) == (4.8, 12, 1500, 3)
    assert made["availability"]["monday"] == [{"start": "10:00", "end": "13:00"}]
    assert made["availability"]["friday"] == [{"start": "16:00", "end": "19:00"}]
    assert [(one["title"], one["price"]) for one in made["services"]] == [("Choice list check", 999)]
    assert made["socialLinks"] == {"linkedin": "https://linkedin.com/in/kavitarao", "twitter": None}
    assert made["nextAvailableSlot"] == "2026-12-11T10:30:00.000Z"
    assert nobody.get(f"{URL}/{made['_id']}")["data"]["name"] == "Dr. Kavita Rao"
    login = row(made["_id"]).user
    assert login is not None
    assert (login.role, login.email) == (Role.COUNSELLOR, "kavita.rao@example.com")
    assert [mail.recipient for mail in db.session.query(OutboxMail)] == ["kavita.rao@example.com"]


def test_name_title_and_mail_are_enough(desk: Program) -> None:
    body = {"name": "Prof. Arjun Rao", "title": "JEE", "email": "arjun@example.com", "isActive": False}
    made = desk.post(URL, body, status=201)["data"]
    assert (made["isActive"], made["services"], made["timezone"]) == (False, [], "Asia/Kolkata")
    assert desk.patch(f"{URL}/{made['_id']}/reactivate")["data"]["isActive"] is True


def test_every_wrong_field_is_named_at_once(desk: Program) -> None:
    body: dict[str, Any] = {
        "title": " ",
        "email": "x",
        "experience": -1,
        "examTypes": ["gate"],
        "hourlyRate": 10.555,
        "services": [{"title": "Check", "duration": 20, "price": 0}],
        "availability": {"monday": [{"start": "10:00", "end": "26:00"}]},
        "imageBase64": "data:text/html;base64,AAAA",
        "timezone": "Nowhere",
        "age": 40,
    }
    wrong = details(desk.post(URL, body, status=400))
    assert set(wrong) == {
        "name", "title", "experience", "examTypes.0", "hourlyRate", "services.0.duration", "services.0.price",
        "availability.monday.0.end", "imageBase64", "timezone", "age",
    }  # fmt: skip
    assert wrong["age"] == "Age is not a field here."


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"email": "not a mail"}, "email"),
        ({"phone": "12"}, "phone"),
        ({"socialLinks": {"linkedin": "https://example.com/me"}}, "socialLinks.linkedin"),
        ({"availability": {"monday": [{"start": "10:00", "end": "09:00"}]}}, "availability.monday"),
        ({"rating": 5.1}, "rating"),
        ({"imageBase64": "data:image/png;base64,AAAA"}, "imageBase64"),
        ({"imageBase64": "data:image/png;base64,@@@@"}, "imageBase64"),
    ],
)
def test_the_rules_speak_at_their_field(desk: Program, change: dict[str, Any], field: str) -> None:
    assert list(details(desk.post(URL, {**EXAMPLE, **change}, status=400))) == [field]
    assert db.session.query(Counsellor).count() == 0
    assert db.session.query(User).filter_by(role=Role.COUNSELLOR).count() == 0


def test_an_address_is_given_once(desk: Program) -> None:
    desk.post(URL, EXAMPLE, status=201)
    twice = desk.post(URL, EXAMPLE, status=409)
    assert (twice["error"]["code"], list(details(twice))) == ("DUPLICATE_ENTRY", ["email"])
    student = make_user()
    db.session.commit()
    assert "student" in details(desk.post(URL, {**EXAMPLE, "email": student.email}, status=400))["email"]


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_photo_is_written_anew(desk: Program, nobody: Program, kind: str) -> None:
    made = desk.post(URL, {**EXAMPLE, "imageBase64": picture(kind)}, status=201)["data"]
    assert made["image"].startswith("http://localhost/media/")
    served = nobody.client.get(made["image"].removeprefix("http://localhost"))
    assert (served.status_code, served.mimetype) == (200, "image/webp")
    assert desk.patch(f"{URL}/{made['_id']}", {"imageBase64": None})["data"]["image"] is None


def test_a_photo_of_more_than_5_mb_is_refused(desk: Program) -> None:
    large = base64.b64encode(b"x" * (MOST_BYTES + 1)).decode()
    wrong = desk.post(URL, {**EXAMPLE, "imageBase64": f"data:image/png;base64,{large}"}, status=400)
    assert "5 MB" in details(wrong)["imageBase64"]
    more = "x" * (8 * 1024 * 1024)
    assert desk.post(URL, {**EXAMPLE, "bio": more}, status=413)["error"]["code"] == "PAYLOAD_TOO_LARGE"


def test_a_change_touches_what_is_given(desk: Program) -> None:
    made = desk.post(URL, EXAMPLE, status=201)["data"]
    path = f"{URL}/{made['_id']}"
    changed = desk.patch(path, {"title": "NEET", "socialLinks": {"twitter": "https://x.com/kavita"}, "rating": 4})
    assert changed["data"] == {
        **made,
        "title": "NEET",
        "rating": 4.0,
        "socialLinks": {"linkedin": "https://linkedin.com/in/kavitarao", "twitter": "https://x.com/kavita"},
        "updatedAt": changed["data"]["updatedAt"],
    }
    assert desk.patch(path, {"phone": None})["data"]["phone"] is None
    assert (
        desk.patch(path, {"availability": {"sunday": {"start": "10:00", "end": "11:00"}}})["data"]["availability"][
            "monday"
        ]
        == []
    )
    assert list(details(desk.patch(path, {"name": ""}, status=400))) == ["name"]
    assert list(details(desk.patch(path, {"isActive": False}, status=400))) == ["isActive"]
    assert desk.patch(path, {"isActive": True})["data"]["isActive"] is True
    assert desk.patch(f"{URL}/counsellor_nobody", {"name": "X", "imageBase64": picture()}, status=404)


def test_single_sessions_are_a_list(desk: Program, nobody: Program) -> None:
    counsellor = make_counsellor()
    kept, gone = make_service(counsellor, title="Kept"), make_service(counsellor, title="Gone")
    foreign = make_service(make_counsellor())
    db.session.commit()
    path = f"{URL}/{counsellor.public_id}"
    body = {
        "services": [
            {"_id": kept.public_id, "title": "Better", "duration": 60, "price": 1200},
            {"title": "New", "duration": 30, "price": 500},
        ]
    }
    desk.patch(path, body)
    assert [one["title"] for one in nobody.get(path)["data"]["services"]] == ["Better", "New"]
    assert db.session.get(Service, gone.id) is not None
    foreign_one = {"_id": foreign.public_id, "title": "X", "duration": 30, "price": 1}
    assert desk.patch(path, {"services": [foreign_one]}, status=404)


def test_a_counsellor_writes_the_own_profile(app: Flask, nobody: Program) -> None:
    counsellor = make_counsellor(name="Dr. Meera Krishnan")
    db.session.commit()
    own = Program(app, counsellor.user)
    body = {"shortBio": "Short.", "phone": "+919830012345", "timezone": "Asia/Dubai", "imageBase64": picture()}
    changed = own.patch(f"{URL}/me", body)["data"]
    assert (changed["shortBio"], changed["phone"], changed["timezone"]) == ("Short.", "+919830012345", "Asia/Dubai")
    assert changed["image"]
    assert nobody.get(f"{URL}/{counsellor.public_id}")["data"]["shortBio"] == "Short."
    for name in ("email", "hourlyRate", "rating", "isActive", "services"):
        assert details(own.patch(f"{URL}/me", {name: 1}, status=400)) == {
            name: details(own.patch(f"{URL}/me", {name: 1}, status=400))[name]
        }
    bare = Program(app, make_user(role=Role.COUNSELLOR))
    assert bare.patch(f"{URL}/me", {}, status=404)


def test_only_admins_write(app: Flask) -> None:
    counsellor = make_counsellor()
    db.session.commit()
    path = f"{URL}/{counsellor.public_id}"
    calls: list[tuple[str, str, dict[str, Any] | None]] = [
        ("POST", URL, {}), ("PATCH", path, {}), ("DELETE", path, None), ("PATCH", f"{path}/rating", {}),
        ("PATCH", f"{path}/deactivate", {}), ("PATCH", f"{path}/reactivate", None),
    ]  # fmt: skip
    for who, status in ((None, 401), (make_user(), 403), (counsellor.user, 403)):
        program = Program(app, who)
        for method, where, body in calls:
            program.ask(method, where, body, status=status)
    Program(app).patch(f"{URL}/me", {}, status=401)
    Program(app, make_user()).patch(f"{URL}/me", {}, status=403)
    Program(app, make_user(role=Role.ADMIN)).patch(f"{URL}/me", {}, status=403)


def test_a_rating_is_a_balance_that_reviews_add_to(desk: Program) -> None:
    counsellor = make_counsellor(rating=Decimal(0))
    session = make_session(make_enrolment(make_user()), counsellor, TEN, status=SessionStatus.COMPLETED)
    db.session.commit()
    path = f"{URL}/{counsellor.public_id}/rating"
    assert desk.patch(path, {"newRating": 4.6})["data"]["rating"] == 4.6
    review = make_review(session, rating=3)
    db.session.commit()
    after = desk.patch(path, {"newRating": 4, "reviewId": review.public_id})["data"]
    assert (after["rating"], after["totalReviews"]) == (3.0, 1)
    assert list(details(desk.patch(path, {"newRating": 6}, status=400))) == ["newRating"]
    foreign = make_review(
        make_session(make_enrolment(make_user()), make_counsellor(), TEN, status=SessionStatus.COMPLETED)
    )
    db.session.commit()
    assert desk.patch(path, {"newRating": 4, "reviewId": foreign.public_id}, status=404)


def test_deactivating_frees_sessions_and_ends_the_login(app: Flask, desk: Program, nobody: Program) -> None:
    counsellor = make_counsellor()
    student = make_user()
    enrolment = make_enrolment(student, make_package())
    session = make_session(enrolment, counsellor, TEN)
    request = make_session(enrolment, counsellor, TEN + dt.timedelta(hours=1), status=SessionStatus.REQUESTED)
    db.session.commit()
    own, path = Program(app, counsellor.user), f"{URL}/{counsellor.public_id}"
    assert list(details(desk.patch(f"{path}/deactivate", {}, status=400))) == ["reason"]
    assert desk.patch(f"{path}/deactivate", {"reason": "Moves abroad."})["data"]["isActive"] is False
    assert nobody.get(path, status=404)
    assert own.get("/auth/me", status=403)["error"]["code"] == "ACCOUNT_DISABLED"
    for one, status in ((session, SessionStatus.CANCELLED), (request, SessionStatus.DECLINED)):
        db.session.refresh(one)
        assert one.status is status
        assert one.reason.startswith("Your counsellor does not")
    db.session.refresh(enrolment)
    assert enrolment.sessions_used == 0
    again = desk.patch(f"{path}/deactivate", {"reason": "Twice."}, status=400)
    assert again["error"]["code"] == "INVALID_STATE"
    assert desk.patch(f"{path}/reactivate")["data"]["isActive"] is True
    assert own.get("/auth/me", status=401)  # signed in anew, as after a password change
    assert desk.patch(f"{path}/reactivate", status=400)["error"]["code"] == "INVALID_STATE"


def test_who_has_no_history_is_deleted(app: Flask, desk: Program) -> None:
    made = desk.post(URL, {**EXAMPLE, "imageBase64": picture()}, status=201)["data"]
    package = make_package(counsellors=[row(made["_id"])])
    db.session.commit()
    assert desk.delete(f"{URL}/{made['_id']}")["message"] == "The counsellor is deleted."
    assert desk.get(f"{URL}/{made['_id']}", status=404)
    assert desk.delete(f"{URL}/{made['_id']}", status=404)
    db.session.refresh(package)
    assert package.counsellors == []
    login = db.session.query(User).filter_by(email="kavita.rao@example.com").one()
    assert login.active is False


def test_who_has_a_history_stays_out_of_sight(desk: Program, nobody: Program) -> None:
    counsellor, sold = make_counsellor(), make_counsellor()
    make_session(make_enrolment(make_user()), counsellor, NOW - dt.timedelta(days=2), status=SessionStatus.COMPLETED)
    make_enrolment(make_user(), package_id=None, service_id=make_service(sold).id)
    db.session.commit()
    for one in (counsellor, sold):
        path = f"{URL}/{one.public_id}"
        assert "deactivated" in desk.delete(path)["message"]
        assert nobody.get(path, status=404)
        assert desk.get(path)["data"]["isActive"] is False


def test_nobody_is_deleted_with_sessions_ahead(desk: Program) -> None:
    counsellor = make_counsellor()
    make_session(make_enrolment(make_user()), counsellor, TEN)
    db.session.commit()
    refused = desk.delete(f"{URL}/{counsellor.public_id}", status=409)
    assert refused["error"]["code"] == "CONFLICT"
    assert row(counsellor.public_id).is_active
