"""The availability editor as a test drives it: a form read from the page and sent back."""

from __future__ import annotations

import datetime as dt
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from tests.factories import make_enrolment, make_session, make_user
from tests.pages import Browser
from webapp.availability.queries import (
    day_records,
    exceptions_of,
    plain_windows,
    windows_of,
)
from webapp.availability.rules import Window
from webapp.core.db import db
from webapp.counsellors.models import Counsellor

URL = "/counsellor/availability"
NOW = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)  # Wed, 9:30 AM IST
TODAY = dt.date(2026, 12, 9)
THURSDAY = dt.date(2026, 12, 17)
EVENING = dt.datetime(2026, 12, 17, 12, 30, tzinfo=dt.UTC)  # Thu, 17 Dec, 6 PM IST
DAY = dt.timedelta(days=1)
MINUTE = dt.timedelta(minutes=1)


class FormReader(HTMLParser):
    """What a browser would send of the editor's form, buttons left out."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.values: MultiDict[str, str] = MultiDict()
        self._inside = False
        self._select = ""
        self._options: list[tuple[str, bool]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = found.get("id") == "availability"
        if not (self._inside or found.get("form") == "availability" or self._select):
            return
        if tag == "input" and found.get("name"):
            if found.get("type") not in {"checkbox", "radio"} or "checked" in found:
                self.values.add(found["name"], found.get("value", "on"))
        elif tag == "select":
            self._select, self._options = found["name"], []
        elif tag == "option":
            self._options.append((found.get("value", ""), "selected" in found))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
        elif tag == "select" and self._select:
            chosen = [value for value, on in self._options if on] or [self._options[0][0]]
            self.values.add(self._select, chosen[0])
            self._select = ""


class Editor:
    """A person at the editor without scripts: types, presses a button, reads what comes back."""

    def __init__(self, app: Flask, user: Any, url: str = URL) -> None:
        self.browser, self.url = Browser(app, user), url
        self.answer = self.browser.get(url)
        self.read()

    def read(self) -> None:
        self.page = self.answer.get_data(as_text=True)
        self.form = FormReader(self.page).values

    def press(self, action: str, *, htmx: bool = False, **typed: Any) -> TestResponse:
        for name, value in typed.items():
            self.type(name.replace("_", "-") if name.replace("_", "-") in self.form else name, value)
        self.answer = self.post({**self.lists(), "action": action}, htmx=htmx)
        if not htmx and self.answer.status_code != 303:
            self.read()
        return self.answer

    def type(self, name: str, value: Any) -> None:
        self.form.setlist(name, [str(v) for v in value] if isinstance(value, list) else [str(value)])

    def lists(self) -> dict[str, list[str]]:
        return {name: self.form.getlist(name) for name in self.form}

    def post(self, data: dict[str, Any], *, htmx: bool = False) -> TestResponse:
        headers = {"HX-Request": "true", "HX-Request-Type": "partial"} if htmx else {}
        return self.browser.client.post(self.url, data=data, headers=headers)

    def windows(self, day: str) -> list[tuple[str, str]]:
        return list(zip(self.form.getlist(f"{day}-start"), self.form.getlist(f"{day}-end"), strict=True))


def book(counsellor: Counsellor, at: dt.datetime = EVENING, name: str = "Neha Kulkarni") -> str:
    session = make_session(make_enrolment(make_user(name=name)), counsellor, at)
    db.session.commit()
    return session.public_id


def stored(counsellor: Counsellor) -> list[Window]:
    db.session.expire_all()
    return plain_windows(windows_of(counsellor.id))


def days_stored(counsellor: Counsellor) -> list[tuple[dt.date, Any, str]]:
    return [(r.date, r.ranges, r.reason) for r in day_records(exceptions_of(counsellor.id, TODAY, TODAY + 900 * DAY))]
