"""Fills the demo's calendars: three weeks behind, a week ahead, and what the three logins meet first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zlib import crc32

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.availability.rules import local_date
from webapp.bookings.models import CounsellingSession, SessionChange
from webapp.bookings.rules import SessionStatus
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor
from webapp.demo.seed import story
from webapp.demo.seed.diary import DAY, MARK, Diary, Entry
from webapp.demo.seed.people import STUDENTS
from webapp.demo.seed.profiles import PROFILES
from webapp.demo.seed.wallets import Wallets
from webapp.enrolments.models import Enrolment

BEHIND, AHEAD = 20, 8  # days around today that hold sessions
EVERY = 4  # other counsellors than Meera have a session every so many of their days
PAST = (  # how a counsellor's past sessions ended, one after the other
    *[SessionStatus.COMPLETED] * 5,
    SessionStatus.NO_SHOW,
    *[SessionStatus.COMPLETED] * 3,
    SessionStatus.CANCELLED,
    *[SessionStatus.COMPLETED] * 4,
)
SOON = dt.timedelta(minutes=25)
WAITING_FOR_MEERA = 3


@dataclass(slots=True)
class Week:
    """Everybody involved, the diary and the wallets of one seeding."""

    session: Session
    users: Mapping[str, User]
    counsellors: Mapping[str, Counsellor]
    wallets: Wallets
    diary: Diary
    now: dt.datetime

    @property
    def today(self) -> dt.date:
        """The date in India."""
        return local_date(self.now, DEFAULT_ZONE)

    def fill(self, last_round: dt.date | None) -> list[CounsellingSession]:
        """Write the sessions that are missing since the last seeding; return them."""
        oldest = self.today - BEHIND * DAY
        first = oldest if last_round is None else max(last_round + (AHEAD + 1) * DAY, oldest)
        self.diary.open(self.today - 100 * DAY, self.today + 30 * DAY)
        if last_round is None:
            self._tell_past()
        for date in _dates(first, self.today):
            self._day(date)
        self._tell_coming()
        self._answerable()
        for date in _dates(max(first, self.today + DAY), self.today + AHEAD * DAY):
            self._day(date)
        self.wallets.close_ended(self.now)
        return self.diary.write()

    def _tell_past(self) -> None:
        """Write what the demo student has bought and done, and who bought and did not book."""
        ananya = self.users["ananya"]
        for slug, days in story.ANANYA_BOUGHT:
            assigned = story.ANANYA_ASSIGNED.get(slug)
            counsellor = self.counsellors[assigned] if assigned else None
            self.wallets.buy(ananya, slug, self.now - days * DAY, counsellor)
        for key, slug, days in story.NOT_BOOKED_YET:
            self.wallets.buy(self.users[key], slug, self.now - days * DAY)
        for chapter in story.ANANYA_PAST:
            self._tell(ananya, chapter)

    def _tell(self, student: User, chapter: story.Chapter) -> None:
        counsellor = self.counsellors[chapter.counsellor]
        enrolment = self.wallets.owns(student, chapter.package)
        if enrolment is None:
            return
        for offset in range(6):  # the day itself, or the next one on which the counsellor works
            date = self.today + (chapter.days + offset) * DAY
            asked = self._asked(date)
            free = self.diary.free(counsellor, date, enrolment.session_minutes, asked)
            if free:
                entry = Entry(
                    counsellor, student, enrolment, free[len(free) // 3], chapter.status, chapter.topic, asked
                )
                entry.reason = chapter.reason
                self.diary.add(entry)
                return

    def _asked(self, date: dt.date) -> dt.datetime:
        """When somebody booked for a date: in the evening three days before, and never after now."""
        evening = dt.datetime.combine(date - 3 * DAY, dt.time(14, 20), dt.UTC)
        return min(evening, self.now - dt.timedelta(hours=5, minutes=35))

    def _tell_coming(self) -> None:
        """See that the demo student has a session soon, one in a few days, and a request waiting."""
        ananya, coming = self.users["ananya"], self._coming("ananya")
        if not any(row.status is SessionStatus.SCHEDULED and row.starts_at < self.now + DAY for row in coming):
            self._book("sourav", ananya, SOON, "Upgrade or lock after round 1", ("wbjee-focus",))
        if not any(row.status is SessionStatus.SCHEDULED and row.starts_at > self.now + DAY for row in coming):
            self._book("meera", ananya, 2.6 * DAY, "", ("jee-complete",))
        if not any(row.status is SessionStatus.REQUESTED for row in coming):
            self._wish(story.ANANYA_WISH)

    def _answerable(self) -> None:
        """See that Meera has requests to answer, and others a few."""
        waiting = self.session.scalar(
            select(func.count()).where(
                CounsellingSession.counsellor_id == self.counsellors["meera"].id,
                CounsellingSession.status == SessionStatus.REQUESTED,
                CounsellingSession.expires_at > self.now,
            )
        )
        for wish in story.MEERA_WISHES[: max(0, WAITING_FOR_MEERA - (waiting or 0))]:
            self._wish(wish)
        for wish in story.OTHER_WISHES:
            self._wish(wish)

    def _coming(self, key: str) -> Sequence[CounsellingSession]:
        """Return a person's sessions and requests that lie ahead."""
        ahead = select(CounsellingSession).where(
            CounsellingSession.student_id == self.users[key].id, CounsellingSession.starts_at > self.now
        )
        return self.session.scalars(ahead).all()

    def _book(self, key: str, student: User, ahead: dt.timedelta, topic: str, plan: Sequence[str]) -> None:
        self._take(
            self.counsellors[key],
            student,
            after=self.now + ahead,
            asked=self.now - dt.timedelta(hours=30),
            status=SessionStatus.SCHEDULED,
            topic=topic,
            plan=plan,
        )

    def _wish(self, wish: story.Wish) -> None:
        self._take(
            self.counsellors[wish.counsellor],
            self.users[wish.student],
            after=self.now + dt.timedelta(hours=wish.hours),
            asked=self.now - dt.timedelta(hours=wish.asked),
            status=SessionStatus.REQUESTED,
            topic=wish.topic,
            plan=story.PLANS[_exam_of(wish.student)],
        )

    def _take(
        self,
        counsellor: Counsellor,
        student: User,
        *,
        after: dt.datetime,
        asked: dt.datetime,
        status: SessionStatus,
        topic: str,
        plan: Sequence[str],
    ) -> None:
        enrolment = self._credit(student, counsellor, after, asked, plan)
        if enrolment is None:
            return
        start = self.diary.first_free(counsellor, after, enrolment.session_minutes, student)
        if start is not None:
            self.diary.add(Entry(counsellor, student, enrolment, start, status, topic, asked))

    def _credit(
        self, student: User, counsellor: Counsellor, start: dt.datetime, asked: dt.datetime, plan: Sequence[str]
    ) -> Enrolment | None:
        enrolment = self.wallets.open_for(student, counsellor, asked=asked, until=start + 4 * DAY)
        if enrolment is None:
            slug = self.wallets.next_in(plan, student, counsellor)
            if slug is not None:
                enrolment = self.wallets.buy(student, slug, asked - DAY - dt.timedelta(minutes=student.id % 300))
        return enrolment

    def _day(self, date: dt.date) -> None:
        """Write the ordinary sessions of one date."""
        for profile in PROFILES:
            for place, places in self._places(profile.key, date):
                self._ordinary(profile.key, profile.exams, date, (place + 0.5) / places)

    def _places(self, key: str, date: dt.date) -> Iterator[tuple[int, int]]:
        """Yield (which, of how many) sessions a counsellor has on a date."""
        days = (date - self.today).days
        if key == "meera":
            count = {0: 4, 1: 3}.get(days, 2 if days >= -5 else 1)
        else:
            order = [profile.key for profile in PROFILES].index(key)
            count = int((date.toordinal() + order * 3) % EVERY == 0 or (days == 0 and order in (1, 4)))
        yield from ((place, count) for place in range(count))

    def _ordinary(self, key: str, exams: Sequence[str], date: dt.date, place: float) -> None:
        counsellor, asked = self.counsellors[key], self._asked(date)
        student, exam = self._whose_turn(exams, date)
        if student is None:
            return
        around = dt.datetime.combine(date, dt.time(12), dt.UTC)
        enrolment = self._credit(student, counsellor, around, asked, story.PLANS[exam])
        if enrolment is None:
            return
        free = [
            start
            for start in self.diary.free(counsellor, date, enrolment.session_minutes, asked)
            if not self.now - dt.timedelta(hours=1) < start < self.now + SOON
        ]
        if not free:
            return
        start = free[int(place * len(free))]
        topic = _topic(exam, self.diary.talks[student.id], student.email)
        status = self._status(key, date, start)
        entry = Entry(counsellor, student, enrolment, start, status, topic, asked)
        entry.on_time = crc32(topic.encode()) % 3 > 0
        entry.reason = story.CANCEL_REASON if status is SessionStatus.CANCELLED else ""
        self.diary.add(entry)

    def _status(self, key: str, date: dt.date, start: dt.datetime) -> SessionStatus:
        if start > self.now:
            return SessionStatus.SCHEDULED
        if date == self.today:
            return SessionStatus.COMPLETED
        return PAST[sum(entry.counsellor.id == self.counsellors[key].id for _, entry in self.diary.written) % len(PAST)]

    def _whose_turn(self, exams: Sequence[str], date: dt.date) -> tuple[User | None, str]:
        """Return who talked least so far and has nothing on that date, and their exam."""
        waiting = [
            (self.diary.talks[self.users[person.key].id], order, person.key, exam)
            for exam in exams
            for order, person in enumerate(STUDENTS[exam])
            if date not in self.diary.student_days[self.users[person.key].id]
        ]
        if not waiting:
            return None, exams[0]
        _, _, key, exam = min(waiting)
        return self.users[key], exam


def _topic(exam: str, talk: int, email: str) -> str:
    """Return what a student's ``talk``-th session (from 0) is about: first a first talk, then anything."""
    first, *others = story.TOPICS[exam]
    return first if talk == 0 else others[(talk + crc32(email.encode())) % len(others)]


def _dates(first: dt.date, last: dt.date) -> Iterator[dt.date]:
    return (first + offset * DAY for offset in range((last - first).days + 1))


def _exam_of(key: str) -> str:
    return next((exam for exam, pool in STUDENTS.items() if any(person.key == key for person in pool)), "jee")


def last_round(session: Session) -> dt.date | None:
    """Return the day of the last seeding, as the first change of seeded sessions says it."""
    marked = session.scalar(select(func.max(SessionChange.detail[MARK].astext)))
    return dt.date.fromisoformat(marked) if marked else None


def settle_past(session: Session, now: dt.datetime) -> None:
    """Complete the seeded sessions that were still scheduled when their time came; nobody else's."""
    seeded = select(SessionChange.session_id).where(SessionChange.detail.has_key(MARK))
    ended = session.execute(
        update(CounsellingSession)
        .where(
            CounsellingSession.id.in_(seeded),
            CounsellingSession.status == SessionStatus.SCHEDULED,
            CounsellingSession.ends_at < now,
        )
        .values(status=SessionStatus.COMPLETED)
        .returning(CounsellingSession.id, CounsellingSession.ends_at)
        .execution_options(synchronize_session=False)
    ).all()
    session.add_all(
        SessionChange(
            session_id=row.id,
            at=row.ends_at + dt.timedelta(minutes=4),
            event="complete",
            from_status=SessionStatus.SCHEDULED.value,
            to_status=SessionStatus.COMPLETED.value,
        )
        for row in ended
    )
