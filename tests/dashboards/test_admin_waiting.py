"""What a press on a row of "waiting for you" does, in place."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.dashboards.test_admin_charts import lead
from tests.factories import NOW, make_counsellor, make_enrolment, make_review, make_session, make_user
from tests.pages import Browser
from webapp.accounts.models import Role, User
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.inquiries.models import InquiryStatus
from webapp.notifications.models import OutboxMail

HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):  # Wed, 9 Dec 2026, 9:30 AM IST
        yield


@pytest.fixture
def admin(db_session: Session) -> User:
    return make_user(role=Role.ADMIN, name="Rohan Mehta")


def mails(session: Session) -> list[tuple[str, str]]:
    return [(mail.template, mail.recipient) for mail in session.scalars(select(OutboxMail).order_by(OutboxMail.id))]


def test_a_counsellor_is_asked_again_once_an_hour(app: Flask, db_session: Session, admin: User) -> None:
    meera = make_counsellor(name="Dr. Meera Krishnan", user=make_user(role=Role.COUNSELLOR, email="m@example.com"))
    asked = make_session(
        make_enrolment(make_user(name="Sneha Patil")),
        meera,
        NOW + 6 * HOUR,
        status=SessionStatus.REQUESTED,
        expires_at=NOW + HOUR,
    )
    browser = Browser(app, admin)
    for _ in range(2):
        answer = browser.submit(f"/admin/waiting/chase/{asked.public_id}", page="/admin", htmx=True)
        assert answer.status_code == 200
        page = answer.get_data(as_text=True)
        assert page.lstrip().startswith('<section class="card" id="waiting"')
        assert "Dr. Meera Krishnan is asked again." in page
    assert mails(db_session) == [("session_answer_due", "m@example.com")]


def test_an_answered_request_says_so_and_sends_nothing(app: Flask, db_session: Session, admin: User) -> None:
    asked = make_session(make_enrolment(make_user()), make_counsellor(), NOW + DAY)
    answer = Browser(app, admin).submit(f"/admin/waiting/chase/{asked.public_id}", page="/admin", htmx=True)
    assert answer.status_code == 409
    assert "This request has been answered or has run out." in answer.get_data(as_text=True)
    assert mails(db_session) == []


def test_a_room_is_made_and_both_are_told(app: Flask, db_session: Session, admin: User) -> None:
    linkless = make_session(make_enrolment(make_user()), make_counsellor(), NOW + DAY, meeting_link=None)
    browser = Browser(app, admin)
    answer = browser.submit(f"/admin/waiting/room/{linkless.public_id}", page="/admin", htmx=True)
    assert answer.status_code == 200
    db_session.refresh(linkless)
    assert (linkless.meeting_link or "").startswith("https://meet.jit.si/disha-")
    assert sorted(template for template, _ in mails(db_session)) == ["session_link", "session_link_counsellor"]
    again = browser.submit(f"/admin/waiting/room/{linkless.public_id}", page="/admin")
    assert again.status_code == 303
    assert "This session has a link by now." in browser.get("/admin").get_data(as_text=True)


def test_a_student_who_has_not_booked_gets_one_mail_a_day(app: Flask, db_session: Session, admin: User) -> None:
    enrolment = make_enrolment(make_user(name="Kabir Sethi", email="kabir@example.com"))
    browser = Browser(app, admin)
    for _ in range(2):
        answer = browser.submit(f"/admin/waiting/book/{enrolment.public_id}", page="/admin", htmx=True)
        assert "on its way to Kabir Sethi" in answer.get_data(as_text=True)
    assert mails(db_session) == [("booking_nudge", "kabir@example.com")]


def test_a_review_is_read_and_published_from_the_row(app: Flask, db_session: Session, admin: User) -> None:
    meera = make_counsellor(name="Dr. Meera Krishnan")
    held = make_session(make_enrolment(make_user(name="Amit Kumar")), meera, NOW - DAY, status=SessionStatus.COMPLETED)
    review = make_review(held, published=False, rating=4, text="She found <b>three</b> colleges.")
    browser = Browser(app, admin)
    page = browser.get("/admin").get_data(as_text=True)
    assert "4 stars for Dr. Meera Krishnan" in page
    assert "She found &lt;b&gt;three&lt;/b&gt; colleges." in page
    answer = browser.submit(f"/admin/waiting/review/{review.public_id}", page="/admin", htmx=True)
    assert "The review of Dr. Meera Krishnan is public." in answer.get_data(as_text=True)
    assert "4 stars for" not in answer.get_data(as_text=True)
    db_session.refresh(review)
    assert review.published_at == NOW


@pytest.mark.parametrize("act", ["chase", "room", "book", "review", "call", "replay"])
def test_an_unknown_thing_is_not_found(app: Flask, db_session: Session, admin: User, act: str) -> None:
    assert Browser(app, admin).submit(f"/admin/waiting/{act}/nothing", page="/admin").status_code == 404


def test_an_unknown_act_is_not_found(app: Flask, db_session: Session, admin: User) -> None:
    assert Browser(app, admin).submit("/admin/waiting/erase/nothing", page="/admin").status_code == 404


def test_late_leads_are_called_from_their_row(app: Flask, db_session: Session, admin: User) -> None:
    late = [lead(number, NOW - 5 * DAY, follow_up_on=dt.date(2026, 12, 7), answered_at=NOW) for number in range(1, 7)]
    quiet = lead(7, NOW - 2 * DAY, name="Priyanka Ghosh", rank=1204)
    browser = Browser(app, admin)
    page = browser.get("/admin").get_data(as_text=True)
    assert "Follow up Lead 1" in page
    assert "2 more follow-ups are overdue" in page
    assert "Priyanka Ghosh waits for an answer" in page
    assert "rank 1,204" in page
    for row in (late[0], quiet):
        answer = browser.submit(f"/admin/waiting/call/{row.public_id}", page="/admin", htmx=True)
        assert f"The call with {row.name} is in the timeline." in answer.get_data(as_text=True)
        assert f"/admin/waiting/call/{row.public_id}" not in answer.get_data(as_text=True)
    db_session.expire_all()
    assert (late[0].follow_up_on, quiet.status, quiet.answered_at) == (None, InquiryStatus.CONTACTED, NOW)


def test_an_application_waits_until_it_is_answered(app: Flask, db_session: Session, admin: User) -> None:
    applied = make_counsellor(name="Tariq Ansari", is_active=False, applied_at=NOW - DAY)
    make_counsellor(name="Answered Already", is_active=False, applied_at=NOW - DAY, declined_at=NOW)
    page = Browser(app, admin).get("/admin").get_data(as_text=True)
    assert "Tariq Ansari wants to counsel" in page
    assert f"/admin/counsellors/{applied.public_id}" in page
    assert "Answered Already" not in page
