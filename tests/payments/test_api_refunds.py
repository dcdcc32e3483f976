"""`/api/v1/payments/:id/refund` and receipts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.factories import NOW, make_user
from tests.payments.world import Shop, buy, payment_of, place
from tests.programs import Program, details
from webapp.accounts.models import Role
from webapp.core import clock
from webapp.core.db import db
from webapp.enrolments.models import EnrolmentStatus
from webapp.payments.models import Order, Payment, RefundStatus


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def bought(shop: Shop) -> Order:
    return buy(shop)


@pytest.fixture
def payment(bought: Order) -> Payment:
    return payment_of(bought)


@pytest.fixture
def student(app: Flask, shop: Shop) -> Program:
    return Program(app, shop.student)


@pytest.fixture
def desk(app: Flask, shop: Shop) -> Program:
    return Program(app, shop.admin)


def test_a_student_asks_an_admin_carries_it_out(student: Program, desk: Program, payment: Payment) -> None:
    path = f"/payments/{payment.public_id}/refund"
    asked = student.post(path, {"reason": "I moved."})["data"]
    assert (asked["status"], asked["refundStatus"]) == ("refund_pending", "requested")
    assert asked["refundAmount"] == payment.amount / 100
    assert asked["estimatedRefundDate"].startswith("2026-12-18")
    assert student.get("/payments/history")["data"][0]["status"] == "refund_pending"
    assert student.post(path, {}, status=400)["error"]["code"] == "INVALID_STATE"
    done = desk.post(path, {"reason": "Fair."})["data"]
    assert (done["_id"], done["status"], done["refundStatus"]) == (asked["_id"], "refund_pending", "approved")
    db.session.refresh(payment)
    assert payment.refunded == payment.amount
    assert payment.order is not None
    assert payment.order.enrolment is not None
    assert payment.order.enrolment.status is EnrolmentStatus.REFUNDED


def test_a_part_by_the_orders_id(desk: Program, bought: Order, payment: Payment) -> None:
    made = desk.post(f"/payments/{bought.public_id}/refund", {"amount": 500.5})["data"]
    assert (made["refundAmount"], made["paymentId"]) == (500.5, payment.public_id)
    again = desk.post(f"/payments/{payment.gateway_payment_id}/refund", {"amount": payment.amount / 100}, status=400)
    assert again["error"]["code"] == "REFUND_NOT_ALLOWED"
    assert "amount" in details(desk.post(f"/payments/{bought.public_id}/refund", {"amount": 0}, status=400))


def test_an_admin_may_decline(student: Program, desk: Program, payment: Payment) -> None:
    path = f"/payments/{payment.public_id}/refund"
    assert "decision" in details(desk.post(path, {"decision": "decline", "reason": "No."}, status=400))
    student.post(path, {"amount": 100})
    assert "decision" in details(student.post(path, {"decision": "approve"}, status=400))
    assert "reason" in details(desk.post(path, {"decision": "decline"}, status=400))
    declined = desk.post(path, {"decision": "decline", "reason": "Sessions were held."})["data"]
    assert (declined["status"], declined["refundStatus"]) == ("succeeded", RefundStatus.DECLINED.value)
    assert (declined["answer"], declined["estimatedRefundDate"]) == ("Sessions were held.", None)


def test_one_key_gives_back_once(desk: Program, payment: Payment) -> None:
    path, headers = f"/payments/{payment.public_id}/refund", {"Idempotency-Key": "back"}
    first = desk.post(path, {"amount": 100}, headers=headers)
    assert desk.post(path, {"amount": 100}, headers=headers) == first
    db.session.refresh(payment)
    assert payment.refunded == 10_000


def test_nothing_goes_back_of_what_was_not_paid(student: Program, shop: Shop) -> None:
    refused = student.post(f"/payments/{place(shop).public_id}/refund", {"reason": "x"}, status=400)
    assert refused["error"]["code"] == "REFUND_NOT_ALLOWED"
    assert student.get(f"/payments/{place(shop).public_id}/receipt", status=404)


def test_a_receipt_as_facts_and_as_a_file(student: Program, desk: Program, bought: Order, payment: Payment) -> None:
    for any_id in (payment.public_id, bought.public_id, payment.gateway_payment_id):
        found = student.get(f"/payments/{any_id}/receipt")["data"]
        assert found["receiptNumber"].startswith("2026-27/")
    assert (found["orderId"], found["paymentId"]) == (bought.public_id, payment.public_id)
    assert found["amount"] == bought.amount / 100
    assert found["taxableAmount"] + found["tax"] == pytest.approx(found["amount"])
    assert found["amountInWords"].endswith("Only")
    assert found["customer"] == {"name": "Ananya Chatterjee", "email": bought.user.email}
    printed = desk.ask("GET", f"/payments/{payment.public_id}/receipt.pdf", status=200)
    assert printed.mimetype == "application/pdf"
    assert printed.data.startswith(b"%PDF")


def test_money_of_others_is_not_there(app: Flask, shop: Shop, payment: Payment) -> None:
    path, outsider = f"/payments/{payment.public_id}", Program(app, shop.outsider)
    assert outsider.post(f"{path}/refund", {"reason": "x"}, status=404)
    assert outsider.get(f"{path}/receipt", status=404)
    assert outsider.get(f"{path}/receipt.pdf", status=404)
    counsellor = Program(app, make_user(role=Role.COUNSELLOR))
    assert counsellor.post(f"{path}/refund", status=403)
    assert counsellor.get(f"{path}/receipt", status=403)
    assert Program(app).get(f"{path}/receipt", status=401)
