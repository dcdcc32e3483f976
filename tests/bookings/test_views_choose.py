"""Where booking begins: package, counsellor, or who is free on a date."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_package,
    make_session,
    make_user,
)
from tests.pages import Browser
from tests.queries import count_queries
from webapp.core import clock

TEN = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)  # Sat, 12 Dec 2026, 10:00 AM IST


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def test_one_package_with_its_counsellor_goes_straight_to_the_picker(app: Flask) -> None:
    student, counsellor = make_user(), make_counsellor()
    enrolment = make_enrolment(student, assigned_counsellor_id=counsellor.id)
    answer = Browser(app, student).get("/book")
    assert answer.status_code == 302
    assert answer.headers["Location"] == f"/book/{counsellor.public_id}?enrolment={enrolment.public_id}"


def test_the_packages_counsellors_with_their_soonest_time(app: Flask) -> None:
    student, mine, other = make_user(), make_counsellor(name="Meera Krishnan"), make_counsellor(name="Not Mine")
    enrolment = make_enrolment(student, make_package(counsellors=[mine]))
    html = Browser(app, student).get("/book").text
    assert "Meera Krishnan" in html
    assert other.name not in html
    assert f"/book/{mine.public_id}?enrolment={enrolment.public_id}" in html
    assert "Thu, 10 Dec 2026, 10:00 AM IST" in html
    assert "4 of 4 sessions left" in html


def test_several_packages_can_be_chosen_between(app: Flask) -> None:
    student = make_user()
    first = make_enrolment(student, make_package(counsellors=[make_counsellor(name="First Person")]))
    second = make_enrolment(
        student,
        make_package(counsellors=[make_counsellor(name="Second Person")]),
        expires_at=NOW + dt.timedelta(days=300),
    )
    browser = Browser(app, student)
    assert "First Person" in browser.get("/book").text
    html = browser.get("/book", enrolment=second.public_id).text
    assert "Second Person" in html
    assert f"enrolment={first.public_id}" in html


def test_who_is_free_on_a_date_with_the_times(app: Flask) -> None:
    student = make_user()
    free, late, off = (
        make_counsellor(name="Free Person"),
        make_counsellor(name="Late Person", windows=[(5, 1020, 1080)]),
        make_counsellor(name="Off Person", windows=[(0, 600, 700)]),
    )
    make_enrolment(student, make_package(counsellors=[free, late, off]))
    html = Browser(app, student).get("/book", date="2026-12-12").text
    assert html.index("Free Person") < html.index("Late Person")
    assert off.name not in html
    assert "2 counsellors are free" in html
    assert f'href="/book/{late.public_id}?at=2026-12-12T11:30Z' in html


def test_my_own_session_is_not_offered_again(app: Flask) -> None:
    student, counsellor = make_user(), make_counsellor()
    enrolment = make_enrolment(student, make_package(counsellors=[counsellor]))
    make_session(enrolment, make_counsellor(), TEN)
    html = Browser(app, student).get("/book", date="2026-12-12").text
    assert "10:30 AM" in html
    assert "10:00 AM" not in html


def test_a_visitor_sees_who_is_free(app: Flask) -> None:
    counsellor = make_counsellor(name="Meera Krishnan")
    html = Browser(app).get("/book", date="2026-12-12").text
    assert "Meera Krishnan" in html
    assert f'href="/book/{counsellor.public_id}?at=2026-12-12T04:30Z#confirm"' in html


def test_without_a_package_it_says_what_to_do(app: Flask) -> None:
    html = Browser(app, make_user()).get("/book").text
    assert "No sessions to book" in html
    assert 'href="/packages"' in html


def test_nobody_free_says_what_to_do(app: Flask) -> None:
    make_counsellor(windows=[])
    html = Browser(app).get("/book", date="2026-12-12").text
    assert "Nobody is free on Sat, 12 Dec 2026" in html


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"date": "2026-99-99"}, "is not a date"),
        ({"date": "2026-12-01"}, "That day is over."),
        ({"date": "2029-01-01"}, "That day is too far ahead."),
        ({"zone": "Nowhere"}, "We do not know the time zone"),
    ],
)
def test_a_bad_address_is_explained_in_place(app: Flask, asked: dict[str, str], words: str) -> None:
    make_counsellor(name="Meera Krishnan")
    answer = Browser(app).get(f"/book?{urlencode(asked)}")
    assert answer.status_code == 422
    assert words in answer.text
    assert "Meera Krishnan" in answer.text


def test_somebody_elses_package_is_not_found(app: Flask) -> None:
    other = make_enrolment(make_user())
    assert Browser(app, make_user()).get("/book", enrolment=other.public_id).status_code == 404
    assert Browser(app).get("/book", enrolment=other.public_id).status_code == 404


@pytest.mark.parametrize("number", [2, 30])
def test_who_is_free_costs_few_queries_whatever_the_number(app: Flask, db_session: Session, number: int) -> None:
    student = make_user()
    people = [make_counsellor() for _ in range(number)]
    make_enrolment(student, make_package(counsellors=people))
    for person in people:
        make_session(make_enrolment(make_user()), person, TEN)
    browser = Browser(app, student)
    for url in ("/book?date=2026-12-12", "/book"):
        db_session.expire_all()
        with count_queries() as seen:
            assert browser.get(url).status_code == 200
        assert len(seen) <= 6, seen
