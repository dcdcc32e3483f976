"""`/api/v1/payments`: ordering, verifying, enrolling, the history."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.factories import NOW, make_counsellor, make_package, make_service, make_user
from tests.payments.world import (
    DAY,
    HOUR,
    SATURDAY_10,
    Shop,
    buy,
    make_coupon,
    pay,
    payment_of,
    place,
    place_timed,
    record,
)
from tests.programs import Program, details, partner_key
from tests.queries import count_queries
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.core.db import db
from webapp.enrolments.models import Enrolment
from webapp.payments.models import Order, PaymentStatus
from webapp.payments.queries import history_status
from webapp.payments.queries.programs import HISTORY_WORDS, HistoryFilter, history_page

URL = "/payments"


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def student(app: Flask, shop: Shop) -> Program:
    return Program(app, shop.student)


@pytest.fixture
def desk(app: Flask, shop: Shop) -> Program:
    return Program(app, shop.admin)


def order(program: Program, shop: Shop, **body: Any) -> dict[str, Any]:
    body = body or {"packageId": shop.package.public_id}
    data: dict[str, Any] = program.post(f"{URL}/create-order", body)["data"]
    return data


def returned(shop: Shop, razorpay_order_id: str, **changes: Any) -> dict[str, Any]:
    report = shop.gateway.pay(razorpay_order_id, **changes)
    signature = shop.gateway.sign_return(razorpay_order_id, report.id)
    return {
        "razorpayOrderId": razorpay_order_id,
        "razorpayPaymentId": report.id,
        "razorpaySignature": signature,
    }


def enrolling(shop: Shop, back: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "packageId": shop.package.public_id,
        "razorpayOrderId": back["razorpayOrderId"],
        "paymentId": back["razorpayPaymentId"],
        "signature": back["razorpaySignature"],
        **changes,
    }


def count(model: Any) -> int:
    return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_an_order_names_what_the_checkout_needs(student: Program, shop: Shop) -> None:
    made = order(student, shop)
    kept = db.session.scalars(select(Order)).one()
    assert made["orderId"] == kept.public_id
    assert made["razorpayOrderId"] == kept.gateway_order_id
    assert made["amount"] == kept.amount / 100
    assert made["amountInPaise"] == kept.amount
    assert (made["currency"], made["keyId"], made["status"]) == ("INR", "key_double", "created")


def test_a_coupon_and_the_price_come_from_here(student: Program, shop: Shop) -> None:
    coupon = make_coupon("EARLY10", usage_limit=1, per_user_limit=1)
    body = {"packageId": shop.package.public_id, "couponCode": "early10"}
    made = order(student, shop, **body)
    assert made["amount"] == round(made["price"] * 0.9 - made["discount"] * 0.9, 2)
    assert made["couponCode"] == "EARLY10"
    db.session.refresh(coupon)
    assert coupon.used == 1
    assert student.post(f"{URL}/create-order", body, status=409)["error"]["message"].startswith("This coupon")
    wrong = details(student.post(f"{URL}/create-order", {**body, "couponCode": "NOBODYS"}, status=400))
    assert wrong == {"couponCode": "We don't know this coupon. Check the spelling."}
    assert "amount" in details(student.post(f"{URL}/create-order", {**body, "amount": 1}, status=400))


def test_a_service_is_bought_with_its_time(student: Program, shop: Shop) -> None:
    body = {
        "counsellorId": shop.counsellor.public_id,
        "serviceId": shop.service.public_id,
        "startsAt": SATURDAY_10.isoformat(),
    }
    made = order(student, shop, **body)
    assert made["heldUntil"] > "2026-12-09"
    done = student.post(f"{URL}/verify", returned(shop, made["razorpayOrderId"]))["data"]
    assert done["sessionId"].startswith("session_")
    assert done["enrollment"]["package"] is None
    assert done["enrollment"]["serviceId"] == shop.service.public_id
    later = {**body, "startsAt": "2026-12-12T04:31:00Z"}
    assert student.post(f"{URL}/create-order", later, status=409)["error"]["code"] == "SLOT_NOT_AVAILABLE"
    without = {name: value for name, value in body.items() if name != "startsAt"}
    assert "startsAt" in details(student.post(f"{URL}/create-order", without, status=400))
    assert "packageId" in details(student.post(f"{URL}/create-order", {}, status=400))


def test_verifying_enrols_and_again_is_harmless(student: Program, shop: Shop) -> None:
    made = order(student, shop)
    back = returned(shop, made["razorpayOrderId"])
    first = student.post(f"{URL}/verify", back)["data"]
    again = student.post(f"{URL}/verify", back)["data"]
    assert first == again
    assert (first["status"], first["orderId"], first["nearest"]) == ("succeeded", made["orderId"], [])
    assert first["receiptNumber"].startswith("2026-27/")
    assert first["enrollment"]["sessionsRemaining"] == shop.package.max_sessions
    assert count(Enrolment) == 1


def test_a_wrong_signature_enrols_nobody(student: Program, shop: Shop) -> None:
    back = returned(shop, order(student, shop)["razorpayOrderId"])
    refused = student.post(f"{URL}/verify", {**back, "razorpaySignature": "0" * 64}, status=400)
    assert refused["error"]["code"] == "PAYMENT_FAILED"
    assert count(Enrolment) == 0
    assert student.post(f"{URL}/verify", {}, status=400)
    assert student.post(f"{URL}/verify", {**back, "razorpayOrderId": "order_nobody"}, status=404)


@pytest.mark.parametrize("changes", [{"status": "failed", "error": "No funds"}, {"amount": 100}])
def test_money_that_did_not_come_is_told(student: Program, shop: Shop, changes: dict[str, Any]) -> None:
    back = returned(shop, order(student, shop)["razorpayOrderId"], **changes)
    assert student.post(f"{URL}/verify", back, status=402)["error"]["code"] == "PAYMENT_FAILED"
    assert count(Enrolment) == 0


def test_a_lost_time_is_answered_with_the_nearest(student: Program, shop: Shop) -> None:
    late = place_timed(shop)
    back = returned(shop, late.gateway_order_id or "")
    with clock.frozen(NOW + HOUR):
        other = Program(student.client.application, shop.outsider)
        theirs = order(
            other,
            shop,
            packageId=shop.package.public_id,
            counsellorId=shop.counsellor.public_id,
            startsAt=SATURDAY_10.isoformat(),
        )
        other.post(f"{URL}/verify", returned(shop, theirs["razorpayOrderId"]))
        late_token = Program(student.client.application, shop.student)
        done = late_token.post(f"{URL}/verify", back)["data"]
    assert (done["status"], done["sessionId"]) == ("succeeded", None)
    assert done["nearest"][0]["startsAt"].endswith("Z")


def test_an_order_of_nothing_enrols_at_once(student: Program, shop: Shop) -> None:
    make_coupon("ALL", discount_value=100)
    made = order(student, shop, packageId=shop.package.public_id, couponCode="ALL")
    assert (made["amount"], made["razorpayOrderId"], made["status"]) == (0, None, "succeeded")
    assert made["enrollmentId"].startswith("enroll_")
    row = student.get(f"{URL}/history")["data"][0]
    assert (row["_id"], row["status"]) == (made["orderId"], "succeeded")
    assert student.get(f"{URL}/{made['orderId']}/receipt")["data"]["amount"] == 0


def test_a_payment_becomes_an_enrolment(student: Program, shop: Shop) -> None:
    back = returned(shop, order(student, shop)["razorpayOrderId"])
    body = enrolling(shop, back, amountPaid=shop.package.selling_price / 100)
    made = student.post("/counselling-enrollments", body)["data"]
    assert made["package"] == {
        "_id": shop.package.public_id,
        "name": "JEE Complete",
        "examType": shop.package.exam_type.value,
        "maxSessions": shop.package.max_sessions,
    }
    assert (made["userId"], made["status"], made["sessionsUsed"]) == (shop.student.public_id, "active", 0)
    assert (made["paymentMethod"], made["couponCode"], made["assignedCounsellor"]) == ("upi", None, None)
    assert made["amountPaid"] == shop.package.selling_price / 100
    assert student.post("/counselling-enrollments", body)["data"] == made


def test_what_the_client_believes_is_compared(student: Program, shop: Shop) -> None:
    back, other = returned(shop, order(student, shop)["razorpayOrderId"]), make_package()
    body = enrolling(shop, back, packageId=other.public_id, amountPaid=1, couponCode="ALL")
    wrong = details(student.post("/counselling-enrollments", body, status=400))
    assert set(wrong) == {"packageId", "amountPaid", "couponCode"}
    assert count(Enrolment) == 0
    assert student.post("/counselling-enrollments", enrolling(shop, back, signature="x"), status=400)
    assert set(details(student.post("/counselling-enrollments", {}, status=400))) == {
        "packageId", "razorpayOrderId", "paymentId", "signature",
    }  # fmt: skip


def test_others_cannot_pay_or_see_an_order(app: Flask, student: Program, shop: Shop) -> None:
    back = returned(shop, order(student, shop)["razorpayOrderId"])
    outsider = Program(app, shop.outsider)
    assert outsider.post(f"{URL}/verify", back, status=404)
    assert outsider.post("/counselling-enrollments", enrolling(shop, back), status=404)
    assert outsider.get(f"{URL}/history")["data"] == []
    for user in (shop.admin, make_user(role=Role.COUNSELLOR)):
        assert Program(app, user).post(f"{URL}/create-order", {}, status=403)
        assert Program(app, user).post(f"{URL}/verify", back, status=403)
        assert Program(app, user).post("/counselling-enrollments", {}, status=403)
    nobody = Program(app)
    for path in (f"{URL}/create-order", f"{URL}/verify", "/counselling-enrollments", f"{URL}/x/refund"):
        assert nobody.post(path, status=401)
    assert nobody.get(f"{URL}/history", status=401)
    assert Program(app, make_user(role=Role.COUNSELLOR)).get(f"{URL}/history", status=403)


def test_only_a_confirmed_address_buys(app: Flask, shop: Shop) -> None:
    new = Program(app, make_user(verified=False))
    refused = new.post(f"{URL}/create-order", {"packageId": shop.package.public_id}, status=403)
    assert refused["error"]["code"] == "FORBIDDEN"


def test_one_key_makes_one_order(student: Program, shop: Shop) -> None:
    body, headers = {"packageId": shop.package.public_id}, {"Idempotency-Key": "k1"}
    first = student.post(f"{URL}/create-order", body, headers=headers)
    assert student.post(f"{URL}/create-order", body, headers=headers) == first
    assert student.post(f"{URL}/create-order", body, headers={"Idempotency-Key": "k2"}) != first
    assert count(Order) == 2
    assert student.post(f"{URL}/create-order", {**body, "agenda": "x"}, headers=headers, status=409)


def test_a_gateway_that_is_away_keeps_the_order(student: Program, shop: Shop) -> None:
    shop.gateway.away = 1
    answer = student.client.post(
        "/api/v1/payments/create-order", json={"packageId": shop.package.public_id}, headers=student.headers
    )
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (503, "SERVICE_UNAVAILABLE")
    assert count(Order) == 1


def test_the_history_has_one_row_an_order(student: Program, desk: Program, shop: Shop) -> None:
    bought = buy(shop)
    place(shop, now=NOW + HOUR)
    open_row, paid_row = student.get(f"{URL}/history")["data"]
    assert (open_row["status"], open_row["paymentMethod"], open_row["receiptNumber"]) == ("created", None, None)
    assert paid_row["_id"] == payment_of(bought).public_id
    assert (paid_row["status"], paid_row["amount"]) == ("succeeded", bought.amount / 100)
    assert paid_row["createdAt"] == "2026-12-09T04:00:00.000Z"
    assert paid_row["packageId"] == shop.package.public_id
    assert len(desk.get(f"{URL}/history")["data"]) == 2
    assert [row["_id"] for row in desk.get(f"{URL}/history?status=succeeded")["data"]] == [paid_row["_id"]]


def test_days_are_the_callers_and_included(student: Program, shop: Shop) -> None:
    place(shop, now=NOW)  # 9 December, 9:30 AM in India
    place(shop, now=NOW - DAY / 2)  # 8 December, 9:30 PM
    assert len(student.get(f"{URL}/history?startDate=2026-12-08&endDate=2026-12-09")["data"]) == 2
    assert len(student.get(f"{URL}/history?startDate=2026-12-09")["data"]) == 1
    assert len(student.get(f"{URL}/history?endDate=2026-12-08")["data"]) == 1
    wrong = details(student.get(f"{URL}/history?startDate=2026-12-09&endDate=2026-12-08", status=400))
    assert "endDate" in wrong
    assert "startDate" in details(student.get(f"{URL}/history?startDate=2026-02-30", status=400))
    assert "created, pending" in details(student.get(f"{URL}/history?status=lost", status=400))["status"]


def test_every_state_is_found_by_its_word(shop: Shop) -> None:
    free = make_coupon("ALL", discount_value=100)
    place(shop, gateway=False)
    buy(shop)
    place(shop, coupon_code=free.code, gateway=False)
    record(pay(shop, place(shop), status="failed"))
    record(pay(shop, place(shop), status="authorized"))
    twice = place(shop)
    record(pay(shop, twice, status="failed"))
    record(pay(shop, twice, status="authorized"))
    for status in (PaymentStatus.REFUND_PENDING, PaymentStatus.REFUNDED, PaymentStatus.PARTIALLY_REFUNDED):
        payment_of(buy(shop)).status = status
    db.session.commit()
    db.session.expire_all()
    found = 0
    for word in HISTORY_WORDS:
        rows = history_page(shop.student, HistoryFilter(status=word), page=1, limit=100).items
        assert rows, word
        assert {history_status(row) for row in rows} == {word}
        found += len(rows)
    assert found == count(Order)


def test_the_history_costs_the_same_at_any_size(app: Flask, desk: Program, shop: Shop) -> None:
    def fill(number: int) -> None:
        for _ in range(number):
            service = make_service(make_counsellor())
            db.session.commit()
            buy(shop, package_id=None, service_id=service.public_id, starts_at=SATURDAY_10, student=make_user())
        db.session.expire_all()

    del app
    fill(2)
    desk.get(f"{URL}/history")
    with count_queries() as few:
        desk.get(f"{URL}/history?limit=100")
    fill(8)
    with count_queries() as many:
        desk.get(f"{URL}/history?limit=100")
    assert len(few) == len(many)


def test_a_partner_reads_the_history(app: Flask, shop: Shop) -> None:
    buy(shop)
    reader = Program(app, key=partner_key(shop.admin, "payments:read")[1])
    assert len(reader.get(f"{URL}/history")["data"]) == 1
    assert Program(app, key=partner_key(shop.admin, "coupons:read")[1]).get(f"{URL}/history", status=403)
    assert reader.post(f"{URL}/create-order", status=403)


def test_a_payment_the_bank_still_thinks_about_enrols_later(student: Program, shop: Shop) -> None:
    back = returned(shop, order(student, shop)["razorpayOrderId"], status="created")
    assert student.post(f"{URL}/verify", back)["data"]["status"] in ("created", "pending")
    assert student.post("/counselling-enrollments", enrolling(shop, back), status=409)["error"]["code"] == "CONFLICT"
    shop.gateway.change(back["razorpayPaymentId"], "captured")
    assert student.post("/counselling-enrollments", enrolling(shop, back))["data"]["status"] == "active"
