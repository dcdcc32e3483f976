"""Random lives of sessions at random instants: whatever happens, the house's promises hold.

After every step the whole table is looked at: states and their history legal, credits exact, nobody
in two places, everybody told exactly once of every event, calendar files only ever rising.
"""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter, defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import select

from tests.bookings.world import all_sessions, mails
from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_user
from webapp.accounts.models import User
from webapp.availability.rules import BookingMode
from webapp.bookings import jobs, services
from webapp.bookings.models import CounsellingSession, SessionChange
from webapp.bookings.queries import history_of
from webapp.bookings.rules import TRANSITIONS, SessionEvent, SessionStatus
from webapp.core.db import db, transaction
from webapp.core.errors import DomainError
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment

pytestmark = pytest.mark.usefixtures("db_session")
MINUTE, HOUR, DAY = dt.timedelta(minutes=1), dt.timedelta(hours=1), dt.timedelta(days=1)
STEPS = 60
LIVE = {SessionStatus.HELD, SessionStatus.REQUESTED, SessionStatus.SCHEDULED}
USES_CREDIT = {SessionStatus.REQUESTED, SessionStatus.SCHEDULED, SessionStatus.COMPLETED, SessionStatus.NO_SHOW}
Told = Counter[tuple[str, str, str]]  # template, session, who: student or counsellor

TOLD_OF: dict[str, list[tuple[str, str]]] = {  # event of the history → mails
    "book:scheduled": [("session_confirmed", "student"), ("session_confirmed_counsellor", "counsellor")],
    "book:requested": [("session_requested", "student"), ("session_request_received", "counsellor")],
    "accept": [("session_confirmed", "student"), ("session_confirmed_counsellor", "counsellor")],
    "decline": [("session_declined", "student")],
    "expire": [("session_expired", "student"), ("session_expired_counsellor", "counsellor")],
    "cancel": [("session_cancelled", "student"), ("session_cancelled_counsellor", "counsellor")],
    "carry_on": [("session_rescheduled", "student"), ("session_rescheduled_counsellor", "counsellor")],
    "mark_no_show": [("session_no_show", "student")],
    "offer_move": [("session_move_offered", "student")],
    "withdraw_offer": [("session_offer_withdrawn", "student")],
    "link": [("session_link", "student"), ("session_link_counsellor", "counsellor")],
    "reschedule": [],
    "complete": [],
    "start": [],
}


class Life:
    """A small school: two counsellors, three students, an admin, and a clock that only goes on."""

    def __init__(self, seed: int) -> None:
        self.random, self.now = random.Random(seed), NOW
        rules = {"step_minutes": 30, "notice_hours": 0, "buffer_after": self.random.choice([0, 15])}
        modes = (BookingMode.INSTANT, BookingMode.APPROVAL)
        self.counsellors: list[Counsellor] = [make_counsellor(mode=mode, rules=rules) for mode in modes]
        package = make_package(max_sessions=6)
        self.enrolments: list[Enrolment] = [make_enrolment(make_user(), package) for _ in range(3)]
        self.admin: User = make_user(role="admin")
        db.session.commit()
        self.log: list[str] = []
        self.reminded: Told = Counter()
        self.seen: dict[int, dt.datetime] = {}  # confirmed sessions: since when people know
        self.sent: set[tuple[int, str]] = set()

    def step(self) -> None:
        """Let some time pass and somebody do something; refusals change nothing."""
        self.now = self.later()
        act = self.random.choice([self.book, self.book, self.sweep, self.sweep, self.sweep, *[self.touch] * 4])
        before = self.picture()
        try:
            act()
        except DomainError as error:
            self.log.append(f"  refused: {type(error).__name__}: {error.message}")
            db.session.expire_all()
            assert self.picture() == before, "a refusal changed something"
        self.note_confirmed()

    def later(self) -> dt.datetime:
        """Return an instant that is not before now: a while on, or one that matters to some session."""
        near = [row for row in all_sessions() if row.status in LIVE or row.finished_at]
        if near and self.random.random() < 0.6:
            start = self.random.choice(near).starts_at
            moment = start + self.random.choice([-DAY, -3 * HOUR, -HOUR, -MINUTE, 0 * HOUR, 9 * MINUTE, 2 * HOUR])
            if self.now <= moment < self.now + 2 * DAY:
                return moment
        return self.now + self.random.choice([0 * HOUR, MINUTE, 7 * MINUTE, HOUR / 2, 2 * HOUR])

    def picture(self) -> list[tuple[object, ...]]:
        """Return what a refusal must leave alone."""
        rows = [(row.id, row.status, row.version, row.starts_at, row.move_offered_at) for row in all_sessions()]
        used = [(row.id, row.sessions_used) for row in db.session.scalars(select(Enrolment).order_by(Enrolment.id))]
        return [*rows, *used, (len(mails()),)]

    def start(self) -> dt.datetime:
        """Return some start within the hours of the coming days, often one that is not free."""
        date = (self.now + self.random.randrange(6) * DAY).date()
        noon = dt.datetime(date.year, date.month, date.day, 4, 30, tzinfo=dt.UTC)
        return noon + self.random.randrange(8) * HOUR / 2

    def book(self) -> None:
        """Book something."""
        enrolment, counsellor = self.random.choice(self.enrolments), self.random.choice(self.counsellors)
        start = self.start()
        self.log.append(f"{self.now} book {enrolment.id} {counsellor.id} {start}")
        with transaction():
            services.book_session(
                student=enrolment.user,
                counsellor_id=counsellor.public_id,
                enrolment_id=enrolment.public_id,
                starts_at=start,
                agenda="",
                meeting_mode="video",
                now=self.now,
            )

    def touch(self) -> None:
        """Do something to a session, mostly one that is alive."""
        rows = list(all_sessions())
        rows = [row for row in rows if row.status in LIVE] * 4 + rows
        if not rows:
            return
        session = self.random.choice(rows)
        assert session.counsellor.user is not None
        staff = self.random.choice([session.counsellor.user, self.admin])
        actor = self.random.choice([session.student, staff])
        name = self.random.choice(list(self.acts(session, actor)))
        if self.random.random() < 0.7:  # something sensible, by somebody who may
            name = self.random.choice(self.sensible(session))
            actor = session.student if name in ("rebook", "cancel") else staff if name != "move" else actor
        self.log.append(f"{self.now} {name} {session.id} ({session.status}, {session.starts_at}) by {actor.role}")
        with transaction():
            self.acts(session, actor)[name]()

    def sensible(self, session: CounsellingSession) -> list[str]:
        """Return what people do with a session in its state."""
        if session.status is SessionStatus.REQUESTED:
            return ["accept", "accept", "accept", "decline", "cancel", "rebook"]
        if session.status is SessionStatus.SCHEDULED and self.now >= session.starts_at:
            return ["start", "complete", "complete", "no_show"]
        return ["move", "move", "keep", "keep", "keep", "cancel", "rebook", "offer", "withdraw", "link"]

    def acts(self, session: CounsellingSession, actor: User) -> dict[str, Callable[[], object]]:
        """Return everything that can be tried on a session, legal or not."""
        who: dict[str, Any] = {"actor": actor, "session_id": session.public_id, "now": self.now}
        return {
            "accept": lambda: services.accept_session(**who),
            "decline": lambda: services.decline_session(**who, reason="no"),
            "cancel": lambda: services.cancel_session(**who, reason=""),
            "move": lambda: services.reschedule_session(**who, starts_at=self.start(), reason=""),
            "rebook": lambda: services.rebook_session(**who, starts_at=self.start(), reason=""),
            "start": lambda: services.start_session(**who),
            "complete": lambda: services.complete_session(**who, notes="kept"),
            "no_show": lambda: services.mark_no_show(**who),
            "link": lambda: services.set_meeting_link(**who, link=f"https://zoom.us/j/{self.random.randrange(9)}"),
            "offer": lambda: services.offer_another_time(
                actor=actor, session_ids=[session.public_id], message="", now=self.now
            ),
            "keep": lambda: None,
            "withdraw": lambda: services.withdraw_offer(**who),
        }

    def sweep(self) -> None:
        """Let the scheduler come by; what it must send is worked out here from the plain rule."""
        self.log.append(f"{self.now} sweep")
        jobs.expire_due(self.now)
        jobs.drop_due_holds(self.now)
        for session in all_sessions():
            self.expect(session)
        jobs.remind_due(self.now)

    def expect(self, session: CounsellingSession) -> None:
        """Note which reminder or question this sweep owes for a session."""
        start, known = session.starts_at, self.seen.get(session.id)
        if session.status is SessionStatus.SCHEDULED and known is not None:
            in_hour = start - HOUR <= self.now < start
            in_day = start - DAY <= self.now < start - HOUR
            for kind, is_time, moment in (("24h", in_day, start - DAY), ("1h", in_hour, start - HOUR)):
                if is_time and known < moment and (session.id, kind) not in self.sent:
                    self.sent.add((session.id, kind))
                    self.reminded["session_reminder", session.public_id, "student"] += 1
                    self.reminded["session_reminder_counsellor", session.public_id, "counsellor"] += 1
        ended = session.finished_at
        if session.status is SessionStatus.COMPLETED and ended and self.now >= ended + HOUR:
            self.reminded["review_prompt", session.public_id, "student"] = 1

    def note_confirmed(self) -> None:
        """Remember since when each confirmed session is known to its people."""
        for session in all_sessions():
            if session.status is SessionStatus.SCHEDULED:
                self.seen.setdefault(session.id, self.now)

    # ── what always holds ──

    def check(self) -> None:
        """Look at everything."""
        rows = list(all_sessions())
        self.check_credits(rows)
        self.check_overlap(rows)
        told: Told = Counter(self.reminded)
        for session in rows:
            told += self.check_history(session)
        assert self.told() == told
        self.check_calendars()

    def check_credits(self, rows: list[CounsellingSession]) -> None:
        """A credit is used exactly while its session stands, stood, or was given up too late."""
        for enrolment in self.enrolments:
            mine = [row for row in rows if row.enrolment_id == enrolment.id]
            late = [row for row in mine if row.status is SessionStatus.CANCELLED and not row.credit_returned]
            used = len([row for row in mine if row.status in USES_CREDIT]) + len(late)
            assert enrolment.sessions_used == used <= enrolment.sessions_total

    def check_overlap(self, rows: list[CounsellingSession]) -> None:
        """Nobody is in two places at once."""
        for whose in ("counsellor_id", "student_id"):
            by_person: dict[int, list[CounsellingSession]] = defaultdict(list)
            for row in rows:
                if row.status in LIVE:
                    by_person[getattr(row, whose)].append(row)
            for mine in by_person.values():
                mine.sort(key=lambda row: row.starts_at)
                assert all(first.ends_at <= second.starts_at for first, second in pairwise(mine))

    def check_history(self, session: CounsellingSession) -> Told:
        """The history leads step by legal step to the state of now; return whom it must have told."""
        status: str | None = None
        told: Told = Counter()
        for line in history_of(session):
            assert line.from_status == status
            self.check_step(line)
            status = line.to_status
            key = f"book:{status}" if line.event == "book" else line.event
            told.update((template, session.public_id, who) for template, who in TOLD_OF[key])
        assert status == session.status
        planned = session.status in (SessionStatus.SCHEDULED, SessionStatus.COMPLETED)
        assert planned or session.remind_at is None
        return told

    def check_step(self, line: SessionChange) -> None:
        """One line of a history is a step of the table, a beginning, or leaves the state alone."""
        if line.event in list(SessionEvent):
            assert line.from_status is not None
            step = TRANSITIONS[SessionStatus(line.from_status), SessionEvent(line.event)]
            assert step == line.to_status
        else:
            assert line.event in ("book", "carry_on") or line.from_status == line.to_status

    def told(self) -> Told:
        """Return who was told what of which session, by the outbox."""
        people = {row.email: "student" for row in (enrolment.user for enrolment in self.enrolments)}
        return Counter(
            (mail.template, mail.dedupe_key.split(":")[1], people.get(mail.recipient, "counsellor")) for mail in mails()
        )

    def check_calendars(self) -> None:
        """Each reader's entry only ever rises, and nothing comes after its end."""
        entries: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        for mail in mails():
            for attachment in mail.attachments:
                calendar: Any = Calendar.from_ical(attachment["text"])
                (event,) = calendar.walk("VEVENT")
                entries[str(event["uid"]), mail.recipient].append((int(event["sequence"]), str(calendar["method"])))
        for steps in entries.values():
            numbers = [number for number, _ in steps]
            assert numbers == sorted(set(numbers))
            assert all(method == "REQUEST" for _, method in steps[:-1])


@pytest.mark.parametrize("seed", range(6))
def test_promises_hold_whatever_happens(seed: int) -> None:
    life = Life(seed)
    for _ in range(STEPS):
        try:
            life.step()
            life.check()
        except AssertionError:
            print("\n".join(life.log[-12:]))
            raise
