"""The document is valid, complete, and holds what the contract says."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pytest
from flask import Flask

from tests.api import ids
from tests.api.contract import ENDPOINTS
from tests.api.operations import Operation
from webapp.accounts.partners import AREAS
from webapp.api.spec import document
from webapp.core.access import audience_of

PREFIX = "/api/v1"
CASE = re.compile(r"_id|[a-z][a-zA-Z0-9]*|X-[A-Za-z-]+|Idempotency-Key")


@pytest.fixture(scope="module")
def whole(app: Flask) -> dict[str, Any]:
    with app.app_context():
        found: dict[str, Any] = app.json.loads(app.json.dumps(document(app)))
    return found


def test_it_is_valid(whole: dict[str, Any]) -> None:
    import jsonschema  # takes a second to compile grammars: only who runs this pays
    from openapi_spec_validator import OpenAPIV31SpecValidator

    assert whole["openapi"].startswith("3.1")
    problems = [str(error.message)[:200] for error in OpenAPIV31SpecValidator(whole).iter_errors()]
    assert not problems
    for name, schema in whole["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema.get("type") == "object", name


def test_operation_ids_are_used_once(every: list[Operation]) -> None:
    assert [name for name, number in Counter(one.name for one in every).items() if number > 1] == []


def shape(path: str) -> str:
    """Return a path without the names of what its words stand for."""
    return re.sub(r"<[^>]+>|\{\w+\}|:\w+", "{}", path)


def routes(app: Flask) -> dict[tuple[str, str], Any]:
    return {
        (method, shape(rule.rule)): app.view_functions[rule.endpoint]
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.rule.startswith(f"{PREFIX}/")
    }


@pytest.mark.parametrize("line", ENDPOINTS)
def test_every_endpoint_of_the_contract_is_there(app: Flask, line: str) -> None:
    method, path = line.split()
    assert (method, f"{PREFIX}/{shape(path)}") in routes(app)


def test_every_route_is_documented(app: Flask, whole: dict[str, Any]) -> None:
    told = {(method.upper(), shape(path)) for path, item in whole["paths"].items() for method in item}
    assert set(routes(app)) - told == set()


def test_the_document_says_who_as_the_views_do(app: Flask, every: list[Operation]) -> None:
    views = routes(app)
    for one in every:
        assert audience_of(views[one.method.upper(), shape(one.path)]) in (
            frozenset(one.audience),
            frozenset({"student", "counsellor", "admin"}) if one.audience == ("signed_in",) else None,
        ), one.name


def test_every_word_of_a_path_has_an_example(every: list[Operation]) -> None:
    assert {word for one in every for word in one.words} - set(ids.BY_WORD) == set()


def test_every_body_has_an_example_that_its_schema_allows(every: list[Operation], whole: dict[str, Any]) -> None:
    import jsonschema

    missing = [one.name for one in every if one.has_body and one.example is None]
    assert missing == []
    for one in every:
        if one.has_body:
            schema = {**one.content["schema"], "components": whole["components"]}
            jsonschema.Draft202012Validator(schema).validate(one.example)


def test_every_endpoint_says_what_it_does_and_how_it_refuses(every: list[Operation]) -> None:
    for one in every:
        assert one.spec["summary"].endswith("."), one.name
        if one.tag != "health":
            assert {"400", "401", "429", "503"} <= set(one.spec["responses"]), one.name
        if not one.is_public:
            assert "403" in one.spec["responses"], one.name
        if one.words:
            assert "404" in one.spec["responses"], one.name


def test_names_are_camel_case(whole: dict[str, Any], every: list[Operation]) -> None:
    days = re.compile(r"\d{4}-\d\d(-\d\d)?|[1-5]")
    for name, schema in whole["components"]["schemas"].items():
        if name in ("PaginationMetadata",):
            continue
        for field in schema.get("properties", {}):
            assert CASE.fullmatch(field) or days.fullmatch(field), (name, field)
    for one in every:
        for parameter in one.query:
            assert CASE.fullmatch(parameter["name"]), (one.name, parameter["name"])


def test_fixed_words_go_before_ids(app: Flask) -> None:
    adapter = app.url_map.bind("localhost")
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(PREFIX)]
    fixed = [rule for rule in rules if "<" not in rule.rule]
    assert len(fixed) > 30
    for rule in fixed:
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            assert adapter.match(rule.rule, method=method)[0] == rule.endpoint, rule.rule


def test_keys_reach_the_areas_they_are_made_for(app: Flask, every: list[Operation]) -> None:
    views = routes(app)
    for one in every:
        if one.takes_keys and not one.is_public:
            area = getattr(views[one.method.upper(), shape(one.path)], "area", None)
            assert area in AREAS, one.name
