"""Walks the whole URL map: nobody can add a route without saying who may use it."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from tests.factories import make_user
from tests.pages import Browser
from webapp.core.access import PUBLIC, audience_of


def _value(rule: Rule, name: str) -> str:
    """A word of those the address allows, else something that nobody has."""
    one_of = getattr(rule._converters[name], "items", None)  # any(…)
    return sorted(one_of)[0] if one_of else "unknown_thing_0000000000"


def address(rule: Rule) -> str:
    """Return an address of a route."""
    values = {name: _value(rule, name) for name in rule.arguments}
    _, path = rule.build(values) or ("", rule.rule)
    return path


def _rules(app: Flask) -> list[Rule]:
    return [rule for rule in app.url_map.iter_rules() if rule.endpoint != "static"]


def _pages(app: Flask) -> list[Rule]:
    """The routes of people; those of programs have their own tests in tests/api/."""
    return [rule for rule in _rules(app) if not rule.rule.startswith("/api/")]


def _closed(app: Flask, audience: str) -> list[tuple[str, str]]:
    """Every method and address of the routes that are for ``audience`` alone."""
    return sorted(
        (method, address(rule))
        for rule in _pages(app)
        if audience_of(app.view_functions[rule.endpoint]) == frozenset({audience})
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    )


def test_every_route_declares_its_audience(app: Flask) -> None:
    silent = [rule.rule for rule in _rules(app) if audience_of(app.view_functions[rule.endpoint]) is None]
    assert silent == []


def test_nobody_gets_into_a_closed_route(app: Flask, db_session: object) -> None:
    browser = Browser(app)
    for rule in _pages(app):
        if audience_of(app.view_functions[rule.endpoint]) == PUBLIC or "GET" not in (rule.methods or ()):
            continue
        answer = browser.get(address(rule))
        assert answer.status_code in {302, 401}, (rule.rule, answer.status_code)
        assert "/login" in answer.headers.get("Location", "/login"), rule.rule


@pytest.mark.parametrize("role", ["student", "counsellor", "admin"])
def test_another_role_is_refused(app: Flask, db_session: object, role: str) -> None:
    browser = Browser(app, make_user(role=role))
    for rule in _pages(app):
        audience = audience_of(app.view_functions[rule.endpoint]) or frozenset()
        if audience == PUBLIC or role in audience or "GET" not in (rule.methods or ()):
            continue
        assert browser.get(address(rule)).status_code == 403, rule.rule


@pytest.mark.parametrize("role", ["student", "counsellor", "admin"])
def test_an_unknown_thing_is_never_a_server_error(app: Flask, db_session: object, role: str) -> None:
    browser = Browser(app, make_user(role=role))
    for rule in _rules(app):
        if "GET" not in (rule.methods or ()):
            continue
        for htmx in (False, True):
            assert browser.get(address(rule), htmx=htmx).status_code < 500, rule.rule


def test_every_admin_address_is_an_admins(app: Flask) -> None:
    """What lies under /admin is for admins alone; a counsellor opens the one's own calendar there, no other."""
    own_calendar = {"availability.edit_for", "availability.outside_hours_for"}
    wrong = [
        rule.rule
        for rule in _rules(app)
        if rule.rule.startswith("/admin")
        and rule.endpoint not in own_calendar
        and audience_of(app.view_functions[rule.endpoint]) != frozenset({"admin"})
    ]
    assert wrong == []


@pytest.mark.parametrize("who", ["student", "counsellor", "nobody"])
def test_every_admin_route_refuses_everybody_else(
    app: Flask, db_session: Session, monkeypatch: pytest.MonkeyPatch, who: str
) -> None:
    """All methods, with and without htmx: refused before anything is looked up or changed."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)  # the audience is what is tried here
    browser = Browser(app, None if who == "nobody" else make_user(role=who))
    db_session.commit()
    routes = _closed(app, "admin")
    assert len(routes) > 60
    for method, address in routes:
        for headers in ({}, {"HX-Request": "true"}):
            answer = browser.client.open(address, method=method, headers=headers)
            if who != "nobody":
                assert answer.status_code == 403, (method, address, answer.status_code)
            elif headers:
                assert (answer.status_code, "/login" in answer.headers["HX-Redirect"]) == (401, True), (method, address)
            else:
                assert (answer.status_code, "/login" in answer.location) == (302, True), (method, address)
