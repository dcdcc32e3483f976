"""Every address that changes something refuses what no page of ours sent; read off the URL map."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from tests.factories import make_user
from tests.pages import Browser
from tests.safety.visits import unlimited
from tests.test_routes import address
from webapp.core.access import audience_of
from webapp.core.db import SAFE_METHODS
from webapp.core.error_pages import STALE_FORM
from webapp.extensions import csrf

# What needs no form token, and what stands in its place.
OPEN = {
    "guidance.send": "a signed stamp and the Origin header: the form is cached and works without a cookie",
    "notifications.unsubscribe_now": "a signed key of the mail: mail programs send it (RFC 8058)",
    "payment_webhook.razorpay": "the gateway's signature",
}


def _changing(app: Flask) -> list[tuple[str, Rule]]:
    """Every method and route of the HTML door that may change something; the JSON door knows no cookies."""
    return [
        (method, rule)
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - SAFE_METHODS)
        if not rule.rule.startswith("/api/")
    ]


def _closed(app: Flask) -> list[tuple[str, Rule]]:
    return [(method, rule) for method, rule in _changing(app) if rule.endpoint not in OPEN]


def test_the_url_map_has_what_is_tried_here(app: Flask) -> None:
    assert len(_closed(app)) > 100
    assert set(OPEN) <= {rule.endpoint for _, rule in _changing(app)}


@pytest.mark.parametrize("role", ["nobody", "admin"])
def test_no_form_is_taken_without_its_token(app: Flask, db_session: Session, role: str) -> None:
    """As anybody, with and without htmx, without a token, with an empty, a made-up and another visitor's one."""
    browser = Browser(app, None if role == "nobody" else make_user(role=role))
    db_session.commit()
    strange = Browser(app).token("/login")
    taken = []
    with unlimited(app):
        for method, rule in _closed(app):
            where = address(rule)
            tries = (
                browser.client.open(where, method=method),
                browser.client.open(where, method=method, data={"csrf_token": ""}, headers={"HX-Request": "true"}),
                browser.client.open(where, method=method, data={"csrf_token": strange}),
                browser.client.open(where, method=method, headers={"X-CSRFToken": strange, "HX-Request": "true"}),
            )
            taken += [
                f"{method} {where}: {answer.status_code}"
                for answer in tries
                if answer.status_code != 400 or STALE_FORM not in answer.text
            ]
    assert taken == []


def test_a_token_in_the_address_is_no_token(app: Flask, db_session: Session) -> None:
    browser = Browser(app, make_user(role="student"))
    db_session.commit()
    token = browser.token("/account")
    assert browser.client.post(f"/logout?csrf_token={token}").status_code == 400
    assert browser.client.post("/logout", data={"csrf_token": token}).status_code == 303


def test_only_what_is_listed_goes_without(app: Flask) -> None:
    exempt_blueprints = {
        blueprint if isinstance(blueprint, str) else blueprint.name for blueprint in csrf._exempt_blueprints
    }
    views = {f"{view.__module__}.{view.__name__}": name for name, view in app.view_functions.items()}
    exempt = {views[name] for name in csrf._exempt_views if name in views}
    exempt |= {rule.endpoint for _, rule in _changing(app) if rule.endpoint.rpartition(".")[0] in exempt_blueprints}
    assert {name for name in exempt if not _is_api(app, name)} == set(OPEN)


def _is_api(app: Flask, endpoint: str) -> bool:
    return all(rule.rule.startswith("/api/v1/") for rule in app.url_map.iter_rules(endpoint)) and endpoint not in OPEN


def test_the_json_door_does_nothing_by_a_cookie(app: Flask, db_session: Session) -> None:
    """Whatever a browser sends along by itself opens no closed door of the JSON side."""
    browser = Browser(app, make_user(role="admin"))
    db_session.commit()
    tried = 0
    with unlimited(app):
        for rule in app.url_map.iter_rules():
            audience = audience_of(app.view_functions[rule.endpoint])
            if not rule.rule.startswith("/api/") or not audience or "public" in audience:
                continue
            for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"}):
                answer = browser.client.open(address(rule), method=method, json={} if method != "GET" else None)
                assert answer.status_code == 401, (method, rule.rule, answer.status_code)
                tried += 1
    assert tried > 0


def test_https_forms_come_from_our_own_pages(https: Flask, db_session: Session) -> None:
    client = https.test_client()
    ours = {"base_url": "https://disha.example"}
    page = client.get("/login", **ours).text
    token = page.split('name="csrf_token"', 1)[1].split('value="', 1)[1].split('"', 1)[0]
    for referrer, status in ((None, 400), ("https://evil.example/", 400), ("https://disha.example/login", 303)):
        headers = {"Referer": referrer} if referrer else {}
        answer = client.post("/logout", data={"csrf_token": token}, headers=headers, base_url=ours["base_url"])
        assert answer.status_code == status, referrer
