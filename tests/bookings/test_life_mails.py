"""Mails of a session's life: finished words in text and HTML, in the reader's zone, with what one needs next."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.bookings.test_emails import _compose, _text
from tests.bookings.world import SATURDAY_10, book, complete, mails, make_world, move, no_show, offer
from tests.factories import NOW
from webapp.bookings import jobs, services
from webapp.core.db import db, transaction
from webapp.notifications.models import OutboxMail

pytestmark = pytest.mark.usefixtures("db_session")
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
SUNDAY_11 = SATURDAY_10 + DAY + HOUR
TEMPLATES = {
    "session_rescheduled",
    "session_rescheduled_counsellor",
    "session_link",
    "session_link_counsellor",
    "session_no_show",
    "session_move_offered",
    "session_offer_withdrawn",
    "session_reminder",
    "session_reminder_counsellor",
    "review_prompt",
    "booking_nudge",
}


@pytest.fixture
def written() -> dict[str, OutboxMail]:
    """Let everything happen once and return the last mail of each kind."""
    world = make_world(sessions_total=6, enrolled_at=NOW)
    doctor = world.counsellor_user
    session = move(book(world), world.student, SUNDAY_11, reason="Exam <b>that</b> day")
    missed = book(world, SATURDAY_10)
    offer([session], doctor, message="I am travelling.\nSorry.")
    with transaction():
        services.withdraw_offer(actor=doctor, session_id=session.public_id, now=NOW + HOUR)
    with transaction():
        link = "https://meet.google.com/abc-defg-hij"
        services.set_meeting_link(actor=doctor, session_id=session.public_id, link=link, now=NOW)
    jobs.remind_due(SUNDAY_11 - DAY)
    no_show(missed, doctor, SATURDAY_10 + HOUR)
    complete(session, doctor, SUNDAY_11 + HOUR / 2, next_steps=[services.StepText("Order your colleges")])
    jobs.remind_due(SUNDAY_11 + 2 * HOUR)
    jobs.nudge_due(SUNDAY_11 + 8 * DAY)
    return {mail.template: mail for mail in mails()}


def test_every_mail_is_finished_in_text_and_html(written: dict[str, OutboxMail]) -> None:
    assert set(written) >= TEMPLATES
    for name in TEMPLATES:
        mail = written[name]
        subject = str(_compose(mail)["Subject"])
        for kind in ("plain", "html"):
            body = _text(mail, kind)
            assert "{{" not in body, name
            assert "None" not in body, name
            assert "http://localhost/" in body, name
            assert "<b>that</b>" not in body or kind == "plain"
        assert "None" not in subject
        assert "\n\n\n" not in _text(mail), name
        if name not in ("review_prompt", "booking_nudge"):
            assert "2026" in _text(mail)
            assert "AM IST" in _text(mail)
            assert "IST" in subject


def test_a_move_says_where_it_was_and_who_moved_it(written: dict[str, OutboxMail]) -> None:
    body = _text(written["session_rescheduled"])
    assert "You moved your session with Dr. Meera Krishnan" in body
    assert "Sun, 13 Dec 2026, 11:00 – 11:30 AM IST" in body
    assert "Before it was: Sat, 12 Dec 2026, 10:00 AM IST" in body
    assert "Moving used no session" in body
    assert "Ananya Chatterjee moved the session" in _text(written["session_rescheduled_counsellor"])
    assert "/move" in body


def test_a_question_for_another_time_leads_to_the_choice(written: dict[str, OutboxMail]) -> None:
    body = _text(written["session_move_offered"])
    assert "I am travelling.\nSorry." in body
    assert "Moving uses no session" in body
    assert "/move\n" in body
    assert "I am travelling.<br>Sorry." in _text(written["session_move_offered"], "html")


def test_the_question_after_a_session_says_review(written: dict[str, OutboxMail]) -> None:
    mail = written["review_prompt"]
    assert "review" in str(_compose(mail)["Subject"])
    assert "/review" in _text(mail)
    assert "1 next step waits" in _text(mail)


def test_reminders_name_the_start() -> None:
    world = make_world()
    book(world)
    jobs.remind_due(SATURDAY_10 - DAY)
    jobs.remind_due(SATURDAY_10 - HOUR)
    day, _, hour, counsellors = mails()[2:]
    assert "Sat, 12 Dec 2026, 10:00 AM IST" in str(_compose(day)["Subject"])
    assert "Tomorrow at 10:00 AM IST" in _text(day)
    assert "Join opens at 9:50 AM IST" in _text(day)
    assert "10:00 AM IST" in str(_compose(hour)["Subject"])
    assert "starts at 10:00 AM IST" in _text(hour)
    assert "Which NITs are realistic?" in _text(counsellors)


def test_unused_sessions_are_counted() -> None:
    world = make_world(sessions_used=3, enrolled_at=NOW)
    db.session.commit()
    jobs.nudge_due(NOW + 8 * DAY)
    (mail,) = mails()
    assert "1 session waits in JEE Complete" in str(_compose(mail)["Subject"])
    assert world.enrolment.title in _text(mail)
