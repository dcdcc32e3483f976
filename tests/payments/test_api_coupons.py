"""`/api/v1/coupons`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.factories import NOW, make_package, make_user
from tests.payments.world import DAY, Shop, make_coupon, place
from tests.programs import Program, details, partner_key
from tests.queries import count_queries
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.core.db import db
from webapp.payments.api_coupons import EXAMPLE
from webapp.payments.models import Coupon

URL = "/coupons"


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def desk(app: Flask, shop: Shop) -> Program:
    return Program(app, shop.admin)


def body_of(shop: Shop, **changes: Any) -> dict[str, Any]:
    return {**EXAMPLE, "packageIds": [shop.package.public_id], **changes}


def test_a_coupon_is_made_as_the_document_says(desk: Program, shop: Shop) -> None:
    made = desk.post(URL, body_of(shop))["data"]
    assert {name: made[name] for name in EXAMPLE} == body_of(shop)
    assert (made["validFrom"], made["usedCount"], made["isActive"]) == ("2026-12-09T04:00:00.000Z", 0, True)
    assert desk.get(f"{URL}/{made['_id']}")["data"] == made
    twice = desk.post(URL, body_of(shop, code="monsoon15"), status=409)
    assert (twice["error"]["code"], list(details(twice))) == ("DUPLICATE_ENTRY", ["code"])


def test_a_fixed_one_is_in_rupees(desk: Program) -> None:
    made = desk.post(URL, {"code": "flat", "discountType": "fixed", "discountValue": 1500.5})["data"]
    assert (made["code"], made["discountValue"], made["packageIds"]) == ("FLAT", 1500.5, [])
    assert db.session.scalars(select(Coupon.discount_value)).one() == 150_050


def test_every_wrong_field_is_named(desk: Program, shop: Shop) -> None:
    wrong = {"code": 5, "discountType": "gift", "discountValue": 0, "usageLimit": 0, "colour": "red"}
    assert set(details(desk.post(URL, wrong, status=400))) == set(wrong)
    for changes, field in (
        ({"discountValue": 12.5}, "discountValue"),
        ({"discountValue": 101}, "discountValue"),
        ({"code": "two words"}, "code"),
        ({"validFrom": "2027-05-01T00:00:00Z"}, "validUntil"),
        ({"packageIds": ["pkg_nobody"]}, "packageIds"),
        ({"validUntil": "2026-02-30T00:00:00Z"}, "validUntil"),
    ):
        assert list(details(desk.post(URL, body_of(shop, **changes), status=400))) == [field]


def test_a_change_touches_what_is_given(desk: Program) -> None:
    coupon = make_coupon("EARLY10")
    path = f"{URL}/{coupon.public_id}"
    changed = desk.patch(path, {"usageLimit": 5, "isActive": False})["data"]
    assert (changed["discountValue"], changed["usageLimit"], changed["isActive"]) == (10, 5, False)
    assert "discountValue" in details(desk.patch(path, {"discountType": "fixed"}, status=400))
    assert desk.patch(path, {"discountType": "fixed", "discountValue": 99.5})["data"]["discountValue"] == 99.5
    assert desk.patch(path, {"usageLimit": None})["data"]["usageLimit"] is None
    assert desk.patch(f"{URL}/coupon_nobody", {"isActive": True}, status=404)


def test_what_was_used_is_switched_off(desk: Program, shop: Shop) -> None:
    used, unused = make_coupon("USED"), make_coupon("FRESH")
    place(shop, coupon_code="USED")
    gone, kept = unused.public_id, used.public_id
    assert "deleted" in desk.delete(f"{URL}/{gone}")["message"]
    assert "switched off" in desk.delete(f"{URL}/{kept}")["message"]
    assert desk.get(f"{URL}/{gone}", status=404)
    assert desk.get(f"{URL}/{kept}")["data"]["isActive"] is False


def test_the_list_is_filtered_and_costs_the_same(desk: Program) -> None:
    def fill(number: int) -> None:
        for place_ in range(number):
            make_coupon(f"C{number}-{place_}", packages=[make_package()])
        db.session.expire_all()

    make_coupon("OVER", valid_until=NOW)
    fill(2)
    assert [row["code"] for row in desk.get(f"{URL}?state=over")["data"]] == ["OVER"]
    assert desk.get(f"{URL}?search=c2-1")["pagination"]["total"] == 1
    with count_queries() as few:
        desk.get(f"{URL}?limit=100")
    fill(20)
    with count_queries() as many:
        desk.get(f"{URL}?limit=100")
    assert len(few) == len(many)


def test_a_code_is_worth_what_it_says(app: Flask, shop: Shop) -> None:
    make_coupon("EARLY10", min_amount=100, per_user_limit=1)
    student = Program(app, shop.student)
    body: dict[str, Any] = {"code": "early10", "packageId": shop.package.public_id}
    found = student.post(f"{URL}/validate", body)["data"]
    assert (found["valid"], found["code"], found["discountType"], found["discountValue"]) == (
        True, "EARLY10", "percent", 10,
    )  # fmt: skip
    assert found["originalAmount"] == shop.package.selling_price / 100
    assert found["finalAmount"] == pytest.approx(found["originalAmount"] * 0.9)
    assert found["discountAmount"] == pytest.approx(found["originalAmount"] * 0.1)
    assert list(details(student.post(f"{URL}/validate", {**body, "code": "NOPE"}, status=400))) == ["code"]
    assert student.post(f"{URL}/validate", {**body, "packageId": "pkg_nobody"}, status=404)
    assert student.post(f"{URL}/validate", {"code": "EARLY10"}, status=400)
    place(shop, coupon_code="EARLY10")
    assert student.post(f"{URL}/validate", body, status=409)
    assert Program(app, shop.admin).post(f"{URL}/validate", body)
    assert Program(app).post(f"{URL}/validate", body, status=401)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR, None])
def test_only_admins_see_and_write(app: Flask, shop: Shop, role: Role | None) -> None:
    coupon = make_coupon("EARLY10", valid_until=NOW + DAY)
    program, wanted = Program(app, make_user(role=role) if role else None), 403 if role else 401
    for method, path in (("GET", ""), ("POST", ""), *((way, f"/{coupon.public_id}") for way in ("PATCH", "DELETE"))):
        sent: dict[str, Any] | None = None if method in ("GET", "DELETE") else {}
        assert program.ask(method, URL + path, sent).status_code == wanted


def test_a_partner_has_scopes(app: Flask, shop: Shop) -> None:
    reader = Program(app, key=partner_key(shop.admin, "coupons:read")[1])
    assert reader.get(URL)["data"] == []
    assert reader.post(URL, body_of(shop), status=403)
