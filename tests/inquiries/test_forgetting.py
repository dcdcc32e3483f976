from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_user
from tests.inquiries.desk import ask, done
from webapp.accounts.models import User
from webapp.core.errors import InvalidState, NotFound
from webapp.inquiries.jobs import forget_due
from webapp.inquiries.models import Inquiry, InquiryEvent, InquiryStatus
from webapp.inquiries.queries.public import inquiry_of_receipt
from webapp.inquiries.services import (
    add_note,
    change_status,
    convert_inquiry,
    edit_inquiry,
    forget_inquiries_of,
    write_mail,
)
from webapp.notifications.guards import still_true
from webapp.notifications.models import DeliveryStatus, OutboxMail

pytestmark = pytest.mark.usefixtures("db_session")
DAY = dt.timedelta(days=1)
OLD = NOW - 731 * DAY


def words_left(session: Session) -> str:
    """Return everything that inquiries, timelines and mails still say."""
    session.expire_all()
    rows: list[Any] = [*session.scalars(select(Inquiry)), *session.scalars(select(InquiryEvent))]
    rows += session.scalars(select(OutboxMail)).all()
    return " ".join(str({column.key: getattr(row, column.key) for column in row.__table__.columns}) for row in rows)


def test_what_came_to_nothing_is_forgotten_after_two_years(admin: User, db_session: Session) -> None:
    old, closed = ask(now=OLD), ask(now=OLD, email="b@example.com", phone="9800000001", message="Rohan again")
    young = ask(now=NOW - 729 * DAY, name="Mita Roy", email="mita@example.com", phone="9800000002", message="Young")
    given: dict[str, Any] = {"actor": admin, "inquiry_id": closed.public_id, "now": OLD}
    done(change_status, status="closed", version=None, note="Rohan does not want it", **given)
    done(write_mail, subject="Rohan", text="Dear Rohan", **given)
    waits = db_session.scalars(select(OutboxMail).where(OutboxMail.template == "inquiry_reply")).one()
    assert still_true(waits)
    assert forget_due(NOW) == 2
    left = words_left(db_session)
    assert "ohan" not in left
    assert "9830041270" not in left
    assert "Jadavpur" not in left
    assert "Mita Roy" in left
    assert (old.ticket_number, old.name, old.forgotten_at) == ("INQ-2024-00001", "Forgotten", NOW)
    assert (old.status, old.closed_at) == (InquiryStatus.CLOSED, NOW)
    assert closed.closed_at == OLD
    assert young.forgotten_at is None
    assert waits.status is DeliveryStatus.DROPPED
    assert not still_true(waits)
    assert forget_due(NOW) == 0


def test_a_forgotten_inquiry_can_only_be_looked_at(admin: User) -> None:
    old = ask(now=OLD)
    assert forget_due(NOW) == 1
    given: dict[str, Any] = {"actor": admin, "inquiry_id": old.public_id}
    for service, more in (
        (change_status, {"status": "contacted", "version": None}),
        (edit_inquiry, {"name": "Who", "version": None}),
        (add_note, {"text": "Who was this"}),
        (write_mail, {"subject": "Hello", "text": "Hello"}),
        (convert_inquiry, {"package_id": None, "way": "link", "reason": "", "version": None}),
    ):
        with pytest.raises(InvalidState):
            done(service, **given, **more)
    with pytest.raises(NotFound):
        inquiry_of_receipt(old.public_id)
    again = ask(email="new@example.com", phone="9800000007")
    assert again.person_id != old.person_id


def test_students_are_kept(admin: User) -> None:
    old = ask(now=OLD)
    done(convert_inquiry, actor=admin, inquiry_id=old.public_id, package_id=None, way="link", reason="", version=None)
    assert forget_due(NOW) == 0
    assert old.name == "Rohan Das"


def test_zero_days_is_never(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    never = app.config["SETTINGS"].model_copy(update={"inquiry_retention_days": 0})
    monkeypatch.setitem(app.config, "SETTINGS", never)
    ask(now=NOW - 5000 * DAY)
    assert forget_due(NOW) == 0


def test_a_person_is_forgotten_on_request_and_nobody_else(admin: User, db_session: Session) -> None:
    student = make_user(email="Rohan.Das@example.com")
    mine = [ask(), ask(email="dad@example.com", message="From my father's address")]
    other = ask(name="Mita Roy", email="mita@example.com", phone="9800000002")
    done(convert_inquiry, actor=admin, inquiry_id=mine[0].public_id, package_id=None, way="link", reason="",
         version=None)  # fmt: skip
    assert done(forget_inquiries_of, user=student) == 2
    db_session.expire_all()
    assert {one.name for one in mine} == {"Forgotten"}
    assert mine[0].status is InquiryStatus.CONVERTED
    assert other.name == "Mita Roy"
    assert done(forget_inquiries_of, user=student) == 0
    assert done(forget_inquiries_of, user=make_user()) == 0
    assert db_session.scalar(select(func.count()).select_from(Inquiry)) == 3
