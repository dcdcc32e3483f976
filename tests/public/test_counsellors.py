from __future__ import annotations

import gzip
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_user
from tests.pages import Browser
from tests.public.conftest import Opener
from tests.public.html import cards, links, text
from tests.queries import count_queries


def test_who_is_free_soonest_comes_first(opened: Opener) -> None:
    make_counsellor(name="Closed", rules={"is_open": False})
    make_counsellor(name="Friday", windows=[(4, 600, 780)])
    make_counsellor(name="Daily")
    make_counsellor(name="Without Calendar", calendar=False)
    html = opened("/counsellors")
    assert cards(html) == ["Daily", "Friday", "Closed", "Without Calendar"]
    assert text(html).count("No free time in the coming three weeks") == 2
    assert cards(opened("/counsellors", sort="name")) == ["Closed", "Daily", "Friday", "Without Calendar"]


def test_filters_and_their_way_back(opened: Opener) -> None:
    make_counsellor(name="Both", exam_types=["jee"], languages=["Hindi", "Tamil"], rating=Decimal("4.9"))
    make_counsellor(name="Hindi Only", exam_types=["neet"], languages=["Hindi"], rating=Decimal("4.1"))
    make_counsellor(name="Nobody", exam_types=["wbjee"], languages=["Bengali"], is_active=False)
    html = opened("/counsellors", exam="jee", language="Hindi", rating="4.5", search="both")
    assert cards(html) == ["Both"]
    assert "1 counsellor for JEE, who speak Hindi, rated 4.5 and up, matching “both”" in text(html)
    assert "/counsellors?language=Hindi&rating=4.5&search=both" in links(html)
    assert "/counsellors?exam=jee&language=Hindi&rating=4.5" in links(html)
    assert "Bengali" not in html
    assert cards(opened("/counsellors", language="hindi")) == ["Both", "Hindi Only"]


def test_the_partial_is_the_list_with_a_clean_address(visitor: Browser) -> None:
    make_counsellor(name="Meera", exam_types=["jee"])
    answer = visitor.get("/counsellors", htmx=True, exam="jee", language="", search="", rating="", sort="soonest")
    part = answer.get_data(as_text=True)
    assert answer.headers["HX-Push-Url"] == "/counsellors?exam=jee"
    assert "HX-Request" in answer.headers["Vary"]
    assert part.strip().startswith('<div id="counsellor-list"')
    assert '<hx-partial hx-target="#filter-count"' in part
    assert "<html" not in part


def test_a_list_in_pages(opened: Opener) -> None:
    for number in range(14):
        make_counsellor(name=f"Person {number:02}", display_order=number)
    first, second = opened("/counsellors", sort="name"), opened("/counsellors", sort="name", page="2")
    assert cards(first) == [f"Person {number:02}" for number in range(12)]
    assert cards(second) == ["Person 12", "Person 13"]
    assert "/counsellors?sort=name&page=2" in links(first)
    for page in ("99", "999999"):
        assert cards(opened("/counsellors", sort="name", page=page)) == ["Person 12", "Person 13"]
    for page in ("abc", "0", "-3", "1.5", "9" * 40):
        assert cards(opened("/counsellors", sort="name", page=page)) == cards(first)


def test_empty_results_say_what_to_do(opened: Opener) -> None:
    assert "No counsellor is listed yet" in opened("/counsellors")
    make_counsellor(name="Meera")
    html = opened("/counsellors", search="zzz", sort="name")
    assert "Nobody fits all of that" in html
    assert "/counsellors?sort=name" in links(html)


@pytest.mark.parametrize(
    "query",
    [
        {"exam": "<script>alert(1)</script>"},
        {"rating": "99"},
        {"rating": "NaN"},
        {"language": "Klingon"},
        {"specialization": "a\x00b"},
        {"sort": "password_hash; drop table users"},
        {"search": "m" * 4000},
        {"search": "\x00\x01", "page": "abc"},
        {"search": "%' or '1'='1", "exam": "\ud83d"},
        {"unknown": "thing", "exam[]": "jee"},
    ],
)
def test_bad_input_is_never_an_error(opened: Opener, query: dict[str, str]) -> None:
    make_counsellor(name="Meera")
    for htmx in (False, True):
        html = opened("/counsellors", htmx=htmx, **{k: v.encode("utf-8", "replace").decode() for k, v in query.items()})
        assert "<script>alert" not in html


def test_what_is_not_known_is_said_and_everybody_shown(opened: Opener) -> None:
    make_counsellor(name="Meera")
    html = opened("/counsellors", exam="gate", rating="99")
    assert cards(html) == ["Meera"]
    assert "“gate” is not an exam we counsel for. All exams are shown." in text(html)
    assert "“99” is not a rating to choose." in text(html)


def test_bytes_that_are_no_text_are_survived(visitor: Browser) -> None:
    assert visitor.client.get("/counsellors?search=%ff%fe%00&exam=%c3%28&page=%00").status_code == 200


def test_mail_and_phone_are_never_shown(opened: Opener) -> None:
    make_counsellor(name="Meera", email="meera@private.example", phone="+919830012345")
    html = opened("/counsellors")
    assert "meera@private.example" not in html
    assert "98300" not in html


def test_a_student_stays_among_their_own_tabs(app: Flask, db_session: Session) -> None:
    page = Browser(app, make_user()).get("/counsellors").get_data(as_text=True)
    assert 'class="tabbar"' in page
    assert 'class="tabbar"' not in Browser(app, make_user(role="admin")).get("/counsellors").get_data(as_text=True)


@pytest.mark.parametrize("sort", ["soonest", "rating"])
def test_the_list_costs_the_same_however_long_it_is(opened: Opener, db_session: Session, sort: str) -> None:
    costs = []
    for number in (3, 20):
        for _ in range(number):
            make_counsellor()
        make_counsellor(rules={"is_open": False})
        db_session.expire_all()
        with count_queries() as seen:
            html = opened("/counsellors", sort=sort)
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 5
    assert len(gzip.compress(html.encode(), 4)) < 30_000
