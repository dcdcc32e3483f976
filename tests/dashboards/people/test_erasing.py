"""Forgetting a person: names out, money in."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import ARRAY, LargeBinary, String, cast, select, text
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Session

from tests.dashboards.people.world import MAIL, NAME, PHONE, World, make_world
from tests.factories import NOW, make_counsellor, make_enrolment, make_login, make_session, make_user
from tests.pages import Browser
from webapp.accounts.models import Role, User
from webapp.accounts.passwords import hash_password
from webapp.audit.models import AuditEntry
from webapp.audit.services import because
from webapp.bookings.rules.states import SessionStatus
from webapp.core.db import Base, transaction
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.dashboards.people.privacy.erasing import erase_person
from webapp.dashboards.people.privacy.letting_go import email_pattern, erased_email, name_pattern, phone_pattern
from webapp.enrolments.models import EnrolmentStatus
from webapp.notifications.models import Notification, OutboxMail
from webapp.payments.models import GatewayEvent, OrderStatus, Refund, RefundStatus

TEXTS = (String, JSONB, ARRAY, TSVECTOR)


@pytest.fixture
def world(db_session: Session) -> World:
    return make_world()


def erase(world: World, **changes: Any) -> User:
    arguments: dict[str, Any] = {
        "actor": world.admin, "user_id": world.student.public_id, "typed": MAIL, "reason": "Asked for it", "now": NOW,
    }  # fmt: skip
    with transaction():
        return erase_person(**{**arguments, **changes})


def places(session: Session, wanted: str) -> list[str]:
    """Every column of text, JSON, list or search words in which something stands, whatever its case."""
    found = []
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, LargeBinary) or not isinstance(column.type, TEXTS):
                continue
            holds = cast(column, String).icontains(wanted, autoescape=True)
            if session.execute(select(text("1")).select_from(table).where(holds).limit(1)).first():
                found.append(f"{table.name}.{column.name}")
    return found


def test_the_address_and_the_number_are_nowhere(app: Flask, world: World, db_session: Session) -> None:
    browser = Browser(app, world.admin)  # leaves traces in the log: a change of her data, and a reason that names her
    browser.submit(
        f"/admin/users/{world.student.public_id}/do/deactivate",
        {"reason": f"{NAME} wrote from {MAIL}"},
        page="/admin/users",
    )
    with transaction():
        world.student.phone = PHONE[:-1] + "1"
        world.inquiry.message = "changed"
    assert len(places(db_session, MAIL)) > 12
    erase(world, reason=f"Asked by mail from {MAIL}")
    for words in (MAIL, PHONE, "9830041270", "98300 41270", NAME):
        assert places(db_session, words) == [], words


def test_the_account_is_nobodys(app: Flask, world: World, db_session: Session) -> None:
    theirs = Browser(app, world.student)
    before = world.student.password_hash
    user = erase(world)
    db_session.refresh(user)
    assert (user.name, user.email, user.phone) == ("Erased person", erased_email(user.public_id), None)
    assert user.email.endswith("@erased.invalid")
    assert (user.active, user.erased_at, user.email_verified_at, user.feed_key_hash) == (False, NOW, None, None)
    assert user.password_hash != before
    assert theirs.get("/account").status_code == 302


def test_the_books_keep_their_sums(world: World, db_session: Session) -> None:
    erase(world)
    order, payment, receipt = world.order, world.payment, world.receipt
    assert (order.amount, order.tax, order.status, order.agenda) == (499_900, 76_256, OrderStatus.PAID, "")
    assert (payment.amount, payment.gateway_payment_id, payment.note) == (499_900, "pay_RzpXyz789", "")
    assert receipt.receipt_number == "2026-27/000123"
    assert (world.enrolment.amount_paid, world.enrolment.note) == (499_900, "")
    assert (world.session.status, world.session.shared_notes, world.session.private_notes) == (
        SessionStatus.COMPLETED,
        "",
        "",
    )
    payload = db_session.scalars(select(GatewayEvent.payload)).one()
    assert payload["payment"]["amount"] == 499_900


def test_what_others_were_told_loses_the_name(world: World, db_session: Session) -> None:
    erase(world)
    notes = db_session.scalars(select(Notification.title)).all()
    assert notes == ["Erased person asks for a session"]
    assert world.review.text == "Signed, Erased person"
    assert (world.review.response, world.review.rating) == ("Thank you Erased person", 5)
    assert all(mail.context == {} for mail in db_session.scalars(select(OutboxMail)))


def test_the_log_says_that_it_happened_and_no_more(world: World, db_session: Session) -> None:
    erase(world, reason=f"Letter of {MAIL}, 3 December")
    entry = db_session.scalars(select(AuditEntry).where(AuditEntry.action == "user.erased")).one()
    assert entry.reason == "Letter of [erased], 3 December"
    assert (entry.entity_id, entry.entity_label) == (world.student.public_id, "Erased person")


def test_former_addresses_logins_and_what_opens_the_account_go_too(
    app: Flask, world: World, db_session: Session
) -> None:
    old, student = "ananya.before@example.com", world.student
    student.email, student.password_hash = old, hash_password("Secret-99")
    db_session.commit()
    here = Browser(app, student)
    for address in (MAIL, "typing.error@example.net"):
        here.submit("/account/email", {"new_email": address, "present_password": "Secret-99"}, page="/account")
        if address == MAIL:
            for mail in db_session.scalars(select(OutboxMail).where(OutboxMail.template.startswith("mail_change_"))):
                here.submit(str(mail.context["url"]).removeprefix("http://localhost"), {"answer": "agree"})
    db_session.refresh(student)
    assert student.email == MAIL
    make_login(student, address="203.0.113.77", user_agent="Netscape 4")
    db_session.commit()
    assert {"outbox_mails.recipient", "audit_entries.changes"} <= set(places(db_session, old))
    erase(world)
    for words in (MAIL, old, "typing.error@example.net", "203.0.113.77", "Netscape 4"):
        assert places(db_session, words) == [], words


def test_a_former_address_that_is_another_persons_now_stays_theirs(
    app: Flask, world: World, db_session: Session
) -> None:
    with transaction():
        because("moved")
        world.student.email = "ananya.c@example.org"
    sibling = make_user(email=MAIL)
    db_session.commit()
    erase(world, typed="ananya.c@example.org")
    db_session.refresh(sibling)
    assert sibling.email == MAIL
    assert "outbox_mails.recipient" in places(db_session, MAIL)


def test_the_same_address_may_sign_up_again(world: World, db_session: Session) -> None:
    erase(world)
    assert make_user(email=MAIL).id != world.student.id


def test_the_pages_still_work(app: Flask, world: World) -> None:
    erase(world)
    browser = Browser(app, world.admin)
    for url in (
        f"/admin/users/{world.student.public_id}",
        f"/admin/payments/{world.order.public_id}",
        f"/admin/enrolments/{world.enrolment.public_id}",
        f"/sessions/{world.session.public_id}",
        f"/admin/leads/{world.inquiry.public_id}",
        "/admin/audit",
        "/admin/users",
        f"/counsellors/{world.session.counsellor.public_id}",
    ):
        answer = browser.get(url)
        assert answer.status_code == 200, url
        assert NAME not in answer.get_data(as_text=True), url


def test_nobody_else_is_touched(world: World, db_session: Session) -> None:
    other = make_user(name="Ananya Sen", email="ananya@example.com.au", phone="+919830041271")
    theirs = make_enrolment(other, note="Ananya Sen, ananya@example.com.au")
    db_session.commit()
    erase(world)
    assert (other.name, other.email, other.active) == ("Ananya Sen", "ananya@example.com.au", True)
    assert theirs.note == "Ananya Sen, ananya@example.com.au"


class TestObstacles:
    def refused(self, world: World, db_session: Session) -> str:
        db_session.commit()
        with pytest.raises(InvalidState) as refusal:
            erase(world)
        assert world.student.name == NAME
        return refusal.value.message

    def test_a_session_ahead(self, world: World, db_session: Session) -> None:
        world.enrolment.status = EnrolmentStatus.ACTIVE
        make_session(world.enrolment, make_counsellor(name="Sourav Das"), NOW + dt.timedelta(days=3))
        words = self.refused(world, db_session)
        assert "Sat, 12 Dec 2026, 9:30 AM IST with Sourav Das is scheduled" in words

    def test_sessions_paid_and_not_held(self, world: World, db_session: Session) -> None:
        world.enrolment.status = EnrolmentStatus.ACTIVE
        assert "JEE Complete has 3 sessions left" in self.refused(world, db_session)

    def test_an_open_order(self, world: World, db_session: Session) -> None:
        order = world.order
        order.status, order.paid_at, order.enrolment_id = OrderStatus.PENDING, None, None
        assert "The order of ₹4,999 for JEE Complete is not paid yet" in self.refused(world, db_session)

    def test_a_refund_under_way(self, world: World, db_session: Session) -> None:
        refund = Refund(
            payment_id=world.payment.id, amount=100_000, status=RefundStatus.REQUESTED, idempotency_key="k",
            requested_at=NOW,
        )  # fmt: skip
        db_session.add(refund)
        assert "The refund of ₹1,000 of Wed, 9 Dec 2026 is not through" in self.refused(world, db_session)

    def test_an_active_profile(self, world: World, db_session: Session) -> None:
        meera = world.session.counsellor
        assert meera.user is not None
        with pytest.raises(InvalidState, match="profile is active"):
            erase(world, user_id=meera.user.public_id, typed=meera.email)
        meera.is_active, meera.bio = False, "I am Meera"
        db_session.commit()
        erase(world, user_id=meera.user.public_id, typed=meera.email)
        db_session.refresh(meera)
        assert (meera.name, meera.bio) == ("Erased person", "")

    def test_the_form_says_so_before(self, app: Flask, world: World, db_session: Session) -> None:
        world.enrolment.status = EnrolmentStatus.ACTIVE
        db_session.commit()
        html = Browser(app, world.admin).get(f"/admin/users/{world.student.public_id}/do/erase").get_data(as_text=True)
        assert "This has to wait" in html
        assert "Erase for ever" not in html


class TestRefusals:
    def test_the_address_must_be_typed(self, app: Flask, world: World) -> None:
        with pytest.raises(ValidationFailed) as refused:
            erase(world, typed="somebody@example.com", reason=" ")
        assert set(refused.value.fields) == {"email", "reason"}
        url = f"/admin/users/{world.student.public_id}/do/erase"
        answer = Browser(app, world.admin).submit(url, {"email": "x", "reason": "y"}, page="/admin/users")
        assert answer.status_code == 422
        assert "This is not the address of the account." in answer.get_data(as_text=True)

    def test_twice_and_admins_and_unknown(self, world: World, db_session: Session) -> None:
        other = make_user(role=Role.ADMIN)
        db_session.commit()
        with pytest.raises(InvalidState, match="Change its role first"):
            erase(world, user_id=other.public_id, typed=other.email)
        with pytest.raises(NotFound):
            erase(world, user_id="user_nobody")
        user = erase(world)
        with pytest.raises(InvalidState, match="erased already"):
            erase(world, typed=user.email)

    @pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
    def test_only_admins(self, app: Flask, world: World, db_session: Session, role: Role) -> None:
        outsider = make_user(role=role)
        db_session.commit()
        with pytest.raises(Forbidden):
            erase(world, actor=outsider)
        url = f"/admin/users/{world.student.public_id}/do/erase"
        answer = Browser(app, outsider).submit(url, {"email": MAIL, "reason": "x"}, page="/account")
        assert answer.status_code == 403

    def test_the_door_does_it(self, app: Flask, world: World) -> None:
        url = f"/admin/users/{world.student.public_id}/do/erase"
        answer = Browser(app, world.admin).submit(
            url, {"email": f" {MAIL.upper()} ", "reason": "x"}, page="/admin/users"
        )
        assert answer.status_code == 303
        assert world.student.erased_at is not None


@pytest.mark.parametrize(
    ("pattern", "there", "finds"),
    [
        (email_pattern(["a.b@x.in"]), "to A.B@x.in now", True),
        (email_pattern(["a.b@x.in"]), "to aXb@x.in", False),
        (email_pattern([]), "anything", False),
        (phone_pattern(["+919830041270", None]), "call 98300-41270", True),
        (phone_pattern([None, "12"]), "12", False),
        (name_pattern("Dr. Meera Krishnan"), "thanks meera", True),
        (name_pattern("Dr. Meera Krishnan"), "Dr. Ameera", False),
        (name_pattern("A (b) [c"), "x", False),
    ],
)
def test_patterns(db_session: Session, pattern: str, there: str, finds: bool) -> None:
    assert db_session.scalar(text("select :there ~* :pattern"), {"there": there, "pattern": pattern}) is finds
