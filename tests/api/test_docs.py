"""The handbook: every endpoint in words, served by ourselves under the strict policy."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.pages import Browser
from webapp.api.handbook import areas_of
from webapp.api.samples import sample_of
from webapp.api.schema_words import fields_of, type_words
from webapp.api.spec import document

DOCS = "/api/v1/docs"


def test_every_endpoint_is_on_the_overview_and_on_its_areas_page(app: Flask, client: FlaskClient) -> None:
    with app.app_context():
        areas = areas_of(document(app), "http://localhost")
    overview = client.get(DOCS).get_data(as_text=True)
    for area in areas:
        page = client.get(f"{DOCS}/{area.name}").get_data(as_text=True)
        for one in area.endpoints:
            assert f'href="{DOCS}/{area.name}#{one.name}"' in overview
            assert f'id="{one.name}"' in page


def test_the_pages_need_nothing_of_others(app: Flask) -> None:
    browser = Browser(app)
    for path in (DOCS, f"{DOCS}/payments"):
        answer = browser.get(path)
        text = answer.get_data(as_text=True)
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert "Set-Cookie" not in answer.headers
        assert not re.search(r'(?:src|href)="https?://', text)
        assert " style=" not in text
        assert "<script>" not in text


def test_an_area_nobody_knows_is_not_found(client: FlaskClient) -> None:
    assert client.get(f"{DOCS}/nobody").status_code == 404


def test_the_examples_are_commands(app: Flask) -> None:
    with app.app_context():
        areas = {area.name: area for area in areas_of(document(app), "https://disha.example")}
    order = next(one for one in areas["payments"].endpoints if one.name == "create_order")
    assert order.curl.startswith("curl -X POST 'https://disha.example/api/v1/payments/create-order' \\\n  -H \"Auth")
    assert '"couponCode": "EARLY10"' in order.curl
    assert '"razorpayOrderId": "order_NxQ2mT7vKc4LpZ"' in order.sample
    assert (order.who, order.keys) == ("Students", False)
    listed = next(one for one in areas["counselling-packages"].endpoints if one.name == "list_packages")
    assert "?examType=jee&sort=-price'" in listed.curl
    assert "Authorization" not in listed.curl


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "maxLength": 40}, "text, at most 40 characters"),
        ({"type": ["integer", "null"], "minimum": 1}, "whole number, 1 or more, or null"),
        ({"type": "integer", "minimum": 1, "maximum": 100, "default": 20}, "whole number, 1 to 100, else 20"),
        ({"type": "number", "exclusiveMinimum": 0}, "number, above 0"),
        ({"enum": [True]}, "true"),
        ({"type": "array", "items": {"$ref": "#/thing"}}, "list of date"),
        ({}, "anything"),
    ],
)
def test_types_in_words(schema: dict[str, object], words: str) -> None:
    document = {"thing": {"type": "string", "format": "date"}}
    assert type_words(document, schema) == words


def test_fields_within_fields_have_paths_and_circles_end() -> None:
    document = {"node": {"type": "object", "required": ["name"], "properties": {
        "name": {"type": "string", "example": "Root"},
        "children": {"type": "array", "items": {"$ref": "#/node"}},
    }}}  # fmt: skip
    names = [field.name for field in fields_of(document, document["node"])]
    assert names[:4] == ["name", "children", "children[].name", "children[].children"]
    assert sample_of(document, document["node"])["name"] == "Root"
