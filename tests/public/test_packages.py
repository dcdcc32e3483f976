from __future__ import annotations

import gzip

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_review, make_session, make_user
from tests.pages import Browser
from tests.public.conftest import Opener
from tests.public.html import cards, links, text
from tests.queries import count_queries
from webapp.packages.models import ExamType, Package


def review_of(package: Package, number: int = 1, *, published: bool = True) -> None:
    counsellor = make_counsellor(calendar=False, name="Meera")
    for position in range(number):
        enrolment = make_enrolment(make_user(name="Amit Kumar"), package)
        session = make_session(enrolment, counsellor, NOW, status="cancelled")
        make_review(session, text=f"Words {position}", rating=4, published=published)


def test_packages_by_exam_with_counts(opened: Opener) -> None:
    make_package(name="JEE One")
    make_package(name="JEE Two", display_order=-1)
    make_package(name="NEET One", exam_type=ExamType.NEET)
    make_package(name="Hidden", is_active=False)
    everything = opened("/packages")
    assert cards(everything) == ["JEE Two", "JEE One", "NEET One"]
    assert "All 3 packages JEE 2 packages NEET UG 1 package WBJEE 0 packages" in text(everything)
    neet = opened("/packages", exam="NEET")
    assert cards(neet) == ["NEET One"]
    assert '<link rel="canonical" href="http://localhost/packages?exam=neet">' in neet


def test_the_partial_is_the_list_alone(opened: Opener) -> None:
    make_package(name="JEE One")
    part = opened("/packages", htmx=True, exam="jee")
    assert part.strip().startswith('<div id="package-list"')
    assert cards(part) == ["JEE One"]
    assert "<html" not in part


def test_empty_lists_say_what_to_do(opened: Opener) -> None:
    assert "/counsellors" in links(opened("/packages"))
    make_package()
    html = opened("/packages", exam="wbjee")
    assert "No package for WBJEE just now" in html
    assert "/counsellors?exam=wbjee" in links(html)


@pytest.mark.parametrize("exam", ["gate", "<script>alert(1)</script>", "x" * 4000, "\x00", "jee'--"])
def test_an_unknown_exam_is_named_and_everything_is_shown(opened: Opener, exam: str) -> None:
    make_package(name="JEE One")
    html = opened("/packages", exam=exam)
    assert cards(html) == ["JEE One"]
    assert "<script>alert" not in html
    assert ("is not an exam we counsel for" in html) is (exam != "\x00")


@pytest.mark.parametrize("columns", ["inactive", "archived", "unknown"])
def test_what_is_not_on_sale_is_not_found(visitor: Browser, columns: str) -> None:
    package = make_package(is_active=columns != "inactive", is_archived=columns == "archived")
    slug = "no-such-plan" if columns == "unknown" else package.slug
    for htmx in (False, True):
        assert visitor.get(f"/packages/{slug}", htmx=htmx).status_code == 404


@pytest.mark.parametrize("slug", ["%00", "a%00b", "%3Cscript%3E", "x" * 3000, "..%2F..", "JEE"])
def test_a_broken_slug_is_not_found(visitor: Browser, slug: str) -> None:
    assert visitor.get(f"/packages/{slug}").status_code == 404


def test_a_package_page_tells_everything_a_buyer_asks(opened: Opener) -> None:
    meera, away = make_counsellor(name="Meera"), make_counsellor(name="Gone", is_active=False)
    package = make_package(
        name="JEE Complete", slug="jee-complete", counsellors=[meera, away], price=1999900, discount_price=1499900,
        max_sessions=6, session_minutes=45, validity_days=240, description="Lead.\n\nMore.", terms="Be kind.",
        highlights=["Parent joins"], badge="Most chosen", total_enrolments=1284,
        features=[("Hostel help", False), ("Choice list", True)],
    )  # fmt: skip
    review_of(package)
    words = text(opened("/packages/jee-complete"))
    for expected in (
        "₹14,999 instead of ₹19,999 25 % off",
        "that is ₹2,499 a session",
        "6 sessions of 45 minutes",
        "Valid for 8 months, until Fri, 6 Aug 2027 if you buy today",
        "Included: Choice list Not included: Hostel help",
        "Lead. More.",
        "Be kind.",
        "Parent joins",
        "Most chosen",
        "1,284 students so far",
        "Meera JEE and JoSAA counsellor Soonest Thu, 10 Dec, 10:00 AM IST See times of Meera",
        "Rated 4.0 (1 review)",
        "Amit K. Meera · Dec 2026",
        "Pick a time first",
    ):
        assert expected in words, expected
    assert "Gone" not in words
    assert "Buy now, book later" in words


def test_picking_a_time_leads_to_the_counsellor_who_is_free_soonest(opened: Opener) -> None:
    make_counsellor(name="Late", windows=[(4, 600, 780)])
    soonest = make_counsellor(name="Early")
    package = make_package(slug="open-to-all")
    html = opened(f"/packages/{package.slug}")
    assert html.count(f'href="/book/{soonest.public_id}?package=open-to-all"') == 3
    assert html.index("Early") < html.index("Late")


def test_nobody_to_counsel_is_said(opened: Opener) -> None:
    package = make_package(counsellors=[make_counsellor(is_active=False)])
    html = opened(f"/packages/{package.slug}")
    assert "Nobody is open for this package at the moment" in html
    assert "Pick a time" not in html
    assert "/counsellors?exam=jee" in links(html)


def test_a_student_who_has_it_books_a_session(app: Flask, db_session: Session) -> None:
    make_counsellor()
    student, package = make_user(), make_package()
    browser = Browser(app, student)
    assert "Pick a time first" in browser.get(f"/packages/{package.slug}").get_data(as_text=True)
    enrolment = make_enrolment(student, package, sessions_used=1)
    html = browser.get(f"/packages/{package.slug}").get_data(as_text=True)
    assert f"/book?enrolment={enrolment.public_id}" in links(html)
    assert "3 of 4 sessions left" in html
    assert "Pick a time first" not in html
    enrolment.sessions_used = 4
    db_session.flush()
    assert "Book a session" not in browser.get(f"/packages/{package.slug}").get_data(as_text=True)


@pytest.mark.parametrize("role", ["counsellor", "admin"])
def test_staff_see_the_page_as_visitors_do(app: Flask, db_session: Session, role: str) -> None:
    make_counsellor()
    package = make_package()
    browser = Browser(app, make_user(role=role))
    assert "Pick a time first" in browser.get(f"/packages/{package.slug}").get_data(as_text=True)


def test_reviews_come_in_pages(visitor: Browser, opened: Opener) -> None:
    package = make_package()
    review_of(package, 8)
    review_of(package, published=False)
    first, second = opened(f"/packages/{package.slug}"), opened(f"/packages/{package.slug}", page="2")
    assert (first.count("<figure"), second.count("<figure")) == (6, 2)
    assert "8 reviews" in first
    headers = {"HX-Request": "true", "HX-Target": "section#reviews"}
    part = visitor.client.get(f"/packages/{package.slug}?page=2", headers=headers).get_data(as_text=True)
    assert part.strip().startswith('<section class="stack g4" id="reviews"')
    assert part.count("<figure") == 2
    for page in ("abc", "0", "99", "-1", "1" * 30):
        assert opened(f"/packages/{package.slug}", page=page).count("<figure") in {2, 6}


def test_costs_stay_the_same_however_much_there_is(opened: Opener, db_session: Session) -> None:
    lists, pages = [], []
    package = make_package(slug="the-plan")
    for _ in range(2):
        review_of(package, 2)
        for _ in range(4):
            make_package(counsellors=[make_counsellor()])
        db_session.expire_all()
        with count_queries() as seen:
            opened("/packages")
        lists.append(len(seen))
        with count_queries() as seen:
            html = opened("/packages/the-plan")
        pages.append(len(seen))
    assert lists[0] == lists[1] <= 3
    assert pages[0] == pages[1] <= 8
    assert len(gzip.compress(html.encode(), 4)) < 30_000
