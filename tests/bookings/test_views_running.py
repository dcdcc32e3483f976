"""A counsellor's pages of a session, what its student sees of it, and who gets in."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.bookings.test_views_sessions import TEN, Scene, plain
from tests.bookings.world import complete, mails
from tests.factories import NOW, make_user
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.life import recordings
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services import StepText
from webapp.core import clock
from webapp.core.db import db

HOUR = dt.timedelta(hours=1)
END = TEN + dt.timedelta(minutes=30)
VIDEO = "https://drive.google.com/file/d/1"


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(END):
        yield


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


def staff(scene: Scene, act: str = "", session: CounsellingSession | None = None) -> str:
    return f"/counsellor/sessions/{(session or scene.session).public_id}{act}"


def texts(session: CounsellingSession) -> list[str]:
    return [step.text for step in session.next_steps]


def held(scene: Scene) -> CounsellingSession:
    return complete(
        scene.session,
        scene.counsels,
        END,
        notes="Keep WBJEE.\n\nCSE at Durgapur.",
        private_notes="Anxious about fees.",
        next_steps=[StepText("Order your colleges"), StepText("Ask at home")],
    )


# ── who gets in ──


GETS = ["/finish", "/notes", "/link", "/recording", "/brief"]
POSTS = ["/start", "/no-show", "/finish", "/notes", "/link", "/recording", "/withdraw-offer"]


def test_outsiders_find_nothing(scene: Scene) -> None:
    _, other = scene.outsiders()
    browser = scene.as_(other)
    for act in GETS:
        assert browser.get(staff(scene, act)).status_code == 404, act
    for act in POSTS:
        assert browser.submit(staff(scene, act), {"link": VIDEO}, page="/account").status_code == 404, act
    data = {"session": scene.session.public_id}
    assert browser.submit("/counsellor/sessions/offer", data, page="/account").status_code == 404
    assert scene.session.status is SessionStatus.SCHEDULED


def test_the_student_gets_into_none_of_it(scene: Scene) -> None:
    browser = scene.as_(scene.student)
    for act in GETS:
        assert browser.get(staff(scene, act)).status_code == 403, act
    for act in POSTS:
        assert browser.submit(staff(scene, act), page="/account").status_code == 403, act


def test_private_notes_are_on_no_page_of_the_student(scene: Scene) -> None:
    held(scene)
    browser = scene.as_(scene.student)
    for url in (scene.url(), "/student", "/sessions?show=past", "/inbox"):
        assert "Anxious" not in browser.get(url).text, url
    assert "Anxious about fees." in scene.as_(scene.counsels).get(scene.url()).text
    assert "Anxious" not in "".join(str(mail.context) for mail in mails())


# ── start, finish, missed ──


def test_the_buttons_come_with_the_time(scene: Scene) -> None:
    browser = scene.as_(scene.counsels)
    steps = [(TEN - HOUR, False, False), (TEN - dt.timedelta(minutes=10), True, False), (TEN, True, True)]
    for now, may_start, may_finish in steps:
        with clock.frozen(now):
            html = browser.get(scene.url()).text
        assert ("/start" in html) is may_start
        assert (staff(scene, "/finish") in html) is may_finish
        assert ('id="no-show"' in html) is may_finish
    assert "/finish" not in scene.as_(scene.student).get(scene.url()).text


def test_start_and_finish_without_script(scene: Scene) -> None:
    browser = scene.as_(scene.counsels)
    with clock.frozen(TEN):
        assert browser.submit(staff(scene, "/start"), page=scene.url()).status_code == 303
    assert scene.session.started_at == TEN
    page = browser.get(staff(scene, "/finish")).text
    assert page.count('name="step"') == 3
    assert "0 / 5000" in page
    data = {"notes": "Keep WBJEE.", "private_notes": "", "step": ["Order", "", "Ask"], "key": ["", "", ""]}
    answer = browser.submit(staff(scene, "/finish"), data)
    assert answer.status_code == 303
    assert scene.session.status is SessionStatus.COMPLETED
    assert texts(scene.session) == ["Order", "Ask"]
    assert "Finished." in plain(browser.get(scene.url()).text)


def test_too_early_and_twice_say_so_and_keep_what_was_typed(scene: Scene) -> None:
    browser = scene.as_(scene.counsels)
    with clock.frozen(TEN - HOUR):
        assert browser.get(staff(scene, "/finish")).status_code == 409
        early = browser.submit(staff(scene, "/finish"), {"notes": "typed already", "step": ["one"]}, page="/account")
        assert early.status_code == 409
        assert "not begun yet" in plain(early.text)
        assert "typed already" in early.text
        assert 'value="one"' in early.text
        assert browser.submit(staff(scene, "/no-show"), page="/account").status_code == 409
    assert browser.submit(staff(scene, "/no-show"), page=scene.url()).status_code == 303
    assert scene.session.status is SessionStatus.NO_SHOW
    again = browser.submit(staff(scene, "/finish"), {"notes": "x"}, page="/account")
    assert again.status_code == 409
    assert "already marked as missed" in plain(again.text)


def test_over_the_limits_is_marked_and_kept(scene: Scene) -> None:
    browser = scene.as_(scene.counsels)
    data = {"notes": "x" * 5001, "step": ["fine"]}
    answer = browser.submit(staff(scene, "/finish"), data)
    assert answer.status_code == 422
    assert "Keep this within 5000 characters." in plain(answer.text)
    assert "x" * 5001 in answer.text
    many = browser.submit(staff(scene, "/finish"), {"notes": "", "step": [f"s{n}" for n in range(21)]})
    assert many.status_code == 422
    assert "At most 20 steps" in plain(many.text)
    assert 'value="s20"' in many.text
    assert scene.session.status is SessionStatus.SCHEDULED


@pytest.mark.parametrize(
    ("act", "rows"),
    [
        ("add", ["a", "b", "c", ""]),
        ("up:2", ["a", "c", "b"]),
        ("down:0", ["b", "a", "c"]),
        ("remove:1", ["a", "c"]),
        ("up:0", ["a", "b", "c"]),
        ("down:2", ["a", "b", "c"]),
        ("remove:9", ["a", "b", "c"]),
        ("nonsense:²", ["a", "b", "c"]),
    ],
)
def test_steps_are_rearranged_by_plain_buttons(scene: Scene, act: str, rows: list[str]) -> None:
    browser = scene.as_(scene.counsels)
    data = {"notes": "typed", "step": ["a", "b", "c"], "key": ["k1", "k2", "k3"], "act": act}
    for htmx in (False, True):
        answer = browser.submit(staff(scene, "/finish"), data, page="/account", htmx=htmx)
        assert answer.status_code == 200
        shown = [part.split('"')[0] for part in answer.text.split('name="step" value="')[1:]]
        assert shown == rows
        assert "typed" in answer.text
        assert answer.text.lstrip().startswith("<form") is htmx
    assert scene.session.status is SessionStatus.SCHEDULED


def test_notes_are_edited_later(scene: Scene) -> None:
    held(scene)
    browser = scene.as_(scene.counsels)
    page = browser.get(staff(scene, "/notes")).text
    assert "CSE at Durgapur." in page
    first, second = scene.session.next_steps
    data = {
        "notes": "Shorter.",
        "private_notes": "",
        "step": [second.text, "New"],
        "key": [second.public_id, ""],
    }
    assert browser.submit(staff(scene, "/notes"), data).status_code == 303
    assert scene.session.shared_notes == "Shorter."
    assert texts(scene.session) == ["Ask at home", "New"]
    del first


# ── the student's list ──


def test_the_student_ticks_on_both_pages(scene: Scene) -> None:
    held(scene)
    browser = scene.as_(scene.student)
    step = scene.session.next_steps[0]
    page = browser.get(scene.url()).text
    assert "0 of 2 done" in plain(page)
    assert "Keep WBJEE." in page
    answer = browser.submit(f"/steps/{step.public_id}", {"done": "1"}, page=scene.url())
    assert answer.headers["Location"] == f"{scene.url()}#next-steps"
    assert step.done_at == END
    part = browser.submit(f"/steps/{step.public_id}", {}, page=scene.url(), htmx=True)
    assert part.text.count('id="next-steps"') == 1
    assert "0 of 2 done" in plain(part.text)
    home = browser.get("/student").text
    assert "Order your colleges" in home
    part = browser.submit(f"/steps/{step.public_id}", {"done": "1", "on": "home"}, page="/student", htmx=True)
    assert "<s" in part.text
    assert "Ask at home" in part.text
    with clock.frozen(END + 2 * HOUR):
        assert "Order your colleges" not in browser.get("/student").text


def test_others_steps_are_not_found(scene: Scene) -> None:
    held(scene)
    charlie = make_user()
    db.session.commit()
    step = scene.session.next_steps[0]
    assert scene.as_(charlie).submit(f"/steps/{step.public_id}", {"done": "1"}, page="/account").status_code == 404
    assert scene.as_(scene.counsels).submit(f"/steps/{step.public_id}", page="/account").status_code == 403
    assert step.done_at is None


# ── link and recording ──


@pytest.mark.parametrize("link", ["javascript:alert(1)", "http://zoom.us/j/1", "", "x" * 501])
def test_a_bad_link_is_marked_and_kept(scene: Scene, link: str) -> None:
    before = scene.session.meeting_link
    with clock.frozen(NOW):
        answer = scene.as_(scene.counsels).submit(staff(scene, "/link"), {"link": link})
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.text
    assert f'href="{link}"' not in answer.text or not link
    assert scene.session.meeting_link == before


def test_a_new_link(scene: Scene) -> None:
    with clock.frozen(NOW):
        browser = scene.as_(scene.counsels)
        assert browser.submit(staff(scene, "/link"), {"link": "https://zoom.us/j/9"}).status_code == 303
        assert "Zoom" in plain(browser.get(scene.url()).text)


def test_a_recording_shows_until_its_day(scene: Scene) -> None:
    held(scene)
    browser = scene.as_(scene.counsels)
    data = {"link": VIDEO, "days": "7", "downloadable": "y"}
    assert browser.submit(staff(scene, "/recording"), data).status_code == 303
    page = scene.as_(scene.student).get(scene.url()).text
    assert VIDEO in page
    assert "Recording, until Sat, 19 Dec" in plain(page)
    assert VIDEO in browser.get(staff(scene, "/recording")).text
    with clock.frozen(END + dt.timedelta(days=7)):
        for user in (scene.student, scene.counsels):
            assert VIDEO not in scene.as_(user).get(scene.url()).text
        assert VIDEO not in browser.get(staff(scene, "/recording")).text
    for bad in (
        {"link": "http://x.example/1", "days": "7"},
        {"link": VIDEO, "days": "366"},
        {"link": VIDEO, "days": "x"},
    ):
        assert browser.submit(staff(scene, "/recording"), bad).status_code == 422
    assert recordings([scene.session], END)[scene.session.id].link == VIDEO


# ── the brief ──


def test_the_brief_is_one_screen_of_what_matters(scene: Scene) -> None:
    held(scene)
    later = scene.booked(TEN + dt.timedelta(days=3), agenda="WBJEE too?")
    db.session.commit()
    for user in (scene.counsels, make_user(role="admin")):
        db.session.commit()
        answer = scene.as_(user).get(staff(scene, "/brief", later))
        words = plain(answer.text)
        assert answer.status_code == 200
        for said in (
            "Ananya Chatterjee",
            "JEE · JEE Complete",
            "WBJEE too?",
            "Order your colleges",
            "Keep WBJEE.",
            "Anxious about fees.",
            "1 of 4",
            "Sat, 12 Dec 2026",
        ):
            assert said in words, said


# ── another time ──


def test_students_are_asked_for_another_time(scene: Scene) -> None:
    with clock.frozen(NOW):
        browser = scene.as_(scene.counsels)
        page = browser.get("/counsellor/sessions/offer", session=scene.session.public_id)
        assert f'value="{scene.session.public_id}" checked' in page.text
        assert scene.request.public_id not in page.text
        nothing = browser.submit("/counsellor/sessions/offer", {"message": "Travelling"})
        assert nothing.status_code == 422
        assert "Travelling" in nothing.text
        long = {"session": scene.session.public_id, "message": "x" * 501}
        assert browser.submit("/counsellor/sessions/offer", long).status_code == 422
        data = {"session": [scene.session.public_id], "message": "I am travelling."}
        assert browser.submit("/counsellor/sessions/offer", data).status_code == 303
        assert scene.session.move_offered_at == NOW
        assert "Another time asked" in plain(browser.get("/counsellor/sessions").text)
        assert "You asked for another time." in plain(browser.get(scene.url()).text)
        home = plain(scene.as_(scene.student).get("/student").text)
        assert "Dr. Meera asks for another time" in home
        assert "Free to move or cancel until the start" in plain(scene.as_(scene.student).get(scene.url()).text)
        assert browser.submit(staff(scene, "/withdraw-offer"), page=scene.url()).status_code == 303
        assert scene.session.move_offered_at is None


def test_an_admin_asks_for_a_named_session(scene: Scene) -> None:
    admin = make_user(role="admin")
    db.session.commit()
    with clock.frozen(NOW):
        browser = scene.as_(admin)
        url = f"/counsellor/sessions/offer?session={scene.session.public_id}"
        assert "Ananya Chatterjee" in browser.get(url).text
        data = {"session": [scene.session.public_id], "message": ""}
        answer = browser.submit("/counsellor/sessions/offer", data, page=url)
    assert answer.headers["Location"] == "/admin/sessions"
    assert scene.session.move_offered_at == NOW
