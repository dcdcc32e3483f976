"""Moving a session by the picker: who sees it, what it says, what it does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.bookings.test_views_sessions import TEN, Scene, plain
from tests.bookings.world import all_sessions, offer
from tests.factories import NOW, make_counsellor, make_enrolment, make_session, make_user
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db

HOUR = dt.timedelta(hours=1)
LATER = TEN + dt.timedelta(days=2)
LATER_URL = "2026-12-14T04:30Z"


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


def picker(scene: Scene, session: CounsellingSession | None = None, **query: str) -> str:
    asked = "".join(f"&{name}={value}" for name, value in query.items())
    return f"/book/{scene.counsellor.public_id}?move={(session or scene.session).public_id}{asked}"


def follower(session: CounsellingSession) -> CounsellingSession | None:
    return next((row for row in all_sessions() if row.rescheduled_from_id == session.id), None)


def test_the_address_in_mails_leads_to_the_picker_and_changes_nothing(scene: Scene) -> None:
    for user in (scene.student, scene.counsels):
        answer = scene.as_(user).get(scene.url(act="/move"))
        assert answer.status_code == 303
        assert answer.headers["Location"] == picker(scene)
    signed_out = scene.as_(None).get(scene.url(act="/move"))
    assert "/login?next=" in signed_out.headers["Location"]
    assert "/login" in scene.as_(None).get(picker(scene)).headers["Location"]
    assert follower(scene.session) is None


def test_a_student_moves_without_script(scene: Scene) -> None:
    browser = scene.as_(scene.student)
    words = plain(browser.get(picker(scene, at=LATER_URL)).text)
    assert "Choose another time" in words
    assert "Now on Sat, 12 Dec 2026, 10:00 AM IST" in words
    assert "Moving uses no session" in words
    assert "Free to move or cancel again until Sun, 13 Dec, 10:00 AM IST" in words
    assert "Confirm new time" in words
    url = picker(scene, at=LATER_URL)
    answer = browser.submit(url, {"at": LATER_URL, "reason": "Exam"})
    moved = follower(scene.session)
    assert moved is not None
    assert answer.status_code == 303
    assert answer.headers["Location"] == scene.url(moved)
    assert moved.starts_at == LATER
    assert "Moved. Both get the new time by mail." in plain(browser.get(scene.url(moved)).text)
    old = plain(browser.get(scene.url()).text)
    assert "Moved by you" in old
    assert "Moved here by you from Sat, 12 Dec, 10:00 AM IST" in plain(browser.get(scene.url(moved)).text)
    assert "Mon, 14 Dec 2026, 10:00 AM IST" in old


@pytest.mark.parametrize("who", ["counsels", "admin"])
def test_staff_move_without_notice(scene: Scene, who: str) -> None:
    user = scene.counsels if who == "counsels" else make_user(role="admin")
    db.session.commit()
    soon = NOW + dt.timedelta(minutes=60)  # 10:30 AM today
    browser = scene.as_(user)
    url = picker(scene, at="2026-12-09T05:00Z")
    words = plain(browser.get(url).text)
    assert "Ananya sees it" in words
    assert "Ananya and the counsellor get a mail" in words
    assert browser.submit(url, {"at": "2026-12-09T05:00Z", "reason": ""}).status_code == 303
    moved = follower(scene.session)
    assert moved is not None
    assert moved.starts_at == soon


def test_htmx_repeats_the_same_address(scene: Scene) -> None:
    browser = scene.as_(scene.student)
    url = picker(scene, at=LATER_URL)
    part = browser.get(url, htmx=True)
    assert part.text.lstrip().startswith('<div class="book card" id="picker">')
    answer = browser.submit(url, {"at": LATER_URL, "reason": ""}, page="/account", htmx=True)
    assert answer.status_code == 204
    moved = follower(scene.session)
    assert moved is not None
    assert answer.headers["HX-Redirect"] == scene.url(moved)


def test_a_taken_time_comes_back_with_the_nearest_and_what_was_typed(scene: Scene) -> None:
    make_session(make_enrolment(make_user()), scene.counsellor, LATER)
    db.session.commit()
    browser = scene.as_(scene.student)
    answer = browser.submit(
        picker(scene, at=LATER_URL), {"at": LATER_URL, "reason": "Exam that day"}, page=picker(scene)
    )
    words = plain(answer.text)
    assert answer.status_code == 409
    assert "was taken just now" in words
    assert "Nothing has changed: the session stays at its time." in words
    assert "Exam that day" in answer.text
    assert answer.text.count('name="choose"') >= 4
    again = browser.submit(picker(scene), {"choose": "2026-12-14T05:00Z", "reason": "Exam that day"})
    assert again.status_code == 200
    assert "Exam that day" in again.text
    assert follower(scene.session) is None


def test_its_own_time_is_no_new_time(scene: Scene) -> None:
    browser = scene.as_(scene.student)
    url = picker(scene, at="2026-12-12T04:30Z")
    assert browser.get(url).status_code == 422
    answer = browser.submit(url, {"at": "2026-12-12T04:30Z", "reason": ""}, page=picker(scene))
    assert answer.status_code == 422
    assert "at that time already" in plain(answer.text)


@pytest.mark.parametrize("at", ["", "yesterday", "2020-12-12T04:30Z", "2026-12-01T04:30Z"])
def test_bad_times_change_nothing(scene: Scene, at: str) -> None:
    answer = scene.as_(scene.student).submit(picker(scene), {"at": at, "reason": ""})
    assert answer.status_code == 422
    assert follower(scene.session) is None


def test_a_long_reason_is_marked(scene: Scene) -> None:
    data = {"at": LATER_URL, "reason": "x" * 501}
    answer = scene.as_(scene.student).submit(picker(scene, at=LATER_URL), data)
    assert answer.status_code == 422
    assert "Keep the reason within 500 characters." in plain(answer.text)
    assert follower(scene.session) is None


def test_outsiders_find_nothing(scene: Scene) -> None:
    for outsider in scene.outsiders():
        browser = scene.as_(outsider)
        for url in (picker(scene), picker(scene, scene.request), scene.url(act="/move")):
            assert browser.get(url).status_code == 404
        assert browser.submit(picker(scene), {"at": LATER_URL}, page="/account").status_code == 404
    elsewhere = make_counsellor()
    db.session.commit()
    wrong = f"/book/{elsewhere.public_id}?move={scene.session.public_id}"
    assert scene.as_(scene.student).get(wrong).status_code == 404


def test_a_request_is_taken_back_and_asked_anew(scene: Scene) -> None:
    browser = scene.as_(scene.student)
    url = picker(scene, scene.request, at=LATER_URL)
    words = plain(browser.get(url).text)
    assert "Your request is taken back and the new time uses the same session" in words
    assert "Request new time" in words
    answer = browser.submit(url, {"at": LATER_URL, "reason": ""})
    assert answer.status_code == 303
    assert scene.request.status is SessionStatus.CANCELLED
    (again,) = [row for row in all_sessions() if row.starts_at == LATER]
    assert again.status is SessionStatus.REQUESTED
    assert scene.enrolment.sessions_used == 2


def test_after_the_deadline_it_says_what_it_costs(scene: Scene) -> None:
    with clock.frozen(TEN - 3 * HOUR):
        browser = scene.as_(scene.student)
        words = plain(browser.get(picker(scene, at=LATER_URL)).text)
        assert "the old session stays used, the new time uses another" in words
        scene.enrolment.sessions_used = 4
        db.session.commit()
        spent = browser.get(picker(scene))
        assert "no other session is left to book with" in plain(spent.text)
        assert 'id="book-form"' not in spent.text


def test_once_begun_nobody_moves_it(scene: Scene) -> None:
    with clock.frozen(TEN):
        for user in (scene.student, scene.counsels):
            assert scene.as_(user).get(scene.url(act="/move")).status_code == 409


def test_another_time_asked_for_is_free_to_the_last(scene: Scene) -> None:
    offer([scene.session], scene.counsels, message="I am travelling.")
    with clock.frozen(TEN - HOUR):
        browser = scene.as_(scene.student)
        page = plain(browser.get(scene.url()).text)
        assert "Dr. Meera asks for another time" in page
        assert "I am travelling." in page
        assert "Moving uses no session" in plain(browser.get(picker(scene)).text)
        assert browser.submit(picker(scene, at=LATER_URL), {"at": LATER_URL, "reason": ""}).status_code == 303
    assert scene.session.status is SessionStatus.RESCHEDULED
