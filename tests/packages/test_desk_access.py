"""Nobody but an admin reaches the catalogue's desk."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_package, make_user
from tests.packages.desk import FORM, LIST, at_desk
from tests.pages import Browser
from webapp.core.db import db
from webapp.packages.models import Package
from webapp.packages.versions import as_input


@pytest.mark.parametrize("who", ["student", "counsellor", "nobody"])
def test_others_are_refused_on_every_route_and_change_nothing(app: Flask, db_session: Session, who: str) -> None:
    package = make_package()
    counsellor = make_counsellor(calendar=False)
    user = {"student": make_user(), "counsellor": counsellor.user, "nobody": None}[who]
    before = as_input(package)
    db.session.commit()
    browser = Browser(app, user)
    rules = [rule for rule in app.url_map.iter_rules() if rule.rule.startswith(LIST)]
    assert len(rules) > 15
    for rule in rules:
        _, path = rule.build({"public_id": package.public_id} if rule.arguments else {}) or ("", "")
        if "GET" in (rule.methods or ()):
            answer = browser.get(path)
        else:
            answer = browser.submit(path, {**FORM, "on": "0", "to": "up"}, page="/account" if user else "/login")
        assert answer.status_code in ((403, 404) if user else (302, 303, 401)), (rule.rule, answer.status_code)
    db.session.expire_all()
    assert as_input(db.session.query(Package).one()) == before


def test_unknown_packages_are_not_found(app: Flask, db_session: Session) -> None:
    admin, url = at_desk(app), f"{LIST}/pkg_unknown"
    assert admin.get(url).status_code == 404
    for step in ("", "/active", "/featured", "/move", "/archive", "/restore", "/duplicate", "/delete"):
        answer = admin.submit(f"{url}{step}", {**FORM, "to": "up"}, page=LIST)
        assert answer.status_code == 404, step
    for part in ("features", "card", "preview"):
        answer = admin.submit(f"{LIST}/{part}?package=pkg_unknown", {**FORM, "do": "add"}, page=LIST)
        assert answer.status_code == 404, part
