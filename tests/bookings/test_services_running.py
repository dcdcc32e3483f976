"""Running a session: link, start, finish, missed, notes, next steps, recording."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.exc import InvalidRequestError

from tests.bookings.world import SATURDAY_10, World, book, cancel, complete, mails, make_world, move, no_show, offer
from tests.factories import NOW, make_counsellor, make_session
from webapp.availability.rules import BookingMode
from webapp.bookings import services
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import history_of
from webapp.bookings.queries.life import recordings
from webapp.bookings.rules import SessionStatus
from webapp.bookings.rules.links import platform_of, wrong_link
from webapp.bookings.services import StepText
from webapp.core.db import db, transaction
from webapp.core.errors import DomainError, Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.notifications.guards import still_true
from webapp.notifications.models import Notification

pytestmark = pytest.mark.usefixtures("db_session")
SECOND = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)
END = SATURDAY_10 + dt.timedelta(minutes=30)
Act = Callable[..., Any]


@pytest.fixture
def booked() -> tuple[World, CounsellingSession]:
    world = make_world()
    return world, book(world)


def run(act: Act, session: CounsellingSession, **arguments: Any) -> CounsellingSession:
    with transaction():
        result: CounsellingSession = act(session_id=session.public_id, **{"now": NOW, **arguments})
        return result


def texts(session: CounsellingSession) -> list[str]:
    return [one.text for one in session.next_steps]


# ── start, finish, missed ──


def test_a_session_from_start_to_finish(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    doctor = world.counsellor_user
    run(services.start_session, session, actor=doctor, now=SATURDAY_10 - dt.timedelta(minutes=4))
    run(services.start_session, session, actor=doctor, now=SATURDAY_10)
    assert session.started_at == SATURDAY_10 - dt.timedelta(minutes=4)
    end = SATURDAY_10 + dt.timedelta(minutes=27)
    steps = [StepText("Order your colleges"), StepText("  "), StepText("Ask at\nhome")]
    complete(session, doctor, end, notes=" Keep WBJEE. ", private_notes="Anxious.", next_steps=steps)
    assert session.status is SessionStatus.COMPLETED
    assert session.finished_at == end
    assert (session.shared_notes, session.private_notes) == ("Keep WBJEE.", "Anxious.")
    assert texts(session) == ["Order your colleges", "Ask at home"]
    assert world.enrolment.sessions_used == 1
    assert session.remind_at == end + HOUR
    assert [line.event for line in history_of(session)] == ["book", "start", "complete"]
    assert len(mails()) == 2


def test_finished_late_it_ended_as_planned(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    complete(session, world.admin, END + 3 * HOUR)
    assert (session.started_at, session.finished_at) == (SATURDAY_10, END)


def test_nothing_of_it_before_its_time(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    doctor = world.counsellor_user
    with pytest.raises(InvalidState, match="too early"):
        run(services.start_session, session, actor=doctor, now=SATURDAY_10 - dt.timedelta(minutes=10, seconds=1))
    with pytest.raises(InvalidState, match="not begun"):
        complete(session, doctor, SATURDAY_10 - SECOND, notes="typed")
    with pytest.raises(InvalidState, match="not begun"):
        no_show(session, doctor, SATURDAY_10 - SECOND)
    db.session.refresh(session)
    assert session.status is SessionStatus.SCHEDULED
    assert session.shared_notes == ""


def test_a_missed_session_stays_used_and_its_student_is_told(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    no_show(session, world.counsellor_user, SATURDAY_10)
    assert session.status is SessionStatus.NO_SHOW
    assert world.enrolment.sessions_used == 1
    assert session.remind_at is None
    (mail,) = mails("session_no_show")
    assert mail.recipient == world.student.email
    assert still_true(mail)


@pytest.mark.parametrize("first", [complete, no_show])
def test_what_is_over_stays_over(booked: tuple[World, CounsellingSession], first: Act) -> None:
    world, session = booked
    first(session, world.counsellor_user, SATURDAY_10)
    status, sent = session.status, len(mails())
    for act in (complete, no_show):
        with pytest.raises(InvalidState, match="already"):
            act(session, world.counsellor_user, END)
    with pytest.raises(InvalidState):
        cancel(session, world.admin)
    with pytest.raises(InvalidState):
        move(session, world.admin, SATURDAY_10 + 25 * HOUR)
    with pytest.raises(InvalidState):
        offer([session], world.admin)
    assert session.status is status
    assert len(mails()) == sent


def test_a_request_is_not_run() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    for act in (complete, no_show):
        with pytest.raises(InvalidState, match="not confirmed yet"):
            act(session, world.counsellor_user, SATURDAY_10)


def test_the_student_runs_nothing_and_outsiders_find_nothing(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    other = make_counsellor().user
    assert other is not None
    db.session.commit()
    acts: list[tuple[Act, dict[str, Any]]] = [
        (services.start_session, {}),
        (services.complete_session, {}),
        (services.mark_no_show, {}),
        (services.save_notes, {"notes": "x"}),
        (services.set_meeting_link, {"link": "https://zoom.us/j/1"}),
        (services.set_recording, {"link": "https://drive.google.com/x"}),
    ]
    for act, more in acts:
        for actor, error in ((world.student, Forbidden), (world.outsider, NotFound), (other, NotFound)):
            with pytest.raises(DomainError) as refusal:
                run(act, session, actor=actor, now=SATURDAY_10, **more)
            assert type(refusal.value) is error
    assert session.shared_notes == ""


# ── notes and next steps ──


def test_notes_over_the_limit_change_nothing(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    with pytest.raises(ValidationFailed) as refusal:
        complete(session, world.admin, END, notes="x" * 5001, private_notes="y" * 5001)
    assert set(refusal.value.fields) == {"notes", "private_notes"}
    for steps in ([StepText("x" * 301)], [StepText(f"Step {n}") for n in range(21)]):
        with pytest.raises(ValidationFailed) as refusal:
            complete(session, world.admin, END, notes="fine", next_steps=steps)
        assert "next_steps" in refusal.value.fields
    db.session.refresh(session)
    assert session.status is SessionStatus.SCHEDULED
    assert session.shared_notes == ""
    complete(session, world.admin, END, notes="x" * 4998 + "\r\n" + "y", next_steps=[StepText("z" * 300)])


def test_steps_are_rewritten_in_order_and_keep_their_ticks(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    complete(session, world.counsellor_user, END, next_steps=[StepText("One"), StepText("Two"), StepText("Three")])
    _, two, three = session.next_steps
    with transaction():
        services.tick_step(actor=world.student, step_id=two.public_id, done=True, now=END)
    rewritten = [StepText("Three!", three.public_id), StepText("New"), StepText("Two", two.public_id)]
    run(services.save_notes, session, actor=world.counsellor_user, next_steps=rewritten)
    assert texts(session) == ["Three!", "New", "Two"]
    assert [step.done_at for step in session.next_steps] == [None, None, END]
    assert session.next_steps[0].public_id == three.public_id


def test_a_student_ticks_the_own_steps_only(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    complete(session, world.counsellor_user, END, next_steps=[StepText("One")])
    (step,) = session.next_steps
    for actor in (world.outsider, world.counsellor_user, world.admin):
        with pytest.raises(NotFound), transaction():
            services.tick_step(actor=actor, step_id=step.public_id, done=True, now=END)
    for done, at, expected in ((True, END, END), (True, END + HOUR, END), (False, END + HOUR, None)):
        with transaction():
            services.tick_step(actor=world.student, step_id=step.public_id, done=done, now=at)
        assert step.done_at == expected


def test_the_student_is_told_of_notes_once_and_in_the_app(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    complete(session, world.counsellor_user, END)
    told = select(Notification).where(Notification.kind == "session_notes")
    assert db.session.scalars(told).all() == []
    for notes in ("First", "Second"):
        run(services.save_notes, session, actor=world.counsellor_user, notes=notes)
    (news,) = db.session.scalars(told).all()
    assert news.user_id == world.student.id
    assert news.title == "Notes from Dr. Meera Krishnan"


def test_a_cancelled_session_takes_no_notes(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    cancel(session, world.student)
    with pytest.raises(InvalidState):
        run(services.save_notes, session, actor=world.counsellor_user, notes="late")


# ── where they meet ──


def test_a_new_link_reaches_both_with_a_higher_sequence(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    link = "https://meet.google.com/abc-defg-hij"
    for _ in range(2):
        run(services.set_meeting_link, session, actor=world.counsellor_user, link=f" {link} ")
    assert (session.meeting_link, session.meeting_platform, session.version) == (link, "Google Meet", 1)
    assert [mail.template for mail in mails()[2:]] == ["session_link", "session_link_counsellor"]
    text = mails("session_link")[0].attachments[0]["text"]
    assert "SEQUENCE:1" in text
    assert link in text.replace("\r\n ", "")
    assert all(still_true(mail) for mail in mails()[2:])


def test_of_a_request_nobody_is_told_yet() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    run(services.set_meeting_link, session, actor=world.admin, link="https://zoom.us/j/1", platform="Zoom room 2")
    assert session.meeting_platform == "Zoom room 2"
    assert len(mails()) == 2


@pytest.mark.parametrize(
    "link",
    [
        "",
        "javascript:alert(1)",
        "http://zoom.us/j/1",
        "//zoom.us/j/1",
        "https://",
        "https://localhost",
        "https://zoom us/j",
        "https://someone@zoom.us/j",
        "https://zoom.us\\@evil.example/",
        "https://zoom.us/\u202ej",
        "https://[::1",
        "https://zoom.us/" + "x" * 500,
        "data:text/html,https://zoom.us",
    ],
)
def test_links_that_are_refused(booked: tuple[World, CounsellingSession], link: str) -> None:
    world, session = booked
    before = session.meeting_link
    with pytest.raises(ValidationFailed) as refusal:
        run(services.set_meeting_link, session, actor=world.counsellor_user, link=link)
    assert "link" in refusal.value.fields
    if link:
        with pytest.raises(ValidationFailed):
            run(services.set_recording, session, actor=world.counsellor_user, link=link, now=END)
    assert session.meeting_link == before
    assert session.version == 0


@pytest.mark.parametrize(
    ("link", "platform"),
    [
        ("https://us02web.zoom.us/j/8?pwd=1", "Zoom"),
        ("https://teams.microsoft.com/l/meetup", "Microsoft Teams"),
        ("https://meet.jit.si/room", "Jitsi"),
        ("https://www.example.org:8443/x", "example.org"),
        ("https://notzoom.us/x", "notzoom.us"),
    ],
)
def test_the_platform_is_known_by_its_address(link: str, platform: str) -> None:
    assert wrong_link(link) is None
    assert platform_of(link) == platform


def test_no_link_once_it_is_over(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    with pytest.raises(InvalidState, match="over"):
        run(services.set_meeting_link, session, actor=world.admin, link="https://zoom.us/j/1", now=END)


# ── recording ──


def test_a_recording_shows_until_it_expires_and_never_after(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    link = "https://drive.google.com/file/d/1"
    complete(session, world.counsellor_user, END)
    run(services.set_recording, session, actor=world.counsellor_user, link=link, days=7, downloadable=True, now=END)
    expires = END + dt.timedelta(days=7)
    shown = recordings([session], expires - SECOND)[session.id]
    assert (shown.link, shown.expires_at, shown.downloadable) == (link, expires, True)
    assert recordings([session], expires) == {}
    db.session.expire_all()
    with pytest.raises(InvalidRequestError):  # nobody shows it by accident: it is not loaded with the row
        _ = session.recording_link
    run(services.set_recording, session, actor=world.counsellor_user, link="", now=END)
    assert recordings([session], END) == {}


def test_a_recording_has_limits(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    for days in (0, 366):
        with pytest.raises(ValidationFailed) as refusal:
            run(services.set_recording, session, actor=world.admin, link="https://x.example/1", days=days, now=END)
        assert "days" in refusal.value.fields
    with pytest.raises(InvalidState, match="was held"):
        run(services.set_recording, session, actor=world.admin, link="https://x.example/1", now=SATURDAY_10 - SECOND)


# ── another time asked for ──


def test_asking_for_another_time_marks_and_tells_once(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    later = make_session(world.enrolment, world.counsellor, SATURDAY_10 + 24 * HOUR)
    db.session.commit()
    offer([session, later], world.counsellor_user, message="I am travelling.")
    offer([session], world.counsellor_user, now=NOW + HOUR)
    assert session.move_offered_at == later.move_offered_at == NOW
    first, second = mails("session_move_offered")
    assert first.context["message"] == "I am travelling."
    assert first.context["here"] == f"http://localhost/sessions/{session.public_id}/move"
    assert still_true(first)
    assert session.version == 0  # its confirmation, perhaps still on its way, stays true
    assert history_of(session)[-1].detail == {"message": "I am travelling."}
    assert second.recipient == world.student.email


def test_asked_for_another_time_the_student_cancels_freely(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    offer([session], world.counsellor_user, now=SATURDAY_10 - 2 * HOUR)
    cancel(session, world.student, now=SATURDAY_10 - SECOND)
    assert session.credit_returned
    assert world.enrolment.sessions_used == 0


def test_the_question_can_be_taken_back(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    with pytest.raises(InvalidState, match="No other time"):
        run(services.withdraw_offer, session, actor=world.counsellor_user)
    offer([session], world.counsellor_user)
    run(services.withdraw_offer, session, actor=world.counsellor_user, now=NOW + HOUR)
    assert session.move_offered_at is None
    assert [(mail.template, still_true(mail)) for mail in mails()[2:]] == [
        ("session_move_offered", False),
        ("session_offer_withdrawn", True),
    ]
    offer([session], world.counsellor_user, now=NOW + 2 * HOUR)
    assert [still_true(mail) for mail in mails()[2:]] == [False, False, True]


def test_all_are_asked_or_none(booked: tuple[World, CounsellingSession]) -> None:
    world, session = booked
    begun = make_session(world.enrolment, world.counsellor, NOW - HOUR)
    asked = make_session(world.enrolment, world.counsellor, SATURDAY_10 + 24 * HOUR, status="requested")
    foreign = make_session(world.enrolment, make_counsellor(), SATURDAY_10 + 48 * HOUR)
    db.session.commit()
    for bad, error in ((begun, InvalidState), (asked, InvalidState), (foreign, NotFound)):
        with pytest.raises(error):
            offer([session, bad], world.counsellor_user)
    for ids in ([], [session] * 2):
        if not ids:
            with pytest.raises(ValidationFailed, match="at least one"):
                offer(ids, world.counsellor_user)
    with pytest.raises(Forbidden):
        offer([session], world.student)
    with pytest.raises(ValidationFailed):
        offer([session], world.counsellor_user, message="x" * 501)
    db.session.refresh(session)
    assert session.move_offered_at is None
    assert len(mails()) == 2
