"""Pages of sessions: the student's, the counsellor's, the admin's — and nobody else's."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import User
from webapp.availability.rules import BookingMode
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db
from webapp.counsellors.models import Counsellor

TEN = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)  # Sat, 12 Dec 2026, 10:00 AM IST
LINK = "https://meet.jit.si/disha-test-room"


@pytest.fixture(autouse=True)
def frozen(db_session: Session) -> Iterator[None]:
    with clock.frozen(NOW):
        yield


class Scene:
    """A confirmed session and a request of the same two people."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.counsellor: Counsellor = make_counsellor(mode=BookingMode.APPROVAL, name="Dr. Meera Krishnan")
        self.student: User = make_user(name="Ananya Chatterjee")
        self.enrolment = make_enrolment(self.student, make_package(counsellors=[self.counsellor], name="JEE Complete"))
        self.session = self.booked(TEN)
        self.request = self.booked(TEN + dt.timedelta(days=1), SessionStatus.REQUESTED, agenda="Which NITs?")
        assert self.counsellor.user is not None
        self.counsels: User = self.counsellor.user
        db.session.commit()

    def booked(
        self, starts: dt.datetime, status: SessionStatus = SessionStatus.SCHEDULED, **columns: Any
    ) -> CounsellingSession:
        return make_session(self.enrolment, self.counsellor, starts, status=status, **columns)

    def url(self, session: CounsellingSession | None = None, act: str = "") -> str:
        return f"/sessions/{(session or self.session).public_id}{act}"

    def as_(self, user: User | None) -> Browser:
        return Browser(self.app, user)

    def outsiders(self) -> list[User]:
        other = make_counsellor().user
        assert other is not None
        charlie = make_user(name="Charlie")
        db.session.commit()
        return [charlie, other]


@pytest.fixture
def scene(app: Flask) -> Scene:
    return Scene(app)


def plain(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")


# ── outsiders ──


def test_outsiders_find_nothing_and_change_nothing(scene: Scene) -> None:
    for outsider in scene.outsiders():
        browser = scene.as_(outsider)
        for session in (scene.session, scene.request):
            for act in ("", "/cancel", "/calendar.ics"):
                assert browser.get(scene.url(session, act)).status_code == 404
            assert browser.submit(scene.url(session, "/cancel"), page="/account").status_code == 404
    assert scene.session.status is SessionStatus.SCHEDULED


def test_another_counsellor_does_not_answer(scene: Scene) -> None:
    _, other = scene.outsiders()
    path = f"/counsellor/sessions/{scene.request.public_id}"
    browser = scene.as_(other)
    assert browser.get(f"{path}/decline").status_code == 404
    assert browser.submit(f"{path}/accept", page="/account").status_code == 404
    assert browser.submit(f"{path}/decline", {"reason": "no"}, page="/account").status_code == 404
    assert scene.request.status is SessionStatus.REQUESTED


def test_a_student_does_not_answer_the_own_request(scene: Scene) -> None:
    path = f"/counsellor/sessions/{scene.request.public_id}/accept"
    assert scene.as_(scene.student).submit(path, page="/account").status_code == 403
    assert scene.request.status is SessionStatus.REQUESTED


@pytest.mark.parametrize("path", ["/sessions", "/counsellor/sessions", "/admin/sessions"])
def test_a_visitor_signs_in_first(scene: Scene, path: str) -> None:
    answer = scene.as_(None).get(path)
    assert answer.status_code == 302
    assert "/login?next=" in answer.headers["Location"]


def test_a_visitor_gets_no_session(scene: Scene) -> None:
    assert "/login" in scene.as_(None).get(scene.url()).headers["Location"]


# ── the page of one session ──


def test_the_student_sees_time_people_and_the_way_out(scene: Scene) -> None:
    html = scene.as_(scene.student).get(scene.url()).text
    words = plain(html)
    assert "Sat, 12 Dec 2026, 10:00 AM IST" in words
    assert "Dr. Meera Krishnan" in words
    assert "JEE Complete · 1st of 4 sessions" in words
    assert "Free to cancel or move until Fri, 11 Dec, 10:00 AM IST" in words
    assert "You are in time: " not in words
    assert "Your session comes back and you will have 3 of 4 again." in words
    assert f'href="{scene.url(act="/cancel")}#cancel" data-dialog' in html


def test_times_are_in_the_readers_zone(scene: Scene) -> None:
    scene.student.zone = "Europe/London"
    assert "Sat, 12 Dec 2026, 4:30 AM GMT" in plain(scene.as_(scene.student).get(scene.url()).text)


def test_join_waits_until_ten_minutes_before(scene: Scene) -> None:
    browser = scene.as_(scene.student)
    early = browser.get(scene.url()).text
    assert 'aria-disabled="true" data-join-from="2026-12-12T04:20:00+00:00"' in early
    assert "Join opens Sat, 12 Dec, 9:50 AM IST" in plain(early)
    with clock.frozen(TEN - dt.timedelta(minutes=10)):
        html = browser.get(scene.url()).text
        assert f'href="{LINK}"' in html
        assert "data-join-from" not in html
    with clock.frozen(TEN + dt.timedelta(minutes=30)):
        assert LINK not in browser.get(scene.url()).text


def test_the_link_is_for_the_two_and_admins_once_confirmed(scene: Scene) -> None:
    scene.request.meeting_link = LINK
    for reader in (scene.student, scene.counsels, make_user(role="admin")):
        assert LINK in scene.as_(reader).get(scene.url()).text
        assert LINK not in scene.as_(reader).get(scene.url(scene.request)).text


def test_the_calendar_file(scene: Scene) -> None:
    answer = scene.as_(scene.student).get(scene.url(act="/calendar.ics"))
    assert answer.status_code == 200
    assert answer.mimetype == "text/calendar"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "DTSTART:20261212T043000Z" in answer.text
    assert scene.as_(scene.student).get(scene.url(scene.request, "/calendar.ics")).status_code == 409


def test_a_request_that_ran_out_reads_as_expired_before_any_sweep(scene: Scene) -> None:
    with clock.frozen(scene.request.starts_at - dt.timedelta(hours=2)):
        words = plain(scene.as_(scene.student).get(scene.url(scene.request)).text)
        assert "Expired" in words
        assert "Nobody answered in time" in words
        assert "Cancel request" not in words


def test_an_agenda_is_text_and_never_markup(scene: Scene) -> None:
    scene.session.agenda = "<script>alert(1)</script>\n\nSecond line"
    html = scene.as_(scene.counsels).get(scene.url()).text
    assert "<script>alert" not in html
    assert "<p>Second line</p>" in html


# ── cancelling ──


def test_cancelling_in_time_gives_the_session_back(scene: Scene) -> None:
    browser = scene.as_(scene.student)
    page = browser.get(scene.url(act="/cancel"))
    assert page.status_code == 200
    assert "Your session comes back" in page.text
    answer = browser.submit(scene.url(act="/cancel"), {"reason": "Exam that day"})
    assert (answer.status_code, answer.headers["Location"]) == (303, scene.url())
    assert scene.session.status is SessionStatus.CANCELLED
    assert scene.enrolment.sessions_used == 1
    after = plain(browser.get(scene.url()).text)
    assert "Cancelled. Your session came back." in after
    assert "Exam that day" in after
    assert "Cancelled by you; the session came back" in after


def test_cancelling_late_says_so_before_and_keeps_it_used(scene: Scene) -> None:
    browser = scene.as_(scene.student)
    with clock.frozen(TEN - dt.timedelta(hours=3)):
        assert "The session stays used:" in browser.get(scene.url(act="/cancel")).text
        browser.submit(scene.url(act="/cancel"), {})
        assert "Cancelled. Your session stays used." in browser.get(scene.url()).text
    assert scene.enrolment.sessions_used == 2


def test_a_counsellor_who_cancels_gives_it_back_at_any_time(scene: Scene) -> None:
    browser = scene.as_(scene.counsels)
    with clock.frozen(TEN - dt.timedelta(hours=1)):
        assert "The student's session comes back." in plain(browser.get(scene.url(act="/cancel")).text)
        browser.submit(scene.url(act="/cancel"), {"reason": "Ill"})
    assert scene.enrolment.sessions_used == 1


def test_too_late_to_cancel_is_said_in_place(scene: Scene) -> None:
    browser = scene.as_(scene.student)
    with clock.frozen(TEN):
        assert browser.get(scene.url(act="/cancel")).status_code == 409
        answer = browser.submit(scene.url(act="/cancel"), {}, page=scene.url())
    assert answer.status_code == 409
    assert "has begun" in answer.text
    assert scene.session.status is SessionStatus.SCHEDULED


def test_a_reason_over_its_limit_is_marked_and_kept(scene: Scene) -> None:
    text = "r" * 501
    answer = scene.as_(scene.student).submit(scene.url(act="/cancel"), {"reason": text})
    assert answer.status_code == 422
    assert text in answer.text
    assert scene.session.status is SessionStatus.SCHEDULED


# ── answering ──


def answer_url(scene: Scene, act: str) -> str:
    return f"/counsellor/sessions/{scene.request.public_id}/{act}"


def test_accepting_confirms(scene: Scene) -> None:
    browser = scene.as_(scene.counsels)
    answer = browser.submit(answer_url(scene, "accept"), page=scene.url(scene.request))
    assert (answer.status_code, answer.headers["Location"]) == (303, scene.url(scene.request))
    assert scene.request.status is SessionStatus.SCHEDULED
    assert "Accepted. Ananya Chatterjee is told by mail." in browser.get(scene.url(scene.request)).text


def test_accepting_in_place_answers_with_the_list(scene: Scene) -> None:
    browser = scene.as_(scene.counsels)
    token = browser.token(scene.url(scene.request))
    headers = {"HX-Request": "true", "HX-Target": "section#requests", "X-CSRFToken": token}
    answer = browser.client.post(answer_url(scene, "accept"), headers=headers)
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith('<section class="card" id="requests"')
    assert scene.request.public_id not in answer.text
    assert "No requests waiting" in answer.text
    assert 'hx-swap-oob="true"' in answer.text
    assert answer.headers["HX-Trigger"] == "session-answered"
    again = browser.client.post(answer_url(scene, "accept"), headers=headers)
    assert again.status_code == 409
    assert "already confirmed" in again.text


def test_declining_needs_a_reason_that_the_student_reads(scene: Scene) -> None:
    browser = scene.as_(scene.counsels)
    assert "Decline Ananya Chatterjee?" in browser.get(answer_url(scene, "decline")).text
    empty = browser.submit(answer_url(scene, "decline"), {"reason": "  "})
    assert empty.status_code == 422
    assert "the student reads it" in empty.text
    done = browser.submit(answer_url(scene, "decline"), {"reason": "Away that day"})
    assert done.status_code == 303
    assert scene.request.status is SessionStatus.DECLINED
    words = plain(scene.as_(scene.student).get(scene.url(scene.request)).text)
    assert "Away that day" in words
    assert "Your session came back: nothing is lost." in words


def test_an_answer_after_the_time_is_refused_in_place(scene: Scene) -> None:
    browser = scene.as_(scene.counsels)
    with clock.frozen(scene.request.starts_at - dt.timedelta(hours=2)):
        answer = browser.submit(answer_url(scene, "accept"), page=scene.url(scene.request))
        assert answer.status_code == 409
        assert browser.get(answer_url(scene, "decline")).status_code == 409
    assert scene.request.status is not SessionStatus.SCHEDULED


def test_the_counsellor_sees_requests_with_the_time_left(scene: Scene) -> None:
    words = plain(scene.as_(scene.counsels).get("/counsellor/sessions", show="requests").text)
    assert "Ananya Chatterjee" in words
    assert "3 days 21 h left" in words
    assert "Which NITs?" in words
    assert "JEE Complete · 2nd of 4 sessions" in words


# ── lists ──


def test_lists_split_into_upcoming_and_past(scene: Scene) -> None:
    past = scene.booked(NOW - dt.timedelta(days=3), SessionStatus.COMPLETED)
    browser = scene.as_(scene.student)
    assert scene.url() in browser.get("/sessions").text
    assert scene.url(past) not in browser.get("/sessions").text
    assert scene.url(past) in browser.get("/sessions", show="past").text
    every = browser.get("/sessions", show="all").text
    assert scene.url(past) in every
    assert scene.url() in every
    assert browser.get("/sessions", show="nonsense", page="-3").status_code == 200


def test_an_empty_list_says_what_to_do(app: Flask) -> None:
    browser = Browser(app, make_user())
    assert "Pick a counsellor and a time." in browser.get("/sessions").text
    assert "No past sessions" in browser.get("/sessions", show="past").text


def test_lists_are_cut_into_pages(scene: Scene) -> None:
    scene.enrolment.sessions_total = 60
    for number in range(25):
        scene.booked(NOW - dt.timedelta(days=number + 1), SessionStatus.COMPLETED)
    html = scene.as_(scene.student).get("/sessions", show="past").text
    assert "1–20 of 25" in html
    assert "/sessions?show=past&amp;page=2" in html
    assert "21–25 of 25" in scene.as_(scene.student).get("/sessions", show="past", page="2").text


def test_the_list_by_htmx_is_the_part_alone(scene: Scene) -> None:
    part = scene.as_(scene.student).get("/sessions", htmx=True).text
    assert part.lstrip().startswith('<div class="stack g4" id="session-list"')


def test_an_account_without_a_profile_has_no_list(app: Flask) -> None:
    assert Browser(app, make_user(role="counsellor")).get("/counsellor/sessions").status_code == 404


def test_the_admin_filters_all_sessions(scene: Scene) -> None:
    other = make_counsellor(name="Somebody Else")
    theirs = make_session(make_enrolment(make_user()), other, TEN)
    browser = scene.as_(make_user(role="admin"))
    every = browser.get("/admin/sessions").text
    assert all(scene.url(one) in every for one in (scene.session, scene.request, theirs))
    by_status = browser.get("/admin/sessions", status="requested").text
    assert scene.url(scene.request) in by_status
    assert scene.url() not in by_status
    by_day = browser.get("/admin/sessions", date="2026-12-13").text
    assert scene.url(scene.request) in by_day
    assert scene.url(theirs) not in by_day
    by_person = browser.get("/admin/sessions", counsellor=other.public_id).text
    assert scene.url(theirs) in by_person
    assert scene.url() not in by_person
    assert "Nothing matches these filters" in browser.get("/admin/sessions", counsellor="nobody").text
    bad = browser.get("/admin/sessions", date="12.12.2026")
    assert (bad.status_code, "is not a date" in bad.text) == (422, True)


@pytest.mark.parametrize("number", [1, 15])
def test_lists_cost_few_queries_whatever_the_data(scene: Scene, db_session: Session, number: int) -> None:
    scene.enrolment.sessions_total = 60
    for day in range(number):
        scene.booked(NOW - dt.timedelta(days=day + 1), SessionStatus.COMPLETED)
        make_session(
            make_enrolment(make_user()), scene.counsellor, TEN + dt.timedelta(days=day + 5), status="requested"
        )
    db_session.flush()
    asked = [
        (scene.student, "/sessions?show=past", 5),
        (scene.counsels, "/counsellor/sessions?show=requests", 8),
        (make_user(role="admin"), "/admin/sessions", 6),
        (scene.student, scene.url(), 7),
    ]
    for user, url, most in asked:
        browser = scene.as_(user)
        db_session.expire_all()
        with count_queries() as seen:
            assert browser.get(url).status_code == 200
        assert len(seen) <= most, seen
