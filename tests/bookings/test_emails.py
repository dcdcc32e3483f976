"""Mails of sessions: words in the reader's zone, once each, and only while they are true."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage

import pytest

from tests.bookings.world import SATURDAY_10, accept, book, cancel, decline, mails, make_world
from tests.factories import NOW
from webapp.availability.rules import BookingMode
from webapp.bookings import jobs
from webapp.bookings.emails import tell_confirmed, tell_expired
from webapp.core.db import db, transaction
from webapp.notifications.guards import still_true
from webapp.notifications.models import OutboxMail
from webapp.notifications.render import Letter, compose

pytestmark = pytest.mark.usefixtures("db_session")
EVERY_TEMPLATE = {
    "session_requested",
    "session_request_received",
    "session_confirmed",
    "session_confirmed_counsellor",
    "session_declined",
    "session_expired",
    "session_expired_counsellor",
    "session_cancelled",
    "session_cancelled_counsellor",
}


def _compose(mail: OutboxMail) -> EmailMessage:
    letter = Letter(
        public_id=mail.public_id,
        recipient=mail.recipient,
        recipient_name=mail.recipient_name,
        template=mail.template,
        context=mail.context,
        attachments=mail.attachments,
        at=mail.created_at,
    )
    return compose(letter)


def _text(mail: OutboxMail, kind: str = "plain") -> str:
    body = _compose(mail).get_body((kind,))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def test_every_mail_is_finished_in_text_and_html_and_names_time_and_zone() -> None:
    world = make_world(mode=BookingMode.APPROVAL, sessions_total=10)
    starts = [SATURDAY_10 + dt.timedelta(minutes=30 * n) for n in range(4)]
    accepted, declined, lapsed, other = (book(world, start) for start in starts)
    accept(accepted, world.counsellor_user)
    decline(declined, world.counsellor_user)
    cancel(accepted, world.student, "Exam <b>that</b> day")
    with transaction():
        tell_expired(lapsed, NOW)
        tell_expired(other, NOW)
    assert {mail.template for mail in mails()} == EVERY_TEMPLATE
    for mail in mails():
        message = _compose(mail)
        for kind in ("plain", "html"):
            body = _text(mail, kind)
            assert "Sat, 12 Dec 2026" in body, mail.template
            assert "AM IST" in body or "PM IST" in body
            assert "{{" not in body
            assert "None" not in body
            assert "<b>that</b>" not in body or kind == "plain"
        assert "2026" in str(message["Subject"])
        assert "IST" in str(message["Subject"])
        assert "\n\n\n" not in _text(mail)


def test_each_reads_their_own_clock() -> None:
    world = make_world(student={"zone": "Asia/Dubai"})
    world.counsellor_user.zone = "Europe/London"
    db.session.commit()
    book(world)
    to_student, to_counsellor = mails()
    assert "8:30 – 9:00 AM UTC+4" in _text(to_student)
    assert "4:30 – 5:00 AM GMT" in _text(to_counsellor)
    assert "8:30 AM UTC+4" in str(_compose(to_student)["Subject"])


def test_a_confirmation_says_what_a_student_needs() -> None:
    world = make_world(sessions_used=2)
    session = book(world)
    body = _text(mails()[0])
    assert "Dr. Meera Krishnan will meet you by video" in body
    assert "10:00 – 10:30 AM IST" in body
    assert "3 left after it" not in body
    assert "1 left after it" in body
    assert "Join opens at 9:50 AM IST" in body
    assert "Free to cancel until Fri, 11 Dec 2026, 10:00 AM IST" in body
    assert f"http://localhost/sessions/{session.public_id}" in body


def test_which_session_of_the_package_it_is() -> None:
    world = make_world()
    book(world, SATURDAY_10 + dt.timedelta(days=1))
    book(world)
    assert "session 1 of 4" in _text(mails()[0])
    assert "session 1 of 4" in _text(mails()[2])  # the earlier time is now the first


def test_after_the_deadline_it_does_not_promise_a_free_cancellation() -> None:
    world = make_world(rules={"notice_hours": 0})
    book(world, now=SATURDAY_10 - dt.timedelta(hours=2))
    assert "The free deadline to cancel has passed" in _text(mails()[0])


def test_a_request_asks_the_counsellor_to_answer_by_its_time() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    to_student, to_counsellor = mails()
    assert "by Sat, 12 Dec 2026, 7:00 AM IST" in _text(to_counsellor)
    assert f"http://localhost/sessions/{session.public_id}" in _text(to_counsellor)
    assert "Which NITs are realistic?" in _text(to_counsellor)
    assert "by Sat, 12 Dec 2026, 7:00 AM IST" in _text(to_student)
    assert to_student.attachments == []


def test_a_decline_carries_the_reason_and_the_credit() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    decline(book(world), world.counsellor_user, "Exam duty <that> day.\nTry Sunday.")
    (mail,) = mails("session_declined")
    assert "Exam duty <that> day.\nTry Sunday." in _text(mail)
    assert "Exam duty &lt;that&gt; day.<br>Try Sunday." in _text(mail, "html")
    assert "came back to the package: 4 sessions are free to book" in _text(mail)


@pytest.mark.parametrize(
    ("who", "to_student", "to_counsellor"),
    [
        ("student", "You cancelled this session", "Ananya Chatterjee cancelled this session"),
        ("counsellor_user", "Dr. Meera Krishnan cancelled this session", "You cancelled this session"),
        ("admin", "The Disha team cancelled this session", "The Disha team cancelled this session"),
    ],
)
def test_a_cancellation_says_who_and_what_becomes_of_the_credit(who: str, to_student: str, to_counsellor: str) -> None:
    world = make_world()
    cancel(book(world), getattr(world, who), now=SATURDAY_10 - dt.timedelta(hours=1))
    (first,), (second,) = mails("session_cancelled"), mails("session_cancelled_counsellor")
    assert to_student in _text(first)
    assert to_counsellor in _text(second)
    assert ("stays used" in _text(first)) is (who == "student")


def test_a_counsellor_without_an_account_is_told_by_the_profiles_mail() -> None:
    world = make_world()
    world.counsellor.user_id = None
    db.session.commit()
    book(world)
    assert mails()[1].recipient == world.counsellor.email


def test_a_mail_goes_once_per_event_person_and_version() -> None:
    world = make_world()
    session = book(world)
    with transaction():
        tell_confirmed(session, NOW)
    assert len(mails()) == 2
    assert mails()[0].dedupe_key == f"session:{session.public_id}:confirmed:v0:{world.student.public_id}"


def test_nothing_is_queued_when_the_booking_fails() -> None:
    world = make_world(student={"verified": False})
    with pytest.raises(Exception, match="Confirm your mail"):
        book(world)
    assert not mails()


def test_what_is_no_longer_true_is_not_sent() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    requested = mails()
    assert all(still_true(mail) for mail in requested)
    accept(session, world.counsellor_user)
    assert not any(still_true(mail) for mail in requested)
    confirmed = mails("session_confirmed")
    assert all(still_true(mail) for mail in confirmed)
    cancel(session, world.student)
    assert not any(still_true(mail) for mail in confirmed)
    assert all(still_true(mail) for mail in mails("session_cancelled"))


def test_a_newer_version_replaces_what_an_older_mail_says() -> None:
    world = make_world()
    session = book(world)
    session.version += 1
    db.session.commit()
    assert not any(still_true(mail) for mail in mails())


def test_a_mail_about_a_session_that_is_gone_is_not_sent() -> None:
    world = make_world()
    session = book(world)
    mail = mails()[0]
    mail.guard = f"session:{session.public_id}x:confirmed:0"
    assert not still_true(mail)


def test_an_expiry_apologises_and_offers_another_time() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    book(world)
    jobs.expire_due(SATURDAY_10)
    body = _text(mails("session_expired")[0])
    assert "did not answer your request in time" in body
    assert "http://localhost/book" in body
    assert "4 sessions are free to book" in body
