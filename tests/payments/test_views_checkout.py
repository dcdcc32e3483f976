"""Buying at once: the quote, the coupon's field, the order, and who may."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_enrolment, make_package, make_user
from tests.pages import Browser
from tests.payments.student_desk import Desk, Visitor, page_of, plain
from tests.payments.world import DAY, SATURDAY_10, Shop, make_coupon, place, place_timed
from tests.queries import count_queries
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.core.db import db
from webapp.payments.models import DiscountType, OrderStatus


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def desk(app: Flask, shop: Shop) -> Desk:
    shop.package.price, shop.package.discount_price = 19_999_00, 14_999_00
    shop.package.terms = "Free to cancel until a day before."
    db.session.commit()
    return Desk(app, shop)


def test_the_summary_names_every_line(desk: Desk) -> None:
    words = plain(desk.student.get(desk.checkout))
    for line in ("JEE Complete ₹19,999", "Discount, 25 % − ₹5,000", "GST included ₹2,287.98", "Total ₹14,999"):
        assert line in words
    assert "4 sessions of 30 min, valid until Mon, 7 Jun 2027" in words
    assert "Free to cancel until a day before." in words
    assert "Ananya Chatterjee" in words
    assert "Pay ₹14,999" in words


@pytest.mark.parametrize("htmx", [False, True])
def test_a_coupon_shows_what_it_takes_off(desk: Desk, htmx: bool) -> None:
    make_coupon("EARLY10")
    answer = desk.student.get(desk.checkout, htmx=htmx, coupon_code="early10")
    words = plain(answer)
    assert answer.status_code == 200
    assert "Coupon EARLY10 − ₹1,499.90" in words
    assert "Pay ₹13,499.10" in words
    assert ('id="order-summary"' in answer.text) is True
    assert ("<html" in answer.text) is not htmx


WRONG = {
    "NOPE": "We don't know this coupon. Check the spelling.",
    "PAST": "This coupon ended on Tue, 8 Dec 2026.",
    "SOON": "This coupon can be used from Thu, 10 Dec 2026.",
    "OTHER": "This coupon is for something else.",
    "LARGE": "This coupon needs a purchase of ₹20,000 or more.",
    "OFF": "This coupon is not in use any more.",
    "x" * 60: "We don't know this coupon. Check the spelling.",
}


@pytest.mark.parametrize(("code", "words"), WRONG.items())
def test_a_coupon_that_does_not_fit_says_why_at_its_field(desk: Desk, code: str, words: str) -> None:
    make_coupon("PAST", valid_from=NOW - 9 * DAY, valid_until=NOW - DAY)
    make_coupon("SOON", valid_from=NOW + DAY)
    make_coupon("OTHER", packages=[make_package()])
    make_coupon("LARGE", min_amount=20_000_00)
    make_coupon("OFF", is_active=False)
    for answer in (
        desk.student.get(desk.checkout, coupon_code=code),
        desk.student.submit(desk.checkout, {"coupon_code": code}),
    ):
        assert answer.status_code == 422
        assert words in plain(answer)
        assert f'value="{code}"' in answer.text
        assert 'aria-describedby="coupon_code-error"' in answer.text
        assert "Pay ₹14,999" in plain(answer)
    assert desk.orders() == 0


def test_the_last_use_gone_is_a_conflict_with_the_code_kept(desk: Desk, shop: Shop) -> None:
    make_coupon("ONCE", usage_limit=1)
    place(shop, student=shop.outsider, coupon_code="ONCE")
    answer = desk.student.submit(desk.checkout, {"coupon_code": "once"})
    assert answer.status_code == 409
    assert "This coupon has been used up." in plain(answer)
    assert 'value="once"' in answer.text


def test_paying_places_the_order_at_the_servers_price_and_leads_to_the_gateway(desk: Desk) -> None:
    make_coupon("EARLY10")
    answer = desk.student.submit(desk.checkout, {"coupon_code": "EARLY10", "amount": "1", "price": "1"})
    order = desk.order()
    assert (answer.status_code, answer.location) == (303, f"/sandbox/checkout/{order.gateway_order_id}")
    assert order.amount == 13_499_10
    assert desk.shop.gateway.orders[order.gateway_order_id or ""].amount == 13_499_10


def test_the_same_form_sent_twice_is_one_order(desk: Desk) -> None:
    for _ in range(2):
        desk.student.submit(desk.checkout, {"coupon_code": ""})
    assert desk.orders() == 1


def test_a_coupon_for_everything_skips_the_gateway(desk: Desk) -> None:
    make_coupon("FREE100", discount_value=100)
    shown = plain(desk.student.get(desk.checkout, coupon_code="FREE100"))
    assert "Total ₹0" in shown
    assert "There is nothing to pay" in shown
    answer = desk.student.submit(desk.checkout, {"coupon_code": "FREE100"})
    order = desk.order()
    assert answer.location == f"{page_of(order)}/done"
    assert order.status is OrderStatus.PAID
    assert desk.shop.gateway.calls == []
    done = plain(desk.student.get(answer.location))
    assert "All set, Ananya. JEE Complete is yours." in done
    assert "There was nothing to pay" in done


def test_a_gateway_that_is_away_keeps_the_order_and_says_so(desk: Desk) -> None:
    desk.shop.gateway.away = 1
    answer = desk.student.submit(desk.checkout, {"coupon_code": ""})
    assert answer.location == page_of(desk.order())
    assert "The payment gateway is not answering" in plain(desk.student.get(answer.location))
    again = desk.student.submit(f"{page_of(desk.order())}/pay", page=page_of(desk.order()))
    assert again.location.startswith("/sandbox/checkout/")
    assert desk.orders() == 1


def test_who_has_the_package_is_told_and_may_buy_again(desk: Desk, shop: Shop) -> None:
    mine = make_enrolment(shop.student, shop.package)
    words = plain(desk.student.get(desk.checkout))
    assert "You have this package: 4 of 4 sessions left" in words
    assert f"enrolment={mine.public_id}" in desk.student.get(desk.checkout).text
    assert desk.student.submit(desk.checkout, {}).status_code == 303


def test_an_order_begun_before_is_named(desk: Desk, shop: Shop) -> None:
    order = place_timed(shop)
    answer = desk.student.get(desk.checkout)
    assert page_of(order) in answer.text
    assert "its time is still on it" in plain(answer)


def test_an_unverified_buyer_is_shown_the_way(app: Flask, desk: Desk, shop: Shop) -> None:
    newcomer = Visitor(app, make_user(verified=False))
    words = plain(newcomer.get(desk.checkout))
    assert "Confirm your mail address first" in words
    assert f"/verify?next={desk.checkout}" in newcomer.get(desk.checkout).text
    assert "Pay ₹14,999" not in words
    assert newcomer.submit(desk.checkout, {"coupon_code": ""}, page="/student").status_code == 403
    assert desk.orders() == 0


def test_a_visitor_signs_in_and_comes_back(app: Flask, desk: Desk) -> None:
    answer = Browser(app).get(desk.checkout, coupon_code="EARLY10")
    assert answer.status_code == 302
    assert "/login?next=/checkout/jee-plan" in answer.location
    assert "coupon_code" in answer.location


@pytest.mark.parametrize("role", [Role.COUNSELLOR, Role.ADMIN])
def test_other_accounts_do_not_buy(app: Flask, desk: Desk, role: Role) -> None:
    assert Browser(app, make_user(role=role)).get(desk.checkout).status_code == 403


def test_what_is_not_on_sale_cannot_be_bought(desk: Desk, shop: Shop) -> None:
    assert desk.student.get("/checkout/nothing-here").status_code == 404
    shop.package.is_active = False
    db.session.commit()
    assert desk.student.get(desk.checkout).status_code == 404
    assert desk.student.get(f"/services/{shop.package.public_id}/checkout").status_code == 404


def test_an_address_with_a_time_leads_to_the_picker(desk: Desk, shop: Shop) -> None:
    who = shop.counsellor.public_id
    answer = desk.student.get(desk.checkout, counsellor=who, at="2026-12-12T04:30Z")
    assert answer.location == f"/book/{who}?package={shop.package.slug}&at=2026-12-12T04:30Z"
    service = desk.student.get(f"/services/{shop.service.public_id}/checkout", at="tomorrow")
    assert service.location == f"/book/{who}?service={shop.service.public_id}"


def test_the_checkout_costs_the_same_whatever_the_student_has(desk: Desk, shop: Shop) -> None:
    def cost() -> int:
        with count_queries() as statements:
            assert desk.student.get(desk.checkout).status_code == 200
        return len(statements)

    desk.student.get(desk.checkout)
    before = cost()
    for number in range(5):
        make_enrolment(shop.student, make_package())
        place(shop, now=NOW + dt.timedelta(minutes=number))
    place_timed(shop, SATURDAY_10)
    db.session.commit()
    assert cost() <= before + 2  # the order begun before, and its coupon


def test_a_fixed_coupon_never_leaves_what_no_gateway_takes(desk: Desk) -> None:
    make_coupon("ALMOST", discount_type=DiscountType.FIXED, discount_value=14_998_50)
    assert "Total ₹0" in plain(desk.student.get(desk.checkout, coupon_code="ALMOST"))
