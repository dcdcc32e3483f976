from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_user
from tests.inquiries.desk import ask, done, entry
from tests.queries import count_queries
from webapp.accounts.models import User
from webapp.core.db import transaction
from webapp.core.errors import ValidationFailed
from webapp.inquiries.models import (
    EventKind,
    Inquiry,
    InquiryEvent,
    InquiryStatus,
    LeadImport,
    LeadPerson,
    TicketCounter,
)
from webapp.inquiries.services import assign_inquiry, change_status, edit_inquiry, submit_inquiry, submit_many
from webapp.notifications.models import Notification, OutboxMail
from webapp.webhooks.models import WebhookDelivery
from webapp.webhooks.services import WebhookEvent, create_endpoint

pytestmark = pytest.mark.usefixtures("db_session")
MINUTE = dt.timedelta(minutes=1)
OTHER: dict[str, Any] = {"name": "Mita Roy", "email": "mita@example.com", "phone": "+919812345678"}


def kinds(session: Session, inquiry: Inquiry) -> list[str]:
    lines = select(InquiryEvent.kind).where(InquiryEvent.inquiry_id == inquiry.id).order_by(InquiryEvent.id)
    return [kind.value for kind in session.scalars(lines)]


def mails(session: Session) -> list[tuple[str, str]]:
    return [(mail.template, mail.recipient) for mail in session.scalars(select(OutboxMail).order_by(OutboxMail.id))]


def test_an_inquiry_gets_a_ticket_a_promise_and_a_person(db_session: Session) -> None:
    inquiry = ask(utm_source="mailing", referrer="https://search.example/")
    assert inquiry.ticket_number == "INQ-2026-00001"
    assert inquiry.status is InquiryStatus.NEW
    assert (inquiry.asked_at, inquiry.answer_due_at) == (NOW, NOW + dt.timedelta(hours=24))
    assert (inquiry.consent_at, inquiry.version) == (NOW, 1)
    assert (inquiry.phone, inquiry.rank, inquiry.utm_source) == ("+919830041270", 12345, "mailing")
    assert inquiry.person.inquiries == [inquiry]
    assert kinds(db_session, inquiry) == ["created"]
    assert [ask(now=NOW + MINUTE, **OTHER).ticket_number, ask(message="b").ticket_number] == [
        "INQ-2026-00002",
        "INQ-2026-00003",
    ]


def test_each_year_of_india_counts_for_itself(db_session: Session) -> None:
    ask()
    first = ask(now=dt.datetime(2026, 12, 31, 18, 30, tzinfo=dt.UTC), **OTHER)
    assert first.ticket_number == "INQ-2027-00001"
    assert db_session.scalar(select(func.count()).select_from(TicketCounter)) == 2


def test_a_number_comes_back_when_the_transaction_fails(db_session: Session) -> None:
    def fails() -> None:
        with transaction():
            submit_inquiry(entry=entry(), now=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert ask().ticket_number == "INQ-2026-00001"


def test_the_person_the_admins_and_other_systems_are_told(db_session: Session, admin: User) -> None:
    gone = make_user(role="admin", active=False)
    with transaction():
        create_endpoint(
            actor=admin, url="https://hooks.example.com/a", events=[WebhookEvent.INQUIRY_NEW], description="", now=NOW
        )
    inquiry = ask()
    assert mails(db_session) == [("inquiry_received", "rohan.das@example.com"), ("inquiry_alert", "admin@demo.test")]
    told = db_session.scalars(select(Notification)).all()
    assert [(line.user_id, line.kind, line.url) for line in told] == [
        (admin.id, "inquiry_new", f"/admin/leads/{inquiry.public_id}")
    ]
    assert gone.id not in {line.user_id for line in told}
    sent = db_session.scalars(select(WebhookDelivery)).one()
    assert sent.event == "counselling.inquiry.new"
    assert sent.payload == {
        "inquiryId": inquiry.public_id,
        "ticketNumber": inquiry.ticket_number,
        "exam": "jee-main",
        "source": "website",
    }


def test_an_import_tells_nobody_and_takes_every_row(db_session: Session, admin: User) -> None:
    file = LeadImport(owner_id=admin.id, filename="fair.csv")
    db_session.add(file)
    db_session.flush()
    given: dict[str, Any] = {"notify_people": False, "import_id": file.id, "consent": None, "source": "fair"}
    one, other = ask(**given), ask(**given)
    assert (one.ticket_number, other.ticket_number) == ("INQ-2026-00001", "INQ-2026-00002")
    assert one.person_id == other.person_id
    assert (one.consent_at, one.source, one.import_id) == (None, "fair", file.id)
    assert mails(db_session) == []
    assert db_session.scalar(select(func.count()).select_from(Notification)) == 0


def test_a_whole_file_comes_in_as_one_by_one_would(db_session: Session, admin: User) -> None:
    file = LeadImport(owner_id=admin.id, filename="fair.csv")
    db_session.add(file)
    before, mother = ask(), ask(**OTHER)
    done(change_status, actor=admin, inquiry_id=before.public_id, status="closed", version=None)
    rows = [
        entry(message="Of Rohan", consent=None),
        entry(email="new@example.com", phone="9800000001", message="New"),
        entry(email="new2@example.com", phone="9800000001", message="New by phone"),
        entry(email=OTHER["email"], phone="98300 41270", message="Makes two people one"),
        entry(email="lone@example.com", phone="9800000002", source="fair"),
    ]
    ticks: list[int] = []
    with transaction(), count_queries() as seen:
        assert submit_many(entries=rows, import_id=file.id, now=NOW, tick=ticks.append) == 5
    assert ticks == [5]
    assert len(seen) < 20
    db_session.expire_all()
    stored = db_session.scalars(select(Inquiry).where(Inquiry.import_id == file.id).order_by(Inquiry.id)).all()
    assert [one.ticket_number[-1] for one in stored] == ["3", "4", "5", "6", "7"]
    rohan, new, again, both, lone = stored
    assert before.person_id == mother.person_id == rohan.person_id == both.person_id
    assert new.person_id == again.person_id
    assert len({rohan.person_id, new.person_id, lone.person_id}) == 3
    assert db_session.scalar(select(func.count()).select_from(LeadPerson)) == 3
    assert [kinds(db_session, one) for one in stored] == [
        ["created", "duplicate", "duplicate"],
        ["created", "duplicate"],
        ["created", "duplicate"],
        ["created", "duplicate"],
        ["created"],
    ]
    assert kinds(db_session, before) == ["created", "status"]
    assert kinds(db_session, mother) == ["created", "duplicate", "duplicate"]
    assert (lone.source, lone.consent_at, rohan.consent_at, lone.version) == ("fair", NOW, None, 1)
    assert sorted(stored, key=lambda one: one.position) == stored[::-1]
    assert ask(email="z@example.com", phone="9800000009").ticket_number == "INQ-2026-00008"
    assert [template for template, _ in mails(db_session)].count("inquiry_received") == 3


def test_one_bad_row_keeps_a_whole_file_out(db_session: Session, admin: User) -> None:
    file = LeadImport(owner_id=admin.id, filename="fair.csv")
    db_session.add(file)
    db_session.commit()
    with pytest.raises(ValidationFailed, match="Row 2: Give ten digits"), transaction():
        submit_many(entries=[entry(), entry(phone="1")], import_id=file.id, now=NOW)
    assert db_session.scalar(select(func.count()).select_from(Inquiry)) == 0
    with transaction():
        assert submit_many(entries=[], import_id=file.id, now=NOW) == 0


def test_the_same_words_within_minutes_are_one_inquiry(db_session: Session) -> None:
    first = ask()
    again = ask(now=NOW + 9 * MINUTE, email="ROHAN.DAS@example.com", phone="+91 98300 41270")
    assert again.ticket_number == first.ticket_number
    assert len(mails(db_session)) == 2
    assert kinds(db_session, first) == ["created"]
    assert ask(now=NOW + 9 * MINUTE, message="Another question").ticket_number == "INQ-2026-00002"
    assert ask(now=NOW + 11 * MINUTE).ticket_number == "INQ-2026-00003"


def test_a_second_inquiry_belongs_to_the_same_person_and_the_assignee_hears_of_it(
    db_session: Session, admin: User
) -> None:
    first = ask()
    done(assign_inquiry, actor=make_user(role="admin"), inquiry_id=first.public_id, assignee_id=admin.public_id,
         version=1)  # fmt: skip
    by_phone = ask(email="papa@example.com", message="His father here")
    by_mail = ask(phone="9000000001", message="And me again", email="rohan.das+jee@example.com")
    assert first.person_id == by_phone.person_id == by_mail.person_id
    assert kinds(db_session, by_mail) == ["created", "duplicate"]
    lines = db_session.scalars(select(InquiryEvent).where(InquiryEvent.inquiry_id == first.id)).all()
    assert [line.body for line in lines if line.kind is EventKind.DUPLICATE] == [
        f"Asked again: {by_phone.ticket_number}",
        f"Asked again: {by_mail.ticket_number}",
    ]
    told = select(Notification.title).where(Notification.user_id == admin.id, Notification.kind == "inquiry_assigned")
    assert list(db_session.scalars(told.order_by(Notification.id))) == [
        "An inquiry is yours now",
        f"{first.ticket_number} asked again",
        f"{first.ticket_number} asked again",
    ]


def test_what_is_closed_is_not_touched_by_a_second_inquiry(db_session: Session, admin: User) -> None:
    first = ask()
    done(change_status, actor=admin, inquiry_id=first.public_id, status="closed", version=None)
    again = ask(message="Another question")
    assert kinds(db_session, first) == ["created", "status"]
    assert kinds(db_session, again) == ["created", "duplicate"]


def test_one_who_has_the_address_of_one_and_the_phone_of_another_makes_them_one(db_session: Session) -> None:
    mother, son = ask(**OTHER), ask()
    assert mother.person_id != son.person_id
    both = ask(email=OTHER["email"], phone="98300 41270", message="For my son")
    db_session.expire_all()
    assert mother.person_id == son.person_id == both.person_id
    assert db_session.scalar(select(func.count()).select_from(LeadPerson)) == 1


def test_a_corrected_address_parts_and_ties_people(db_session: Session, admin: User) -> None:
    one, two, mita = ask(), ask(message="Another"), ask(**OTHER)
    given = {"actor": admin, "version": None}
    done(edit_inquiry, inquiry_id=two.public_id, email="new@example.com", phone="9000000009", **given)
    db_session.expire_all()
    assert len({one.person_id, two.person_id, mita.person_id}) == 3
    done(edit_inquiry, inquiry_id=two.public_id, phone="98123 45678", **given)
    db_session.expire_all()
    assert two.person_id == mita.person_id
    assert db_session.scalar(select(func.count()).select_from(LeadPerson)) == 2
    done(edit_inquiry, inquiry_id=one.public_id, email="alone@example.com", phone="9000000005", **given)
    assert db_session.scalar(select(func.count()).select_from(LeadPerson)) == 2


def test_what_is_wrong_is_refused_and_takes_no_number(db_session: Session) -> None:
    db_session.commit()
    with pytest.raises(ValidationFailed) as refused:
        ask(name="x" * 4000, exam="cat", consent=False)
    assert set(refused.value.fields) == {"name", "exam", "consent"}
    assert db_session.scalar(select(func.count()).select_from(TicketCounter)) == 0
    assert mails(db_session) == []
