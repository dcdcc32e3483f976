"""`/api/v1/counselling-enrollments`: read by its people, given, assigned and cancelled by admins."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_package,
    make_service,
    make_session,
    make_user,
)
from tests.programs import Program, details, partner_key
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.notifications.models import OutboxMail
from webapp.packages.models import ExamType
from webapp.payments.models import Coupon, DiscountType, Match, Order, OrderStatus, Payment, PaymentStatus

URL = "/counselling-enrollments"
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


class World:
    """A student with a package, and who asks about it."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.counsellor = make_counsellor(name="Dr. Meera Krishnan")
        self.student = make_user(name="Ananya Chatterjee")
        self.package = make_package(name="JEE Complete", max_sessions=6)
        self.enrolment = make_enrolment(self.student, self.package, sessions_used=2)
        self.admin = make_user(role=Role.ADMIN)
        db.session.commit()
        self.me, self.desk = Program(app, self.student), Program(app, self.admin)
        self.path = f"{URL}/{self.enrolment.public_id}"

    def as_(self, user: User | None) -> Program:
        """Return a program that acts for somebody."""
        return Program(self.app, user)


@pytest.fixture
def world(app: Flask, frozen: None) -> World:
    return World(app)


def ids(answer: Any) -> list[str]:
    return [row["_id"] for row in answer["data"]]


def test_an_enrolment_in_full(world: World) -> None:
    found = world.me.get(world.path)["data"]
    assert found == {
        "_id": world.enrolment.public_id,
        "userId": world.student.public_id,
        "packageId": world.package.public_id,
        "package": {"_id": world.package.public_id, "name": "JEE Complete", "examType": "jee", "maxSessions": 6},
        "serviceId": None,
        "title": "JEE Complete",
        "status": "active",
        "sessionsUsed": 2,
        "sessionsRemaining": 4,
        "sessionDuration": 30,
        "paymentId": None,
        "paymentMethod": "manual",
        "amountPaid": 0,
        "couponCode": None,
        "enrolledAt": "2026-11-29T04:00:00.000Z",
        "expiresAt": "2027-05-28T04:00:00.000Z",
        "assignedCounsellor": None,
    }


def test_what_was_paid_names_the_payment(world: World) -> None:
    coupon = Coupon(code="SAVE10", discount_type=DiscountType.PERCENT, discount_value=10, valid_from=NOW - DAY)
    order = Order(
        user=world.student, package=world.package, title="JEE Complete", price=500_000, discount=50_000, amount=450_000,
        coupon=coupon, gateway="double", gateway_order_id="order_1", status=OrderStatus.PAID, placed_at=NOW - DAY,
        expires_at=NOW, paid_at=NOW - DAY, enrolment=world.enrolment,
    )  # fmt: skip
    payment = Payment(
        order=order, gateway="double", gateway_payment_id="pay_1", amount=450_000, currency="INR", method="upi",
        status=PaymentStatus.SUCCEEDED, match=Match.ENROLLED, captured_at=NOW - DAY,
    )  # fmt: skip
    world.enrolment.amount_paid = 450_000
    db.session.add_all([coupon, order, payment])
    db.session.commit()
    found = world.me.get(world.path)["data"]
    assert (found["paymentId"], found["paymentMethod"]) == (payment.public_id, "upi")
    assert (found["amountPaid"], found["couponCode"]) == (4500, "SAVE10")


def test_one_enrolment_is_for_its_people(world: World) -> None:
    world.enrolment.assigned_counsellor_id = world.counsellor.id
    db.session.commit()
    for who in (world.me, world.desk, world.as_(world.counsellor.user)):
        assert who.get(world.path)["data"]["assignedCounsellor"]["name"] == "Dr. Meera Krishnan"
    for outsider in (make_user(), make_counsellor().user):
        assert world.as_(outsider).get(world.path, status=404)["error"]["code"] == "NOT_FOUND"
    world.as_(None).get(world.path, status=401)


def test_my_enrolments(world: World) -> None:
    old = make_enrolment(world.student, world.package, expires_at=NOW - DAY)
    single = make_enrolment(world.student, package_id=None, service_id=make_service(world.counsellor).id)
    make_enrolment(make_user())
    db.session.commit()
    assert ids(world.me.get(f"{URL}/my")) == [single.public_id, old.public_id, world.enrolment.public_id]
    assert ids(world.me.get(f"{URL}/my?status=expired")) == [old.public_id]
    assert world.me.get(f"{URL}/my?status=expired")["data"][0]["status"] == "expired"
    assert world.me.get(f"{URL}/my?limit=1")["pagination"]["total"] == 3
    assert world.me.get(f"{URL}/my")["data"][0]["package"] is None
    assert ids(world.as_(world.counsellor.user).get(f"{URL}/my")) == []


def test_all_enrolments_for_admins(world: World) -> None:
    neet = make_enrolment(make_user(), make_package(exam_type=ExamType.NEET), status=EnrolmentStatus.CANCELLED)
    db.session.commit()
    assert ids(world.desk.get(URL)) == [neet.public_id, world.enrolment.public_id]
    for query, wanted in (
        (f"packageId={world.package.public_id}", world.enrolment),
        (f"userId={world.student.public_id}", world.enrolment),
        ("status=cancelled", neet),
        ("examType=neet", neet),
        ("status=active&examType=jee", world.enrolment),
    ):
        assert ids(world.desk.get(f"{URL}?{query}")) == [wanted.public_id]
    assert ids(world.desk.get(f"{URL}?userId=user_nobody")) == []
    wrong = details(world.desk.get(f"{URL}?status=open&student=x", status=400))
    assert "active, expired, cancelled, refunded" in wrong["status"]
    assert "Allowed: examType, limit, packageId, page, status, userId." in wrong["student"]


def test_a_counsellor_is_assigned_and_lifted(world: World) -> None:
    path = f"{world.path}/assign-counsellor"
    done = world.desk.patch(path, {"counsellorId": world.counsellor.public_id})["data"]
    assert done["assignedCounsellor"]["_id"] == world.counsellor.public_id
    assert world.desk.patch(path, {"counsellorId": None})["data"]["assignedCounsellor"] is None
    assert world.desk.patch(path, {"counsellorId": "counsellor_x"}, status=404)
    assert list(details(world.desk.patch(path, {}, status=400))) == ["counsellorId"]
    gone = make_counsellor(is_active=False)
    world.enrolment.status = EnrolmentStatus.ACTIVE
    db.session.commit()
    assert list(details(world.desk.patch(path, {"counsellorId": gone.public_id}, status=400))) == ["counsellorId"]
    world.enrolment.status = EnrolmentStatus.CANCELLED
    db.session.commit()
    refused = world.desk.patch(path, {"counsellorId": world.counsellor.public_id}, status=400)
    assert refused["error"]["code"] == "INVALID_STATE"


def test_a_package_is_given(world: World) -> None:
    body = {
        "userId": world.student.public_id,
        "packageId": world.package.public_id,
        "counsellorId": world.counsellor.public_id,
        "notes": "Scholarship",
        "skipPayment": True,
    }
    made = world.desk.post(f"{URL}/manual", body, status=201)["data"]
    assert (made["status"], made["paymentMethod"], made["sessionsRemaining"]) == ("active", "manual", 6)
    assert made["assignedCounsellor"]["_id"] == world.counsellor.public_id
    assert made["expiresAt"] == "2027-06-07T04:00:00.000Z"
    assert [mail.recipient for mail in db.session.query(OutboxMail)] == [world.student.email]
    headers = {"Idempotency-Key": "one"}
    first = world.desk.post(f"{URL}/manual", body, status=201, headers=headers)
    assert world.desk.post(f"{URL}/manual", body, status=201, headers=headers) == first
    assert db.session.query(Enrolment).count() == 3


def test_what_cannot_be_given(world: World) -> None:
    path, good = f"{URL}/manual", {"userId": world.student.public_id, "packageId": world.package.public_id}
    assert details(world.desk.post(path, {"skipPayment": False}, status=400)) == {
        "userId": "User id is required.",
        "packageId": "Package id is required.",
        "skipPayment": "Skip payment must be true: a package that is to be paid goes through an order.",
    }
    for name in ("userId", "packageId", "counsellorId"):
        assert world.desk.post(path, {**good, name: "nobody"}, status=404)
    assert list(details(world.desk.post(path, {**good, "userId": world.admin.public_id}, status=400))) == ["userId"]
    world.package.is_archived = True
    db.session.commit()
    assert list(details(world.desk.post(path, good, status=400))) == ["packageId"]


def test_cancelling_frees_what_is_ahead(world: World) -> None:
    session = make_session(world.enrolment, world.counsellor, NOW + 3 * DAY)
    db.session.commit()
    assert world.desk.patch(f"{world.path}/cancel", {"reason": "Family."})["data"]["status"] == "cancelled"
    db.session.refresh(session)
    assert (session.status, session.reason) == (SessionStatus.CANCELLED, "Family.")
    again = world.desk.patch(f"{world.path}/cancel", status=400)
    assert again["error"]["code"] == "INVALID_STATE"


def test_no_reason_is_needed(world: World) -> None:
    assert world.desk.patch(f"{world.path}/cancel")["data"]["status"] == "cancelled"


def test_only_admins_write(world: World) -> None:
    calls: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", URL, None),
        ("POST", f"{URL}/manual", {}),
        ("PATCH", f"{world.path}/assign-counsellor", {}),
        ("PATCH", f"{world.path}/cancel", {}),
    ]
    for who, status in ((None, 401), (world.student, 403), (world.counsellor.user, 403)):
        program = world.as_(who)
        for method, path, body in calls:
            program.ask(method, path, body, status=status)
    for act in ("assign-counsellor", "cancel"):
        world.desk.patch(f"{URL}/enroll_nobody/{act}", {"counsellorId": None} if "assign" in act else {}, status=404)


def test_a_partner_needs_the_right(world: World) -> None:
    reader = Program(world.app, key=partner_key(world.admin, "enrollments:read")[1])
    assert ids(reader.get(URL)) == [world.enrolment.public_id]
    assert reader.get(world.path)["data"]["status"] == "active"
    reader.patch(f"{world.path}/cancel", {}, status=403)
    reader.get(f"{URL}/my", status=403)


def test_lists_cost_the_same_at_any_size(world: World) -> None:
    def fill(number: int) -> None:
        for _ in range(number):
            make_enrolment(world.student, make_package(), assigned_counsellor_id=make_counsellor().id)
        db.session.commit()
        db.session.expire_all()

    for path in (f"{URL}?limit=100", f"{URL}/my?limit=100"):
        fill(2)
        with count_queries() as few:
            Program(world.app, world.admin if "my" not in path else world.student).get(path)
        fill(10)
        with count_queries() as many:
            Program(world.app, world.admin if "my" not in path else world.student).get(path)
        assert len(few) == len(many)
