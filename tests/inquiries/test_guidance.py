from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import NOW, make_user
from tests.inquiries.desk import ask
from tests.pages import Browser
from webapp.core import clock
from webapp.inquiries.models import Inquiry
from webapp.inquiries.stamps import Stamp, read_receipt, read_stamp, write_receipt, write_stamp
from webapp.inquiries.views import guidance

pytestmark = pytest.mark.usefixtures("db_session")
SECOND = dt.timedelta(seconds=1)
TYPED = {
    "name": "Rohan Das",
    "phone": "98300 41270",
    "email": "rohan.das@example.com",
    "exam": "jee-main",
    "rank": "12345",
    "category": "SC",
    "state": "West Bengal",
    "message": "Is ECE at Durgapur better?",
    "consent": "y",
}
_STAMP = re.compile(r'name="stamp"[^>]*value="([^"]*)"')


@pytest.fixture(autouse=True)
def _at_nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def visitor(app: Flask) -> Browser:
    return Browser(app)


def stamp(seconds: float = 20, **words: str) -> str:
    return write_stamp(Stamp(NOW - seconds * SECOND, **words))


def post(
    visitor: Browser, *, htmx: bool = False, headers: dict[str, str] | None = None, address: str = "", **typed: Any
) -> TestResponse:
    more = {"HX-Request": "true", "HX-Request-Type": "partial"} if htmx else {}
    data = {key: value for key, value in {**TYPED, "stamp": stamp(), **typed}.items() if value is not None}
    return visitor.client.post(
        "/guidance",
        data=data,
        headers={**more, **(headers or {})},
        environ_base={"REMOTE_ADDR": address or "127.0.0.1"},
    )


def html(answer: TestResponse) -> str:
    return answer.get_data(as_text=True)


def number_of(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(Inquiry)) or 0


def test_form_to_ticket_without_javascript(visitor: Browser, db_session: Session) -> None:
    page = visitor.get("/guidance", exam="neet")
    assert "Set-Cookie" not in page.headers
    assert '<option selected value="neet">' in html(page)
    answer = post(visitor)
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers
    inquiry = db_session.scalars(select(Inquiry)).one()
    assert (inquiry.name, inquiry.phone, inquiry.category, inquiry.consent_at) == (
        "Rohan Das",
        "+919830041270",
        "SC",
        NOW,
    )
    sent = visitor.get(answer.headers["Location"])
    assert "INQ-2026-00001" in html(sent)
    assert "Thu, 10 Dec 2026, 9:30 AM IST" in html(sent)
    assert "Rohan" not in html(sent)


def test_htmx_gets_the_ticket_in_place(visitor: Browser) -> None:
    answer = post(visitor, htmx=True)
    assert answer.status_code == 200
    assert html(answer).lstrip().startswith('<div class="guidance-form" id="inquiry-form">')
    assert "INQ-2026-00001" in html(answer)


def test_the_same_form_is_on_the_landing_page(visitor: Browser, db_session: Session) -> None:
    page = visitor.get("/", utm_source="mailing", utm_campaign="round-2")
    assert 'id="inquiry-form" action="/guidance"' in html(page)
    found = _STAMP.search(html(page))
    assert found
    with clock.frozen(NOW + 30 * SECOND):
        assert post(visitor, stamp=found.group(1)).status_code == 303
    inquiry = db_session.scalars(select(Inquiry)).one()
    assert (inquiry.utm_source, inquiry.utm_campaign, inquiry.source) == ("mailing", "round-2", "website")


@pytest.mark.parametrize(
    ("came_from", "referrer", "campaign"),
    [
        ("https://search.example/find?q=secret", "https://search.example/find", ""),
        ("http://localhost/?utm_campaign=fair", "", "fair"),
        ("javascript:alert(1)", "", ""),
        ("https://[broken", "", ""),
        ("https://long.example/" + "x" * 900, ("https://long.example/" + "x" * 900)[:300], ""),
    ],
)
def test_where_people_came_from_is_kept(
    visitor: Browser, db_session: Session, came_from: str, referrer: str, campaign: str
) -> None:
    page = visitor.client.get("/guidance", headers={"Referer": came_from})
    found = _STAMP.search(html(page))
    assert found
    with clock.frozen(NOW + 30 * SECOND):
        assert post(visitor, stamp=found.group(1)).status_code == 303
    inquiry = db_session.scalars(select(Inquiry)).one()
    assert (inquiry.referrer, inquiry.utm_campaign) == (referrer, campaign)


def test_who_is_signed_in_need_not_say_who_they_are_and_has_a_token(app: Flask, db_session: Session) -> None:
    student = make_user(name="Ananya Rao", email="ananya@example.com", phone="+919830041270")
    db_session.commit()
    browser = Browser(app, student)
    page = html(browser.get("/guidance"))
    for word in ("Ananya Rao", "ananya@example.com", "98300 41270"):
        assert f'value="{word}"' in page
    assert post(browser).status_code == 400
    assert number_of(db_session) == 0
    answer = browser.submit("/guidance", {**TYPED, "stamp": stamp()})
    assert answer.status_code == 303
    assert number_of(db_session) == 1


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"name": "x" * 4000}, "Use at most 120 characters."),
        ({"name": ""}, "Tell us your name."),
        ({"phone": "1"}, "Give ten digits"),
        ({"email": "x"}, "does not look like a mail address"),
        ({"exam": ""}, "Choose JEE Main"),
        ({"rank": "96.8"}, "Give the rank as a whole number"),
        ({"message": "x" * 4000}, "Use at most 2000 characters."),
        ({"category": "King"}, "Choose one from the list."),
        ({"state": "Atlantis"}, "Choose one from the list."),
        ({"consent": None}, "Tick this"),
    ],
)
@pytest.mark.parametrize("htmx", [False, True])
def test_what_is_wrong_comes_back_with_everything_typed(
    visitor: Browser, db_session: Session, wrong: dict[str, Any], words: str, htmx: bool
) -> None:
    answer = post(visitor, htmx=htmx, **wrong)
    page, (field,) = html(answer), wrong
    assert answer.status_code == 422
    assert words in page
    assert f'id="{field}-error"' in page
    assert re.search(rf'aria-describedby="[^"]*{field}-error', page)
    for name, value in TYPED.items():
        if name not in (*wrong, "consent", "exam", "category", "state"):
            assert value in page
    assert number_of(db_session) == 0


def test_html_in_a_name_is_text(visitor: Browser, db_session: Session) -> None:
    attack = '"><script>alert(1)</script>'
    page = html(post(visitor, name=attack, email="x"))
    assert "<script>alert" not in page
    assert post(visitor, name=attack).status_code == 303
    assert db_session.scalars(select(Inquiry.name)).one() == attack


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ({"website": "https://cheap.example"}, "Something filled in a field"),
        ({"stamp": "SOON"}, "That was very quick"),
        ({"stamp": "OLD"}, "open for a long time"),
        ({"stamp": "FUTURE"}, "open for a long time"),
        ({"stamp": "forged"}, "open for a long time"),
        ({"stamp": None}, "open for a long time"),
        ({"stamp": "x" * 100_000}, "open for a long time"),
    ],
)
def test_machines_are_asked_again_and_people_lose_nothing(
    visitor: Browser, db_session: Session, typed: dict[str, Any], words: str
) -> None:
    ages = {"SOON": 1.0, "OLD": 90_000.0, "FUTURE": -3600.0}
    if typed.get("stamp") in ages:
        typed = {"stamp": stamp(ages[typed["stamp"]], utm_source="mailing")}
    answer = post(visitor, **typed)
    page = html(answer)
    assert answer.status_code == 422
    assert words in page
    assert "Is ECE at Durgapur better?" in page
    assert "cheap.example" not in page
    assert number_of(db_session) == 0
    found = _STAMP.search(page)
    assert found
    with clock.frozen(NOW + 10 * SECOND):
        assert post(visitor, stamp=found.group(1)).status_code == 303
    assert number_of(db_session) == 1


def test_a_network_that_asks_too_often_waits(
    visitor: Browser, db_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guidance, "LIMITS", ((2, 600),))
    for number in range(2):
        assert post(visitor, message=f"Question {number}", address="203.0.113.7").status_code == 303
    answer = post(visitor, message="Question 3", address="203.0.113.7")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert "Question 3" in html(answer)
    assert post(visitor, message="Question 3", address="203.0.113.8").status_code == 303
    assert number_of(db_session) == 3


def test_a_database_that_is_busy_or_away_loses_nothing(visitor: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_given: object) -> None:
        raise OperationalError("insert", {}, Exception("canceling statement due to statement timeout"))

    monkeypatch.setattr(guidance, "submit_inquiry", fails)
    answer = post(visitor)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "60"
    assert "We could not take it in just now" in html(answer)
    assert "Is ECE at Durgapur better?" in html(answer)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "https://evil.example"}, 400),
        ({"Origin": "null"}, 400),
        ({"Sec-Fetch-Site": "cross-site"}, 400),
        ({"Sec-Fetch-Site": "same-site"}, 400),
        ({"Origin": "http://localhost"}, 303),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, 303),
    ],
)
def test_other_sites_cannot_send_it(
    visitor: Browser, db_session: Session, headers: dict[str, str], status: int
) -> None:
    assert post(visitor, headers=headers).status_code == status
    assert number_of(db_session) == (1 if status == 303 else 0)


def test_a_double_click_is_one_ticket(visitor: Browser, db_session: Session) -> None:
    answers = {post(visitor).headers["Location"] for _ in range(3)}
    assert len(answers) == 1
    assert number_of(db_session) == 1


def test_only_a_signed_key_opens_a_ticket(visitor: Browser) -> None:
    inquiry = ask()
    key = write_receipt(inquiry.public_id)
    assert read_receipt(key) == inquiry.public_id
    assert visitor.get(f"/guidance/sent/{key}").status_code == 200
    for wrong in (inquiry.public_id, key[:-1], stamp(), "x" * 5000, write_receipt("inquiry_nobody")):
        assert visitor.get(f"/guidance/sent/{wrong}").status_code == 404
    assert read_stamp(key) is None
