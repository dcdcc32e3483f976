from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest
from sqlalchemy import func, select

from tests.crowd import Rush, Work
from tests.factories import NOW, make_user
from tests.inquiries.desk import ask, entry
from webapp.accounts.models import User
from webapp.core.db import db
from webapp.inquiries.models import Inquiry, InquiryEvent, LeadPerson, TicketCounter
from webapp.inquiries.services import change_status, convert_inquiry, submit_inquiry

pytestmark = pytest.mark.race
MANY = 16


def _asked(number: int, **fields: str) -> Work:
    typed = {"email": f"person{number}@example.com", "phone": f"98000000{number:02d}", **fields}
    return lambda: submit_inquiry(entry=entry(**typed), now=NOW + dt.timedelta(seconds=number))


def _tickets() -> list[str]:
    return list(db.session.scalars(select(Inquiry.ticket_number).order_by(Inquiry.ticket_number)))


def _people() -> int:
    return db.session.scalar(select(func.count()).select_from(LeadPerson)) or 0


def test_sixteen_at_once_get_sixteen_numbers_without_a_gap(rush: Rush) -> None:
    def fails() -> None:
        submit_inquiry(entry=entry(email="late@example.com", phone="9700000000"), now=NOW)
        raise ZeroDivisionError

    works = [_asked(number) for number in range(MANY)]
    outcomes = rush(works)
    assert Counter(one.answer for one in outcomes) == {"done": MANY}
    with pytest.raises(ZeroDivisionError):
        rush([fails])
    assert Counter(one.answer for one in rush([_asked(MANY + number) for number in range(4)])) == {"done": 4}
    assert _tickets() == [f"INQ-2026-{number:05d}" for number in range(1, MANY + 5)]
    assert db.session.scalars(select(TicketCounter.last_number)).one() == MANY + 4
    assert _people() == MANY + 4


def test_one_person_who_asks_sixteen_times_at_once_stays_one(rush: Rush) -> None:
    works = [
        _asked(
            number, message=f"Question {number}", **({"phone": "9830041270"} if number % 2 else {"email": "a@b.com"})
        )
        for number in range(MANY - 1)
    ]
    bridge = _asked(MANY, email="a@b.com", phone="9830041270", message="Both of these are mine")
    outcomes = rush([*works, bridge])
    assert Counter(one.answer for one in outcomes) == {"done": MANY}
    assert _people() == 1
    assert len(set(db.session.scalars(select(Inquiry.person_id)))) == 1


def test_a_double_click_is_one_inquiry(rush: Rush) -> None:
    outcomes = rush([_asked(1) for _ in range(MANY)])
    assert Counter(one.answer for one in outcomes) == {"done": MANY}
    assert _tickets() == ["INQ-2026-00001"]


def test_of_two_admins_at_once_one_is_shown_what_changed(rush: Rush) -> None:
    inquiry, admin = ask().public_id, make_user(role="admin").id
    db.session.commit()

    def change(status: str) -> Work:
        return lambda: change_status(actor=_user(admin), inquiry_id=inquiry, status=status, version=1, now=NOW)

    outcomes = rush([change("contacted"), change("closed")] * 4)
    answers = Counter(one.answer for one in outcomes)
    assert answers["done"] == 1
    assert answers["StaleVersion"] == 7


def test_converting_twice_at_once_converts_once(rush: Rush) -> None:
    inquiry, admin = ask().public_id, make_user(role="admin").id
    db.session.commit()

    def convert() -> None:
        convert_inquiry(
            actor=_user(admin), inquiry_id=inquiry, package_id=None, way="grant", reason="", version=None, now=NOW
        )

    answers = Counter(one.answer for one in rush([convert] * 6))
    assert answers == {"done": 1, "InvalidState": 5}
    assert db.session.scalar(select(func.count()).select_from(User)) == 2
    assert db.session.scalar(select(func.count()).where(InquiryEvent.kind == "converted")) == 1


def _user(pk: int) -> User:
    return db.session.get_one(User, pk)
