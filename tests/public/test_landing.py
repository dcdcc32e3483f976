from __future__ import annotations

import gzip
from decimal import Decimal

from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_review, make_session, make_user
from tests.pages import Browser
from tests.public.conftest import Opener
from tests.public.html import cards, links, text
from tests.queries import count_queries
from webapp.packages.models import ExamType


def fill(number: int) -> None:
    for position in range(number):
        counsellor = make_counsellor(name=f"Counsellor {position}", display_order=position, review_count=2)
        package = make_package(name=f"Plan {position}", display_order=position, counsellors=[counsellor])
        enrolment = make_enrolment(make_user(name="Amit Kumar"), package)
        make_review(make_session(enrolment, counsellor, NOW, status="cancelled"), text=f"Words {position}")


def test_an_empty_house_still_has_a_landing_page(opened: Opener) -> None:
    html = opened("/")
    assert "No package is on sale just now" in html
    assert "Free soon" not in html
    assert "What students say" not in html
    assert cards(html) == ["JEE", "NEET UG", "WBJEE"]


def test_promise_tracks_packages_people_and_reviews(opened: Opener) -> None:
    late = make_counsellor(name="Late Riser", windows=[(4, 600, 780)], students_guided=1200, review_count=3)
    make_counsellor(name="Early Bird", rating=Decimal("4.9"), exam_types=["jee"], review_count=1)
    make_package(name="Plain")
    make_package(name="Star", is_featured=True, price=1999900, discount_price=1499900, badge="Most chosen")
    enrolment = make_enrolment(make_user(name="Amit Kumar"), make_package(name="NEET Plan", exam_type=ExamType.NEET))
    make_review(make_session(enrolment, late, NOW, status="cancelled"), rating=4, text="Kind <b>words</b>")
    html = opened("/")
    assert cards(html) == ["JEE", "NEET UG", "WBJEE", "Star", "Plain", "NEET Plan", "Early Bird", "Late Riser"]
    words = text(html)
    assert "₹14,999 instead of ₹19,999 25 % off" in words
    assert "Included: Choice list Not included: Hostel help" in words
    assert "1,200 Students guided" not in words
    assert "Students guided 1,200" in words
    assert "Average rating 4.6" in words
    assert "Soonest free Thu, 10 Dec, 10:00 AM IST" in words
    assert "Soonest free Fri, 11 Dec, 10:00 AM IST" in words
    assert "Amit K. NEET Plan · Dec 2026" in words
    assert "Amit Kumar" not in words
    assert "Kind &lt;b&gt;words&lt;/b&gt;" in html


def test_times_are_the_viewers(app: Flask, db_session: Session) -> None:
    make_counsellor()
    visitor = Browser(app)
    visitor.client.set_cookie("tz", "Asia/Dubai")
    assert "Thu, 10 Dec, 8:30 AM UTC+4" in text(visitor.get("/").get_data(as_text=True))
    for garbage in ("../../etc/passwd", "<script>", "x" * 3000, "Mars/Base", "%00"):
        visitor.client.set_cookie("tz", garbage)
        answer = visitor.get("/")
        assert answer.status_code == 200
        assert "10:00 AM IST" in answer.get_data(as_text=True)


def test_outsiders_see_nothing_inactive(opened: Opener) -> None:
    make_counsellor(name="Gone Away", is_active=False, students_guided=900, languages=["Latin"])
    make_package(name="Withdrawn", is_active=False, is_featured=True)
    make_package(name="Archived", is_archived=True)
    html = opened("/")
    for word in ("Gone Away", "Withdrawn", "Archived", "900", "Latin"):
        assert word not in html


def test_the_landing_page_costs_the_same_however_full_it_is(opened: Opener, db_session: Session) -> None:
    costs = []
    for number in (2, 6):
        fill(number)
        db_session.expire_all()
        with count_queries() as seen:
            html = opened("/")
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 11
    assert len(gzip.compress(html.encode(), 4)) < 30_000


def test_a_visitor_gets_no_cookie_and_every_link_leads_somewhere(visitor: Browser) -> None:
    fill(5)
    for url in ("/", "/packages", "/counsellors"):
        answer = visitor.get(url)
        assert "Set-Cookie" not in answer.headers, url
        for link in links(answer.get_data(as_text=True)):
            assert link == "" or visitor.get(link).status_code == 200, link


def test_search_engines_read_title_description_and_one_address(opened: Opener) -> None:
    html = opened("/", utm_source="mail")
    assert "<title>Counselling for JEE, NEET and WBJEE · Disha</title>" in html
    assert '<link rel="canonical" href="http://localhost/">' in html
    assert '<meta property="og:title" content="Counselling for JEE, NEET and WBJEE">' in html
    assert '<meta name="description" content="Sit down by video' in html
