"""What time alone makes us write: reminders, questions for a review, sessions that lie unused."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import insert, text

from tests.bookings.world import SATURDAY_10, accept, book, cancel, complete, mails, make_world, move
from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_session, make_user
from tests.queries import count_queries
from webapp.availability.rules import BookingMode
from webapp.bookings import guards, jobs
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.due import START, nudges_statement, reminders_statement, waiting_statement
from webapp.bookings.rules import Reminder, SessionStatus, next_reminder, reminder_due
from webapp.core.db import db
from webapp.core.due import run_due_work
from webapp.enrolments.models import Enrolment, EnrolmentSource, EnrolmentStatus
from webapp.notifications.guards import still_true
from webapp.notifications.models import DeliveryStatus, NotificationPreference, OutboxMail

pytestmark = pytest.mark.usefixtures("db_session")
SECOND = dt.timedelta(seconds=1)
HOUR = dt.timedelta(hours=1)
DAY = 24 * HOUR
END = SATURDAY_10 + dt.timedelta(minutes=30)
BOTH = ["session_reminder", "session_reminder_counsellor"]


def new_mails(before: int) -> list[OutboxMail]:
    return mails()[before:]


def templates(before: int = 2) -> list[str]:
    return [mail.template for mail in new_mails(before)]


def planned(session: CounsellingSession) -> dt.datetime | None:
    return session.remind_at


# ── the rule ──


@pytest.mark.parametrize(
    ("told_before", "due_before"),
    [(72, 24), (24.01, 24), (24, 1), (3, 1), (1.01, 1), (1, None), (0.5, None), (0, None), (-1, None)],
)
def test_which_reminder_comes_next(told_before: float, due_before: int | None) -> None:
    expected = None if due_before is None else SATURDAY_10 - due_before * HOUR
    assert next_reminder(SATURDAY_10, SATURDAY_10 - told_before * HOUR) == expected


def test_which_reminder_a_sweep_sends_however_late() -> None:
    sent = [reminder_due(SATURDAY_10, SATURDAY_10 - before) for before in (DAY, HOUR + SECOND, HOUR, 0 * HOUR)]
    assert sent == [Reminder.DAY, Reminder.DAY, Reminder.HOUR, None]


# ── reminders ──


def test_both_are_reminded_twice_at_their_moments() -> None:
    world = make_world()
    session = book(world)
    assert jobs.remind_due(SATURDAY_10 - DAY - SECOND) == 0
    assert jobs.remind_due(SATURDAY_10 - DAY) == 1
    assert jobs.remind_due(SATURDAY_10 - DAY) == 0
    assert templates() == BOTH
    assert planned(session) == SATURDAY_10 - HOUR
    assert jobs.remind_due(SATURDAY_10 - HOUR) == 1
    assert jobs.remind_due(SATURDAY_10 - HOUR + SECOND) == 0
    assert templates() == BOTH * 2
    assert planned(session) is None
    assert {mail.recipient for mail in new_mails(2)} == {world.student.email, world.counsellor_user.email}


def test_the_words_name_start_and_zone() -> None:
    world = make_world(student={"zone": "Asia/Dubai"})
    book(world)
    jobs.remind_due(SATURDAY_10 - DAY)
    jobs.remind_due(SATURDAY_10 - HOUR)
    student_day, _, student_hour, counsellor_hour = new_mails(2)
    assert (student_day.context["day_word"], student_day.context["soon"]) == ("Tomorrow", "8:30 AM UTC+4")
    assert student_hour.context["soon"] == "8:30 AM UTC+4"
    assert counsellor_hour.context["soon"] == "10:00 AM IST"


@pytest.mark.parametrize(("before", "number"), [(dt.timedelta(minutes=30), 0), (20 * HOUR, 2)])
def test_a_late_booking_skips_what_is_past_due(before: dt.timedelta, number: int) -> None:
    world = make_world(rules={"notice_hours": 0})
    book(world, now=SATURDAY_10 - before)
    for minutes in range(0, 24 * 60, 15):
        jobs.remind_due(SATURDAY_10 - before + dt.timedelta(minutes=minutes))
    assert len(new_mails(2)) == number


def test_a_request_is_reminded_of_only_once_accepted() -> None:
    world = make_world(mode=BookingMode.APPROVAL)
    session = book(world)
    assert session.remind_at is None
    accept(session, world.counsellor_user, NOW + HOUR)
    assert session.remind_at == SATURDAY_10 - DAY


@pytest.mark.parametrize(
    ("late", "expected"),
    [(SATURDAY_10 - 3 * HOUR, "24h"), (SATURDAY_10 - HOUR / 2, "1h"), (SATURDAY_10, None), (END + DAY, None)],
)
def test_a_late_scheduler_sends_only_the_nearest(late: dt.datetime, expected: str | None) -> None:
    world = make_world()
    session = book(world)
    for _ in range(3):
        jobs.remind_due(late)
    assert [mail.dedupe_key.split(":")[2] for mail in new_mails(2)] == (
        [f"reminder_{expected}"] * 2 if expected else []
    )
    assert session.remind_at == (SATURDAY_10 - HOUR if expected == "24h" else None)


def test_a_moved_session_is_reminded_of_anew() -> None:
    world = make_world()
    session = book(world)
    jobs.remind_due(SATURDAY_10 - DAY)
    sunday = SATURDAY_10 + DAY
    moved = move(session, world.counsellor_user, sunday, now=SATURDAY_10 - 2 * HOUR)
    assert session.remind_at is None
    reminded = mails("session_reminder")
    assert not still_true(reminded[0])
    assert jobs.remind_due(SATURDAY_10 - HOUR) == 0
    assert jobs.remind_due(sunday - DAY) == 1
    assert jobs.remind_due(sunday - HOUR) == 1
    assert len(mails("session_reminder")) == 3
    assert all(still_true(mail) for mail in mails("session_reminder")[1:])
    assert moved.remind_at is None


def test_a_reminder_is_asked_again_before_it_goes() -> None:
    world = make_world()
    session = book(world)
    jobs.remind_due(SATURDAY_10 - DAY)
    mail = mails("session_reminder")[0]
    assert still_true(mail)
    mail.claimed_at = SATURDAY_10  # it lay about until the session had begun
    assert not still_true(mail)
    mail.claimed_at = SATURDAY_10 - SECOND
    assert still_true(mail)
    cancel(session, world.student)
    assert not still_true(mail)
    assert session.remind_at is None


# ── the question for a review ──


def test_a_review_is_asked_for_an_hour_after_the_end() -> None:
    world = make_world()
    session = book(world)
    end = SATURDAY_10 + dt.timedelta(minutes=20)
    complete(session, world.counsellor_user, end)
    assert jobs.remind_due(end + HOUR - SECOND) == 0
    assert jobs.remind_due(end + HOUR) == 1
    assert jobs.remind_due(end + DAY) == 0
    (mail,) = new_mails(2)
    assert (mail.template, mail.recipient) == ("review_prompt", world.student.email)
    assert mail.context["here"] == f"http://localhost/sessions/{session.public_id}/review"
    assert still_true(mail)


def test_who_has_reviewed_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    session = book(world)
    complete(session, world.counsellor_user, END)
    reviewed: set[int] = set()
    monkeypatch.setattr(guards, "_reviewed", [])
    guards.register_review_check(reviewed.__contains__)
    jobs.remind_due(END + HOUR)
    (mail,) = mails("review_prompt")
    reviewed.add(session.id)
    assert not still_true(mail)
    session.remind_at = END
    db.session.commit()
    assert jobs.remind_due(END + DAY) == 0


# ── unused sessions ──


def test_unused_sessions_are_told_of_after_a_week_and_then_every_two() -> None:
    world = make_world(enrolled_at=NOW)
    told = [day for day in range(60) if jobs.nudge_due(NOW + day * DAY)]
    assert told == [7, 21, 35, 49]
    assert templates(0) == ["booking_nudge"] * 4
    assert mails()[0].context["left"] == 4
    assert still_true(mails()[0])
    make_session(world.enrolment, world.counsellor, NOW + 8 * DAY)
    db.session.commit()
    assert not still_true(mails()[0])


def test_a_session_ahead_or_just_behind_keeps_it_quiet() -> None:
    world = make_world(enrolled_at=NOW)
    session = book(world)
    before = len(mails())
    for hours in range(0, 24 * 10, 6):
        assert jobs.nudge_due(NOW + hours * HOUR) == 0
    assert world.enrolment.nudge_at == END + 7 * DAY
    complete(session, world.counsellor_user, END)
    assert jobs.nudge_due(END + 7 * DAY - SECOND) == 0
    assert jobs.nudge_due(END + 7 * DAY) == 1
    assert templates(before) == ["booking_nudge"]


def test_one_mail_for_all_packages_of_a_student() -> None:
    student = make_user()
    first, second = (make_enrolment(student, make_package(), enrolled_at=NOW) for _ in range(2))
    second.expires_at = NOW + 60 * DAY
    db.session.commit()
    assert jobs.nudge_due(NOW + 8 * DAY) == 1
    assert jobs.nudge_due(NOW + 9 * DAY) == 0
    assert [mail.context["package"] for mail in mails()] == [second.title]
    assert first.nudge_at == second.nudge_at == NOW + 22 * DAY


@pytest.mark.parametrize(
    "columns",
    [
        {"sessions_used": 4},
        {"status": EnrolmentStatus.CANCELLED},
        {"status": EnrolmentStatus.REFUNDED},
        {"expires_at": NOW + 5 * DAY},
    ],
)
def test_nothing_unused_nothing_said(columns: dict[str, Any]) -> None:
    world = make_world(**{"enrolled_at": NOW, **columns})
    for day in range(30):
        assert jobs.nudge_due(NOW + day * DAY) == 0
    over = "sessions_used" not in columns
    assert (world.enrolment.nudge_at is None) is over


def test_who_does_not_want_it_is_left_alone() -> None:
    world = make_world(enrolled_at=NOW)
    for channel in ("mail", "inbox"):
        preference = NotificationPreference(
            user_id=world.student.id, kind="booking_nudge", channel=channel, enabled=False
        )
        db.session.add(preference)
    db.session.commit()
    jobs.nudge_due(NOW + 8 * DAY)
    assert [mail.status for mail in mails()] == [DeliveryStatus.DROPPED]  # kept as refused, never sent


# ── the work grows with what is due ──


def _many_old_sessions(number: int) -> None:
    counsellor, package = make_counsellor(), make_package(max_sessions=4)
    people = [make_enrolment(make_user(), package, enrolled_at=NOW - 400 * DAY) for _ in range(50)]
    db.session.flush()
    rows = []
    for n in range(number):
        start = NOW - dt.timedelta(hours=10 + n)
        enrolment = people[n % 50]
        rows.append(
            {
                "public_id": f"session_old{n}",
                "counsellor_id": counsellor.id,
                "student_id": enrolment.user_id,
                "enrolment_id": enrolment.id,
                "status": SessionStatus.COMPLETED,
                "starts_at": start,
                "ends_at": start + dt.timedelta(minutes=30),
                "requested_at": start - DAY,
                "remind_at": None,
                "calendar_uid": None,
                "value_booked": True,
            }
        )
    db.session.execute(insert(CounsellingSession), rows)
    enrolments = [
        {
            "public_id": f"enroll_old{n}",
            "user_id": people[n % 50].user_id,
            "package_id": package.id,
            "title": "An old one",
            "source": EnrolmentSource.PURCHASE,
            "status": EnrolmentStatus.EXPIRED,
            "sessions_total": 4,
            "session_minutes": 30,
            "enrolled_at": NOW - 400 * DAY,
            "expires_at": NOW - 200 * DAY,
        }
        for n in range(number)
    ]
    db.session.execute(insert(Enrolment), enrolments)
    db.session.execute(text("update enrolments set nudge_at = null"))
    db.session.commit()


def test_old_sessions_cost_a_sweep_nothing() -> None:
    world = make_world()
    book(world)
    due = SATURDAY_10 - DAY
    run_due_work(due - HOUR)
    with count_queries() as alone:
        run_due_work(due - HOUR)
    _many_old_sessions(5000)
    with count_queries() as among_many:
        run_due_work(due - HOUR)
    assert len(among_many) == len(alone)
    db.session.execute(text("analyze"))
    for statement, index in (
        (reminders_statement(due, START), "ix_sessions_remind"),
        (waiting_statement(SessionStatus.REQUESTED, due, START), "ix_sessions_expires"),
        (nudges_statement(due, START), "ix_enrolments_nudge"),
    ):
        sql = statement.compile(dialect=db.engine.dialect, compile_kwargs={"literal_binds": True})
        plan = "\n".join(db.session.execute(text(f"explain {sql}")).scalars())
        assert index in plan, plan
        assert "Seq Scan" not in plan, plan
    assert jobs.remind_due(due) == 1


def test_many_due_are_done_in_one_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 3)
    world = make_world()
    for n in range(8):
        make_session(make_enrolment(make_user()), world.counsellor, SATURDAY_10 + n * HOUR)
    db.session.commit()
    assert jobs.remind_due(SATURDAY_10 - 2 * HOUR) == 8
    assert len(mails("session_reminder")) == 8


def test_it_is_all_part_of_the_sweep() -> None:
    make_world()
    assert {"session_reminders", "unbooked_credits"} <= set(run_due_work(NOW))
