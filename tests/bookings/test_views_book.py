"""Booking from the slot picker: nothing typed is ever lost, and what it costs to show it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.bookings.picker_scene import AT, HALF, TEN, Scene, plain
from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_exception,
    make_package,
    make_session,
    make_user,
)
from tests.queries import count_queries
from webapp.core import clock, live


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


# ── booking ──


def test_booking_leads_to_the_session(scene: Scene) -> None:
    before = live.version(f"slots:{scene.counsellor.public_id}")
    answer = scene.browser.submit(scene.at(), {"at": AT, "agenda": "NIT or IIIT?\r\nAnd fees.", "mode": "phone"})
    (session,) = scene.sessions()
    assert answer.status_code == 303
    assert answer.headers["Location"].endswith(f"/sessions/{session.public_id}")
    assert (session.agenda, session.meeting_mode) == ("NIT or IIIT?\nAnd fees.", "phone")
    assert session.starts_at == TEN + HALF
    assert scene.enrolment.sessions_used == 1
    assert live.version(f"slots:{scene.counsellor.public_id}") != before


def test_booking_by_htmx_redirects_the_page(scene: Scene) -> None:
    answer = scene.browser.submit(scene.at(), {"at": AT, "mode": "video"}, htmx=True)
    assert answer.status_code == 204
    assert "/sessions/session_" in answer.headers["HX-Redirect"]


def test_a_forged_form_changes_nothing(scene: Scene) -> None:
    answer = scene.browser.client.post(scene.at(), data={"at": AT, "mode": "video"})
    assert answer.status_code == 400
    assert scene.sessions() == []


def test_an_agenda_over_its_limit_is_marked_and_kept(scene: Scene) -> None:
    text = "a" * 1001
    answer = scene.browser.submit(scene.at(), {"at": AT, "agenda": text, "mode": "video"})
    assert answer.status_code == 422
    assert "Keep this within 1000 characters." in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert text in answer.text
    assert "Sat, 12 Dec 2026" in answer.text
    assert scene.sessions() == []


def test_line_ends_count_as_they_are_seen(scene: Scene) -> None:
    text = "\r\n".join(["a" * 99] * 10)  # 999 as typed, 1008 as sent
    assert scene.browser.submit(scene.at(), {"at": AT, "agenda": text, "mode": "video"}).status_code == 303


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"mode": "video"}, "Choose a time first."),
        ({"at": "soon", "mode": "video"}, "Choose a time first."),
        ({"at": AT, "mode": "telepathy"}, "Choose video or phone."),
        ({"at": AT, "agenda": "nul \x00 byte", "mode": "none"}, "Choose video or phone."),
    ],
)
def test_a_form_that_lacks_something(scene: Scene, data: dict[str, str], words: str) -> None:
    answer = scene.browser.submit(scene.path, data)
    assert answer.status_code == 422
    assert words in answer.text
    assert scene.sessions() == []


@pytest.mark.parametrize("htmx", [False, True])
def test_a_time_taken_just_now_keeps_everything_and_offers_the_nearest(scene: Scene, htmx: bool) -> None:
    scene.browser.get(scene.at())
    scene.take(TEN + HALF)
    answer = scene.browser.submit(
        scene.at(), {"at": AT, "agenda": "My marks", "mode": "phone"}, page=scene.path, htmx=htmx
    )
    assert answer.status_code == 409
    words = plain(answer.text)
    assert "10:30 AM was taken just now." in words
    assert "Nothing is lost: your agenda is still here and no session was used." in words
    assert 'class="time gone">10:30 AM' in answer.text
    assert "My marks" in answer.text
    assert re.search(r'value="phone"[^>]*checked|checked[^>]*value="phone"', answer.text)
    assert re.search(r'name="choose" value="2026-12-12T05:30Z"[^>]*>11:00 AM', answer.text)
    assert "Confirm session" not in words
    assert answer.text.lstrip().startswith("<!doctype") is not htmx
    assert scene.sessions() == []
    assert scene.enrolment.sessions_used == 0


def test_another_time_is_chosen_with_everything_typed_kept(scene: Scene) -> None:
    scene.take(TEN + HALF)
    answer = scene.browser.submit(scene.at(), {"choose": "2026-12-12T05:30Z", "agenda": "My marks", "mode": "phone"})
    assert answer.status_code == 200
    assert "My marks" in answer.text
    assert 'name="at" id="chosen-at" value="2026-12-12T05:30Z"' in answer.text
    assert answer.headers["HX-Push-Url"].endswith("?at=2026-12-12T05:30Z")
    assert scene.sessions() == [], "choosing is not booking"
    done = scene.browser.submit(
        scene.at("2026-12-12T05:30Z"), {"at": "2026-12-12T05:30Z", "agenda": "My marks", "mode": "phone"}
    )
    assert done.status_code == 303


def test_my_other_session_at_that_time_is_named(scene: Scene) -> None:
    other = make_counsellor()
    make_session(scene.enrolment, other, TEN + HALF)
    answer = scene.browser.submit(scene.at(), {"at": AT, "agenda": "x", "mode": "video"})
    assert answer.status_code == 409
    assert "You already have a session at 10:30 AM." in plain(answer.text)


def test_who_sends_again_is_led_to_what_is_booked_already(scene: Scene) -> None:
    first, again = (scene.browser.submit(scene.at(), {"at": AT, "agenda": "x", "mode": "video"}) for _ in range(2))
    assert again.status_code == 303
    assert again.location == first.location
    assert "This time is yours already." in plain(scene.browser.get(again.location).text)
    assert len(scene.sessions()) == 1
    assert scene.enrolment.sessions_used == 1


def test_nobody_is_led_to_the_session_of_another(scene: Scene) -> None:
    scene.take(TEN + HALF)
    make_session(scene.enrolment, make_counsellor(), TEN - 2 * HALF)
    assert scene.browser.submit(scene.at(), {"at": AT, "agenda": "x", "mode": "video"}).status_code == 409


# ── what it costs ──


def fill(scene: Scene, days: int) -> None:
    for day in range(days):
        for half in range(3):
            start = TEN + dt.timedelta(days=day) + 2 * half * HALF
            make_session(make_enrolment(make_user()), scene.counsellor, start)
        make_exception(scene.counsellor, dt.date(2027, 1, 20) + dt.timedelta(days=day), [[600, 900]])
    for _ in range(days):
        make_enrolment(scene.student, make_package(counsellors=[scene.counsellor]))


@pytest.mark.parametrize("days", [1, 12])
def test_a_picker_costs_few_queries_whatever_the_data(scene: Scene, db_session: Session, days: int) -> None:
    fill(scene, days)
    db_session.flush()
    for url in (scene.path, scene.at(), scene.at(enrolment=scene.enrolment.public_id)):
        db_session.expire_all()
        with count_queries() as seen:
            assert scene.browser.get(url).status_code == 200
        assert len(seen) <= 8, seen
