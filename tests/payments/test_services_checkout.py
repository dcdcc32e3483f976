"""Orders: the server's price, coupons, held times, nothing to pay, taking an order up again."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select

from tests.factories import NOW, make_counsellor, make_package, make_user
from tests.payments.world import (
    DAY,
    HOUR,
    MINUTE,
    SATURDAY_10,
    Shop,
    buy,
    gateway_id,
    mails,
    make_coupon,
    pay,
    place,
    place_timed,
    record,
)
from webapp.accounts.models import Role
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db, transaction
from webapp.core.errors import (
    DuplicateEntry,
    Forbidden,
    InvalidState,
    NotFound,
    ServiceUnavailable,
    SlotTaken,
    ValidationFailed,
)
from webapp.enrolments.models import Enrolment
from webapp.payments import flows, queries
from webapp.payments.errors import CouponRefused, CouponUsedUp
from webapp.payments.models import Coupon, CouponUse, DiscountType, Order, OrderStatus, Receipt
from webapp.payments.services import checkout, coupons


def test_an_order_has_the_servers_price(shop: Shop) -> None:
    shop.package.discount_price = 399900
    order = place(shop)
    assert (order.price, order.discount, order.coupon_discount, order.amount, order.tax) == (
        499900, 100000, 0, 399900, 61002,
    )  # fmt: skip
    assert order.status is OrderStatus.PENDING
    assert order.expires_at == NOW + DAY
    assert shop.gateway.orders[gateway_id(order)].amount == 399900
    assert shop.gateway.orders[gateway_id(order)].receipt == order.public_id


def test_a_quote_says_why_a_coupon_does_not_count(shop: Shop) -> None:
    make_coupon()
    good = checkout.quote(student=shop.student, item=shop.package, coupon_code=" early10 ", now=NOW)
    assert (good.amount, good.coupon_discount, good.message) == (449910, 49990, "")
    bad = checkout.quote(student=None, item=shop.package, coupon_code="NEVER", now=NOW)
    assert (bad.amount, bad.coupon, bad.message) == (499900, None, "We don't know this coupon. Check the spelling.")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"is_active": False}, "not in use"),
        ({"valid_from": NOW + DAY}, "can be used from Thu, 10 Dec 2026"),
        ({"valid_until": NOW}, "ended on Wed, 9 Dec 2026"),
        ({"min_amount": 500000}, "₹5,000 or more"),
    ],
)
def test_coupons_that_do_not_fit(shop: Shop, columns: dict[str, Any], words: str) -> None:
    make_coupon(**columns)
    with pytest.raises(CouponRefused, match=words):
        place(shop, coupon_code="EARLY10")
    assert db.session.scalar(select(func.count()).select_from(Order)) == 0


def test_a_coupon_of_another_package(shop: Shop) -> None:
    coupon = make_coupon()
    coupon.packages = [make_package()]
    db.session.commit()
    with pytest.raises(CouponRefused, match="something else"):
        place(shop, coupon_code="EARLY10")
    with pytest.raises(CouponRefused, match="something else"):
        place(shop, coupon_code="EARLY10", service_id=shop.service.public_id, starts_at=SATURDAY_10)
    coupon.packages = [shop.package]
    db.session.commit()
    assert place(shop, coupon_code="EARLY10").coupon == coupon


@pytest.mark.parametrize("code", ["\x00", "É" * 5, "x" * 500, "' or 1=1 --"])
def test_odd_codes_are_unknown(shop: Shop, code: str) -> None:
    with pytest.raises(CouponRefused, match="don't know"):
        place(shop, coupon_code=code)


def test_a_use_is_taken_with_the_order_and_given_back_when_it_ends(shop: Shop) -> None:
    coupon = make_coupon(usage_limit=1)
    order = place(shop, coupon_code="EARLY10")
    db.session.refresh(coupon)
    assert coupon.used == 1
    with pytest.raises(CouponUsedUp):
        place(shop, student=shop.outsider, coupon_code="EARLY10")
    assert flows.reconcile_due(NOW + 23 * HOUR) == 1
    db.session.refresh(coupon)
    assert (order.status, coupon.used) == (OrderStatus.PENDING, 1)
    flows.reconcile_due(NOW + DAY)
    db.session.refresh(coupon)
    assert (order.status, coupon.used) == (OrderStatus.EXPIRED, 0)
    assert db.session.scalars(select(CouponUse)).one().released_at == NOW + DAY
    place(shop, student=shop.outsider, coupon_code="EARLY10")


def test_a_students_own_limit(shop: Shop) -> None:
    make_coupon(per_user_limit=1)
    place(shop, coupon_code="EARLY10")
    with pytest.raises(CouponUsedUp, match="You have used"):
        place(shop, coupon_code="EARLY10")
    place(shop, student=shop.outsider, coupon_code="EARLY10")


def test_nothing_to_pay_enrols_at_once_without_the_gateway(shop: Shop) -> None:
    make_coupon("FREE", discount_value=100)
    order = place_timed(shop, coupon_code="free")
    assert (order.status, order.amount, order.gateway, order.gateway_order_id) == (OrderStatus.PAID, 0, "none", None)
    assert shop.gateway.calls == []
    assert order.enrolment is not None
    assert order.enrolment.amount_paid == 0
    assert order.session is not None
    assert order.session.status is SessionStatus.SCHEDULED
    assert db.session.scalars(select(Receipt)).one().payment_id is None
    assert len(mails("receipt")) == 1
    assert queries.history_status(order) == "succeeded"


def test_who_may_buy(shop: Shop) -> None:
    for user in (make_user(verified=False), make_user(active=False), make_user(role=Role.COUNSELLOR), shop.admin):
        with pytest.raises(Forbidden):
            place(shop, student=user)


@pytest.mark.parametrize(
    "changes",
    [
        {"package_id": None},
        {"service_id": "service_x", "package_id": "pkg_x"},
        {"starts_at": SATURDAY_10},
        {"agenda": "x" * 1001, "starts_at": SATURDAY_10, "counsellor_id": "own"},
        {"meeting_mode": "fax", "starts_at": SATURDAY_10, "counsellor_id": "own"},
        {"starts_at": NOW - DAY, "counsellor_id": "own"},
        {"starts_at": dt.datetime(2026, 12, 12, 4, 30), "counsellor_id": "own"},  # noqa: DTZ001  the zone is missing
    ],
)
def test_bad_orders_are_refused(shop: Shop, changes: dict[str, Any]) -> None:
    if changes.get("counsellor_id") == "own":
        changes = {**changes, "counsellor_id": shop.counsellor.public_id}
    with pytest.raises(ValidationFailed):
        place(shop, **changes)


def test_a_service_needs_its_time(shop: Shop) -> None:
    with pytest.raises(ValidationFailed, match="time"):
        place(shop, service_id=shop.service.public_id)


def test_what_is_not_on_sale_is_not_found(shop: Shop) -> None:
    shop.package.is_archived, shop.service.is_active = True, False
    db.session.commit()
    wanted: list[dict[str, Any]] = [{}, {"service_id": shop.service.public_id, "starts_at": SATURDAY_10}]
    for changes in wanted:
        with pytest.raises(NotFound):
            place(shop, **changes)


def test_a_time_only_with_a_counsellor_of_the_package(shop: Shop) -> None:
    other = make_counsellor()
    shop.package.counsellors = [shop.counsellor]
    db.session.commit()
    with pytest.raises(ValidationFailed, match="does not counsel"):
        place(shop, counsellor_id=other.public_id, starts_at=SATURDAY_10)


def test_a_taken_time_takes_no_coupon(shop: Shop) -> None:
    coupon = make_coupon()
    place_timed(shop)
    with pytest.raises(SlotTaken):
        place_timed(shop, student=shop.outsider, coupon_code="EARLY10")
    db.session.refresh(coupon)
    assert coupon.used == 0
    assert db.session.scalar(select(func.count()).select_from(Order)) == 1


def test_a_form_sent_twice_makes_one_order(shop: Shop) -> None:
    make_coupon()
    first = place_timed(shop, reuse=True, coupon_code="EARLY10")
    assert place_timed(shop, reuse=True, coupon_code="early10").id == first.id
    assert place_timed(shop, reuse=True).id != first.id
    assert place_timed(shop, SATURDAY_10 + 30 * MINUTE, reuse=True, coupon_code="EARLY10").id != first.id


def test_taking_an_order_up_again_keeps_the_time_anew(shop: Shop) -> None:
    order = place_timed(shop)
    with transaction():
        kept = checkout.resume(student=shop.student, order_id=order.public_id, now=NOW + 5 * MINUTE)
    assert kept.hold is not None
    assert kept.hold.expires_at == NOW + 10 * MINUTE
    with transaction():
        anew = checkout.resume(student=shop.student, order_id=order.public_id, now=NOW + HOUR)
    assert anew.hold is not None
    assert anew.hold.expires_at == NOW + 70 * MINUTE
    assert record(pay(shop, order), now=NOW + 65 * MINUTE).session is not None


def test_a_time_that_somebody_else_has_is_offered_around(shop: Shop) -> None:
    order = place_timed(shop)
    rival = place_timed(shop, student=shop.outsider, now=NOW + 11 * MINUTE)
    with transaction():
        gone = checkout.resume(student=shop.student, order_id=order.public_id, now=NOW + 12 * MINUTE)
    assert gone.hold is None
    assert SATURDAY_10 not in gone.nearest
    assert len(gone.nearest) == 4
    with transaction():
        checkout.set_time(
            student=shop.student,
            order_id=order.public_id,
            counsellor_id=shop.counsellor.public_id,
            starts_at=gone.nearest[0],
            now=NOW + 12 * MINUTE,
        )
    assert record(pay(shop, order), now=NOW + 13 * MINUTE).session is not None
    assert record(pay(shop, rival), now=NOW + 13 * MINUTE).session is not None


def test_leaving_the_time_for_later(shop: Shop) -> None:
    order = place_timed(shop)
    with transaction():
        checkout.set_time(student=shop.student, order_id=order.public_id, starts_at=None, now=NOW)
    assert db.session.scalar(select(func.count()).select_from(CounsellingSession)) == 0
    settlement = record(pay(shop, order), now=NOW + HOUR)
    assert not settlement.is_late
    assert len(mails("late_payment")) == 0


def test_an_order_that_ended_or_is_paid_is_not_taken_up(shop: Shop) -> None:
    order = buy(shop)
    with transaction():
        assert checkout.resume(student=shop.student, order_id=order.public_id, now=NOW).order == order
    ended = place(shop)
    with pytest.raises(InvalidState, match="ended"), transaction():
        checkout.resume(student=shop.student, order_id=ended.public_id, now=NOW + DAY)
    with pytest.raises(NotFound), transaction():
        checkout.resume(student=shop.outsider, order_id=ended.public_id, now=NOW)


def test_another_coupon_makes_another_order(shop: Shop) -> None:
    make_coupon(per_user_limit=1)
    order = place_timed(shop)
    with transaction():
        better = checkout.change_coupon(student=shop.student, order_id=order.public_id, coupon_code="EARLY10", now=NOW)
    assert (better.id != order.id, better.amount, better.hold_id is not None) == (True, 449910, True)
    flows.ensure_gateway_order(better.public_id)
    with transaction():
        plain = checkout.change_coupon(student=shop.student, order_id=better.public_id, coupon_code=None, now=NOW)
    assert plain.amount == 499900
    assert plain.coupon is None
    db.session.expire_all()
    assert db.session.scalars(select(Coupon.used)).one() == 0
    flows.reconcile_due(NOW)
    assert [order.status, better.status] == [OrderStatus.EXPIRED] * 2
    old_tab = record(pay(shop, order), now=NOW + MINUTE)  # paid in the tab that was left open
    assert old_tab.is_paid


def test_giving_an_order_up_asks_the_gateway_first(shop: Shop) -> None:
    coupon = make_coupon()
    order = place_timed(shop, coupon_code="EARLY10")
    shop.gateway.away = 1
    with pytest.raises(ServiceUnavailable):
        flows.abandon_order(student=shop.student, order_id=order.public_id, now=NOW)
    assert flows.abandon_order(student=shop.student, order_id=order.public_id, now=NOW).status is OrderStatus.EXPIRED
    db.session.refresh(coupon)
    assert coupon.used == 0
    assert db.session.scalar(select(func.count()).select_from(CounsellingSession)) == 0
    paid = place(shop)
    pay(shop, paid)
    assert flows.abandon_order(student=shop.student, order_id=paid.public_id, now=NOW).status is OrderStatus.PAID
    slow = place(shop)
    pay(shop, slow, status="created")
    with pytest.raises(InvalidState, match="under way"):
        flows.abandon_order(student=shop.student, order_id=slow.public_id, now=NOW)
    with pytest.raises(NotFound):
        flows.abandon_order(student=shop.outsider, order_id=slow.public_id, now=NOW)


def test_a_gateway_that_is_away_keeps_the_order(shop: Shop) -> None:
    shop.gateway.away = 1
    order = place(shop, gateway=False)
    with pytest.raises(ServiceUnavailable):
        flows.ensure_gateway_order(order.public_id)
    assert flows.ensure_gateway_order(order.public_id).gateway_order_id is not None
    again = flows.ensure_gateway_order(order.public_id)
    assert shop.gateway.calls.count("create_order") == 2
    assert again.gateway_order_id == order.gateway_order_id


def test_the_reconciler_stops_at_a_gateway_that_is_away_and_ends_nothing(shop: Shop) -> None:
    orders = [place(shop) for _ in range(3)]
    shop.gateway.away = 1
    assert flows.reconcile_due(NOW + 25 * HOUR) == 0
    assert {order.status for order in orders} == {OrderStatus.PENDING}
    assert flows.reconcile_due(NOW + 25 * HOUR) == 3
    assert {order.status for order in orders} == {OrderStatus.EXPIRED}


def test_the_reconciler_asks_hourly_and_a_refusal_is_told_once(shop: Shop) -> None:
    order = place(shop, now=db.session.scalars(select(func.clock_timestamp())).one() - 2 * HOUR)
    now = order.placed_at + 2 * HOUR
    shop.gateway.refuses = "authentication failed"
    assert (flows.reconcile_due(now), flows.reconcile_due(now)) == (1, 0)
    assert len(mails("money_alert")) == 1
    assert order.status is OrderStatus.PENDING
    shop.gateway.refuses = ""
    assert flows.reconcile_due(now + HOUR) == 1  # a sweep as of later asks about everything
    assert flows.reconcile_now(now) == 1
    with pytest.raises(NotFound):
        flows.reconcile_now(now, order_id="order_none")


def test_money_that_comes_after_the_end_is_found_without_a_webhook(shop: Shop) -> None:
    order = place(shop)
    flows.reconcile_due(NOW + 25 * HOUR)
    pay(shop, order)
    assert flows.reconcile_due(NOW + 50 * HOUR) == 1
    assert order.status is OrderStatus.PAID
    pay(shop, order)
    assert flows.reconcile_due(NOW + 52 * HOUR) == 1  # the second payment, too
    assert len(mails("duplicate_payment")) == 1


def test_coupons_are_made_and_changed_by_admins(shop: Shop) -> None:
    values: dict[str, Any] = {"discount_type": "fixed", "discount_value": 50000, "valid_from": NOW}
    with transaction():
        coupon = coupons.create_coupon(
            actor=shop.admin, code="less-500", package_ids=[shop.package.public_id], **values
        )
    assert (coupon.code, coupon.discount_type, coupon.packages) == ("LESS-500", DiscountType.FIXED, [shop.package])
    with pytest.raises(DuplicateEntry), transaction():
        coupons.create_coupon(actor=shop.admin, code="Less-500", **values)
    with pytest.raises(Forbidden), transaction():
        coupons.create_coupon(actor=shop.student, code="MINE", **values)
    with transaction():
        coupons.update_coupon(actor=shop.admin, coupon_id=coupon.public_id, usage_limit=5, package_ids=[])
    assert (coupon.usage_limit, coupon.packages, coupon.discount_value) == (5, [], 50000)
    with transaction():
        coupons.deactivate_coupon(actor=shop.admin, coupon_id=coupon.public_id)
    with pytest.raises(CouponRefused, match="not in use"):
        place(shop, coupon_code="LESS-500")


def test_wrong_coupons_name_every_field(shop: Shop) -> None:
    with pytest.raises(ValidationFailed) as refusal, transaction():
        coupons.create_coupon(
            actor=shop.admin,
            code="a b",
            discount_type="percent",
            discount_value=101,
            valid_from=NOW,
            valid_until=NOW,
            min_amount=-1,
            usage_limit=0,
            per_user_limit=0,
            package_ids=["pkg_none"],
            description="x" * 201,
        )
    assert set(refusal.value.fields) == {
        "code", "discount_value", "valid_until", "min_amount", "usage_limit", "per_user_limit", "package_ids",
        "description",
    }  # fmt: skip


def test_a_purchase_counts_on_its_package(shop: Shop) -> None:
    buy(shop)
    buy(shop)
    db.session.refresh(shop.package)
    assert shop.package.total_enrolments == 2 == db.session.scalar(select(func.count()).select_from(Enrolment))
