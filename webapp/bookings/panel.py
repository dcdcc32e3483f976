"""The confirmation panel: what confirming means, or what is still missing before it can be confirmed.

Pure: no database, no request. Sentences are finished here, in the viewer's zone.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Sequence
from dataclasses import dataclass

from webapp.availability.rules import BookingMode
from webapp.bookings.picker_url import write_instant
from webapp.bookings.presenters import TimeOption
from webapp.bookings.rules.explain import Blocker, BlockerKind
from webapp.bookings.rules.policy import cancel_deadline, request_expiry
from webapp.core.times import format_clock, format_day, format_minute, format_short_day, format_span

SAFE = "Nothing is lost: your agenda is still here and no session was used."
UNPAID = "Nothing is lost: your agenda is still here and nothing was paid."
KEEP = "Keep this time and go on"
_TAKEN = frozenset({BlockerKind.SESSION, BlockerKind.REQUEST, BlockerKind.HOLD, BlockerKind.BUFFER, BlockerKind.CAP})


class PanelKind(enum.StrEnum):
    """What stands in the panel."""

    FORM = "form"  # this person may book here
    BUY = "buy"  # this person may buy something here, with a time
    SIGN_IN = "sign_in"
    VERIFY = "verify"
    PACKAGE = "package"  # nothing to book with, or not with this counsellor
    STAFF = "staff"  # not a student's account


@dataclass(frozen=True, slots=True)
class Action:
    """A way on: the words of a button and where it leads."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Terms:
    """What confirming means. ``left_after`` of ``total`` sessions of ``title`` stay.

    ``deadline`` is the last moment to cancel with the session back, None once it has passed or while
    no time is chosen; ``answer_by`` is when an unanswered request lapses, None in instant mode.
    """

    button: str
    title: str
    total: int
    left_after: int
    hours: int
    deadline: dt.datetime | None
    answer_by: dt.datetime | None


@dataclass(frozen=True, slots=True)
class Sale:
    """What is bought along with the time: its price (paise), its sessions, and how long the time is kept."""

    title: str
    price: int
    sessions: int
    minutes: int
    kept_minutes: int
    mine_url: str = ""  # where this time costs nothing: the student has this package already
    mine_left: int = 0


@dataclass(frozen=True, slots=True)
class Panel:
    """The panel. ``at`` is the chosen start; with ``notice`` and ``lost`` it cannot be had."""

    kind: PanelKind
    zone: str
    minutes: int
    at: dt.datetime | None = None
    lost: bool = False
    notice: str = ""
    reassurance: str = ""
    near: tuple[TimeOption, ...] = ()
    terms: Terms | None = None
    sale: Sale | None = None
    heading: str = ""
    words: str = ""
    actions: Sequence[Action] = ()

    @property
    def writes(self) -> bool:
        """Whether the form stands here."""
        return self.kind in (PanelKind.FORM, PanelKind.BUY)

    @property
    def day(self) -> str:
        """The chosen day: "Sat, 12 Dec 2026"."""
        return format_day(self.at, self.zone) if self.at else ""

    @property
    def span(self) -> str:
        """The chosen hours: "10:30 – 11:15 AM IST"."""
        return format_span(self.at, self.at + dt.timedelta(minutes=self.minutes), self.zone) if self.at else ""

    @property
    def value(self) -> str:
        """The chosen start as the form sends it."""
        return write_instant(self.at) if self.at else ""

    @property
    def deadline(self) -> str:
        """Until when cancelling is free: "Fri, 11 Dec, 10:30 AM IST"."""
        return short_when(self.terms.deadline, self.zone) if self.terms and self.terms.deadline else ""

    @property
    def answer_by(self) -> str:
        """Until when a request is answered."""
        return short_when(self.terms.answer_by, self.zone) if self.terms and self.terms.answer_by else ""


def short_when(instant: dt.datetime, zone: str) -> str:
    """An instant where the year is clear: "Fri, 11 Dec, 10:30 AM IST"."""
    return f"{format_short_day(instant, zone)}, {format_clock(instant, zone)}"


def short_name(name: str) -> str:
    """A counsellor as a student says it: "Dr. Meera Krishnan" → "Dr. Meera"."""
    words = name.split()
    return " ".join(words[: 2 if words[0].endswith(".") else 1])


def terms(
    start: dt.datetime | None,
    *,
    mode: BookingMode,
    hours: int,
    total: int,
    left: int,
    title: str,
    now: dt.datetime,
) -> Terms:
    """The terms of booking ``start`` now with an enrolment that has ``left`` of ``total`` sessions."""
    deadline = cancel_deadline(start, hours) if start is not None else None
    asks = mode is BookingMode.APPROVAL
    return Terms(
        button="Request session" if asks else "Confirm session",
        title=title,
        total=total,
        left_after=max(0, left - 1),
        hours=hours,
        deadline=deadline if deadline is not None and now <= deadline else None,
        answer_by=request_expiry(start, now) if asks and start is not None else None,
    )


def lost_words(at: dt.datetime, blocker: Blocker | None, zone: str) -> str:
    """Why a chosen time cannot be had, in one sentence that names the time."""
    time = format_minute(at, zone)
    if blocker is None or blocker.kind in _TAKEN:
        return f"{time} was taken just now."
    if blocker.kind is BlockerKind.PAST:
        return f"{time} on {format_short_day(at, zone)} has passed."
    if blocker.kind is BlockerKind.OWN:
        return f"You already have a session at {time}."
    return f"{time} cannot be booked. {blocker.message}"
