"""Looking at the slot picker: without scripts, and as htmx asks for its parts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from urllib.parse import unquote, urlencode

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.bookings.picker_scene import AT, HALF, TEN, Scene, Visitor, plain
from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_exception,
    make_package,
    make_service,
    make_session,
    make_user,
    make_window,
)
from webapp.availability.rules import BookingMode
from webapp.core import clock
from webapp.core.db import db
from webapp.enrolments.models import Enrolment, EnrolmentStatus


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


# ── looking ──


def test_the_first_free_day_is_chosen_already(scene: Scene) -> None:
    html = scene.browser.get(scene.path).text
    assert "Thu, 10 Dec 2026" in html
    assert 'aria-selected="true"><a class="day"' in html
    assert "Thursday 10 December, 6 times free" in html
    assert "Choose a time" in html


def test_a_chosen_time_opens_the_panel_with_its_terms(scene: Scene) -> None:
    words = plain(scene.browser.get(scene.at()).text)
    assert "Sat, 12 Dec 2026 10:30 – 11:00 AM IST" in words
    assert "Free to cancel until Fri, 11 Dec, 10:30 AM IST" in words
    assert "3 of 4 left after this" in words
    assert "Mail with calendar file at once" in words
    assert "Confirm session" in words


def test_a_request_says_that_it_is_one(app: Flask) -> None:
    scene = Scene(app, mode=BookingMode.APPROVAL)
    words = plain(scene.browser.get(scene.at()).text)
    assert "Request session" in words
    assert "answers by Sat, 12 Dec, 7:30 AM IST" in words


def test_inside_the_deadline_the_policy_is_honest(app: Flask) -> None:
    scene = Scene(app)
    scene.counsellor = make_counsellor(rules={"notice_hours": 1})
    scene.enrolment = make_enrolment(scene.student, make_package(counsellors=[scene.counsellor]))
    scene.path = f"/book/{scene.counsellor.public_id}"
    words = plain(scene.browser.get(scene.at("2026-12-09T06:00Z")).text)
    assert "Inside 24 h: cancelling keeps the session used" in words


def test_times_and_days_follow_the_viewers_zone(scene: Scene) -> None:
    make_window(scene.counsellor, 4, 60, 120)  # Fridays 1 to 2 AM IST: Thursday evening in London
    words = plain(scene.browser.get(scene.path, zone="Europe/London", date="2026-12-10").text)
    assert "8 times free · all in GMT" in words
    assert "4:30 AM" in words
    assert "7:30 PM" in words
    assert "London, GMT (UTC+0)" in words


def test_my_own_session_marks_its_day_and_takes_its_time(scene: Scene) -> None:
    other = make_counsellor()
    make_session(scene.enrolment, other, TEN)
    html = scene.browser.get(scene.path, date="2026-12-12").text
    assert "Saturday 12 December, 5 times free, you have a session" in html


def test_a_month_without_anything_names_the_next_free_day(scene: Scene) -> None:
    for day in range(7):
        make_exception(scene.counsellor, dt.date(2027, 3, 1) + dt.timedelta(days=day))
    words = plain(scene.browser.get(scene.path, month="2027-03").text)
    assert "Mon, 8 Mar 2027" in words
    beyond = plain(scene.browser.get(scene.path, month="2027-04").text)
    assert "Nothing is free up to Tue, 9 Mar 2027" in beyond


def test_tabindex_is_left_to_the_script(scene: Scene) -> None:
    html = scene.browser.get(scene.at()).text
    month = html[html.index('id="month"') : html.index('id="slot-list"')]
    assert "tabindex" not in month


def test_the_parts_htmx_asks_for(scene: Scene) -> None:
    client, token = scene.browser.client, {"HX-Request": "true"}
    whole = client.get(scene.path, headers={**token, "HX-Target": "div#picker"})
    assert whole.text.lstrip().startswith('<div class="book card" id="picker"')
    chosen = client.get(scene.at(), headers={**token, "HX-Target": "section#confirm"}).text
    assert chosen.lstrip().startswith('<section class="book-confirm" id="confirm"')
    assert 'hx-target="#slot-list"' in chosen
    assert 'id="month"' not in chosen
    fresh = client.get(scene.at(), headers={**token, "HX-Target": "div#slots-refresh"}).text
    assert 'id="month"' in fresh
    assert 'id="confirm"' not in fresh, "an untouched panel is left alone"
    assert {"HX-Request", "HX-Target"} <= set(whole.headers["Vary"].split(", "))


def test_a_refresh_touches_the_panel_only_when_its_time_went_or_came_back(scene: Scene) -> None:
    headers = {"HX-Request": "true", "HX-Target": "div#slots-refresh"}
    taken = scene.take(TEN + HALF)
    gone = scene.browser.client.get(scene.at(), headers=headers).text
    assert "10:30 AM was taken just now." in gone
    assert "was=lost" in gone
    assert "hx-morph-skip" in gone, "what was typed is never morphed away"
    db.session.delete(taken)
    db.session.flush()
    back = scene.browser.client.get(scene.at(was="lost"), headers=headers).text
    assert 'id="confirm"' in back
    assert "Confirm session" in back


# ── what may be wrong in the address ──


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("date", "2026-13-45", "is not a date"),
        ("month", "nonsense", "is not a month"),
        ("at", "yesterday", "is not a time"),
        ("zone", "Mars/Olympus", "We do not know the time zone"),
        ("zone", "<script>", "&lt;script&gt;"),
    ],
)
def test_a_bad_address_is_explained_in_place(scene: Scene, name: str, value: str, words: str) -> None:
    answer = scene.browser.get(f"{scene.path}?{urlencode({name: value})}")
    assert answer.status_code == 422
    assert words in answer.text
    assert "6 times free" in answer.text


@pytest.mark.parametrize("value", ["2020-01-01", "2099-12-31"])
def test_a_far_day_is_only_empty(scene: Scene, value: str) -> None:
    answer = scene.browser.get(scene.path, date=value)
    assert answer.status_code == 200
    assert "Nothing is free on this day" in answer.text


@pytest.mark.parametrize(
    ("at", "words"),
    [
        ("2026-12-08T05:00Z", "has passed"),
        ("2020-01-01T00:00Z", "has passed"),
        ("2099-12-31T23:59Z", "Bookable 90 days ahead"),
        ("2026-12-12T05:10Z", "Not a start"),
        ("2026-12-12T12:00Z", "Outside the hours"),
        ("2026-12-09T05:00Z", "Booking needs"),
    ],
)
def test_a_time_that_is_not_offered_says_why(scene: Scene, at: str, words: str) -> None:
    found = scene.browser.get(scene.at(at))
    assert found.status_code == 200
    assert words in plain(found.text)
    answer = scene.browser.submit(scene.path, {"at": at, "agenda": "Keep me", "mode": "video"})
    assert answer.status_code in {409, 422}
    assert words in plain(answer.text)
    assert "Keep me" in answer.text
    assert scene.sessions() == []


def test_an_inactive_or_unknown_counsellor_is_not_found(scene: Scene) -> None:
    scene.counsellor.is_active = False
    for path in (scene.path, "/book/counsellor_unknown", "/book/" + "x" * 300):
        answer = scene.browser.get(path)
        assert answer.status_code == 404
        assert "takes no bookings" in answer.text


# ── who may book ──


def test_a_visitor_may_look_and_is_led_back_here(scene: Scene) -> None:
    visitor = Visitor(scene.app)
    html = visitor.get(scene.at()).text
    assert "6 times free" in html
    assert f"/login?next={scene.at()}" in unquote(html)
    assert "book-form" not in html
    answer = visitor.submit(scene.path, {"at": AT, "agenda": "x", "mode": "video"})
    assert answer.status_code == 303
    assert "/login?next=" in answer.headers["Location"]
    inplace = visitor.submit(scene.path, {"at": AT}, htmx=True)
    assert (inplace.status_code, "/login" in inplace.headers["HX-Redirect"]) == (401, True)


def test_an_unverified_student_is_told_first(app: Flask) -> None:
    scene = Scene(app, verified=False)
    words = plain(scene.browser.get(scene.at()).text)
    assert "Confirm your mail address first" in words
    answer = scene.browser.submit(scene.path, {"at": AT, "mode": "video"}, page="/account")
    assert answer.status_code == 403
    assert scene.sessions() == []


@pytest.mark.parametrize("role", ["counsellor", "admin"])
def test_staff_look_but_do_not_book(scene: Scene, role: str) -> None:
    staff = Visitor(scene.app, make_user(role=role))
    assert "Students book here" in staff.get(scene.path).text
    answer = staff.submit(scene.path, {"at": AT, "mode": "video"}, page="/account")
    assert answer.status_code == 403


def test_without_a_package_the_way_to_one_is_shown(scene: Scene) -> None:
    newcomer = Visitor(scene.app, make_user())
    html = newcomer.get(scene.at()).text
    assert "A package comes first" in html
    assert 'href="/packages' in html
    answer = newcomer.submit(scene.path, {"at": AT, "mode": "video"}, page="/account")
    assert answer.status_code == 409


def test_somebody_elses_package_is_not_found(scene: Scene) -> None:
    other = make_enrolment(make_user(), make_package(counsellors=[scene.counsellor]))
    assert scene.browser.get(scene.path, enrolment=other.public_id).status_code == 404
    answer = scene.browser.submit(
        f"{scene.path}?enrolment={other.public_id}", {"at": AT, "mode": "video"}, page=scene.path
    )
    assert answer.status_code == 404
    assert other.sessions_used == 0


def test_a_counsellor_outside_the_package_is_refused(scene: Scene) -> None:
    stranger = make_counsellor()
    path = f"/book/{stranger.public_id}"
    assert "is not in your package" in scene.browser.get(path).text
    answer = scene.browser.submit(path, {"at": AT, "mode": "video"}, page="/account")
    assert answer.status_code == 409
    assert "is not in your package" in answer.text


def test_a_single_service_books_its_seller_only(scene: Scene) -> None:
    seller = make_counsellor()
    service = make_service(seller)
    bought = make_enrolment(
        scene.student, package_id=None, service_id=service.id, title=service.title, sessions_total=1, session_minutes=45
    )
    words = plain(
        scene.browser.get(f"/book/{seller.public_id}", enrolment=bought.public_id, at="2026-12-12T04:30Z").text
    )
    assert "10:00 – 10:45 AM IST" in words
    assert "0 of 1 left after this" in words
    assert "is not in your package" in scene.browser.get(scene.path, enrolment=bought.public_id).text


def spent(enrolment: Enrolment) -> None:
    enrolment.sessions_used = enrolment.sessions_total


def ended(enrolment: Enrolment) -> None:
    enrolment.expires_at = NOW - HALF


def cancelled(enrolment: Enrolment) -> None:
    enrolment.status = EnrolmentStatus.CANCELLED


@pytest.mark.parametrize(
    ("change", "words"),
    [(spent, "No sessions left"), (ended, "Your package has ended"), (cancelled, "is no longer active")],
)
def test_a_package_that_books_nothing_more(scene: Scene, change: object, words: str) -> None:
    change(scene.enrolment)  # type: ignore[operator]
    assert words in scene.browser.get(scene.path).text
    answer = scene.browser.submit(scene.path, {"at": AT, "mode": "video"}, page="/account")
    assert answer.status_code == 409
    assert words in answer.text
    assert scene.sessions() == []


def test_a_time_after_the_packages_end_is_not_offered(scene: Scene) -> None:
    scene.enrolment.expires_at = TEN + HALF
    assert "Saturday 12 December, 1 time free" in scene.browser.get(scene.path).text
    answer = scene.browser.submit(scene.path, {"at": AT, "mode": "video"})
    assert answer.status_code == 409
    assert "package ends on" in plain(answer.text)
