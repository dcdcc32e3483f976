"""The pages of partners' keys: made, shown once, revoked; for admins alone."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from redis import Redis
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import make_user
from tests.pages import Browser
from tests.programs import partner_key
from tests.queries import count_queries
from webapp.accounts.models import ApiKey, Role, User
from webapp.accounts.partners import AREAS, find_api_key
from webapp.core.db import db
from webapp.dashboards.system.keys import AREA_WORDS

PAGE = "/admin/api-keys"


@pytest.fixture
def admin(db_session: Session, redis: Redis) -> User:
    user = make_user(role=Role.ADMIN, name="Rohan Mehta")
    db_session.commit()
    return user


@pytest.fixture
def browser(app: Flask, admin: User) -> Browser:
    return Browser(app, admin)


def shown(browser: Browser, url: str = PAGE) -> str:
    answer = browser.get(url)
    assert answer.status_code == 200
    return " ".join(answer.get_data(as_text=True).split())


def test_every_area_has_its_words() -> None:
    assert tuple(AREA_WORDS) == AREAS


def test_an_empty_list_says_what_to_do(browser: Browser) -> None:
    page = shown(browser)
    assert "No API keys yet" in page
    assert f'href="{PAGE}/new"' in page


def test_a_key_is_shown_once(browser: Browser, db_session: Session) -> None:
    data = {"name": "Partner school", "scopes": ["packages:read", "inquiries:read", "inquiries:write"]}
    made = browser.submit(f"{PAGE}/new", data)
    assert made.status_code == 303
    first = browser.get(made.headers["Location"])
    found = re.search(r'value="(dsk_[^"]+)"', first.text)
    assert found
    assert first.headers["Cache-Control"] == "no-store"
    row = db_session.scalars(select(ApiKey)).one()
    assert find_api_key(found[1]) == row
    page = shown(browser, made.headers["Location"])
    assert found[1] not in page
    assert "Packages: read<" in page
    assert "Inquiries: read and change" in page
    assert f"dsk_…{row.ending}" in page


def test_what_is_missing_is_said_and_what_was_typed_stays(browser: Browser, db_session: Session) -> None:
    answer = browser.submit(f"{PAGE}/new", {"name": "", "scopes": ["packages:read"]})
    assert answer.status_code == 422
    assert "Name the partner" in answer.text
    assert re.search(r'value="packages:read" checked', answer.text)
    answer = browser.submit(f"{PAGE}/new", {"name": "School"}, htmx=True)
    assert (answer.status_code, answer.text.lstrip()[:5]) == (422, "<form")
    assert "Choose at least one thing" in answer.text
    assert 'value="School"' in answer.text
    assert db_session.scalars(select(ApiKey)).all() == []


def test_a_key_is_revoked(browser: Browser, admin: User) -> None:
    row, _ = partner_key(admin, "stats:read")
    assert f'id="revoke-{row.public_id}"' in shown(browser)
    assert browser.submit(f"{PAGE}/{row.public_id}/revoke", page=PAGE).status_code == 303
    page = shown(browser)
    assert "is revoked" in page
    assert f"revoke-{row.public_id}" not in page
    again = browser.submit(f"{PAGE}/{row.public_id}/revoke", page=PAGE)
    assert (again.status_code, "revoked already" in again.text) == (409, True)
    assert browser.submit(f"{PAGE}/key_nobody/revoke", page=PAGE).status_code == 404


def test_a_key_whose_maker_left_is_off(browser: Browser) -> None:
    left = make_user(role=Role.ADMIN)
    partner_key(left, "stats:read")
    left.active = False
    db.session.commit()
    assert "its maker is no admin any more" in shown(browser)


def test_it_is_for_admins_alone(app: Flask, admin: User) -> None:
    row, _ = partner_key(admin, "stats:read")
    for role in (Role.STUDENT, Role.COUNSELLOR):
        outsider = Browser(app, make_user(role=role))
        for url in (PAGE, f"{PAGE}/new"):
            assert outsider.get(url).status_code == 403
        assert outsider.submit(f"{PAGE}/{row.public_id}/revoke", page="/account").status_code == 403
    assert Browser(app).get(PAGE).status_code == 302
    assert row.revoked_at is None


def test_the_list_costs_the_same_at_any_size(browser: Browser, admin: User) -> None:
    def ask() -> int:
        db.session.expire_all()
        with count_queries() as seen:
            shown(browser)
        return len(seen)

    partner_key(admin, "stats:read")
    few = ask()
    for _ in range(15):
        partner_key(make_user(role=Role.ADMIN), "stats:read", "packages:write")
    assert ask() == few
