"""Walks the whole URL map: nobody can add a route without saying who may use it."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.routing import Rule

from tests.factories import make_user
from tests.pages import Browser
from webapp.core.access import PUBLIC, audience_of


def _address(rule: Rule) -> str:
    values = dict.fromkeys(rule.arguments, "unknown_thing_0000000000")
    _, path = rule.build(values) or ("", rule.rule)
    return path


def _rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def test_every_route_declares_its_audience(app: Flask) -> None:
    silent = [rule.rule for rule in _rules(app) if audience_of(app.view_functions[rule.endpoint]) is None]
    assert silent == []


def test_nobody_gets_into_a_closed_route(app: Flask, db_session: object) -> None:
    browser = Browser(app)
    for rule in _rules(app):
        if audience_of(app.view_functions[rule.endpoint]) == PUBLIC or "GET" not in (rule.methods or ()):
            continue
        answer = browser.get(_address(rule))
        assert answer.status_code in {302, 401}, (rule.rule, answer.status_code)
        assert "/login" in answer.headers.get("Location", "/login"), rule.rule


@pytest.mark.parametrize("role", ["student", "counsellor", "admin"])
def test_another_role_is_refused(app: Flask, db_session: object, role: str) -> None:
    browser = Browser(app, make_user(role=role))
    for rule in _rules(app):
        audience = audience_of(app.view_functions[rule.endpoint]) or frozenset()
        if audience == PUBLIC or role in audience or "GET" not in (rule.methods or ()):
            continue
        assert browser.get(_address(rule)).status_code == 403, rule.rule


@pytest.mark.parametrize("role", ["student", "counsellor", "admin"])
def test_an_unknown_thing_is_never_a_server_error(app: Flask, db_session: object, role: str) -> None:
    browser = Browser(app, make_user(role=role))
    for rule in _rules(app):
        if "GET" not in (rule.methods or ()):
            continue
        for htmx in (False, True):
            assert browser.get(_address(rule), htmx=htmx).status_code < 500, rule.rule
