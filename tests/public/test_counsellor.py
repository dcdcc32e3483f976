from __future__ import annotations

import gzip
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_package,
    make_review,
    make_service,
    make_session,
    make_user,
)
from tests.pages import Browser
from tests.public.conftest import Opener
from tests.public.html import links, text
from tests.queries import count_queries
from webapp.counsellors.models import Counsellor


def reviewed(counsellor: Counsellor, number: int, *, published: bool = True, rating: int = 5) -> None:
    for position in range(number):
        enrolment = make_enrolment(make_user(name="Amit Kumar"), make_package(name="JEE Complete"))
        session = make_session(enrolment, counsellor, NOW, status="cancelled")
        made = make_review(session, rating=rating, text=f"Words {position}", published=published)
        made.response = "Thank you"


def test_a_profile_in_full(opened: Opener) -> None:
    who = make_counsellor(
        name="Dr. Meera Krishnan", title="JoSAA choice lists", short_bio="Calm.", bio="One.\n\nTwo.", experience=11,
        students_guided=1900, location="Chennai", qualifications=["B.Tech, IIT Madras"], certifications=["NCDA"],
        exam_types=["jee"], languages=["English", "Tamil"], specializations=["CSAB"], rating=Decimal("4.9"),
        review_count=212, email="meera@private.example", phone="+919830012345",
        social_links={"linkedin": "https://www.linkedin.com/in/meera", "twitter": "javascript:alert(1)"},
    )  # fmt: skip
    make_service(who, title="Choice list check", description="An hour.", price=129900)
    make_service(who, title="Old service", is_active=False)
    make_package(name="JEE Complete", slug="jee-complete", counsellors=[who])
    make_package(name="Of somebody else", counsellors=[make_counsellor(calendar=False)])
    html = opened(f"/counsellors/{who.public_id}")
    words = text(html)
    for expected in (
        "Dr. Meera Krishnan JoSAA choice lists", "Rated 4.9 (212 reviews)", "English, Tamil", "Chennai",
        "1,900 students guided", "Calm.", "One. Two.", "Experience 11 years", "Qualifications B.Tech, IIT Madras",
        "Certifications NCDA", "Exams JEE", "CSAB", "Choice list check An hour. 45 minutes ₹1,299", "JEE Complete",
        "LinkedIn", "Soonest free Thu, 10 Dec 2026",
    ):  # fmt: skip
        assert expected in words, expected
    for secret in ("meera@private.example", "98300", "javascript:", "Old service", "Of somebody else"):
        assert secret not in html, secret
    assert {"/packages/jee-complete", "/counsellors?specialization=CSAB", "/counsellors?exam=jee"} <= links(html)


@pytest.mark.parametrize("public_id", ["counsellor_nobody", "1", "%00", "counsellor_%00", "x" * 3000, "%3Cscript%3E"])
def test_an_unknown_counsellor_is_not_found(visitor: Browser, public_id: str) -> None:
    assert visitor.get(f"/counsellors/{public_id}").status_code == 404


def test_an_inactive_counsellor_is_not_found_by_anyone(app: Flask, visitor: Browser) -> None:
    who = make_counsellor(is_active=False)
    for browser in (visitor, Browser(app, make_user()), Browser(app, who.user)):
        for target in ("", "div#picker", "section#reviews"):
            headers = {"HX-Request": "true", "HX-Target": target} if target else {}
            assert browser.client.get(f"/counsellors/{who.public_id}", headers=headers).status_code == 404


def test_days_are_chosen_here_and_times_lead_to_the_picker(opened: Opener) -> None:
    who = make_counsellor()
    page = f"/counsellors/{who.public_id}"
    html = opened(page)
    assert "Thu, 10 Dec 2026" in html
    assert f"{page}?date=2026-12-11" in links(html)
    assert f"{page}?month=2027-01" in links(html)
    assert f"/book/{who.public_id}?at=2026-12-10T04:30Z" in links(html)
    friday = opened(page, date="2026-12-11")
    assert f"/book/{who.public_id}?at=2026-12-11T04:30Z" in links(friday)
    assert "Friday 11 December, 6 times free" in text(friday)


def test_the_zone_can_be_changed_and_goes_along(opened: Opener) -> None:
    who = make_counsellor()
    html = opened(f"/counsellors/{who.public_id}", zone="America/New_York")
    assert f"/book/{who.public_id}?at=2026-12-10T04:30Z&zone=America%2FNew_York" in links(html)
    assert "11:30 PM" in html
    assert "all in EST" in html


def test_the_calendar_is_a_partial_of_its_own(visitor: Browser) -> None:
    who = make_counsellor()
    headers = {"HX-Request": "true", "HX-Target": "div#picker"}
    answer = visitor.client.get(f"/counsellors/{who.public_id}?month=2027-01", headers=headers)
    part = answer.get_data(as_text=True)
    assert part.strip().startswith('<div id="picker"')
    assert "January 2027" in part
    assert "<html" not in part


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("month", "2026-13"), ("month", "abc"), ("date", "2026-02-30"), ("date", "<script>alert(1)</script>"),
        ("zone", "Mars/Base"), ("zone", "x" * 4000), ("date", "9999-99-99"), ("month", "\x00"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said(opened: Opener, name: str, value: str) -> None:
    who = make_counsellor()
    html = opened(f"/counsellors/{who.public_id}", **{name: value})
    assert 'data-tone="warn"' in html
    assert "<script>alert" not in html


@pytest.mark.parametrize(
    "query", [{"date": "2020-01-01"}, {"date": "2099-12-31"}, {"month": "2099-12"}, {"at": "junk"}]
)
def test_far_days_show_that_nothing_is_free(opened: Opener, query: dict[str, str]) -> None:
    who = make_counsellor()
    words = text(opened(f"/counsellors/{who.public_id}", **query))
    assert "Nothing is free" in words or "at" in query


def test_a_closed_calendar_says_where_to_go(opened: Opener) -> None:
    for who in (make_counsellor(rules={"is_open": False}), make_counsellor(calendar=False)):
        html = opened(f"/counsellors/{who.public_id}")
        assert "Nothing is free up to" in html
        assert "See who is free" in html
        assert "Pick a time" not in html


def test_a_student_sees_their_own_length_and_days(app: Flask, db_session: Session) -> None:
    who, student = make_counsellor(), make_user()
    enrolment = make_enrolment(student, make_package(session_minutes=60, counsellors=[who]))
    make_session(enrolment, who, NOW.replace(day=10, hour=4, minute=30))
    html = Browser(app, student).get(f"/counsellors/{who.public_id}").get_data(as_text=True)
    assert "60 minutes" in html
    assert "you have a session" in html
    assert f"/book/{who.public_id}?at=2026-12-10T05:30Z&enrolment={enrolment.public_id}" in links(html)


def test_reviews_show_published_ones_and_answers(visitor: Browser, opened: Opener) -> None:
    who = make_counsellor(rating=Decimal("4.8"), review_count=58)
    reviewed(who, 8)
    reviewed(who, 1, published=False, rating=1)
    html = opened(f"/counsellors/{who.public_id}")
    words = text(html)
    assert html.count("<figure") == 6
    assert "58 reviews, 8 of them written here" in words
    assert "5 stars 8 4 stars 0" in words
    assert "Amit K. JEE Complete · Dec 2026" in words
    assert "Amit Kumar" not in words
    assert "answers: Thank you" in words
    headers = {"HX-Request": "true", "HX-Target": "section#reviews"}
    part = visitor.client.get(f"/counsellors/{who.public_id}?page=2", headers=headers).get_data(as_text=True)
    assert part.strip().startswith('<section class="stack g4" id="reviews"')
    assert part.count("<figure") == 2


def test_nobody_has_reviewed_yet(opened: Opener) -> None:
    who = make_counsellor(rating=Decimal(0))
    assert "No reviews yet" in opened(f"/counsellors/{who.public_id}")
    balance = make_counsellor(rating=Decimal("4.8"), review_count=50)
    assert "50 reviews, 0 of them written here" in text(opened(f"/counsellors/{balance.public_id}"))


def test_the_page_costs_the_same_however_much_there_is(app: Flask, db_session: Session) -> None:
    who, student = make_counsellor(), make_user()
    page = f"/counsellors/{who.public_id}"
    costs: dict[str, list[int]] = {"visitor": [], "student": []}
    for _ in range(2):
        reviewed(who, 4)
        for _ in range(3):
            make_service(who)
            make_enrolment(student, make_package(counsellors=[who]))
        for name, user in (("visitor", None), ("student", student)):
            browser = Browser(app, user)
            db_session.expire_all()
            with count_queries() as seen:
                html = browser.get(page).get_data(as_text=True)
            costs[name].append(len(seen))
    assert costs["visitor"][0] == costs["visitor"][1] <= 6
    assert costs["student"][0] == costs["student"][1] <= 10  # one of them is the bell
    assert len(gzip.compress(html.encode(), 4)) < 30_000
