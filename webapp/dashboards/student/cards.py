"""What a student's home says: things to do, credits left, sessions behind. Pure but for addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flask import url_for

from webapp.accounts.models import User
from webapp.bookings.panel import short_name, short_when
from webapp.bookings.rules import SessionStatus, join_open, join_opens
from webapp.bookings.session_cards import (
    MODE_WORDS,
    Join,
    NextSession,
    State,
    countdown_words,
    shown_state,
)
from webapp.core.times import format_day, format_short_day
from webapp.dashboards.student.queries import SHOWN_AFTER_END
from webapp.dashboards.student.rows import Home, HomeEnrolment, HomeSession
from webapp.dashboards.words import counted, days_ahead, in_words, when_soon
from webapp.enrolments.models import EnrolmentStatus

ENDS_SOON = 30  # days


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do: icon, words, and its one action."""

    icon: str
    title: str
    text: str
    action: str
    url: str
    tone: str = ""
    primary: bool = False
    waits: bool = False  # for somebody else: nothing to do about it


@dataclass(frozen=True, slots=True)
class Credit:
    """A package with what is left of it; ``book_url`` where it can still book."""

    title: str
    used: int
    total: int
    status: str
    label: str
    until: str
    book_url: str | None
    book_label: str

    @property
    def left(self) -> int:
        """Sessions left."""
        return self.total - self.used


@dataclass(frozen=True, slots=True)
class PastRow:
    """One session behind."""

    title: str
    text: str
    state: State
    url: str


def todos(home: Home, student: User, now: dt.datetime) -> list[Todo]:
    """What waits for the student, the most urgent first."""
    return [
        *_to_verify(student),
        *(_to_move(row, student.zone) for row in home.to_move if row.starts_at > now),
        *(_fell_through(row, student.zone) for row in home.fell_through),
        *_to_book(home, student.zone, now),
        *(_waiting(row, student.zone) for row in home.asked),
        *(_to_review(row, student.zone) for row in home.to_review),
    ]


def _to_verify(student: User) -> Iterator[Todo]:
    if not student.is_verified:
        url = url_for("accounts.verify_pending")
        text = f"We sent a link to {student.email}. Bookings need it."
        yield Todo("mail", "Confirm your mail address", text, "Open", url, "warn", primary=True)


def _to_move(row: HomeSession, zone: str) -> Todo:
    title = f"{short_name(row.counsellor.name)} asks for another time"
    url = url_for("bookings.move", public_id=row.public_id)
    return Todo(
        "repeat", title, f"For {short_when(row.starts_at, zone)}. Moving uses no session.", "Choose", url, "warn"
    )


def _to_review(row: HomeSession, zone: str) -> Todo:
    title = f"Review your session with {short_name(row.counsellor.name)}"
    text = f"{format_short_day(row.starts_at, zone)}. It helps the next student choose."
    return Todo("star", title, text, "Review", url_for("reviews.write", public_id=row.public_id))


def _fell_through(row: HomeSession, zone: str) -> Todo:
    who, when = short_name(row.counsellor.name), short_when(row.starts_at, zone)
    declined = row.status is SessionStatus.DECLINED
    title = f"{who} could not take your time" if declined else f"{who} did not answer in time"
    text = f"{when}. Your session came back."
    return Todo("calendar-x", title, text, "See other times", _pick(row.counsellor.public_id, row.enrolment_id), "warn")


def _to_book(home: Home, zone: str, now: dt.datetime) -> Iterator[Todo]:
    usable = sorted((row for row in home.enrolments if row.books(now)), key=lambda row: row.expires_at)
    for enrolment in usable:
        days = days_ahead(enrolment.expires_at, now, zone)
        if days <= ENDS_SOON:
            left = "session" if enrolment.sessions_left == 1 else f"{enrolment.sessions_left} sessions"
            title = f"Use the last {left} of {enrolment.title}"
            text = f"It ends {_in_days(days)}, on {format_short_day(enrolment.expires_at, zone)}"
            yield Todo("clock", title, text, "Book", _book(enrolment), "warn")
    if not usable and not home.ahead and home.enrolments:
        url = url_for("public.packages")
        yield Todo("package", "Choose your next package", "All sessions are used or over.", "Compare", url)


def _waiting(row: HomeSession, zone: str) -> Todo:
    who = short_name(row.counsellor.name)
    until = short_when(row.expires_at or row.starts_at, zone)
    text = f"For {short_when(row.starts_at, zone)}. You hear from us by {until}."
    return Todo("hourglass", f"{who} has your request", text, "Open", _page(row), waits=True)


def _in_days(days: int) -> str:
    return "today" if days <= 0 else "tomorrow" if days == 1 else f"in {in_words(days)} days"


def credits_of(home: Home, zone: str, now: dt.datetime) -> list[Credit]:
    """The packages to show: those that book first (the soonest to end), then what was used up or ended lately."""
    recent = now - dt.timedelta(days=SHOWN_AFTER_END)
    shown = [row for row in home.enrolments if row.expires_at > recent] or home.enrolments[:1]
    return [_credit(row, zone, now) for row in sorted(shown, key=lambda row: (not row.books(now), row.expires_at))]


def _credit(enrolment: HomeEnrolment, zone: str, now: dt.datetime) -> Credit:
    status = enrolment.status_at(now)
    open_ = enrolment.books(now)
    days = days_ahead(enrolment.expires_at, now, zone)
    soon = open_ and days <= ENDS_SOON
    day = format_day(enrolment.expires_at, zone)
    key, label = status.value, status.value.capitalize()
    if status is EnrolmentStatus.ACTIVE and not open_:
        key, label = "archived", "All used"
    elif soon:
        key, label = "pending", "ends today" if days <= 0 else f"{counted(days, 'day')} left"
    until = f"Ended {day}" if status is not EnrolmentStatus.ACTIVE else f"Ends {day}" if soon else f"Use before {day}"
    if enrolment.counsellor is not None and open_:
        until += f" · {enrolment.counsellor}"
    last = "Book the last one" if enrolment.sessions_left == 1 else "Book a session"
    return Credit(
        title=enrolment.title,
        used=enrolment.sessions_used,
        total=enrolment.sessions_total,
        status=key,
        label=label,
        until=until,
        book_url=_book(enrolment) if open_ else None,
        book_label=last,
    )


def past_rows(home: Home, zone: str, now: dt.datetime) -> list[PastRow]:
    """The latest sessions behind."""
    return [_past_row(row, zone, now) for row in home.held]


def _past_row(row: HomeSession, zone: str, now: dt.datetime) -> PastRow:
    title = row.first_line or "Session without an agenda"
    state = shown_state(row.status, row.expires_at, now)
    if row.status is SessionStatus.SCHEDULED:
        state = State(SessionStatus.COMPLETED, "Over")
    return PastRow(title, f"{row.counsellor.name} · {format_day(row.starts_at, zone)}", state, _page(row))


def lead(home: Home, things: Sequence[Todo], student: User, now: dt.datetime) -> str:
    """The sentence under the greeting."""
    if home.is_new:
        return f"{'Three' if student.is_verified else 'Four'} steps to your first session."
    if home.next is None:
        return "Nothing is booked at the moment."
    if home.next.starts_at <= now:
        first = "Your session is on now."
    elif home.scheduled:
        first = f"Your next session is {when_soon(home.next.starts_at, now, student.zone)}."
    else:
        first = "Your request waits for an answer."
    number = sum(not todo.waits for todo in things)
    if not number:
        return first
    return f"{first} {in_words(number).capitalize()} {'thing waits' if number == 1 else 'things wait'} for you."


def _page(row: HomeSession) -> str:
    return url_for("bookings.detail", public_id=row.public_id)


def _book(enrolment: HomeEnrolment) -> str:
    if enrolment.counsellor_id is not None:
        return _pick(enrolment.counsellor_id, enrolment.public_id)
    return url_for("bookings.choose", enrolment=enrolment.public_id)


def _pick(counsellor_id: str, enrolment_id: str | None) -> str:
    return url_for("bookings.pick", public_id=counsellor_id, enrolment=enrolment_id)


def next_card(home: Home, now: dt.datetime) -> NextSession | None:
    """What the card of the next session says; None without one."""
    row = home.next
    if row is None:
        return None
    minutes = int((row.ends_at - row.starts_at).total_seconds() // 60)
    return NextSession(
        public_id=row.public_id,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        state=shown_state(row.status, row.expires_at, now),
        join=_join(row, now),
        countdown=countdown_words(row.starts_at, now),
        other=row.counsellor.name,
        other_text=f"{row.counsellor.title} · {minutes} minutes {MODE_WORDS[row.meeting_mode]}",
        tone=row.counsellor.id % 5 + 1,
        photo=row.counsellor.photo,
    )


def _join(row: HomeSession, now: dt.datetime) -> Join | None:
    """The join button of a confirmed session: it is the student's own, so its link may be seen."""
    if row.meeting_link is None or row.status is not SessionStatus.SCHEDULED:
        return None
    return Join(row.meeting_link, join_opens(row.starts_at), join_open(row.starts_at, row.ends_at, now))
