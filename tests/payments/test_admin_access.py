"""Nobody but an admin reaches the admins' money pages; a counsellor's earnings are for that counsellor alone."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.routing import Rule

from tests.factories import make_counsellor
from tests.pages import Browser
from tests.payments.world import Shop, buy, make_coupon, payment_of
from webapp.core.db import db
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.payments.models import Coupon, Payment, Payout, Refund

FORMS = {
    "refund_now": {"amount": "100", "reason": "x"},
    "settle_now": {"note": "x"},
    "coupon_create": {"code": "MINE", "discount_type": "percent", "discount_value": "100"},
    "coupon_update": {"code": "EARLY10", "discount_type": "percent", "discount_value": "100"},
    "grant_now": {"reason": "x"},
    "cancel_now": {"reason": "x"},
    "decide": {"decision": "approve", "amount": "1"},
    "payout_now": {"amount": "1", "bank_reference": "x", "paid_at": "2026-12-01"},
}


def _rules(app: Flask) -> list[Rule]:
    found = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("admin_payments.")]
    assert len(found) > 25
    return found


def _address(rule: Rule, shop: Shop) -> str:
    order = db.session.scalars(select(Enrolment)).first()
    ids = {
        "payments": db.session.scalars(select(Payment.public_id)).one(),
        "coupons": db.session.scalars(select(Coupon.public_id)).one(),
        "enrolments": order.public_id if order else "",
        "payouts": shop.counsellor.public_id,
        "refunds": "refund_unknown",
    }
    room = rule.rule.split("/")[2]
    _, path = rule.build(dict.fromkeys(rule.arguments, ids[room])) or ("", "")
    return path


@pytest.mark.parametrize("who", ["student", "counsellor", "nobody"])
def test_others_are_refused_on_every_route_and_change_nothing(app: Flask, shop: Shop, who: str) -> None:
    make_coupon()
    order = buy(shop)
    user = {"student": shop.student, "counsellor": shop.counsellor.user, "nobody": None}[who]
    browser = Browser(app, user)
    for rule in _rules(app):
        path, name = _address(rule, shop), rule.endpoint.partition(".")[2]
        if "GET" in (rule.methods or ()):
            answer = browser.get(path)
        else:
            answer = browser.submit(path, FORMS.get(name, {}), page="/account" if user else "/login")
        assert answer.status_code == (302 if user is None else 403), (rule.rule, answer.status_code)
        if user is None:
            assert "/login" in answer.headers["Location"]
    db.session.expire_all()
    assert payment_of(order).refunded == 0
    assert order.enrolment is not None
    assert order.enrolment.status is EnrolmentStatus.ACTIVE
    assert db.session.scalars(select(Coupon.code)).all() == ["EARLY10"]
    for table in (Refund, Payout):
        assert db.session.scalar(select(func.count()).select_from(table)) == 0


def test_a_counsellor_sees_own_earnings_only(app: Flask, shop: Shop) -> None:
    other = make_counsellor(name="Harpreet Gill")
    assert shop.counsellor.user is not None
    mine = Browser(app, shop.counsellor.user)
    assert mine.get("/counsellor/earnings").status_code == 200
    assert mine.get(f"/admin/payouts/{other.public_id}").status_code == 403
    for user, status in ((shop.student, 403), (shop.admin, 403), (None, 302)):
        browser = Browser(app, user)
        assert browser.get("/counsellor/earnings").status_code == status
        asked = browser.submit("/counsellor/earnings.csv", page="/account" if user else "/login")
        assert asked.status_code == status
