"""Coupons at the desk: the list, making, changing and switching off, every field checked where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import insert, select

from tests.factories import NOW, make_package
from tests.payments.desk import at_desk, rows, statements, words
from tests.payments.world import DAY, Shop, make_coupon, place
from webapp.core import clock
from webapp.core.db import db
from webapp.payments.models import Coupon, DiscountType, Order

LIST, NEW = "/admin/coupons", "/admin/coupons/new"
GOOD = {
    "code": "monsoon15",
    "discount_type": "percent",
    "discount_value": "15",
    "valid_from": "2026-12-09T09:30",
    "is_active": "y",
}


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def make(app: Flask, shop: Shop, **changes: Any) -> tuple[int, str]:
    data = {name: value for name, value in {**GOOD, **changes}.items() if value is not None}
    answer = at_desk(app, shop).submit(NEW, data)
    return answer.status_code, " ".join(answer.get_data(as_text=True).split())


def only() -> Coupon:
    return db.session.scalars(select(Coupon)).one()


def test_nothing_yet(app: Flask, shop: Shop) -> None:
    assert "No coupons yet" in words(at_desk(app, shop).get(LIST))


def test_a_coupon_with_every_field(app: Flask, shop: Shop) -> None:
    other = make_package(name="NEET Desk")
    status, _ = make(
        app,
        shop,
        code="  Neet_500 ",
        description="Newcomers",
        discount_type="fixed",
        discount_value="₹1,500.50",
        min_amount="5,000",
        valid_until="2027-01-31T23:59",
        usage_limit="50",
        per_user_limit="2",
        package_ids=[shop.package.public_id, other.public_id],
        is_active=None,
    )
    assert status == 303
    coupon = only()
    assert (coupon.code, coupon.description, coupon.is_active) == ("NEET_500", "Newcomers", False)
    assert (coupon.discount_type, coupon.discount_value, coupon.min_amount) == (DiscountType.FIXED, 150050, 500000)
    assert (coupon.usage_limit, coupon.per_user_limit, coupon.valid_from) == (50, 2, NOW)
    assert coupon.valid_until is not None
    assert coupon.valid_until.isoformat() == "2027-01-31T18:29:00+00:00"
    assert {package.name for package in coupon.packages} == {"JEE Complete", "NEET Desk"}
    form = words(at_desk(app, shop).get(f"{LIST}/{coupon.public_id}"))
    for value in ("NEET_500", "1,500.50", "5,000", "2027-01-31T23:59", "2026-12-09T09:30"):
        assert f'value="{value}"' in form, value


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"code": ""}, "Enter a code."),
        ({"code": "ab"}, "Use 3 to 40 letters"),
        ({"code": "with space"}, "Use 3 to 40 letters"),
        ({"code": "x" * 41}, "within 40 characters"),
        ({"discount_type": "both"}, "Choose per cent or rupees."),
        ({"discount_value": ""}, "Enter how much it takes off."),
        ({"discount_value": "0"}, "whole per cent from 1 to 100"),
        ({"discount_value": "101"}, "whole per cent from 1 to 100"),
        ({"discount_value": "12.5"}, "whole per cent from 1 to 100"),
        ({"discount_value": "-5"}, "whole per cent from 1 to 100"),
        ({"discount_type": "fixed", "discount_value": "0"}, "Enter an amount above zero."),
        ({"discount_type": "fixed", "discount_value": "-1"}, "Enter an amount of zero or more."),
        ({"discount_type": "fixed", "discount_value": "1.234"}, "Use at most two decimals."),
        ({"discount_type": "fixed", "discount_value": "1e999999"}, "Enter at most"),
        ({"min_amount": "-1"}, "Enter an amount of zero or more."),
        ({"min_amount": "1.001"}, "Use at most two decimals."),
        ({"valid_from": ""}, "Choose when it begins."),
        ({"valid_from": "soon"}, "Choose a day and a time."),
        ({"valid_from": "0001-01-01T00:00"}, "Choose a day and a time."),
        ({"valid_until": "2026-12-09T09:30"}, "The end must be after the start."),
        ({"valid_until": "2026-02-30T10:00"}, "Choose a day and a time."),
        ({"usage_limit": "0"}, "Enter a number of 1 or more"),
        ({"usage_limit": "-1"}, "Enter a whole number"),
        ({"usage_limit": "1.5"}, "Enter a whole number"),
        ({"usage_limit": "9999999"}, "Enter a number of 1 or more"),
        ({"per_user_limit": "many"}, "Enter a whole number"),
        ({"package_ids": ["pkg_unknown"]}, "One of these packages does not exist."),
        ({"description": "x" * 201}, "within 200 characters"),
    ],
)
def test_a_wrong_field_is_said_there_and_nothing_is_made(
    app: Flask, shop: Shop, changes: dict[str, Any], message: str
) -> None:
    status, page = make(app, shop, **{"description": "Kept as typed", **changes})
    assert status == 422
    assert message in page
    assert "Kept as typed" in page or "description" in changes
    assert db.session.scalars(select(Coupon)).all() == []


def test_all_that_is_wrong_is_said_at_once(app: Flask, shop: Shop) -> None:
    wrong = {"code": "a b", "discount_value": "0", "min_amount": "x", "valid_until": "2026-01-01T00:00"}
    status, page = make(app, shop, usage_limit="0", per_user_limit="-", **wrong)
    assert status == 422
    assert "6 fields need a look." in page


def test_a_code_exists_once_whatever_its_case(app: Flask, shop: Shop) -> None:
    make_coupon("EARLY10")
    status, page = make(app, shop, code="early10")
    assert status == 409
    assert "There is a coupon with this code already." in page
    assert 'value="early10"' in page
    only()


def test_a_change_counts_for_new_orders_and_never_goes_below_what_was_used(app: Flask, shop: Shop) -> None:
    coupon = make_coupon("EARLY10", usage_limit=5)
    order = place(shop, coupon_code="EARLY10")
    coupon.used = 3
    db.session.flush()
    admin, url = at_desk(app, shop), f"{LIST}/{coupon.public_id}"
    page = words(admin.get(url))
    assert "Used 3 of 5 times." in page
    assert "Ananya Chatterjee" in page
    answer = admin.submit(url, {**GOOD, "code": "EARLY10", "usage_limit": "2"})
    assert "Enter a number of 3 or more" in words(answer, 422)
    assert admin.submit(url, {**GOOD, "code": "EARLY10", "discount_value": "50", "usage_limit": "3"}).status_code == 303
    db.session.expire_all()
    assert (coupon.discount_value, coupon.usage_limit) == (50, 3)
    assert db.session.get_one(Order, order.id).coupon_discount == 49990


def test_two_coupons_never_take_one_code_by_a_change(app: Flask, shop: Shop) -> None:
    make_coupon("EARLY10")
    coupon = make_coupon("LATE10")
    answer = at_desk(app, shop).submit(f"{LIST}/{coupon.public_id}", {**GOOD, "code": "Early10"})
    assert "There is a coupon with this code already." in words(answer, 409)


def test_switched_off_and_on_again(app: Flask, shop: Shop) -> None:
    coupon = make_coupon("EARLY10")
    admin, url = at_desk(app, shop), f"{LIST}/{coupon.public_id}"
    assert admin.submit(f"{url}/deactivate", page=url).status_code == 303
    db.session.expire_all()
    assert not coupon.is_active
    page = words(admin.get(url))
    assert "Switched off" in page
    assert "Switch off…" not in page
    assert admin.submit(url, {**GOOD, "code": "EARLY10"}).status_code == 303
    db.session.expire_all()
    assert coupon.is_active


def test_the_list_and_its_file_by_state(app: Flask, shop: Shop) -> None:
    make_coupon("USABLE")
    make_coupon("PLANNED", valid_from=NOW + DAY)
    make_coupon("ENDED", valid_from=NOW - 3 * DAY, valid_until=NOW - DAY)
    make_coupon("USEDUP", usage_limit=1, used=1)
    make_coupon("OFF", is_active=False, description="-2+3")
    admin = at_desk(app, shop)
    expected = {
        "usable": {"USABLE"},
        "planned": {"PLANNED"},
        "over": {"ENDED", "USEDUP"},
        "off": {"OFF"},
        "nonsense": {"USABLE", "PLANNED", "ENDED", "USEDUP", "OFF"},
    }
    for state, codes in expected.items():
        assert {row["Code"] for row in rows(admin.export("coupons", state=state))} == codes
        page = words(admin.get(LIST, state=state))
        assert all(code in page for code in codes)
    assert [row["Code"] for row in rows(admin.export("coupons", search="used"))] == ["USEDUP"]
    assert rows(admin.export("coupons", state="off"))[0]["Description"] == "'-2+3"
    assert "No coupons here" in words(admin.get(LIST, search="%"))


def test_ten_rows_cost_what_five_hundred_cost(app: Flask, shop: Shop) -> None:
    def fill(number: int) -> None:
        columns = {"discount_type": "percent", "discount_value": 10, "valid_from": NOW}
        made = [
            {**columns, "code": f"MANY{number}X{index}", "public_id": f"c{number}x{index}"} for index in range(number)
        ]
        db.session.execute(insert(Coupon), made)

    admin = at_desk(app, shop)
    fill(10)
    before = statements(admin, LIST)
    fill(500)
    assert statements(admin, LIST) == before <= 8


def test_unknown_coupons_are_not_found(app: Flask, shop: Shop) -> None:
    admin = at_desk(app, shop)
    assert admin.get(f"{LIST}/coupon_unknown").status_code == 404
    for path in ("", "/deactivate"):
        assert admin.submit(f"{LIST}/coupon_unknown{path}", GOOD, page=LIST).status_code == 404
