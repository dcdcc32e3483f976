from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.inquiries.desk import entry
from webapp.inquiries.models import CallOutcome, Exam, InquiryStatus
from webapp.inquiries.rules import (
    MOVES,
    answer_due,
    check_entry,
    check_fields,
    email_key,
    follow_up_problem,
    got_through,
    may_become,
    phone_key,
    position_on_top,
    ticket_number,
    ticket_year,
)

UTC = dt.UTC
LOCALS = st.from_regex(r"[a-z][a-z0-9]{1,9}", fullmatch=True)
DIGITS = st.from_regex(r"[6-9][0-9]{9}", fullmatch=True)
FEW = settings(max_examples=60, deadline=None)


@FEW
@given(local=LOCALS, domain=st.sampled_from(["example.com", "gmail.com", "GoogleMail.com"]), data=st.data())
def test_all_spellings_of_a_mailbox_share_one_key(local: str, domain: str, data: st.DataObject) -> None:
    plain = email_key(f"{local}@{domain}")
    cut = data.draw(st.integers(1, len(local)))
    dotted = f"{local[:cut]}.{local[cut:]}".strip(".")
    shouted = data.draw(st.sampled_from([local.upper(), local.capitalize(), local]))
    assert email_key(plain) == plain
    assert email_key(f"  {shouted}+{data.draw(LOCALS)}@{domain.upper()} ") == plain
    if "." in dotted:
        assert (email_key(f"{dotted}@{domain}") == plain) is ("mail" in domain.lower())


@FEW
@given(digits=DIGITS, prefix=st.sampled_from(["", "0", "91", "+91", "+91 0", "0091", "+91-"]), data=st.data())
def test_all_spellings_of_a_number_share_one_key(digits: str, prefix: str, data: st.DataObject) -> None:
    cut, between = data.draw(st.integers(0, 10)), data.draw(st.sampled_from(["", " ", "-", ".", "\u2011", ") "]))
    key = phone_key(f"{prefix}{digits[:cut]}{between}{digits[cut:]}")
    assert key == f"+91{digits}"
    assert phone_key(key) == key


@FEW
@given(one=DIGITS, other=DIGITS, first=LOCALS, second=LOCALS)
def test_different_people_keep_different_keys(one: str, other: str, first: str, second: str) -> None:
    assert (phone_key(one) == phone_key(other)) is (one == other)
    assert (email_key(f"{first}@example.com") == email_key(f"{second}@example.com")) is (first == second)


def test_an_entry_is_cleaned() -> None:
    clean, wrong = check_entry(
        entry(
            name="  <b>Rohan</b>\u202e  Das ",
            email="Rohan.Das@Example.com",
            phone="098300-41270",
            exam="JEE Main",
            rank="12,34,567",
            message="One\r\n  two \x00 three\n",
            utm_source="x" * 300,
            source=" ",
        ),
        allow_test=True,
    )
    assert wrong == {}
    assert clean is not None
    assert (clean.name, clean.email, clean.phone) == ("<b>Rohan</b> Das", "rohan.das@example.com", "+919830041270")
    assert (clean.exam, clean.rank, clean.message) == (Exam.JEE_MAIN, 1234567, "One\ntwo three")
    assert (len(clean.utm_source), clean.source) == (100, "website")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"name": "x" * 4000}, "name"),
        ({"name": "\u200b"}, "name"),
        ({"email": "rohan"}, "email"),
        ({"phone": ""}, "phone"),
        ({"phone": "12345"}, "phone"),
        ({"exam": ""}, "exam"),
        ({"exam": "cat"}, "exam"),
        ({"rank": "96.8"}, "rank"),
        ({"rank": "0"}, "rank"),
        ({"rank": "10000000"}, "rank"),
        ({"rank": "9" * 5000}, "rank"),
        ({"rank": "٣"}, "rank"),
        ({"category": "x" * 21}, "category"),
        ({"state": "x" * 61}, "state"),
        ({"message": "x" * 2001}, "message"),
        ({"consent": False}, "consent"),
    ],
)
def test_every_wrong_field_is_named(fields: dict[str, object], wrong: str) -> None:
    clean, errors = check_entry(entry(**fields), allow_test=True)
    assert clean is None
    assert set(errors) == {wrong}


def test_all_wrong_fields_are_named_at_once() -> None:
    nothing = dict.fromkeys(("name", "email", "phone", "exam"), "")
    _, errors = check_entry(entry(**nothing, consent=False), allow_test=True)
    assert set(errors) == {"name", "email", "phone", "exam", "consent"}
    with pytest.raises(KeyError):
        check_fields({"ticket_number": "INQ-1"}, allow_test=True)


@pytest.mark.parametrize(
    ("instant", "year"),
    [
        (dt.datetime(2026, 12, 31, 18, 29, 59, tzinfo=UTC), 2026),
        (dt.datetime(2026, 12, 31, 18, 30, tzinfo=UTC), 2027),
    ],
)
def test_a_ticket_belongs_to_the_year_in_india(instant: dt.datetime, year: int) -> None:
    assert ticket_year(instant) == year


def test_tickets_promise_and_place() -> None:
    now = dt.datetime(2026, 12, 9, tzinfo=UTC)
    assert [ticket_number(2026, number) for number in (1, 123, 123456)] == [
        "INQ-2026-00001",
        "INQ-2026-00123",
        "INQ-2026-123456",
    ]
    assert answer_due(now) == now + dt.timedelta(hours=24)
    assert position_on_top(now + dt.timedelta(seconds=1)) < position_on_top(now) - 900_000


def test_states_move_one_way_and_a_closed_one_may_be_reopened() -> None:
    new, contacted, converted, closed = (
        InquiryStatus.NEW,
        InquiryStatus.CONTACTED,
        InquiryStatus.CONVERTED,
        InquiryStatus.CLOSED,
    )
    allowed = {(new, contacted), (new, closed), (contacted, closed), (closed, contacted)}
    assert {(one, other) for one in InquiryStatus for other in InquiryStatus if may_become(one, other)} == allowed
    assert set(MOVES) == set(InquiryStatus)
    assert MOVES[converted] == frozenset()


def test_calls_that_get_through_and_days_to_follow_up() -> None:
    assert {one for one in CallOutcome if got_through(one)} == {CallOutcome.REACHED, CallOutcome.CALL_BACK}
    today = dt.date(2026, 12, 9)
    assert follow_up_problem(None, today) is None
    assert follow_up_problem(today, today) is None
    assert follow_up_problem(today - dt.timedelta(days=1), today)
    assert follow_up_problem(dt.date(2036, 1, 1), today)
