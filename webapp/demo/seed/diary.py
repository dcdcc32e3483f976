"""Writes the demo's sessions: on times that are really free, with the history a real one would have."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from zlib import crc32

from sqlalchemy import select
from sqlalchemy.orm import Session

from webapp.accounts.models import User
from webapp.availability.rules import BookingMode, local_date
from webapp.bookings.meeting import make_link
from webapp.bookings.models import CounsellingSession, MeetingMode, SessionChange
from webapp.bookings.queries import CalendarData, calendar_data, free_in
from webapp.bookings.rules import Busy, BusyKind, SessionStatus, request_expiry
from webapp.config import Settings
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor
from webapp.demo.seed.people import LOGINS
from webapp.enrolments.models import Enrolment

DAY = dt.timedelta(days=1)
MARK = "demo"  # in the detail of a session's first change: the day of the seeding
TRIED_BY = LOGINS[0].email  # meets by video, so that joining can be tried
GIVES_BACK = frozenset({SessionStatus.DECLINED, SessionStatus.EXPIRED})
CONFIRMED = frozenset(
    {SessionStatus.SCHEDULED, SessionStatus.COMPLETED, SessionStatus.NO_SHOW, SessionStatus.CANCELLED}
)
Step = tuple[dt.datetime, int | None, str, SessionStatus | None, SessionStatus]  # at, by, event, from, to


@dataclass(slots=True)
class Entry:
    """A session to write. ``asked`` is when the student booked; ``on_time`` whether a cancel gave the credit back."""

    counsellor: Counsellor
    student: User
    enrolment: Enrolment
    start: dt.datetime
    status: SessionStatus
    topic: str
    asked: dt.datetime
    reason: str = ""
    on_time: bool = True

    @property
    def end(self) -> dt.datetime:
        """The session's end by the length that was bought."""
        return self.start + dt.timedelta(minutes=self.enrolment.session_minutes)

    @property
    def returns_credit(self) -> bool:
        """Whether the credit came back."""
        return self.status in GIVES_BACK or (self.status is SessionStatus.CANCELLED and self.on_time)


@dataclass(slots=True)
class Diary:
    """What is taken, by counsellor and by student, and what is to be written."""

    session: Session
    counsellors: Mapping[str, Counsellor]
    now: dt.datetime
    settings: Settings
    data: dict[int, CalendarData] = field(default_factory=dict)
    student_days: defaultdict[int, set[dt.date]] = field(default_factory=lambda: defaultdict(set))
    talks: defaultdict[int, int] = field(default_factory=lambda: defaultdict(int))
    written: list[tuple[CounsellingSession, Entry]] = field(default_factory=list)

    def open(self, first: dt.date, last: dt.date) -> None:
        """Read what is taken on the given dates."""
        ids = [counsellor.id for counsellor in self.counsellors.values()]
        self.data = calendar_data(ids, first, last, student_id=None, now=self.now - 120 * DAY)
        since = dt.datetime.combine(first, dt.time(), dt.UTC)
        taken = select(CounsellingSession.student_id, CounsellingSession.starts_at)
        for student_id, start in self.session.execute(taken.where(CounsellingSession.starts_at >= since)):
            self.student_days[student_id].add(local_date(start, DEFAULT_ZONE))
            self.talks[student_id] += 1

    def free(self, counsellor: Counsellor, date: dt.date, minutes: int, asked: dt.datetime) -> list[dt.datetime]:
        """Return a counsellor's free starts on a date of theirs, as somebody saw them at ``asked``."""
        return free_in(self.data[counsellor.id], date, date, now=asked, duration=minutes)

    def first_free(self, counsellor: Counsellor, after: dt.datetime, minutes: int, student: User) -> dt.datetime | None:
        """Return the first free start from ``after`` on, on a day when the student has nothing else."""
        asked = min(after, self.now) - DAY
        today = local_date(after, self.zone_of(counsellor))
        for offset in range(14):
            for start in self.free(counsellor, today + offset * DAY, minutes, asked):
                if start >= after and not self.is_busy(student, start):
                    return start
        return None

    def zone_of(self, counsellor: Counsellor) -> str:
        """The zone of a counsellor's calendar."""
        return self.data[counsellor.id].rules.zone

    def is_busy(self, student: User, start: dt.datetime) -> bool:
        """Whether the student has a session that day; nobody in the demo has two."""
        return local_date(start, DEFAULT_ZONE) in self.student_days[student.id]

    def add(self, entry: Entry) -> None:
        """Note a session: it takes its time, and its credit unless that came back."""
        data = self.data[entry.counsellor.id]
        data.busy = [*data.busy, Busy(entry.start, entry.end, BusyKind.SESSION)]
        self.student_days[entry.student.id].add(local_date(entry.start, DEFAULT_ZONE))
        self.talks[entry.student.id] += 1
        if not entry.returns_credit:
            entry.enrolment.sessions_used += 1
        self.written.append((self._session_of(entry), entry))

    def _session_of(self, entry: Entry) -> CounsellingSession:
        instant = self._is_instant(entry)
        confirmed = entry.status in CONFIRMED
        mode = _meeting_mode(entry)
        room = make_link(self.settings, mode) if confirmed else None
        waiting = entry.status is SessionStatus.REQUESTED
        return CounsellingSession(
            counsellor_id=entry.counsellor.id,
            student_id=entry.student.id,
            enrolment=entry.enrolment,
            status=entry.status,
            starts_at=entry.start,
            ends_at=entry.end,
            agenda=entry.topic,
            meeting_mode=mode,
            meeting_link=room.url if room else None,
            meeting_platform=room.platform if room else None,
            expires_at=request_expiry(entry.start, entry.asked) if waiting else None,
            requested_at=entry.asked,
            confirmed_at=(entry.asked if instant else _answered(entry)) if confirmed else None,
            reason=entry.reason,
            credit_returned=entry.returns_credit,
            created_at=entry.asked,
        )

    def _is_instant(self, entry: Entry) -> bool:
        return self.data[entry.counsellor.id].rules.mode is BookingMode.INSTANT

    def write(self) -> list[CounsellingSession]:
        """Send everything to the database, sessions first, then their history."""
        rows = [row for row, _ in self.written]
        self.session.add_all(rows)
        self.session.flush()  # the history needs their ids
        for row, entry in self.written:
            history = self._history(row, entry)
            row.version = len(history) - 1
            self.session.add_all(history)
        self.session.flush()
        self.written = []
        return rows

    def _history(self, row: CounsellingSession, entry: Entry) -> list[SessionChange]:
        student, counsellor = entry.student.id, entry.counsellor.user_id
        first = SessionStatus.SCHEDULED if self._is_instant(entry) else SessionStatus.REQUESTED
        steps: list[Step] = [
            (entry.asked, student, "book" if first is SessionStatus.SCHEDULED else "request", None, first)
        ]
        if first is not SessionStatus.SCHEDULED and entry.status in CONFIRMED:
            steps.append((_answered(entry), counsellor, "accept", first, SessionStatus.SCHEDULED))
        if entry.status is not steps[-1][4]:
            at, actor, event = self._ending(entry)
            steps.append((at, actor, event, steps[-1][4], entry.status))
        details: list[dict[str, object]] = [{} for _ in steps]
        details[0] = {MARK: local_date(self.now, DEFAULT_ZONE).isoformat()}
        if entry.returns_credit:
            details[-1] = {**details[-1], "credit_returned": True}
        return [
            SessionChange(
                session_id=row.id,
                actor_id=actor,
                at=at,
                event=event,
                from_status=before.value if before else None,
                to_status=after.value,
                detail=detail,
            )
            for (at, actor, event, before, after), detail in zip(steps, details, strict=True)
        ]

    def _ending(self, entry: Entry) -> tuple[dt.datetime, int | None, str]:
        counsellor = entry.counsellor.user_id
        if entry.status is SessionStatus.CANCELLED:
            ahead = dt.timedelta(hours=40 if entry.on_time else 5)
            return max(entry.start - ahead, _answered(entry) + dt.timedelta(minutes=30)), entry.student.id, "cancel"
        if entry.status is SessionStatus.DECLINED:
            return _answered(entry), counsellor, "decline"
        if entry.status is SessionStatus.NO_SHOW:
            return entry.end, counsellor, "mark_no_show"
        return entry.end + dt.timedelta(minutes=4), counsellor, "complete"


def _answered(entry: Entry) -> dt.datetime:
    """When the counsellor answered: within three hours of being asked, and before the session."""
    wait = dt.timedelta(minutes=20 + crc32(entry.topic.encode()) % 150)
    return min(entry.asked + wait, entry.asked + (entry.start - entry.asked) / 2)


def _meeting_mode(entry: Entry) -> MeetingMode:
    if entry.student.email == TRIED_BY:
        return MeetingMode.VIDEO
    by_phone = crc32(f"{entry.student.email}{entry.start.date()}".encode()) % 5 == 0
    return MeetingMode.PHONE if by_phone else MeetingMode.VIDEO
