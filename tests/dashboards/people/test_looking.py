"""An admin looks at the app as somebody else: reading only, said on every page, written down."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_enrolment, make_user
from tests.pages import Browser
from tests.test_routes import address
from webapp.accounts.models import Role, User
from webapp.accounts.services_admin import deactivate_user
from webapp.audit.models import AuditEntry
from webapp.core.db import transaction

BAR = "You are looking as"


@pytest.fixture
def admin(db_session: Session) -> User:
    user = make_user(role=Role.ADMIN, name="Rohan Mehta")
    db_session.commit()
    return user


@pytest.fixture
def student(db_session: Session) -> User:
    user = make_user(name="Ananya Chatterjee")
    make_enrolment(user, title="JEE Complete")
    db_session.commit()
    return user


@pytest.fixture
def browser(app: Flask, admin: User, student: User) -> Browser:
    """Give the admin's browser, looking as the student."""
    browser = Browser(app, admin)
    answer = look(browser, student)
    assert (answer.status_code, answer.location) == (303, "/student")
    return browser


def look(browser: Browser, person: User, reason: str = "She says nothing is booked"):  # type: ignore[no-untyped-def]
    return browser.submit(f"/admin/users/{person.public_id}/do/look", {"reason": reason}, page="/admin/users")


def text(browser: Browser, url: str) -> str:
    return browser.get(url).get_data(as_text=True)


def acts(session: Session) -> list[tuple[str, int | None, str]]:
    wanted = select(AuditEntry).where(AuditEntry.action.like("view_as.%")).order_by(AuditEntry.id)
    return [(row.action, row.actor_id, row.entity_id) for row in session.scalars(wanted)]


def test_pages_are_the_students_and_say_so(browser: Browser) -> None:
    for url in ("/student", "/sessions", "/packages", "/payments", "/inbox"):
        page = text(browser, url)
        assert BAR in page, url
        assert "Ananya Chatterjee" in page
        assert "Stop looking" in page
    assert browser.get("/admin").status_code == 403


def test_nothing_can_be_changed(browser: Browser, student: User, db_session: Session) -> None:
    for url in ("/account", "/inbox/read", "/guidance", "/account/notifications"):
        answer = browser.submit(url, {"name": "Somebody Else"}, page="/student")
        if answer.status_code in (404, 405):
            continue
        assert answer.status_code == 403, url
        assert "Nothing was changed: stop looking first." in answer.get_data(as_text=True)
    part = browser.submit("/account", {"name": "X"}, page="/student", htmx=True).get_data(as_text=True)
    assert "data-error-notice" in part
    assert "You are looking as Ananya Chatterjee" in part
    db_session.refresh(student)
    assert student.name == "Ananya Chatterjee"


def test_every_writing_route_is_refused(
    app: Flask, browser: Browser, monkeypatch: pytest.MonkeyPatch, db_session: Session
) -> None:
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"GET", "HEAD", "OPTIONS"}:
            path = address(rule)
            if rule.endpoint in {"people.stop_viewing", "accounts.logout"} or path.startswith("/api/"):
                continue  # the JSON door knows no cookie, so nobody looks through it
            assert browser.client.open(path, method=method).status_code == 403, (method, path)


def test_secrets_stay_hidden(browser: Browser) -> None:
    for url in ("/account", "/account/password", "/account/calendar"):
        answer = browser.get(url)
        assert answer.status_code == 403, url
        assert "belongs to Ananya Chatterjee alone" in answer.get_data(as_text=True)


def test_the_refusal_has_the_way_out(browser: Browser) -> None:
    assert "Stop looking" in text(browser, "/account")


def test_stopping_leads_back_and_both_are_written_down(
    browser: Browser, admin: User, student: User, db_session: Session
) -> None:
    answer = browser.submit("/view-as/stop", page="/student")
    assert (answer.status_code, answer.location) == (303, f"/admin/users/{student.public_id}")
    assert BAR not in text(browser, answer.location)
    assert acts(db_session) == [
        ("view_as.started", admin.id, student.public_id),
        ("view_as.stopped", admin.id, student.public_id),
    ]
    started = db_session.scalars(select(AuditEntry).where(AuditEntry.action == "view_as.started")).one()
    assert (started.reason, started.subject_id) == ("She says nothing is booked", student.id)


def test_signing_out_ends_it(app: Flask, browser: Browser, admin: User, db_session: Session) -> None:
    browser.submit("/logout", page="/student")
    assert [action for action, _, _ in acts(db_session)] == ["view_as.started", "view_as.stopped"]
    assert browser.get("/student").status_code == 302


def test_a_closed_admin_sees_nothing_more(browser: Browser, admin: User, db_session: Session, now: dt.datetime) -> None:
    other = make_user(role=Role.ADMIN)
    db_session.commit()
    with transaction():
        deactivate_user(actor=other, user_id=admin.public_id, reason="left", now=now)
    assert browser.get("/student").status_code == 302


def test_it_ends_when_the_person_is_closed_or_becomes_an_admin(
    browser: Browser, student: User, db_session: Session
) -> None:
    student.role = Role.ADMIN
    db_session.commit()
    assert BAR not in text(browser, "/admin/users")


def test_a_counsellor_can_be_looked_at(app: Flask, admin: User, db_session: Session) -> None:
    meera = make_counsellor(name="Dr. Meera Krishnan")
    db_session.commit()
    assert meera.user is not None
    browser = Browser(app, admin)
    assert look(browser, meera.user).location == "/counsellor"
    assert BAR in text(browser, "/counsellor")


def test_never_another_admin_nor_without_a_reason(app: Flask, admin: User, student: User, db_session: Session) -> None:
    other = make_user(role=Role.ADMIN)
    db_session.commit()
    browser = Browser(app, admin)
    assert look(browser, other).status_code == 404
    answer = look(browser, student, reason=" ")
    assert answer.status_code == 422
    assert "Say why" in answer.get_data(as_text=True)
    assert acts(db_session) == []


def test_stopping_without_looking_is_harmless(app: Flask, admin: User, student: User) -> None:
    answer = Browser(app, student).submit("/view-as/stop", page="/student")
    assert (answer.status_code, answer.location) == (303, "/student")
    assert Browser(app, admin).submit("/view-as/stop", page="/admin/users").location == "/admin"


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
def test_only_admins_look(app: Flask, student: User, db_session: Session, role: Role) -> None:
    outsider = make_user(role=role)
    db_session.commit()
    home = "/student" if role is Role.STUDENT else "/counsellor"
    answer = Browser(app, outsider).submit(f"/admin/users/{student.public_id}/do/look", {"reason": "x"}, page=home)
    assert answer.status_code == 403
    assert acts(db_session) == []


def test_a_key_slipped_into_another_login_opens_nothing(app: Flask, student: User, db_session: Session) -> None:
    other = make_user(name="Nosy Person")
    db_session.commit()
    browser = Browser(app, other)
    with browser.client.session_transaction() as cookie:
        cookie["view_as"] = student.public_id
    assert "Nosy" in text(browser, "/student")
    assert BAR not in text(browser, "/student")
