"""What a student's home reads: at most eight statements, whatever the student has."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession, NextStep
from webapp.bookings.queries import sessions_on_home
from webapp.bookings.queries.life import open_steps
from webapp.bookings.rules import SessionStatus
from webapp.core.pagination import Page
from webapp.enrolments.models import Enrolment
from webapp.enrolments.queries import enrolments_of
from webapp.packages.models import Package
from webapp.packages.queries import list_packages
from webapp.reviews.queries import sessions_without_review

RECENT = 12  # past rows looked at: enough for the three shown and for answers that need a reaction
OFFERED = 3
FELL_THROUGH = frozenset({SessionStatus.DECLINED, SessionStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class StudentHome:
    """Sessions ahead, sessions behind, packages; ``offers`` only for someone who has none yet."""

    ahead: list[CounsellingSession]
    behind: Page[Any]
    enrolments: list[Enrolment]
    offers: list[Package]
    steps: list[tuple[NextStep, CounsellingSession]]
    to_review: list[CounsellingSession]

    @property
    def scheduled(self) -> list[CounsellingSession]:
        """Confirmed sessions, the next first."""
        return [row for row in self.ahead if row.status is SessionStatus.SCHEDULED]

    @property
    def to_move(self) -> list[CounsellingSession]:
        """Confirmed sessions for which another time is asked for."""
        return [row for row in self.scheduled if row.move_offered_at is not None]

    @property
    def asked(self) -> list[CounsellingSession]:
        """Requests that wait for an answer."""
        return [row for row in self.ahead if row.status is SessionStatus.REQUESTED]

    @property
    def next(self) -> CounsellingSession | None:
        """What comes next: the next confirmed session, else the next request."""
        return next(iter([*self.scheduled, *self.asked]), None)

    @property
    def is_new(self) -> bool:
        """Whether this student has not begun: no package, no session ever."""
        return not self.enrolments and not self.ahead and not self.behind.items

    def held(self, now: dt.datetime) -> list[CounsellingSession]:
        """Sessions whose time has come, the latest first."""
        return [row for row in self.behind.items if row.starts_at <= now]

    def fell_through(self, now: dt.datetime) -> list[CounsellingSession]:
        """Requests that nobody took for a time still ahead, unless this counsellor was asked again."""
        again = {row.counsellor_id for row in self.ahead}
        return [
            row
            for row in self.behind.items
            if row.starts_at > now
            and row.counsellor_id not in again
            and (row.status in FELL_THROUGH or row.status is SessionStatus.REQUESTED)
        ]


def read_home(student: User, now: dt.datetime) -> StudentHome:
    """Read everything the home shows."""
    enrolments = enrolments_of(student.id)
    ahead, behind = sessions_on_home(student.id, now, recent=RECENT)
    return StudentHome(
        ahead=ahead,
        behind=behind,
        enrolments=enrolments,
        steps=open_steps(student.id, now),
        to_review=sessions_without_review(student.id, limit=1),
        offers=[] if enrolments else list_packages(limit=OFFERED, featured_first=True),
    )
