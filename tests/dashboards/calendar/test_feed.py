"""The private calendar feed: its key, what it lists, that strict readers take it, and that strangers get nothing."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

import pytest
from flask import Flask
from ical.calendar import Calendar as IcalCalendar
from ical.calendar_stream import IcsCalendarStream
from ical.event import Event as IcalEvent
from ical.event import EventStatus
from icalendar import Calendar
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.bookings.world import SATURDAY_10, World, accept, book, cancel, mails, make_world, move
from tests.factories import NOW, make_counsellor, make_enrolment, make_session, make_user
from tests.pages import Browser
from tests.queries import count_queries
from webapp.accounts.feed_keys import hash_feed_key
from webapp.accounts.models import Role, User
from webapp.availability.rules import BookingMode
from webapp.bookings.rules import SessionStatus
from webapp.core import clock

DAY = dt.timedelta(days=1)
ADDRESS = re.compile(r'id="feed-address" value="http://localhost(/feed/[\w-]{32}\.ics)"')
pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def open_feed(app: Flask, user: User) -> str:
    """Make the address on the page, as people do; return its path."""
    browser = Browser(app, user)
    assert browser.submit("/account/calendar").status_code == 303
    found = ADDRESS.search(browser.get("/account/calendar").get_data(as_text=True))
    assert found
    return found.group(1)


def read(app: Flask, path: str, **headers: str) -> TestResponse:
    """Fetch the feed as a calendar does: without a login."""
    return app.test_client().get(path, headers=headers)


def text_of(app: Flask, user: User) -> str:
    answer = read(app, open_feed(app, user))
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


def parsed(text: str) -> IcalCalendar:
    """Read the feed with a library that did not write it."""
    return IcsCalendarStream.calendar_from_ics(text)


def events(app: Flask, user: User) -> dict[str, IcalEvent]:
    """The feed's entries by UID; a UID stands there once."""
    found = parsed(text_of(app, user)).events
    by_uid = {str(event.uid): event for event in found}
    assert len(by_uid) == len(found)
    return by_uid


def test_the_address_is_shown_once_and_only_its_hash_is_kept(app: Flask, db_session: Session) -> None:
    student = make_user()
    browser = Browser(app, student)
    page = browser.get("/account/calendar").get_data(as_text=True)
    assert "Make my address" in page
    path = open_feed(app, student)
    key = path.removeprefix("/feed/").removesuffix(".ics")
    db_session.refresh(student)
    assert student.feed_key_hash == hash_feed_key(key)
    again = Browser(app, student).get("/account/calendar").get_data(as_text=True)
    assert key not in again
    assert "New address…" in again


def test_the_page_with_the_address_is_stored_nowhere(app: Flask) -> None:
    browser = Browser(app, make_user())
    browser.submit("/account/calendar")
    answer = browser.get("/account/calendar")
    assert ADDRESS.search(answer.get_data(as_text=True))
    assert answer.headers["Cache-Control"] == "no-store"
    assert not ADDRESS.search(browser.get("/account/calendar").get_data(as_text=True))


def test_a_new_address_ends_the_old_and_off_ends_both(app: Flask) -> None:
    student = make_user()
    first = open_feed(app, student)
    second = open_feed(app, student)
    assert first != second
    assert read(app, first).status_code == 404
    assert read(app, second).status_code == 200
    assert Browser(app, student).submit("/account/calendar/off", page="/account/calendar").status_code == 303
    assert read(app, second).status_code == 404
    assert Browser(app, student).submit("/account/calendar/off", page="/account/calendar").status_code == 303


def test_an_unknown_a_wrong_and_a_closed_feed_are_equally_absent(app: Flask, db_session: Session) -> None:
    gone = make_user()
    closed = open_feed(app, gone)
    gone.active = False
    db_session.commit()
    open_one = make_user()
    path = open_feed(app, open_one)
    assert open_one.feed_key_hash
    wrong = [closed, path.swapcase(), path.replace(".ics", "x.ics"), "/feed/.ics", "/feed/%00.ics", "/feed/x.ics"]
    wrong += [f"/feed/{open_one.feed_key_hash}.ics", f"/feed/{'é' * 32}.ics", f"/feed/{'A' * 32}.ics"]
    answers = [read(app, address) for address in wrong]
    assert {answer.status_code for answer in answers} == {404}
    bodies = {re.sub(r'name="server-now" content="[^"]*"|nonce-\w+', "", a.get_data(as_text=True)) for a in answers}
    assert len({re.sub(r'csrf-token" content="[^"]*"', "", body) for body in bodies}) == 1


def test_admins_have_no_feed(app: Flask) -> None:
    admin = Browser(app, make_user(role=Role.ADMIN))
    assert admin.get("/account/calendar").status_code == 403
    assert admin.submit("/account/calendar", page="/account").status_code == 403


def test_a_visitor_makes_no_feed(app: Flask) -> None:
    assert "/login" in Browser(app).get("/account/calendar").headers["Location"]


def test_headers_for_google_and_apple(app: Flask) -> None:
    world = make_world(student={"name": "Ananya " + "Chatterjee-" * 10 + "Sen"})
    book(world)
    answer = read(app, open_feed(app, world.counsellor_user))
    assert answer.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'inline; filename="sessions.ics"'
    assert "Set-Cookie" not in answer.headers
    text = answer.get_data(as_text=True)
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    for line in ("VERSION:2.0", "METHOD:PUBLISH", "X-WR-CALNAME:Disha sessions", "X-PUBLISHED-TTL:PT1H"):
        assert f"\r\n{line}\r\n" in text
    assert "\r\nREFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in text


def test_an_unchanged_feed_is_not_sent_again(app: Flask) -> None:
    world = make_world()
    session = book(world)
    path = open_feed(app, world.student)
    first = read(app, path)
    tag = first.headers["ETag"]
    again = read(app, path, **{"If-None-Match": tag})
    assert (again.status_code, again.get_data()) == (304, b"")
    with clock.frozen(NOW + dt.timedelta(minutes=5)):
        assert read(app, path, **{"If-None-Match": tag}).status_code == 304
        zipped = read(app, path, **{"Accept-Encoding": "gzip"})
        same = read(app, path, **{"If-None-Match": zipped.headers["ETag"], "Accept-Encoding": "gzip"})
        assert same.status_code == 304
    cancel(session, world.student)
    changed = read(app, path, **{"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.headers["ETag"] != tag


def test_every_session_stands_there_as_firm_as_it_is(app: Flask) -> None:
    world = make_world()
    enrolment = make_enrolment(world.student, sessions_total=20)
    rows = {
        name: make_session(enrolment, world.counsellor, NOW + days * DAY, status=status)
        for name, days, status in (
            ("held", -89, SessionStatus.COMPLETED),
            ("missed", -3, SessionStatus.NO_SHOW),
            ("ahead", 5, SessionStatus.SCHEDULED),
            ("far", 80, SessionStatus.SCHEDULED),
            ("asked", 6, SessionStatus.REQUESTED),
            ("too old", -91, SessionStatus.COMPLETED),
            ("declined", 7, SessionStatus.DECLINED),
            ("expired", 8, SessionStatus.EXPIRED),
            ("moved", 9, SessionStatus.RESCHEDULED),
        )
    }
    lapsed = make_session(
        enrolment, world.counsellor, NOW + 10 * DAY, status=SessionStatus.REQUESTED, expires_at=NOW - DAY
    )
    found = events(app, world.student)
    statuses = {uid.partition("@")[0]: event.status for uid, event in found.items()}
    firm, asked = EventStatus.CONFIRMED, EventStatus.TENTATIVE
    assert statuses == {
        rows["held"].public_id: firm,
        rows["missed"].public_id: firm,
        rows["ahead"].public_id: firm,
        rows["far"].public_id: firm,
        rows["asked"].public_id: asked,
    }
    assert lapsed.public_id not in statuses


def test_what_was_cancelled_lately_is_taken_off(app: Flask) -> None:
    world = make_world()
    session = book(world)
    cancel(session, world.counsellor_user, reason="Unwell")
    for person in (world.student, world.counsellor_user):
        (event,) = events(app, person).values()
        assert event.status is EventStatus.CANCELLED
        assert event.location is None
    with clock.frozen(NOW + 31 * DAY):
        assert events(app, world.student) == {}


def test_a_moved_session_is_one_entry_with_the_uid_and_sequence_of_its_mails(app: Flask) -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    accept(session, world.counsellor_user)
    new = move(session, world.student, SATURDAY_10 + DAY)
    (event,) = events(app, world.student).values()
    (sent,) = Calendar.from_ical(mails("session_rescheduled")[0].attachments[0]["text"]).walk("VEVENT")
    assert (event.uid, event.sequence) == (sent["uid"], sent["sequence"])
    assert event.dtstart == SATURDAY_10 + DAY
    assert event.dtend == SATURDAY_10 + DAY + dt.timedelta(minutes=30)
    assert str(event.url) == f"http://localhost/sessions/{new.public_id}"
    assert event.location == new.meeting_link


def test_each_reads_the_others_name_and_nobodys_address(app: Flask) -> None:
    world = make_world()
    book(world)
    for person, meets in ((world.student, "Dr. Meera Krishnan"), (world.counsellor_user, "Ananya Chatterjee")):
        text = text_of(app, person).replace("\r\n ", "")
        (event,) = parsed(text).events
        assert event.summary == f"Disha: session with {meets}"
        assert event.attendees == []
        assert "mailto:" not in text
    assert parsed(text_of(app, world.outsider)).events == []


def test_a_request_gives_no_link_away(app: Flask) -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    session.meeting_link = "https://meet.example/room"
    (event,) = events(app, world.student).values()
    assert event.status is EventStatus.TENTATIVE
    assert "meet.example" not in text_of(app, world.student)


def test_names_cannot_smuggle_lines_in(app: Flask) -> None:
    world = make_world(student={"name": 'Eve "E"\r\nBEGIN:VALARM;,\\ \x07'})
    book(world)
    text = text_of(app, world.counsellor_user)
    assert "\r\nBEGIN:VALARM" not in text
    (event,) = parsed(text).events
    assert event.summary == 'Disha: session with Eve "E" BEGIN:VALARM;,\\'


def test_an_empty_feed_is_a_whole_calendar(app: Flask) -> None:
    text = text_of(app, make_user(zone="America/New_York"))
    assert parsed(text).events == []
    assert text.count("BEGIN:VTIMEZONE") == 1


def test_more_sessions_are_no_more_statements(app: Flask) -> None:
    world: World = make_world()
    path = open_feed(app, world.counsellor_user)

    def fill(number: int) -> None:
        for _ in range(number):
            make_session(make_enrolment(make_user()), make_counsellor(), NOW + DAY)
            make_session(
                make_enrolment(make_user()), world.counsellor, NOW + next(days) * DAY, calendar_uid="session_1"
            )

    days = iter(range(1, 60))

    def statements() -> int:
        with count_queries() as seen:
            assert read(app, path).status_code == 200
        return len(seen)

    fill(2)
    before = statements()
    fill(9)
    assert statements() == before <= 2
