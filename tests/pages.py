"""A browser without scripts: follows links, keeps cookies, sends a page's own form tokens."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import login
from webapp.accounts.models import User

_TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"|name="csrf-token" content="([^"]+)"')


class Browser:
    """Wraps the test client; `submit` first opens a page to take its CSRF token, as people do."""

    def __init__(self, app: Flask, user: User | None = None) -> None:
        self.client = app.test_client()
        if user is not None:
            login(self.client, user)

    def get(self, url: str, *, htmx: bool = False, **query: str) -> TestResponse:
        """Open a page, or fetch its partial as htmx does."""
        return self.client.get(url, query_string=query or None, headers=_headers(htmx))

    def submit(
        self, url: str, data: dict[str, Any] | None = None, *, page: str | None = None, htmx: bool = False
    ) -> TestResponse:
        """Post a form to ``url`` with the token found on ``page`` (default: the same URL)."""
        token = self.token(page or url)
        return self.client.post(url, data={**(data or {}), "csrf_token": token}, headers=_headers(htmx))

    def export(self, kind: str, **asked: str) -> TestResponse:
        """Ask for the file of a table with a filter, as its button does."""
        return self.submit(f"/admin/exports/new/{kind}?{urlencode(asked)}", page="/admin/exports")

    def token(self, page: str) -> str:
        """Return the CSRF token that ``page`` carries."""
        found = _TOKEN.search(self.client.get(page).get_data(as_text=True))
        assert found, f"{page} carries no form token"
        return found.group(1) or found.group(2)


def _headers(htmx: bool) -> dict[str, str]:
    return {"HX-Request": "true", "HX-Request-Type": "partial"} if htmx else {}
