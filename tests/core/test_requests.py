"""A NUL in a form or an address parameter is left out of pages, and named by the JSON door."""

from __future__ import annotations

import pytest
from flask import Flask, request

from webapp.core.requests import HouseRequest


def _values(app: Flask, path: str, **more: str) -> tuple[list[str], list[str]]:
    with app.test_request_context(path, **more):
        assert isinstance(request._get_current_object(), HouseRequest)  # type: ignore[attr-defined]
        return list(request.args.values()), list(request.form.values())


def test_pages_read_texts_without_it(app: Flask) -> None:
    body = {"method": "POST", "data": "a=x%00y&b%00=z", "content_type": "application/x-www-form-urlencoded"}
    assert _values(app, "/packages?q=a%00b", **body) == (["ab"], ["xy", "z"])


def test_nothing_else_is_touched(app: Flask) -> None:
    body = {"method": "POST", "data": "a=+x+&a=2", "content_type": "application/x-www-form-urlencoded"}
    with app.test_request_context("/packages?q=+1+&q=2", **body):
        assert request.args.getlist("q") == [" 1 ", "2"]
        assert request.form.getlist("a") == [" x ", "2"]


@pytest.mark.parametrize("path", ["/api/v1/counsellors?search=a%00b"])
def test_programs_are_told(app: Flask, db_session: object, path: str) -> None:
    assert app.test_client().get(path).status_code == 400
    with app.test_request_context(path):
        assert request.args["search"] == "a\x00b"
