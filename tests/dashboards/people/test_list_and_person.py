"""Accounts for admins: the list, one person, and what is done to them."""

from __future__ import annotations

import datetime as dt
import re
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role, User

LONG = "x" * 4000


@pytest.fixture
def admin(db_session: Session) -> User:
    user = make_user(role=Role.ADMIN, name="Rohan Mehta", email="rohan@example.com")
    db_session.commit()
    return user


@pytest.fixture
def browser(app: Flask, admin: User) -> Browser:
    return Browser(app, admin)


def listed(browser: Browser, **query: str) -> list[str]:
    html = browser.get("/admin/users", htmx=True, **query).get_data(as_text=True)
    return re.findall(r'href="/admin/users/user_\w+">([^<]+)</a>', html)


def do(browser: Browser, user: User, act: str, **fields: str):  # type: ignore[no-untyped-def]
    return browser.submit(f"/admin/users/{user.public_id}/do/{act}", fields, page="/admin/users")


class TestList:
    def test_search_and_filters(self, browser: Browser, db_session: Session) -> None:
        make_user(name="Ananya Chatterjee", email="ananya@example.com", phone="+919830041270")
        make_user(name="Meera Krishnan", role=Role.COUNSELLOR, email="m@x.example", verified=False)
        make_user(name="Left Person", email="l@x.example", active=False)
        make_user(name="Erased person", email="e@x.example", active=False, erased_at=NOW)
        db_session.commit()
        assert listed(browser, q="an ch") == ["Ananya Chatterjee"]
        assert listed(browser, q="98300") == ["Ananya Chatterjee"]
        assert listed(browser, role="counsellor") == ["Meera Krishnan"]
        assert listed(browser, verified="no") == ["Meera Krishnan"]
        assert listed(browser, state="deactivated") == ["Left Person"]
        assert listed(browser, state="erased") == ["Erased person"]
        assert listed(browser, role="admin", state="active") == ["Rohan Mehta"]
        assert len(listed(browser)) == 5

    @pytest.mark.parametrize(
        "query",
        [{"role": "king"}, {"state": "x"}, {"verified": "maybe"}, {"q": "'\"<>&|!"}, {"page": "-1"}, {"q": LONG}],
    )
    def test_nonsense_is_no_error(self, browser: Browser, query: dict[str, str]) -> None:
        assert browser.get("/admin/users?" + urlencode(query)).status_code == 200

    def test_as_many_statements_for_many_as_for_few(self, browser: Browser, db_session: Session) -> None:
        browser.get("/admin/users")
        with count_queries() as few:
            browser.get("/admin/users")
        for _ in range(60):
            make_user()
        db_session.commit()
        with count_queries() as many:
            browser.get("/admin/users")
        assert len(many) == len(few)

    def test_the_file(self, browser: Browser, db_session: Session) -> None:
        make_user(name="=HYPERLINK(1)", email="f@x.example")
        db_session.commit()
        answer = browser.submit("/admin/exports/new/users?role=student", page="/admin/users")
        lines = answer.get_data(as_text=True).splitlines()
        assert lines[0].startswith("\ufeffAccount,Name,Mail")
        assert len(lines) == 2
        assert "'=HYPERLINK(1)" in lines[1]

    def test_html_in_a_name_stays_text(self, browser: Browser, db_session: Session) -> None:
        user = make_user(name="<script>alert(1)</script>")
        db_session.commit()
        for url in ("/admin/users", f"/admin/users/{user.public_id}"):
            assert "<script>alert" not in browser.get(url).get_data(as_text=True)


class TestPerson:
    def test_everything_is_there(self, browser: Browser, db_session: Session) -> None:
        student = make_user(name="Ananya Chatterjee")
        enrolment = make_enrolment(student, title="JEE Complete")
        make_session(enrolment, make_counsellor(name="Dr. Meera Krishnan"), NOW + dt.timedelta(days=2))
        db_session.commit()
        html = browser.get(f"/admin/users/{student.public_id}").get_data(as_text=True)
        for words in (
            "JEE Complete",
            "Dr. Meera Krishnan",
            "Look as this person",
            "Change role",
            "Erase personal data",
        ):
            assert words in html, words

    def test_ones_own_account_offers_nothing(self, browser: Browser, admin: User) -> None:
        html = browser.get(f"/admin/users/{admin.public_id}").get_data(as_text=True)
        assert "This is your own account" in html
        assert "Deactivate" not in html
        assert do(browser, admin, "deactivate", reason="x").status_code == 404

    def test_as_many_statements_for_many_as_for_few(self, browser: Browser, db_session: Session) -> None:
        student, meera = make_user(), make_counsellor()
        make_session(make_enrolment(student), meera, NOW)
        db_session.commit()
        url = f"/admin/users/{student.public_id}"
        browser.get(url)
        with count_queries() as few:
            browser.get(url)
        for day in range(1, 6):
            make_session(make_enrolment(student), make_counsellor(), NOW + dt.timedelta(days=day))
        db_session.commit()
        with count_queries() as many:
            browser.get(url)
        assert len(many) == len(few)

    def test_unknown(self, browser: Browser) -> None:
        assert browser.get("/admin/users/user_nobody").status_code == 404
        assert browser.get("/admin/users/user_nobody/do/role").status_code == 404


class TestActs:
    def test_a_role(self, browser: Browser, db_session: Session) -> None:
        user = make_user()
        db_session.commit()
        answer = do(browser, user, "role", role="counsellor", reason="Joins us")
        assert (answer.status_code, answer.location) == (303, f"/admin/users/{user.public_id}")
        assert user.role is Role.COUNSELLOR
        assert "Joins us" in browser.get(answer.location).get_data(as_text=True)

    @pytest.mark.parametrize("fields", [{"role": "counsellor"}, {"role": "king", "reason": "x"}, {"reason": LONG}])
    def test_wrong_words_change_nothing(self, browser: Browser, db_session: Session, fields: dict[str, str]) -> None:
        user = make_user()
        db_session.commit()
        answer = do(browser, user, "role", **fields)
        assert answer.status_code in (409, 422)
        assert "Change the role of" in answer.get_data(as_text=True)
        assert user.role is Role.STUDENT

    def test_sessions_ahead_stand_in_the_way_of_a_role(self, browser: Browser, db_session: Session) -> None:
        user = make_user()
        make_session(make_enrolment(user), make_counsellor(), dt.datetime.now(dt.UTC) + dt.timedelta(days=3))
        db_session.commit()
        answer = do(browser, user, "role", role="admin", reason="x")
        assert answer.status_code == 409
        assert "Sessions lie ahead" in answer.get_data(as_text=True)

    def test_an_active_profile_stands_in_the_way(self, browser: Browser, db_session: Session) -> None:
        meera = make_counsellor()
        db_session.commit()
        assert meera.user is not None
        for act, fields in (("deactivate", {}), ("role", {"role": "student"})):
            answer = do(browser, meera.user, act, reason="x", **fields)
            assert answer.status_code == 409
            assert "Deactivate the profile first" in answer.get_data(as_text=True)
        meera.is_active = False
        db_session.commit()
        assert do(browser, meera.user, "deactivate", reason="x").status_code == 303

    def test_closing_and_opening(self, browser: Browser, db_session: Session) -> None:
        user = make_user(name="Ananya Chatterjee")
        db_session.commit()
        assert do(browser, user, "deactivate", reason="Asked to leave").status_code == 303
        html = browser.get(f"/admin/users/{user.public_id}").get_data(as_text=True)
        assert "Asked to leave" in html
        assert "Reactivate" in html
        assert do(browser, user, "reactivate").status_code == 303
        assert user.active

    def test_in_place(self, browser: Browser, db_session: Session) -> None:
        user = make_user()
        db_session.commit()
        url = f"/admin/users/{user.public_id}/do/deactivate"
        answer = browser.submit(url, {"reason": ""}, page="/admin/users", htmx=True)
        html = answer.get_data(as_text=True)
        assert answer.status_code == 422
        assert html.strip().startswith('<form class="stack g4" id="do-deactivate-form"')
        assert 'aria-describedby="deactivate-reason-hint deactivate-reason-error"' in html

    def test_mail_again(self, browser: Browser, db_session: Session) -> None:
        user = make_user(verified=False)
        db_session.commit()
        url = f"/admin/users/{user.public_id}/send"
        assert browser.submit(url, {"what": "invitation"}, page="/admin/users").status_code == 303
        assert browser.submit(url, {"what": "flowers"}, page="/admin/users").status_code == 404
