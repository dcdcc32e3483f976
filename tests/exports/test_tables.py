"""Every table of the desk as a file: exactly the rows of its filter."""

from __future__ import annotations

import csv
import datetime as dt
import io

import pytest
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import factories as make
from tests.pages import Browser
from webapp.accounts.models import Role, User
from webapp.bookings.rules import SessionStatus
from webapp.core.db import transaction
from webapp.webhooks.services import WebhookEvent, create_endpoint, send_test

NOW = make.NOW


@pytest.fixture
def admin(db_session: Session) -> User:
    return make.make_user(role=Role.ADMIN)


def cells(answer: TestResponse) -> list[dict[str, str]]:
    assert answer.status_code == 200, answer.get_data(as_text=True)[:600]
    return list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).removeprefix("\ufeff"), newline="")))


def test_sessions_of_the_filter(app: Flask, db_session: Session, admin: User) -> None:
    student = make.make_user(name='=HYPERLINK("http://evil")')
    first = make.make_session(make.make_enrolment(student), make.make_counsellor(), NOW + dt.timedelta(days=2))
    other = make.make_enrolment(make.make_user())
    make.make_session(other, make.make_counsellor(), NOW + dt.timedelta(days=3), status=SessionStatus.REQUESTED)
    db_session.commit()
    browser = Browser(app, admin)
    assert len(cells(browser.export("sessions"))) == 2
    found = cells(browser.export("sessions", status="scheduled"))
    assert [row["Session"] for row in found] == [first.public_id]
    assert found[0]["Student"] == '\'=HYPERLINK("http://evil")'
    day = str((NOW + dt.timedelta(days=3)).date())
    assert [row["Status"] for row in cells(browser.export("sessions", date=day))] == ["requested"]
    assert len(cells(browser.export("sessions", counsellor=first.counsellor.public_id))) == 1
    assert len(cells(browser.export("sessions", status="nonsense"))) == 2
    assert browser.export("sessions", date="tomorrow").status_code == 422
    assert "/admin/exports/new/sessions?status=scheduled" in browser.get(
        "/admin/sessions", status="scheduled"
    ).get_data(as_text=True)


def test_reviews_of_the_tab(app: Flask, db_session: Session, admin: User) -> None:
    enrolment, counsellor = make.make_enrolment(make.make_user()), make.make_counsellor()
    for days, text in ((1, "@cmd"), (2, "Good")):
        past = NOW - dt.timedelta(days=days)
        session = make.make_session(enrolment, counsellor, past, status=SessionStatus.COMPLETED)
        make.make_review(session, text=text, published=text == "Good")
    db_session.commit()
    browser = Browser(app, admin)
    assert [row["Text"] for row in cells(browser.export("reviews"))] == ["'@cmd"]
    assert [row["Text"] for row in cells(browser.export("reviews", show="published"))] == ["Good"]
    assert len(cells(browser.export("reviews", show="all"))) == 2
    assert "/admin/exports/new/reviews?show=all" in browser.get("/admin/reviews", show="all").get_data(as_text=True)


def test_deliveries_of_one_webhook(app: Flask, db_session: Session, admin: User) -> None:
    events, urls = [WebhookEvent.SESSION_BOOKED], ("http://127.0.0.1:18099/a", "http://127.0.0.1:18099/b")
    db_session.commit()
    with transaction():
        one, other = (create_endpoint(actor=admin, url=url, events=events, description="", now=NOW)[0] for url in urls)
        for endpoint in (one, one, other):
            send_test(actor=admin, endpoint_id=endpoint.public_id, now=NOW)
    browser = Browser(app, admin)
    assert len(cells(browser.export("deliveries", endpoint=one.public_id))) == 2
    assert len(cells(browser.export("deliveries", endpoint=one.public_id, status="delivered"))) == 0
    assert browser.export("deliveries").status_code == 404
    found = cells(browser.export("webhooks"))
    assert [(row["Address"], row["Under way"]) for row in found] == [(urls[1], "1"), (urls[0], "2")]
    assert "/admin/exports/new/webhooks" in browser.get("/admin/webhooks").get_data(as_text=True)
    page = browser.get(f"/admin/webhooks/{one.public_id}").get_data(as_text=True)
    assert f"/admin/exports/new/deliveries?endpoint={one.public_id}" in page


@pytest.mark.parametrize("kind", ["orders", "unmatched", "coupons", "refunds", "payouts", "enrolments"])
def test_an_empty_table_is_its_heads(app: Flask, db_session: Session, admin: User, kind: str) -> None:
    db_session.commit()
    answer = Browser(app, admin).export(kind)
    assert cells(answer) == []
    assert answer.get_data(as_text=True).count("\r\n") == 1
