"""The three homes: what stands there, full and empty, and that more rows never mean more statements."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_exception,
    make_package,
    make_session,
    make_user,
)
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.models import Role, User
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.notifications.models import DeliveryStatus, OutboxMail

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):  # Wed, 9 Dec 2026, 9:30 AM IST
        yield


def text(answer: TestResponse) -> str:
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def home(app: Flask, user: User, url: str) -> str:
    return text(Browser(app, user).get(url))


# ── student ────────────────────────────────────────────────────────────────────────────────────


def test_a_new_student_is_shown_the_way(app: Flask, db_session: Session) -> None:
    make_package(name="JEE Complete", slug="jee-complete")
    page = home(app, make_user(name="Zoya Khan"), "/student")
    assert "Welcome, Zoya" in page
    assert "Three steps to your first session." in page
    assert "/packages/jee-complete" in page
    assert 'id="next-session"' not in page


def test_an_unverified_student_confirms_the_address_first(app: Flask, db_session: Session) -> None:
    page = home(app, make_user(verified=False), "/student")
    assert "Four steps to your first session." in page
    assert "Confirm your address" in page


def test_next_session_with_countdown_and_a_join_that_opens_later(app: Flask, db_session: Session) -> None:
    student = make_user(name="Ananya Chatterjee")
    enrolment = make_enrolment(student)
    row = make_session(enrolment, make_counsellor(name="Dr. Meera Krishnan"), NOW + 3 * DAY + HOUR)
    page = home(app, student, "/student")
    assert "Good morning, Ananya" in page
    assert "Your next session is in three days." in page
    assert f'data-countdown="{row.starts_at.isoformat()}"' in page
    assert 'aria-disabled="true" data-join-from="2026-12-12T04:50:00+00:00"' in page
    assert "Join opens Sat, 12 Dec, 10:20 AM IST" in page


def test_join_is_open_ten_minutes_before_and_until_the_end(app: Flask, db_session: Session) -> None:
    student = make_user()
    make_session(make_enrolment(student), make_counsellor(), NOW + dt.timedelta(minutes=10))
    assert "data-join-from" not in home(app, student, "/student")
    assert "You can join now" in home(app, student, "/student")
    with clock.frozen(NOW + dt.timedelta(minutes=39)):
        assert "Your session is on now." in home(app, student, "/student")
    with clock.frozen(NOW + dt.timedelta(minutes=41)):
        page = home(app, student, "/student")
    assert "Nothing booked yet" in page
    assert "Over" in page


def test_what_to_do_next(app: Flask, db_session: Session) -> None:
    student, meera = make_user(verified=False), make_counsellor(name="Dr. Meera Krishnan")
    sourav = make_counsellor(name="Sourav Banerjee")
    ending = make_enrolment(
        student, make_package(name="WBJEE Focus"), expires_at=NOW + 19 * DAY, assigned_counsellor_id=sourav.id
    )
    long = make_enrolment(student, make_package(name="JEE Complete"))
    make_session(long, meera, NOW + 2 * DAY, status=SessionStatus.REQUESTED)
    make_session(long, sourav, NOW + 4 * DAY, status=SessionStatus.DECLINED, debit=False, reason="Away")
    page = home(app, student, "/student")
    assert "Confirm your mail address" in page
    assert "Sourav could not take your time" in page
    assert "Use the last 4 sessions of WBJEE Focus" in page
    assert f"/book/{sourav.public_id}?enrolment={ending.public_id}" in page
    assert "Dr. Meera has your request" in page
    assert "You hear from us by Fri, 11 Dec, 6:30 AM IST." in page
    assert "Three things wait for you." in page


def test_a_declined_time_is_dropped_once_this_counsellor_is_booked_again(app: Flask, db_session: Session) -> None:
    student, meera = make_user(), make_counsellor(name="Dr. Meera Krishnan")
    enrolment = make_enrolment(student)
    make_session(enrolment, meera, NOW + 4 * DAY, status=SessionStatus.DECLINED, debit=False)
    make_session(enrolment, meera, NOW + 5 * DAY)
    assert "could not take your time" not in home(app, student, "/student")


def test_credits_with_pips_and_expiry(app: Flask, db_session: Session) -> None:
    student = make_user()
    make_enrolment(student, make_package(name="Full"), sessions_used=1)
    make_enrolment(student, make_package(name="Used"), sessions_used=4)
    make_enrolment(student, make_package(name="Gone"), expires_at=NOW - DAY)
    make_enrolment(student, make_package(name="Long gone"), expires_at=NOW - 60 * DAY)
    page = home(app, student, "/student")
    assert 'aria-label="3 of 4 sessions left"' in page
    assert "Use before Fri, 28 May 2027" in page
    assert "All used" in page
    assert "Ended Tue, 8 Dec 2026" in page
    assert "Long gone" not in page


def test_an_unverified_student_finds_no_dead_booking_button(app: Flask, db_session: Session) -> None:
    student = make_user(verified=False)
    make_enrolment(student)
    page = home(app, student, "/student")
    assert "Find a time" not in page
    assert "Book a session" not in page


def test_student_home_costs_the_same_whatever_is_booked(app: Flask, db_session: Session) -> None:
    def full(sessions: int) -> User:
        student = make_user()
        for number in range(sessions):
            enrolment = make_enrolment(student, sessions_total=6)
            counsellor = make_counsellor()
            make_session(enrolment, counsellor, NOW + (number + 1) * DAY)
            make_session(enrolment, counsellor, NOW - (number + 1) * DAY, status=SessionStatus.COMPLETED)
            make_session(enrolment, counsellor, NOW + (number + 20) * DAY, status=SessionStatus.REQUESTED)
        return student

    counts = [_statements(app, full(number), "/student") for number in (1, 5)]
    assert counts[0] == counts[1] <= 3  # who is signed in, the bell, and all that the home shows


def _statements(app: Flask, user: User, url: str) -> int:
    browser = Browser(app, user)
    browser.get(url)
    with count_queries() as seen:
        assert browser.get(url).status_code == 200
    return len(seen)


# ── counsellor ─────────────────────────────────────────────────────────────────────────────────


def counsellor_user(name: str = "Dr. Meera Krishnan") -> User:
    return make_user(role=Role.COUNSELLOR, name=name)


def test_a_counsellor_without_a_profile_gets_a_clear_page(app: Flask, db_session: Session) -> None:
    page = home(app, counsellor_user(), "/counsellor")
    assert "Your profile is not set up yet" in page


def test_today_on_the_day_line(app: Flask, db_session: Session) -> None:
    user = counsellor_user()
    meera = make_counsellor(user=user, windows=[(2, 9 * 60, 12 * 60), (2, 14 * 60, 16 * 60)])
    ishaan, tanvi, sneha = (make_enrolment(make_user(name=n)) for n in ("Ishaan Rao", "Tanvi Joshi", "Sneha Patil"))
    make_session(tanvi, meera, NOW - HOUR / 2, status=SessionStatus.COMPLETED)  # 9:00
    make_session(ishaan, meera, NOW + HOUR / 2, agenda="IIIT Allahabad or NIT Rourkela")  # 10:00
    make_session(sneha, meera, NOW + 5 * HOUR, status=SessionStatus.REQUESTED, expires_at=NOW + 2 * HOUR)  # 2:30 PM
    page = home(app, user, "/counsellor")
    assert "Wednesday, 9 December" in page
    assert "1 session done, 1 to go." in page
    assert "1 request waits for your answer" in page
    assert 'class="slot-ev at-1 len-2" data-tone="done"' in page
    assert 'class="slot-ev at-5 len-2">' in page
    assert 'class="slot-ev at-23 len-2" data-tone="req"' in page
    assert "12:00 – 2:00 PM · not available" in page
    assert "10:30 AM – 12:00 PM · open, nobody booked" in page
    assert 'class="nowline at-3"' in page
    assert "today at 10:00 AM IST" in page
    assert "Join opens at 9:50 AM IST" in page


def test_a_day_without_hours(app: Flask, db_session: Session) -> None:
    user = counsellor_user()
    meera = make_counsellor(user=user)
    make_exception(meera, NOW.date())
    page = home(app, user, "/counsellor")
    assert "Nothing on today" in page
    assert "No sessions today." in page
    assert "No requests waiting" in page


def test_hours_to_midnight_fit_the_line(app: Flask, db_session: Session) -> None:
    user = counsellor_user()
    make_counsellor(user=user, windows=[(2, 0, 1440)])
    page = home(app, user, "/counsellor")
    assert 'class="slot-ev at-1 len-96" data-tone="free"' in page
    assert 'class="tick at-97"' in page


def test_the_agenda_comes_back_alone_after_an_answer(app: Flask, db_session: Session) -> None:
    user = counsellor_user()
    make_counsellor(user=user)
    answer = Browser(app, user).get("/counsellor", htmx=True)
    part = text(answer)
    assert part.strip().startswith("<section")
    assert "<html" not in part
    assert 'id="today-lead" hx-swap-oob="true"' in part
    assert "HX-Request" in answer.headers["Vary"]


def test_times_are_in_the_counsellors_own_zone(app: Flask, db_session: Session) -> None:
    user = make_user(role=Role.COUNSELLOR, zone="Europe/London")
    anil = make_counsellor(user=user, windows=[(2, 13 * 60, 18 * 60)], rules={"zone": "Europe/London"})
    make_session(make_enrolment(make_user()), anil, dt.datetime(2026, 12, 9, 13, 30, tzinfo=dt.UTC))
    page = home(app, user, "/counsellor")
    assert "All times GMT" in page
    assert "1:30 – 2:00 PM" in page


def test_counsellor_home_costs_the_same_whatever_is_booked(app: Flask, db_session: Session) -> None:
    def full(sessions: int) -> User:
        user = counsellor_user()
        counsellor = make_counsellor(user=user)
        for number in range(sessions):
            enrolment = make_enrolment(make_user())
            make_session(enrolment, counsellor, NOW + (number + 1) * HOUR)
            make_session(enrolment, counsellor, NOW + DAY + (number + 1) * HOUR)
            make_session(enrolment, counsellor, NOW + 2 * DAY + number * HOUR, status=SessionStatus.REQUESTED)
        return user

    counts = [_statements(app, full(number), "/counsellor") for number in (1, 5)]
    assert counts[0] == counts[1] <= 8


# ── admin ──────────────────────────────────────────────────────────────────────────────────────


def admin() -> User:
    return make_user(role=Role.ADMIN, name="Rohan Mehta")


def test_an_empty_house(app: Flask, db_session: Session) -> None:
    page = home(app, admin(), "/admin")
    assert "Nothing waits for you" in page
    assert "Nothing booked" in page
    assert "No active counsellors" in page


def _failed_mail(db_session: Session) -> OutboxMail:
    mail = OutboxMail(
        dedupe_key="x",
        recipient="gone@example.com",
        template="verify",
        context={},
        status=DeliveryStatus.FAILED,
        due_at=NOW - HOUR,
        created_at=NOW - DAY,
        attempts=9,
    )
    db_session.add(mail)
    db_session.flush()
    return mail


def test_what_waits_for_the_admin_each_with_one_action(app: Flask, db_session: Session) -> None:
    meera = make_counsellor(name="Dr. Meera Krishnan")
    closed = make_counsellor(name="Closed Door", windows=[])
    enrolment = make_enrolment(make_user(name="Sneha Patil"))
    asked = make_session(
        enrolment, meera, NOW + 4 * HOUR, status=SessionStatus.REQUESTED, expires_at=NOW + dt.timedelta(minutes=48)
    )
    linkless = make_session(enrolment, meera, NOW + DAY, meeting_link=None)
    make_session(enrolment, meera, NOW + 2 * DAY, meeting_link=None, meeting_mode="phone")
    make_user(name="Nikhil Bansal", verified=False, created_at=NOW - 2 * DAY)
    make_user(name="Just Now", verified=False, created_at=NOW - HOUR)
    unbooked = make_enrolment(make_user(name="Kabir Sethi", email="kabir@example.com"))
    _failed_mail(db_session)
    page = home(app, admin(), "/admin")
    assert "6 things wait for you, 2 within a day." in page
    assert "Request of Sneha Patil runs out" in page
    assert "48 min left" in page
    assert f"/sessions/{asked.public_id}" in page
    assert page.count(">No meeting link for Sneha Patil</a>") == 1
    assert f"/sessions/{linkless.public_id}" in page
    assert "Closed Door has no free time" in page
    assert f"/admin/counsellors/{closed.public_id}/availability" in page
    assert "1 student has not confirmed the mail address" in page
    assert "Just Now" not in page
    assert "Kabir Sethi has not booked yet" in page
    assert f"/admin/waiting/book/{unbooked.public_id}" in page
    assert "1 mail could not be sent" in page


def test_the_link_is_sent_again_once_a_day(app: Flask, db_session: Session) -> None:
    student = make_user(name="Nikhil Bansal", verified=False, created_at=NOW - 2 * DAY)
    browser = Browser(app, admin())
    answer = browser.submit("/admin/waiting/verify/-", page="/admin")
    assert answer.status_code == 303
    page = text(browser.get("/admin"))
    assert "The link is on its way to 1 student." in page
    assert "has not confirmed" not in page
    mails = db_session.scalars(select(OutboxMail).where(OutboxMail.recipient == student.email)).all()
    assert [mail.template for mail in mails] == ["verify"]
    browser.submit("/admin/waiting/verify/-", page="/admin")
    assert "Nobody was waiting." in text(browser.get("/admin"))


def test_failed_mail_goes_back_into_the_outbox(app: Flask, db_session: Session) -> None:
    mail = _failed_mail(db_session)
    answer = Browser(app, admin()).submit("/admin/waiting/mail/-", page="/admin")
    assert answer.status_code == 303
    db_session.refresh(mail)
    assert (mail.status, mail.attempts, mail.due_at) == (DeliveryStatus.PENDING, 0, NOW)


@pytest.mark.parametrize("role", [Role.STUDENT, Role.COUNSELLOR])
@pytest.mark.parametrize("url", ["/admin/waiting/mail/-", "/admin/waiting/verify/-"])
def test_others_cannot_press_the_admins_buttons(app: Flask, db_session: Session, role: Role, url: str) -> None:
    mail = _failed_mail(db_session)
    browser = Browser(app, make_user(role=role))
    assert browser.submit(url, page="/account").status_code == 403
    db_session.refresh(mail)
    assert mail.status is DeliveryStatus.FAILED


def test_figures(app: Flask, db_session: Session) -> None:
    meera = make_counsellor()
    enrolment = make_enrolment(make_user(), sessions_total=6)
    make_session(enrolment, meera, NOW + HOUR)
    make_session(enrolment, meera, NOW - 2 * DAY, status=SessionStatus.COMPLETED)
    make_session(enrolment, meera, NOW - 3 * DAY, status=SessionStatus.COMPLETED)  # last week's Sunday
    make_session(enrolment, meera, NOW + 2 * HOUR, status=SessionStatus.CANCELLED)
    page = " ".join(home(app, admin(), "/admin").split())
    assert "<dt>Sessions today</dt><dd>1</dd>" in page
    assert "<dt>Sessions this week</dt><dd>2</dd>" in page
    assert "<dt>Active enrolments</dt><dd>1 <small>2 sessions left in them</small></dd>" in page
    assert "<dt>Counsellors with free time</dt><dd>1 of 1" in page


def test_admin_home_costs_the_same_whatever_the_house_holds(app: Flask, db_session: Session) -> None:
    user = admin()

    def fill(number: int) -> None:
        for hour in range(1, number):
            counsellor = make_counsellor()
            enrolment = make_enrolment(make_user(), sessions_total=9)
            make_session(enrolment, counsellor, NOW + hour * HOUR, meeting_link=None)
            make_session(enrolment, counsellor, NOW + DAY + hour * HOUR, status=SessionStatus.REQUESTED)
            make_enrolment(make_user(verified=False, created_at=NOW - 3 * DAY))

    fill(3)
    before = _statements(app, user, "/admin")
    fill(9)
    assert _statements(app, user, "/admin") == before <= 37
