"""`/api/v1/counselling-packages`: the catalogue for programs, and the admin's hand on it."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_enrolment, make_package, make_user
from tests.programs import Program, details, partner_key
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.core.db import db
from webapp.packages.api import EXAMPLE
from webapp.packages.models import ExamType, Package

URL = "/counselling-packages"


@pytest.fixture
def admin(db_session: Session) -> User:
    return make_user(role=Role.ADMIN)


@pytest.fixture
def desk(app: Flask, admin: User) -> Program:
    return Program(app, admin)


@pytest.fixture
def nobody(app: Flask, db_session: Session) -> Program:
    return Program(app)


def test_visitors_see_what_is_on_sale_admins_the_rest_too(nobody: Program, desk: Program) -> None:
    shown = make_package(name="Shown", display_order=1)
    make_package(name="Hidden", is_active=False, display_order=2)
    make_package(name="Archived", is_active=False, is_archived=True)
    answer = nobody.get(URL)
    assert [row["name"] for row in answer["data"]] == ["Shown"]
    assert answer["data"][0]["_id"] == shown.public_id
    assert answer["pagination"] == {
        "total": 1, "page": 1, "limit": 20, "totalPages": 1, "hasNext": False, "hasPrev": False,
    }  # fmt: skip
    assert [row["name"] for row in desk.get(URL)["data"]] == ["Shown", "Hidden"]
    assert [row["name"] for row in desk.get(f"{URL}?isActive=false")["data"]] == ["Hidden"]


def test_a_list_is_filtered_sorted_and_cut(nobody: Program) -> None:
    for number, exam in enumerate([ExamType.JEE, ExamType.NEET, ExamType.JEE], 1):
        make_package(name=f"P{number}", exam_type=exam, price=number * 100_000, display_order=number)
    assert [row["name"] for row in nobody.get(f"{URL}?examType=jee&sort=-price")["data"]] == ["P3", "P1"]
    second = nobody.get(f"{URL}?limit=2&page=2")
    assert [row["name"] for row in second["data"]] == ["P3"]
    assert (second["pagination"]["hasNext"], second["pagination"]["hasPrev"]) == (False, True)


def test_a_wrong_parameter_is_answered_with_the_right_ones(nobody: Program) -> None:
    wrong = details(nobody.get(f"{URL}?page=0&limit=101&sort=colour&exam=jee", status=400))
    assert wrong["page"] == "Page must be between 1 and 100000."
    assert wrong["limit"] == "Limit must be between 1 and 100."
    assert "displayOrder, -displayOrder" in wrong["sort"]
    assert "Allowed: examType, isActive, isFeatured, limit, page, sort." in wrong["exam"]


def test_one_package_by_id_and_by_slug_has_its_counsellors(nobody: Program) -> None:
    counsellor = make_counsellor(name="Dr. Meera Krishnan")
    package = make_package(slug="jee-complete", counsellors=[counsellor], discount_price=1_499_900, price=1_999_900)
    for path in (f"/{package.public_id}", "/slug/jee-complete"):
        found = nobody.get(URL + path)["data"]
        assert found["counsellors"][0]["name"] == "Dr. Meera Krishnan"
        assert found["counsellorIds"] == [counsellor.public_id]
        assert (found["price"], found["discountPrice"], found["discountPercentage"]) == (19999, 14999, 25.0)


def test_one_thing_has_an_etag(nobody: Program) -> None:
    package = make_package()
    first = nobody.ask("GET", f"{URL}/{package.public_id}", status=200)
    again = nobody.ask("GET", f"{URL}/{package.public_id}", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_what_is_hidden_is_not_there_for_visitors(nobody: Program, desk: Program) -> None:
    package = make_package(is_active=False)
    assert nobody.get(f"{URL}/{package.public_id}", status=404)["error"]["code"] == "NOT_FOUND"
    assert nobody.get(f"{URL}/slug/{package.slug}", status=404)
    assert desk.get(f"{URL}/{package.public_id}")["data"]["isActive"] is False


def test_fixed_words_go_before_ids(desk: Program) -> None:
    package = make_package(slug="reorder")
    assert desk.get(f"{URL}/slug/reorder")["data"]["_id"] == package.public_id
    assert desk.patch(f"{URL}/reorder", {"packages": [{"id": package.public_id, "displayOrder": 7}]})
    assert package.display_order == 7


def test_a_package_is_made_as_the_document_says(desk: Program) -> None:
    made = desk.post(URL, EXAMPLE, status=201)["data"]
    assert made["slug"] == "jee-complete"
    assert {name: made[name] for name in ("price", "sessionDuration", "highlights")} == {
        "price": 19999,
        "sessionDuration": 45,
        "highlights": ["JoSAA and CSAB"],
    }
    assert made["currency"] == "INR"
    assert made["createdAt"].endswith("Z")


def test_every_wrong_field_is_named_at_once(desk: Program) -> None:
    body = {"price": -5, "validityDays": 0, "sessionDuration": 31, "isActive": "yes", "colour": 1, "features": [{}]}
    wrong = details(desk.post(URL, body, status=400))
    assert wrong == {
        "name": "Name is required.",
        "examType": "Exam type is required.",
        "price": "Price must be a positive number.",
        "validityDays": "Validity days must be between 1 and 3650.",
        "sessionDuration": "Session duration must be 30, 45, 60 or 90.",
        "isActive": "Is active must be true or false.",
        "features.0.title": "Title is required.",
        "colour": "Colour is not a field here.",
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"discountPrice": 20000}, "discountPrice"),
        ({"discountPercentage": 50}, "discountPercentage"),
        ({"slug": "Not A Slug"}, "slug"),
        ({"counsellorIds": ["counsellor_nobody"]}, "counsellorIds"),
        ({"currency": "USD"}, "currency"),
        ({"price": 10.555}, "price"),
    ],
)
def test_the_rules_speak_at_their_field(desk: Program, change: dict[str, Any], field: str) -> None:
    assert field in details(desk.post(URL, {**EXAMPLE, **change}, status=400))


def test_a_slug_is_given_once(desk: Program) -> None:
    desk.post(URL, {**EXAMPLE, "slug": "mine"}, status=201)
    twice = desk.post(URL, {**EXAMPLE, "slug": "mine"}, status=409)
    assert (twice["error"]["code"], list(details(twice))) == ("DUPLICATE_ENTRY", ["slug"])


def test_a_change_touches_what_is_given(desk: Program) -> None:
    package = make_package(price=2_000_000, discount_price=1_500_000)
    changed = desk.patch(f"{URL}/{package.public_id}", {"discountPercentage": 10})["data"]
    assert (changed["price"], changed["discountPrice"]) == (20000, 18000)
    assert desk.patch(f"{URL}/{package.public_id}", {"discountPrice": None})["data"]["discountPrice"] is None
    assert desk.patch(f"{URL}/{package.public_id}", {"name": " "}, status=400)


def test_deleting_keeps_what_was_bought(desk: Program, nobody: Program) -> None:
    free, bought = make_package(), make_package()
    make_enrolment(make_user(), package=bought)
    gone, bought_id = free.public_id, bought.public_id
    assert "deleted" in desk.delete(f"{URL}/{gone}")["message"]
    assert "archived" in desk.delete(f"{URL}/{bought_id}")["message"]
    assert nobody.get(f"{URL}/{bought_id}", status=404)
    assert desk.get(f"{URL}/{gone}", status=404)
    assert db.session.query(Package).filter_by(public_id=bought_id).one().is_archived


@pytest.mark.parametrize("who", ["student", "counsellor", None])
def test_only_admins_write(app: Flask, db_session: Session, who: str | None) -> None:
    package = make_package()
    db_session.commit()
    program = Program(app, make_user(role=who) if who else None)
    wanted = 403 if who else 401
    for method, path in (("POST", ""), ("PATCH", f"/{package.public_id}"), ("DELETE", "/x"), ("PATCH", "/reorder")):
        assert program.ask(method, URL + path, {} if method != "DELETE" else None).status_code == wanted, (method, path)


def test_a_partner_reads_with_the_right_to_read(app: Flask, admin: User) -> None:
    make_package(is_active=False)
    reader = Program(app, key=partner_key(admin, "packages:read")[1])
    assert len(reader.get(URL)["data"]) == 1  # a key sees what its maker sees
    assert reader.post(URL, EXAMPLE, status=403)["error"]["message"] == "This key has no right to packages:write."
    writer = Program(app, key=partner_key(admin, "packages:write")[1])
    assert writer.post(URL, EXAMPLE, status=201)
    other = Program(app, key=partner_key(admin, "reviews:write")[1])
    assert other.get(URL, status=403)


def test_the_same_key_makes_one_package(desk: Program) -> None:
    headers = {"Idempotency-Key": "one"}
    first = desk.ask("POST", URL, EXAMPLE, headers=headers, status=201)
    again = desk.ask("POST", URL, EXAMPLE, headers=headers, status=201)
    assert first.json == again.json
    assert again.headers["Idempotency-Replayed"] == "true"
    assert db.session.query(Package).count() == 1
    assert desk.post(URL, {**EXAMPLE, "price": 1}, headers=headers, status=409)["error"]["code"] == "CONFLICT"


def test_a_list_costs_the_same_at_any_size(app: Flask, nobody: Program) -> None:
    def fill(number: int) -> None:
        for _ in range(number):
            make_package(counsellors=[make_counsellor()])
        db.session.commit()
        db.session.expire_all()

    fill(2)
    with count_queries() as few:
        nobody.get(f"{URL}?limit=100")
    fill(20)
    with count_queries() as many:
        nobody.get(f"{URL}?limit=100")
    assert len(few) == len(many)
