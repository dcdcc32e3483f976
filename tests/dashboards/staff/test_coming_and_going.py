"""The pages by which counsellors come and go: applying, the answer, deactivating, reactivating."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.dashboards.staff.desk import LIST, Desk, text
from tests.factories import NOW, make_enrolment, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.bookings.rules import SessionStatus
from webapp.counsellors.models import Counsellor

pytestmark = pytest.mark.usefixtures("db_session")
DAY = dt.timedelta(days=1)

# ── applications ───────────────────────────────────────────────────────────────────────────────

ENTRY = {
    "name": "Farhan Siddiqui",
    "email": "farhan@example.com",
    "phone": "98110 42277",
    "password": "Lucknow-2026",
    "title": "NEET UG",
    "exam_types": ["neet"],
    "experience": "6",
    "application": "Six years at a desk.",
}


def test_somebody_applies_and_waits(app: Flask, db_session: Session) -> None:
    visitor = Browser(app)
    answer = visitor.submit("/apply", ENTRY)
    assert answer.status_code == 303
    home = text(visitor.get("/counsellor"))
    assert "Your application is being looked at" in home
    assert "Your application is being looked at" in text(visitor.get("/counsellor/week"))
    assert "Nobody sees it until your application is approved." in text(visitor.get("/counsellor/profile"))
    made = db_session.scalars(select(Counsellor)).one()
    assert visitor.get(f"/counsellors/{made.public_id}").status_code == 404
    assert "You are signed in." in text(visitor.get("/apply"))


def test_a_wrong_application_keeps_what_was_typed(app: Flask, db_session: Session) -> None:
    wrong = {**ENTRY, "experience": "many", "email": "x", "exam_types": []}
    page = text(Browser(app).submit("/apply", wrong), 422)
    assert page.count('class="error"') == 3
    assert "Six years at a desk." in page
    assert "Lucknow-2026" not in page
    make_user(email="farhan@example.com")
    db_session.commit()
    assert "You have been here before." in text(Browser(app).submit("/apply", ENTRY), 409)
    page = text(Browser(app).submit("/apply", {**ENTRY, "experience": "", "email": "new@example.com"}), 422)
    assert "0 is an answer, too." in page


def test_the_desk_approves_or_declines(app: Flask, desk: Desk, db_session: Session) -> None:
    visitor = Browser(app)
    visitor.submit("/apply", ENTRY)
    made = db_session.scalars(select(Counsellor).where(Counsellor.applied_at.is_not(None))).one()
    url = f"{LIST}/{made.public_id}"
    page = text(desk.browser.get(url))
    assert "Six years at a desk." in page
    assert "The mail address is not confirmed." in page
    assert "Say why in a few words" in text(desk.browser.submit(f"{url}/decline", {"reason": " "}, page=url), 422)
    assert desk.browser.submit(f"{url}/decline", {"reason": "Not now."}, page=url).status_code == 303
    assert "Your application was declined" in text(visitor.get("/counsellor"))
    assert "Not now." in text(visitor.get("/counsellor"))
    assert desk.browser.submit(f"{url}/approve", page=url).status_code == 303
    assert made.is_active
    assert "Make my profile ready" not in text(visitor.get("/counsellor"))
    assert visitor.get(f"/counsellors/{made.public_id}").status_code == 200
    assert desk.browser.submit(f"{url}/approve", page=url).status_code == 409


# ── leaving ────────────────────────────────────────────────────────────────────────────────────


def test_leaving_asks_about_each_session_and_ends_the_login(app: Flask, desk: Desk, db_session: Session) -> None:
    assert desk.meera.user is not None
    own = Browser(app, desk.meera.user)
    assert own.get("/counsellor").status_code == 200
    kept = make_session(make_enrolment(make_user()), desk.meera, NOW + 3 * DAY)
    gone = make_session(make_enrolment(make_user()), desk.meera, NOW + 4 * DAY)
    asked = make_session(make_enrolment(make_user()), desk.meera, NOW + 5 * DAY, status=SessionStatus.REQUESTED)
    db_session.commit()
    url = f"{desk.url}/deactivate"
    listed = [one.public_id for one in (kept, gone, asked)]
    page = text(desk.browser.get(url))
    assert all(f'name="listed" value="{one}"' in page for one in listed)
    typed = {"reason": "Stops.", "message": "Sorry.", "every": "", f"choice-{kept.public_id}": "keep"}
    page = text(desk.browser.submit(url, {**typed, "listed": listed}), 422)
    assert page.count("Decide what becomes of this session.") == 1
    page = text(desk.browser.submit(url, {**typed, "listed": listed[:1]}), 409)
    assert "The sessions have changed" in page
    assert page.count(">New</span>") == 2
    assert kept.status is gone.status is SessionStatus.SCHEDULED
    answer = desk.browser.submit(url, {**typed, "listed": listed, f"choice-{gone.public_id}": "cancel"}, htmx=True)
    assert answer.status_code == 204
    assert [one.status.value for one in (kept, gone, asked)] == ["scheduled", "cancelled", "declined"]
    assert own.get("/counsellor").status_code == 302
    assert Browser(app).get(f"/counsellors/{desk.meera.public_id}").status_code == 404
    assert "1 session cancelled, 1 session kept, 1 request declined." in text(desk.browser.get(desk.url))
    assert desk.browser.get(url).status_code == 303
    assert desk.browser.submit(f"{desk.url}/reactivate", page=desk.url).status_code == 303
    assert Browser(app).get(f"/counsellors/{desk.meera.public_id}").status_code == 200


def test_one_choice_for_all(desk: Desk, db_session: Session) -> None:
    rows = [make_session(make_enrolment(make_user()), desk.meera, NOW + number * DAY) for number in (3, 4)]
    db_session.commit()
    typed = {"reason": "Stops.", "message": "Sorry.", "every": "cancel", "listed": [one.public_id for one in rows]}
    assert desk.browser.submit(f"{desk.url}/deactivate", typed).status_code == 303
    assert {one.status for one in rows} == {SessionStatus.CANCELLED}


def test_more_sessions_cost_no_more_statements(desk: Desk, db_session: Session) -> None:
    def cost() -> int:
        db_session.commit()
        db_session.expire_all()
        with count_queries() as seen:
            text(desk.browser.get(f"{desk.url}/deactivate"))
        return len(seen)

    make_session(make_enrolment(make_user()), desk.meera, NOW + 3 * DAY)
    make_enrolment(make_user(), assigned_counsellor_id=desk.meera.id)
    few = cost()
    for number in range(4, 12):
        make_session(make_enrolment(make_user()), desk.meera, NOW + number * DAY)
        make_enrolment(make_user(), assigned_counsellor_id=desk.meera.id)
    assert cost() == few
