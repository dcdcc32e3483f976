"""Every form and every parameter of every page, filled with whatever comes to mind: no 5xx, nothing reflected raw.

The suite sends some hundred requests; ``make fuzz`` sends 20,000 (FUZZ_REQUESTS).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, cast
from urllib.parse import quote_from_bytes

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.browser.pages import VISITOR
from tests.factories import make_login
from tests.rollback import rolled_back
from tests.safety.forms import Target, targets_of
from tests.safety.visits import unlimited, visit_everything
from webapp.accounts.models import Login, User
from webapp.core.db import db

REQUESTS = int(os.environ.get("FUZZ_REQUESTS", "700"))
MARK = "zq7331"
ATTACKS = [
    f"<{MARK}>", f"\"><{MARK} onx=1>", f"' on{MARK}='1", f"javascript:{MARK}()", "{{7*7}}", "${7*7}", "%s%n",
    "' or 1=1 --",
    "../../../../etc/passwd", "..%2f..%2fetc%2fpasswd", "//evil.example/x", "\\\\evil.example", "https://evil.example",
    "=cmd|' /C calc'!A0", "\r\nSet-Cookie: a=b", "\x00", "a\x00b", "\u202eabc", "\ufeff", "𝟙𝟚", "٣", "-1", "0", "1e309",
    "9" * 30, "NaN", "Infinity", "2026-02-30", "9999-12-31", "0001-01-01", "24:60", "2026-11-21T99:99", "[]", "{}",
    '{"a":' * 50, "x" * 1100, " ", "", "null", "undefined", "admin", "user_unknown", "session_00000000000000000000",
]  # fmt: skip
EXTRA = ["role", "is_admin", "active", "price", "amount", "user_id", "next", "page", "sort", "q", "date", "at", "zone"]
VALUES = st.one_of(
    st.sampled_from([attack.encode() for attack in ATTACKS]),
    st.text(max_size=30).map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.binary(max_size=20),
)


class House:
    """The demo, standing open to be tried; no dataclass, or hypothesis would print all of it."""

    def __init__(self, app: Flask, targets: list[Target], cookies: dict[str, str], connection: Any) -> None:
        self.app, self.targets, self.cookies, self.connection = app, targets, cookies, connection


@pytest.fixture(scope="module")
def house(app: Flask) -> Iterator[House]:
    with rolled_back(app), unlimited(app):
        visits = visit_everything(app, htmx=False)
        cookies = {role: _cookie(app, role) for role in {visit.role for visit in visits} - {VISITOR}}
        csrf, app.config["WTF_CSRF_ENABLED"] = app.config.get("WTF_CSRF_ENABLED", True), False
        connection = cast(dict[str | None, Any], db.engines)[None]
        try:
            yield House(app, targets_of(visits), cookies, connection)
        finally:
            app.config["WTF_CSRF_ENABLED"] = csrf


def _cookie(app: Flask, role: str) -> str:
    """The cookie of somebody of this role: whoever `visit_everything` signed in."""
    row = db.session.query(Login).join(User).filter(User.role == _ROLES.get(role, "student")).first()
    assert row is not None, role
    user = db.session.get_one(User, row.user_id)
    login = make_login(user)
    db.session.commit()
    serializer = cast(Any, app.session_interface).get_signing_serializer(app)
    content = {"login": login.public_id, "_user_id": user.get_id(), "_fresh": True}
    return f"disha={serializer.dumps(content)}"


_ROLES = {"admin": "admin", "counsellor": "counsellor"}


def test_there_is_much_to_try(house: House) -> None:
    assert len(house.targets) > 150
    assert {one.method for one in house.targets} >= {"GET", "POST"}
    assert sum(one.method == "POST" for one in house.targets) > 60


CASES = st.tuples(
    st.integers(0, 10**6),
    st.lists(st.tuples(st.integers(0, 10**6), VALUES), min_size=1, max_size=5),
    st.lists(st.integers(0, 10**6), max_size=2),
    st.none() | st.none() | st.tuples(st.integers(0, 10**6), VALUES),
    st.booleans(),
)


@settings(
    max_examples=REQUESTS,
    deadline=None,
    derandomize=REQUESTS < 5000,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(case=CASES)
def test_nothing_makes_a_page_stumble_or_repeat_a_script(house: House, case: Any) -> None:
    number, changes, drops, new_word, htmx = case
    target = house.targets[number % len(house.targets)]
    names = [name for name, _ in target.fields]
    choice = [*names, *EXTRA]
    changed = {choice[which % len(choice)]: value for which, value in changes}
    dropped = {names[which % len(names)] for which in drops} if names else set()
    sent = [(name, value.encode()) for name, value in target.fields if name not in dropped and name not in changed]
    sent += list(changed.items())
    path = _path(target.path, new_word)
    status, text, kind = _send(house, target, path, sent, htmx=htmx)
    assert status < 500, (target, path, sent)
    if kind.startswith("text/html"):
        assert _planted(text) == [], (target, path, sent)


class _Planted(HTMLParser):
    """Finds our mark where a browser would act on it: as an element, an attribute, an address that is a script."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [tag, *(name for name, _ in attrs)]
        links = [value or "" for name, value in attrs if name in {"href", "src", "action", "formaction", "hx-get"}]
        self.found += [name for name in names if MARK in name]
        self.found += [link for link in links if link.strip().lower().startswith("javascript:")]


def _planted(text: str) -> list[str]:
    if MARK not in text.lower():
        return []
    reader = _Planted()
    reader.feed(text)
    return reader.found


def _path(path: str, new_word: tuple[int, bytes] | None) -> str:
    """The path, or the path with one of its words replaced."""
    parts = path.split("/")
    if len(parts) < 3 or new_word is None:
        return path
    which, value = new_word
    parts[1 + which % (len(parts) - 1)] = quote_from_bytes(value or b".", safe="")
    return "/".join(parts)


def _send(
    house: House, target: Target, path: str, sent: list[tuple[str, bytes]], *, htmx: bool
) -> tuple[int, str, str]:
    """Send it and take back whatever it did."""
    headers = {"HX-Request": "true", "HX-Request-Type": "partial"} if htmx else {}
    if target.role in house.cookies:
        headers["Cookie"] = house.cookies[target.role]
    whole = "&".join(f"{quote_from_bytes(name.encode())}={quote_from_bytes(value)}" for name, value in sent)
    more: dict[str, Any] = {"query_string": whole} if target.method in {"GET", "DELETE"} else {"data": whole}
    if "data" in more:
        more["content_type"] = "application/x-www-form-urlencoded"
    db.session.remove()
    nested = house.connection.begin_nested()
    try:
        answer = house.app.test_client(use_cookies=False).open(path, method=target.method, headers=headers, **more)
        found = answer.status_code, answer.get_data().decode("utf-8", "replace"), answer.content_type or ""
        answer.close()
    finally:
        db.session.remove()
        while house.connection.in_nested_transaction():
            house.connection.get_nested_transaction().rollback()
    assert not nested.is_active
    return found
