"""Nobody is sent elsewhere: every way a visitor's word becomes an address to go to."""

from __future__ import annotations

import re
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import make_user
from tests.pages import Browser
from tests.safety.visits import unlimited
from tests.test_routes import address
from webapp.accounts.logins import safe_next
from webapp.accounts.passwords import hash_password

SECRET = "Kavi-ta-2026"
ELSEWHERE = [
    "https://evil.example/", "http:evil.example", "https:evil.example", "//evil.example", "///evil.example",
    "////evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil.example", "/\t/evil.example",
    "/\n/evil.example",
    "\t//evil.example", " //evil.example", "/ /evil.example", "javascript:alert(1)", "data:text/html,x", "evil.example",
    "@evil.example", "/\r\nLocation: https://evil.example", "/\x00/evil.example", "?next=//evil.example",
    "ftp://evil.example/", "\u3000//evil.example", "https://localhost@evil.example/", "https://localhost.evil.example/",
]  # fmt: skip
PIECES = st.sampled_from(
    ["/", "\\", "//", ":", "@", "?", "#", ".", "..", "%2f", "%5c", "\t", "\n", " ", "evil.example", "https", "http",
     "javascript", "student", "\x00", "／", "。", "localhost"],
)  # fmt: skip


def _goes_elsewhere(target: str) -> bool:
    """Whether a browser on a page of ours would leave it: it drops tabs and ends of lines, and turns backslashes."""
    as_read = "".join(letter for letter in target.strip() if letter not in "\t\r\n").replace("\\", "/")
    parts = urlsplit(urljoin("https://disha.example/login", as_read))
    return (parts.scheme, parts.netloc) != ("https", "disha.example")


@pytest.mark.parametrize("target", ELSEWHERE)
def test_an_address_elsewhere_is_no_next(app: Flask, target: str) -> None:
    with app.test_request_context("/login"):
        assert safe_next(target) is None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pieces=st.lists(PIECES, max_size=8))
def test_whatever_passes_stays_on_our_pages(app: Flask, pieces: list[str]) -> None:
    target = "".join(pieces)
    with app.test_request_context("/login"):
        passed = safe_next(target)
    if passed is not None:
        assert passed == target
        assert passed.startswith("/")
        assert not _goes_elsewhere(passed), passed


@pytest.mark.parametrize("path", ["/login", "/signup"])
@pytest.mark.parametrize("target", ELSEWHERE)
def test_who_is_signed_in_already_stays_too(app: Flask, db_session: Session, path: str, target: str) -> None:
    browser = Browser(app, make_user(role="student"))
    db_session.commit()
    answer = browser.client.get(path, query_string={"next": target})
    assert answer.status_code == 302
    assert not _goes_elsewhere(answer.location)
    assert "evil" not in answer.location


def test_the_way_through_verifying_stays_too(app: Flask, db_session: Session) -> None:
    make_user(role="student", email="ira@example.com", password_hash=hash_password(SECRET))
    db_session.commit()
    for target in ELSEWHERE:
        browser = Browser(app)
        page = browser.client.get("/login", query_string={"next": target}).text
        assert "evil" not in page, target


def test_htmx_is_sent_to_sign_in_and_back_to_a_page_of_ours(app: Flask, db_session: Session) -> None:
    for current in (
        "https://evil.example/x",
        "//evil.example",
        "https://localhost//evil.example/",
        "javascript:alert(1)",
    ):
        headers = {"HX-Request": "true", "HX-Current-URL": current}
        answer = app.test_client().get("/student", headers=headers)
        assert answer.status_code == 401
        sent_to = answer.headers["HX-Redirect"]
        assert sent_to.startswith("/login?")
        with app.test_request_context(sent_to) as context:
            back = safe_next(context.request.args.get("next"))
        assert back is None or not _goes_elsewhere(back)


def test_no_route_takes_an_address_from_its_query(app: Flask, db_session: Session) -> None:
    """Every GET route, by a visitor and an admin: whatever parameter names a page elsewhere, no answer leads there."""
    names = ("next", "url", "to", "back", "return", "redirect", "return_to", "continue", "r", "from", "onward", "page")
    query = dict.fromkeys(names, "https://evil.example/")
    clients = [Browser(app).client, Browser(app, make_user(role="admin")).client]
    db_session.commit()
    with unlimited(app):
        led_away = [
            f"{rule.rule}: {found}"
            for rule in app.url_map.iter_rules()
            if "GET" in (rule.methods or ())
            for client in clients
            for found in _ways_out(client.get(address(rule), query_string=query))
        ]
    assert led_away == []


def _ways_out(answer: TestResponse) -> list[str]:
    told = [answer.headers.get(header, "") for header in ("Location", "HX-Redirect", "HX-Location", "Refresh")]
    found = [text for text in told if text and urlsplit(urljoin("http://localhost/", text)).netloc != "localhost"]
    return found + re.findall(r"(?:href|action|src)=.https://evil[^>]*", answer.text)
