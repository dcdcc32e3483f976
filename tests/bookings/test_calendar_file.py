"""The calendar file: what calendars read from it, and what it does not give away."""

from __future__ import annotations

import datetime as dt

import pytest
from icalendar import Calendar, Component

from tests.bookings.world import SATURDAY_10, accept, book, cancel, mails, make_world
from tests.factories import NOW, make_session
from webapp.availability.rules import BookingMode
from webapp.bookings.emails import calendar_for
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import chain_of
from webapp.core.db import db
from webapp.core.errors import InvalidState
from webapp.notifications.models import OutboxMail

pytestmark = pytest.mark.usefixtures("db_session")


def _file(mail: OutboxMail) -> tuple[str, Calendar, Component]:
    (attachment,) = mail.attachments
    text: str = attachment["text"]
    calendar = Calendar.from_ical(text)
    (event,) = calendar.walk("VEVENT")
    return attachment["content_type"], calendar, event


def test_both_get_a_file_of_their_own_with_the_confirmation() -> None:
    world = make_world()
    session = book(world)
    student_mail, counsellor_mail = mails()
    kind, calendar, event = _file(student_mail)
    assert kind == "text/calendar; method=REQUEST; charset=utf-8"
    assert calendar["method"] == "REQUEST"
    assert event["uid"] == f"{session.public_id}@localhost"
    assert event["sequence"] == 0
    assert event.decoded("dtstart") == SATURDAY_10
    assert event.decoded("dtend") == SATURDAY_10 + dt.timedelta(minutes=30)
    assert event["location"] == session.meeting_link
    assert event["url"] == f"http://localhost/sessions/{session.public_id}"
    assert event["summary"] == "Disha: session with Dr. Meera Krishnan"
    assert event["attendee"] == f"mailto:{world.student.email}"
    assert event["organizer"] == "mailto:hello@disha.example"
    _, _, other = _file(counsellor_mail)
    assert other["uid"] == event["uid"]
    assert other["summary"] == "Disha: session with Ananya Chatterjee"
    assert other["attendee"] == f"mailto:{world.counsellor_user.email}"


def test_nobody_reads_the_others_address() -> None:
    world = make_world()
    book(world)
    to_student, to_counsellor = (mail.attachments[0]["text"].replace("\r\n ", "") for mail in mails())
    assert world.counsellor_user.email not in to_student
    assert world.student.email not in to_counsellor


def test_start_and_end_stand_in_utc_and_lines_are_folded() -> None:
    world = make_world(student={"name": "Ananya " + "Chatterjee-" * 10 + "Sen", "zone": "Asia/Dubai"})
    book(world)
    text = mails()[1].attachments[0]["text"]
    assert "DTSTART:20261212T043000Z" in text
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")


def test_a_name_cannot_smuggle_lines_in() -> None:
    world = make_world(student={"name": 'Eve "E"\r\nLOCATION:https://evil.example;,\\ \x07'})
    book(world)
    _, _, event = _file(mails()[1])
    assert "evil" not in str(event["location"])
    assert mails()[1].attachments[0]["text"].count("\r\nLOCATION") == 1


def test_the_sequence_rises_with_the_version() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    accept(session, world.counsellor_user)
    _, _, event = _file(mails("session_confirmed")[0])
    assert event["sequence"] == 1


def test_cancelling_takes_it_off_both_calendars() -> None:
    world = make_world()
    session = book(world)
    cancel(session, world.student)
    for mail in (*mails("session_cancelled"), *mails("session_cancelled_counsellor")):
        kind, calendar, event = _file(mail)
        assert "method=CANCEL" in kind
        assert calendar["method"] == "CANCEL"
        assert event["status"] == "CANCELLED"
        assert event["uid"] == f"{session.public_id}@localhost"
        assert event["sequence"] == 1
        assert "location" not in event
        assert session.meeting_link not in mail.attachments[0]["text"].replace("\r\n ", "")


def test_a_cancelled_request_had_no_file_to_take_back() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    cancel(book(world), world.student)
    assert mails("session_cancelled")[0].attachments == []


def test_the_page_hands_out_a_plain_copy_once_it_is_confirmed() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    with pytest.raises(InvalidState, match="once the session is confirmed"):
        calendar_for(world.student, session, NOW)
    accept(session, world.counsellor_user)
    for reader, meets in (
        (world.student, "Dr. Meera Krishnan"),
        (world.counsellor_user, "Ananya Chatterjee"),
        (world.admin, "Dr. Meera Krishnan"),
    ):
        calendar = Calendar.from_ical(calendar_for(reader, session, NOW))
        (event,) = calendar.walk("VEVENT")
        assert calendar["method"] == "PUBLISH"
        assert event["summary"] == f"Disha: session with {meets}"
        assert "attendee" not in event


def test_a_moved_session_keeps_the_uid_of_the_first() -> None:
    world = make_world()
    rows: list[CounsellingSession] = []
    for day in range(3):
        status = "scheduled" if day == 2 else "rescheduled"
        start = SATURDAY_10 + dt.timedelta(days=day)
        before = rows[-1].id if rows else None
        rows.append(make_session(world.enrolment, world.counsellor, start, status=status, rescheduled_from_id=before))
    db.session.commit()
    assert [chain_of(row) for row in rows] == [rows[0].public_id] * 3
