"""What a student's home is made of, as the database tells it: small frozen rows instead of whole entities."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from webapp.bookings.models import MeetingMode
from webapp.bookings.queries.life import OpenStep
from webapp.bookings.rules import SessionStatus
from webapp.enrolments.models import EnrolmentStatus
from webapp.notifications.presenters import Note
from webapp.packages.models import Package

Told = Mapping[str, Any]  # one row as JSON


def instant(text: str) -> dt.datetime:
    """Return an instant of a JSON row; the database writes them in UTC."""
    return dt.datetime.fromisoformat(text)


def maybe(text: str | None) -> dt.datetime | None:
    """Return an instant of a JSON row, or None."""
    return None if text is None else dt.datetime.fromisoformat(text)


@dataclass(frozen=True, slots=True)
class HomeCounsellor:
    """Whom a session is with; ``id`` decides the colour of the initials."""

    id: int
    public_id: str
    name: str
    title: str
    photo: str | None


@dataclass(frozen=True, slots=True)
class HomeSession:
    """A session or request of the student's own; ``enrolment_id`` is the public id of its package."""

    public_id: str
    status: SessionStatus
    starts_at: dt.datetime
    ends_at: dt.datetime
    expires_at: dt.datetime | None
    first_line: str
    meeting_mode: MeetingMode
    meeting_link: str | None
    is_move_offered: bool
    counsellor: HomeCounsellor
    enrolment_id: str | None

    @classmethod
    def of(cls, row: Told) -> HomeSession:
        """Read a row of the home's statement."""
        return cls(
            public_id=row["public_id"],
            status=SessionStatus(row["status"]),
            starts_at=instant(row["starts_at"]),
            ends_at=instant(row["ends_at"]),
            expires_at=maybe(row["expires_at"]),
            first_line=next(iter(row["agenda"].splitlines()), ""),
            meeting_mode=MeetingMode(row["meeting_mode"]),
            meeting_link=row["meeting_link"],
            is_move_offered=row["move_offered_at"] is not None,
            counsellor=HomeCounsellor(
                row["counsellor_id"],
                row["counsellor_public_id"],
                row["counsellor_name"],
                row["counsellor_title"],
                row["counsellor_photo"],
            ),
            enrolment_id=row["enrolment_public_id"],
        )


@dataclass(frozen=True, slots=True)
class HomeEnrolment:
    """A package of the student's; ``counsellor_id`` (public) and ``counsellor`` of whoever it is assigned to."""

    public_id: str
    title: str
    status: EnrolmentStatus
    sessions_total: int
    sessions_used: int
    expires_at: dt.datetime
    counsellor_id: str | None
    counsellor: str | None

    @classmethod
    def of(cls, row: Told) -> HomeEnrolment:
        """Read a row of the home's statement."""
        return cls(**{**row, "status": EnrolmentStatus(row["status"]), "expires_at": instant(row["expires_at"])})

    @property
    def sessions_left(self) -> int:
        """Credits not yet used."""
        return self.sessions_total - self.sessions_used

    def books(self, now: dt.datetime) -> bool:
        """Whether it can book now: active, not over, something left."""
        return self.status is EnrolmentStatus.ACTIVE and self.expires_at > now and self.sessions_left > 0

    def status_at(self, now: dt.datetime) -> EnrolmentStatus:
        """The status to show: an active one whose time is over is expired, whatever the row still says."""
        over = self.status is EnrolmentStatus.ACTIVE and self.expires_at <= now
        return EnrolmentStatus.EXPIRED if over else self.status


def step_of(row: Told) -> OpenStep:
    """Read a next step of the home's statement."""
    return OpenStep(**{**row, "done_at": maybe(row["done_at"]), "starts_at": instant(row["starts_at"])})


@dataclass(frozen=True, slots=True)
class HomeUnpaid:
    """An order begun and not paid. ``amount`` in paise; ``kept_until``: when its kept time runs out, if one is kept."""

    public_id: str
    title: str
    amount: int
    expires_at: dt.datetime
    wanted_starts_at: dt.datetime | None
    counsellor: str | None
    kept_until: dt.datetime | None

    @classmethod
    def of(cls, row: Told) -> HomeUnpaid:
        """Read a row of the home's statement."""
        times = {name: maybe(row[name]) for name in ("wanted_starts_at", "kept_until")}
        return cls(**{**row, **times, "expires_at": instant(row["expires_at"])})


def note_of(row: Told) -> Note:
    """Read a line of the inbox of the home's statement."""
    return Note(**{**row, "created_at": instant(row["created_at"]), "read_at": maybe(row["read_at"])})


@dataclass(frozen=True, slots=True)
class Home:
    """Everything the home shows; ``offers`` only for someone who has no package yet.

    ``ahead``: the next confirmed session, those for which another time is asked for, and all requests that
    wait, by time. ``held``: the latest sessions whose time has come; ``behind`` is the number of all that
    are not ahead. ``fell_through``: requests nobody took for a time still ahead, whose counsellor was not
    asked again.
    """

    ahead: Sequence[HomeSession]
    held: Sequence[HomeSession]
    fell_through: Sequence[HomeSession]
    behind: int
    enrolments: Sequence[HomeEnrolment]
    steps: Sequence[OpenStep]
    to_review: Sequence[HomeSession]
    unpaid: Sequence[HomeUnpaid]
    notes: Sequence[Note]
    offers: Sequence[Package]

    @property
    def scheduled(self) -> list[HomeSession]:
        """Confirmed sessions, the next first."""
        return [row for row in self.ahead if row.status is SessionStatus.SCHEDULED]

    @property
    def to_move(self) -> list[HomeSession]:
        """Confirmed sessions for which another time is asked for."""
        return [row for row in self.scheduled if row.is_move_offered]

    @property
    def asked(self) -> list[HomeSession]:
        """Requests that wait for an answer."""
        return [row for row in self.ahead if row.status is SessionStatus.REQUESTED]

    @property
    def next(self) -> HomeSession | None:
        """What comes next: the next confirmed session, else the next request."""
        return next(iter([*self.scheduled, *self.asked]), None)

    @property
    def is_new(self) -> bool:
        """Whether this student has not begun: no package, no session ever."""
        return not self.enrolments and not self.ahead and not self.behind
