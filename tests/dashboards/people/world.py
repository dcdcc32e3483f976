"""A student who has one of everything, as the tests of people need her."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from tests.factories import NOW, make_counsellor, make_enrolment, make_review, make_session, make_user
from webapp.accounts.models import Role, User
from webapp.bookings.models import CounsellingSession, NextStep, SessionChange
from webapp.bookings.rules.states import SessionStatus
from webapp.core.db import db
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.exports.models import ExportFile
from webapp.inquiries.models import EventKind, Exam, Inquiry, InquiryEvent, LeadPerson
from webapp.notifications.models import DeliveryStatus, Notification, OutboxMail
from webapp.payments.models import GatewayEvent, Match, Order, OrderStatus, Payment, PaymentStatus, Receipt
from webapp.reviews.models import Review

MAIL, PHONE, NAME = "ananya@example.com", "+919830041270", "Ananya Chatterjee"
PAST = NOW - dt.timedelta(days=20)


@dataclass(slots=True)
class World:
    """The student with her things, all over and paid, and an admin."""

    admin: User
    student: User
    enrolment: Enrolment
    session: CounsellingSession
    order: Order
    payment: Payment
    receipt: Receipt
    review: Review
    inquiry: Inquiry


def _add(row: Any) -> Any:
    db.session.add(row)
    db.session.flush()
    return row


def make_world() -> World:
    """Make and commit it."""
    student = make_user(name=NAME, email=MAIL, phone=PHONE)
    enrolment = make_enrolment(
        student, title="JEE Complete", status=EnrolmentStatus.EXPIRED, note=f"Asked by {MAIL}", amount_paid=499_900
    )
    session = make_session(
        enrolment,
        make_counsellor(name="Dr. Meera Krishnan"),
        PAST,
        status=SessionStatus.COMPLETED,
        agenda="Which college, I am Ananya",
        shared_notes="Dear Ananya, choose Durgapur.",
        private_notes="Ananya's mother decides.",
    )
    _add(NextStep(session_id=session.id, text=f"Write to {MAIL}"))
    _add(
        SessionChange(
            session_id=session.id, at=PAST, event="offer_move", to_status="scheduled", detail={"message": MAIL}
        )
    )
    order, payment, receipt = _bought(student, enrolment)
    review = make_review(session, text="Signed, Ananya Chatterjee", response="Thank you Ananya")
    world = World(
        make_user(role=Role.ADMIN, name="Rohan Mehta"), student, enrolment, session, order, payment, receipt, review,
        _asked(student),
    )  # fmt: skip
    _told(world)
    db.session.commit()
    return world


def _bought(student: User, enrolment: Enrolment) -> tuple[Order, Payment, Receipt]:
    order = _add(
        Order(
            user_id=student.id, package_id=enrolment.package_id, title="JEE Complete", status=OrderStatus.PAID,
            price=499_900, amount=499_900, tax=76_256, gateway="sandbox", gateway_order_id="order_RzpAbc123",
            agenda="I am Ananya", placed_at=PAST, expires_at=PAST, paid_at=PAST, enrolment_id=enrolment.id,
        )
    )  # fmt: skip
    payment = _add(
        Payment(
            order_id=order.id, gateway="sandbox", gateway_payment_id="pay_RzpXyz789", status=PaymentStatus.SUCCEEDED,
            match=Match.ENROLLED, amount=499_900, currency="INR", captured_at=PAST, note=f"{MAIL} called",
        )
    )  # fmt: skip
    receipt = _add(
        Receipt(financial_year="2026-27", number=123, order_id=order.id, payment_id=payment.id, issued_at=PAST)
    )
    entity = {"email": MAIL.upper(), "contact": PHONE, "amount": 499_900}
    _add(
        GatewayEvent(
            event_id="ev_1", gateway="sandbox", event="payment.captured", payload={"payment": entity}, received_at=PAST
        )
    )
    return order, payment, receipt


def _asked(student: User) -> Inquiry:
    person = _add(LeadPerson(created_at=PAST))
    inquiry: Inquiry = _add(
        Inquiry(
            ticket_number="INQ-2026-04711", person_id=person.id, name=NAME, email=MAIL, phone=PHONE, email_key=MAIL,
            phone_key=PHONE, exam=Exam.JEE_MAIN, message="Please help", asked_at=PAST, answer_due_at=PAST,
        )
    )  # fmt: skip
    _add(InquiryEvent(inquiry_id=inquiry.id, kind=EventKind.NOTE, at=PAST, body=f"{NAME}, {MAIL}, 98300 41270"))
    return inquiry


def _told(world: World) -> None:
    meera = world.session.counsellor.user
    assert meera is not None
    url = f"/sessions/{world.session.public_id}"
    for number, (user, title) in enumerate(((world.student, "Confirmed"), (meera, f"{NAME} asks for a session"))):
        _add(Notification(user_id=user.id, kind="x", title=title, url=url, dedupe_key=f"n{number}", created_at=PAST))
    for number, (to, name, context) in enumerate(
        (
            (MAIL.upper(), NAME, {"first_name": "Ananya"}),
            (meera.email, meera.name, {"student": NAME, "url": f"http://localhost{url}"}),
            ("desk@example.com", "", {"lines": [MAIL]}),
        )
    ):
        _add(
            OutboxMail(
                dedupe_key=f"m{number}", recipient=to, recipient_name=name, template="verify", context=context,
                status=DeliveryStatus.SENT, due_at=PAST, created_at=PAST,
            )
        )  # fmt: skip
    _add(
        ExportFile(
            owner_id=world.admin.id, kind="users", params={"q": [MAIL]}, zone="Asia/Kolkata", filename="users.csv",
            created_at=PAST, expires_at=PAST,
        )
    )  # fmt: skip
