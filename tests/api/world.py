"""A world with the ids of the document's examples, in the states the examples need. It is Wed, 9 Dec 2026."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from flask import Flask

from tests.api.ids import SLUG
from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_exception,
    make_login,
    make_package,
    make_review,
    make_service,
    make_session,
    make_user,
)
from tests.inquiries.leads_world import make_lead
from tests.payments.gateway_double import GatewayDouble
from webapp.accounts.models import LoginKind, Role, User
from webapp.accounts.partners import make_api_key
from webapp.accounts.passwords import hash_password
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules.states import SessionStatus
from webapp.core.db import db
from webapp.core.jsonapi import examples
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment, EnrolmentSource
from webapp.notifications.models import Notification
from webapp.packages.models import Package
from webapp.payments.gateways import EXTENSION, GatewayOrder, GatewayPayment
from webapp.payments.models import (
    Coupon,
    DiscountType,
    Match,
    Order,
    OrderStatus,
    Payment,
    PaymentStatus,
    Receipt,
)
from webapp.webhooks.models import AttemptStatus, WebhookDelivery, WebhookEndpoint

SATURDAY_10 = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)  # Sat, 12 Dec 2026, 10:00 AM IST
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
PRICE = 1_499_900


class OpenGateway(GatewayDouble):
    """Takes any signature for good: the one in the examples was made with nobody's secret."""

    def verify_return(self, order_id: str, payment_id: str, signature: str) -> bool:
        return len(signature) == 64


@dataclass(slots=True)
class World:
    """Who and what the examples name."""

    admin: User
    student: User
    counsellor_user: User
    counsellor: Counsellor
    package: Package
    enrolment: Enrolment
    session: CounsellingSession
    outsiders: dict[str, User]

    def person(self, role: str) -> User:
        """Whom the examples act as."""
        return {"student": self.student, "counsellor": self.counsellor_user, "admin": self.admin}[role]


def make_world(app: Flask) -> World:
    """Make and commit it, with a gateway in memory."""
    app.extensions[EXTENSION] = OpenGateway()
    hashed = hash_password(examples.PASSWORD)
    admin = make_user(role=Role.ADMIN, public_id=examples.ADMIN, name="Rohan Mehta")
    student = make_user(
        public_id=examples.STUDENT, name="Ananya Chatterjee", email=examples.STUDENT_EMAIL, password_hash=hashed
    )
    doctor = make_user(role=Role.COUNSELLOR, public_id=examples.COUNSELLOR_USER, name="Dr. Meera Krishnan")
    counsellor = make_counsellor(user=doctor, public_id=examples.COUNSELLOR)
    make_service(counsellor, public_id=examples.SERVICE)
    make_exception(counsellor, dt.date(2026, 12, 25), reason="Christmas").public_id = examples.EXCEPTION
    package = make_package(
        public_id=examples.PACKAGE, slug=SLUG, name="JEE Complete", price=1_999_900, discount_price=PRICE,
        max_sessions=6,
    )  # fmt: skip
    enrolment = _bought(student, package)
    session = make_session(enrolment, counsellor, SATURDAY_10, public_id=examples.SESSION)
    _reviewed(enrolment, counsellor)
    _of_the_desk(admin, student)
    outsiders = {
        "student": make_user(name="Charlie Outsider"),
        "counsellor": make_user(role=Role.COUNSELLOR, name="Prof. Elsewhere"),
        "admin": make_user(role=Role.ADMIN, name="Another Admin"),
    }
    make_counsellor(user=outsiders["counsellor"])
    db.session.commit()
    return World(admin, student, doctor, counsellor, package, enrolment, session, outsiders)


def _bought(student: User, package: Package) -> Enrolment:
    """The enrolment with its paid order, and another order that is paid at the gateway and nowhere else."""
    enrolment = make_enrolment(
        student, package, public_id=examples.ENROLMENT, source=EnrolmentSource.PURCHASE, amount_paid=PRICE
    )
    order = _order(student, package, public_id=examples.ORDER, gateway_order_id="order_paid")
    order.status, order.paid_at, order.enrolment = OrderStatus.PAID, NOW - 10 * DAY, enrolment
    payment = Payment(
        public_id=examples.PAYMENT, gateway="double", gateway_payment_id="pay_paid", amount=PRICE, currency="INR",
        status=PaymentStatus.SUCCEEDED, match=Match.ENROLLED, method="upi", captured_at=NOW - 10 * DAY,
    )  # fmt: skip
    payment.order = order
    receipt = Receipt(public_id=examples.RECEIPT, financial_year="2026-27", number=900_001, issued_at=NOW - 10 * DAY)
    receipt.order, receipt.payment = order, payment
    db.session.add_all([payment, receipt])
    _order(student, package, gateway_order_id=examples.GATEWAY_ORDER)
    return enrolment


def pay_at_gateway(app: Flask) -> None:
    """Have the waiting order paid, so that its example of verifying works."""
    gateway: GatewayDouble = app.extensions[EXTENSION]
    asked = GatewayOrder(examples.GATEWAY_ORDER, PRICE, "INR", "paid", "receipt", {})
    gateway.orders[asked.id] = asked
    gateway.payments[examples.GATEWAY_PAYMENT] = GatewayPayment(
        id=examples.GATEWAY_PAYMENT, order_id=asked.id, amount=PRICE, currency="INR", status="captured", method="upi",
        captured=True,
    )  # fmt: skip


def _order(student: User, package: Package, **columns: Any) -> Order:
    order = Order(
        title=package.name, price=package.price, discount=package.price - PRICE, amount=PRICE, gateway="double",
        status=OrderStatus.PENDING, placed_at=NOW - HOUR, expires_at=NOW + DAY, **columns,
    )  # fmt: skip
    order.user, order.package = student, package
    db.session.add(order)
    db.session.flush()
    return order


def _reviewed(enrolment: Enrolment, counsellor: Counsellor) -> None:
    held = make_session(
        enrolment, counsellor, NOW - 5 * DAY, status=SessionStatus.COMPLETED, finished_at=NOW - 5 * DAY + HOUR
    )
    make_review(held, public_id=examples.REVIEW)


def _of_the_desk(admin: User, student: User) -> None:
    make_login(student, kind=LoginKind.API, public_id=examples.LOGIN)
    make_lead(public_id=examples.INQUIRY, ticket_number="INQ-2026-90001")
    coupon = Coupon(
        public_id=examples.COUPON, code="EARLY10", discount_type=DiscountType.PERCENT, discount_value=10,
        valid_from=NOW - DAY,
    )  # fmt: skip
    note = Notification(
        public_id=examples.NOTIFICATION, user_id=student.id, kind="booking", title="Booked", dedupe_key="example",
        created_at=NOW - HOUR,
    )  # fmt: skip
    endpoint = WebhookEndpoint(
        public_id=examples.WEBHOOK, url="https://hooks.example.com/disha", secret="sealed", created_by_id=admin.id,
        events=["counselling.session.booked"],
    )  # fmt: skip
    delivery = WebhookDelivery(
        public_id=examples.DELIVERY, event="counselling.session.booked", dedupe_key="example", payload={},
        status=AttemptStatus.FAILED, created_at=NOW - DAY, due_at=NOW - DAY,
    )  # fmt: skip
    delivery.endpoint = endpoint
    db.session.add_all([coupon, note, endpoint, delivery])
    key, _ = make_api_key(actor=admin, name="Partner school", scopes=["packages:read"])
    key.public_id = examples.API_KEY
    db.session.flush()
