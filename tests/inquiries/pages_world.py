"""Short ways at the desk's pages: a browser of an admin, a row's form as the page has it, words of an answer."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.pages import Browser
from webapp.accounts.models import User
from webapp.core.db import db
from webapp.inquiries.models import Inquiry

LIST = "/admin/leads"


def words(answer: TestResponse, status: int = 200) -> str:
    """Return an answer as one line."""
    assert answer.status_code == status, answer.get_data(as_text=True)[:3000]
    return " ".join(answer.get_data(as_text=True).split())


class Desk:
    """An admin at the desk, who sends a row's form with what the row showed."""

    def __init__(self, app: Flask, admin: User) -> None:
        self.browser = Browser(app, admin)

    def page(self, path: str = "", *, htmx: bool = False, status: int = 200) -> str:
        """Open a page of the desk."""
        return words(self.browser.get(f"{LIST}{path}", htmx=htmx), status)

    def post(self, path: str, data: dict[str, Any] | None = None, *, htmx: bool = False) -> TestResponse:
        """Send a form of the desk."""
        return self.browser.submit(f"{LIST}{path}", data, page=LIST, htmx=htmx)

    def choose(
        self, lead: Inquiry, *, seen: dict[str, str] | None = None, at: str = "row", htmx: bool = True, **chosen: str
    ) -> TestResponse:
        """Choose something in a lead's row; ``seen`` is what the page showed, by default what is stored."""
        data = seen or row_of(lead)
        shown = {name: data[f"was_{name}"] for name in ("status", "assignee", "follow_up_on")}
        return self.post(f"/{lead.public_id}/row", {**data, **shown, "at": at, **chosen}, htmx=htmx)


def row_of(lead: Inquiry) -> dict[str, str]:
    """Return what a row carries to tell what was changed in it."""
    db.session.refresh(lead)
    return {
        "version": str(lead.version),
        "was_status": lead.status.value,
        "was_assignee": lead.assignee.public_id if lead.assignee else "",
        "was_follow_up_on": lead.follow_up_on.isoformat() if lead.follow_up_on else "",
        "back": "",
    }
