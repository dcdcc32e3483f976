"""A program at the JSON door: sends and reads JSON, and checks what every answer must have."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests.factories import NOW, make_login
from webapp.accounts.bearer import make_access_token
from webapp.accounts.models import ApiKey, LoginKind, User
from webapp.accounts.partners import make_api_key
from webapp.core import clock
from webapp.core.db import db


class Program:
    """Asks as ``user`` (None: as nobody) or with a partner's ``key``."""

    def __init__(self, app: Flask, user: User | None = None, *, key: str | None = None) -> None:
        self.client = app.test_client()
        self.headers: dict[str, str] = {}
        if user is not None:
            login = make_login(user, kind=LoginKind.API)
            db.session.commit()  # a refused request rolls back, and the login stays
            self.login_id = login.public_id
            with app.app_context():
                token = make_access_token(login, user, now=clock.now())
            self.headers["Authorization"] = f"Bearer {token}"
        if key is not None:
            self.headers["X-API-Key"] = key

    def ask(self, method: str, path: str, body: Any = None, *, status: int | None = None, **more: Any) -> TestResponse:
        """Send a request to ``/api/v1<path>``; ``status`` is what must come back."""
        headers = {**self.headers, **more.pop("headers", {})}
        if body is not None:
            more["json"] = body
        answer = self.client.open(f"/api/v1{path}", method=method, headers=headers, **more)
        check(answer)
        if status is not None:
            assert answer.status_code == status, (method, path, answer.status_code, answer.get_data(as_text=True))
        return answer

    def get(self, path: str, *, status: int = 200, **more: Any) -> Any:
        """Return the whole answer of a GET."""
        return self.ask("GET", path, status=status, **more).json

    def post(self, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        """Return the whole answer of a POST."""
        return self.ask("POST", path, {} if body is None else body, status=status, **more).json

    def patch(self, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        """Return the whole answer of a PATCH."""
        return self.ask("PATCH", path, {} if body is None else body, status=status, **more).json

    def put(self, path: str, body: Any = None, *, status: int = 200, **more: Any) -> Any:
        """Return the whole answer of a PUT."""
        return self.ask("PUT", path, {} if body is None else body, status=status, **more).json

    def delete(self, path: str, *, status: int = 200, **more: Any) -> Any:
        """Return the whole answer of a DELETE."""
        return self.ask("DELETE", path, status=status, **more).json


def check(answer: TestResponse) -> None:
    """What every answer of this door has."""
    assert answer.status_code < 500, answer.get_data(as_text=True)
    for header in ("X-Request-ID", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"):
        assert answer.headers.get(header), header
    assert "Set-Cookie" not in answer.headers
    if answer.mimetype == "application/json" and answer.json is not None and "success" in answer.json:
        assert answer.json["success"] is (answer.status_code < 400)
        if answer.status_code >= 400:
            error = answer.json["error"]
            assert error["code"]
            assert error["message"]
            assert error["code"] == error["code"].upper()


def details(answer: Any) -> dict[str, str]:
    """Return the wrong fields of a refusal, field → message."""
    return {one["field"]: one["message"] for one in answer["error"].get("details", [])}


def partner_key(admin: User, *scopes: str) -> tuple[ApiKey, str]:
    """Make a partner's key."""
    row, key = make_api_key(actor=admin, name="Partner school", scopes=scopes)
    db.session.commit()
    return row, key


__all__ = ["NOW", "Program", "details", "partner_key"]
