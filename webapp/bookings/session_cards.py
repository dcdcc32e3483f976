"""What pages say about a session: its state in words, its history, the join button, a request's time left.

Pure: rows come loaded, time is passed in.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession, MeetingMode, SessionChange
from webapp.bookings.panel import short_when
from webapp.bookings.permissions import Part, visible_link
from webapp.bookings.rules import (
    SessionEvent,
    SessionStatus,
    cancel_deadline,
    credit_returns,
    has_lapsed,
    join_open,
    join_opens,
    session_ordinal,
)

STATE_WORDS = {
    SessionStatus.REQUESTED: "Requested",
    SessionStatus.SCHEDULED: "Confirmed",
    SessionStatus.NO_SHOW: "No-show",
    SessionStatus.RESCHEDULED: "Moved",
}
MODE_WORDS = {
    MeetingMode.VIDEO: "by video",
    MeetingMode.PHONE: "by phone",
    MeetingMode.CHAT: "by chat",
    MeetingMode.IN_PERSON: "in person",
}
OFFERED = "offer_move"
MINUTE, HOUR, DAY = 60, 3600, 86_400


@dataclass(frozen=True, slots=True)
class State:
    """A session's state as a chip shows it."""

    status: SessionStatus
    label: str


@dataclass(frozen=True, slots=True)
class Join:
    """The join button: its link, when it opens, and whether it is open."""

    url: str
    opens_at: dt.datetime
    is_open: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a session's history, as the time line macro reads it."""

    text: str
    at: dt.datetime
    tone: str
    icon: str | None = None
    who: str | None = None


@dataclass(frozen=True, slots=True)
class TimeLeft:
    """How long a request still waits: words and tone ("bad" under an hour, "warn" under a day)."""

    words: str
    tone: str


def state_of(session: CounsellingSession, now: dt.datetime) -> State:
    """The state to show; a request whose time is over is expired, whether or not a sweep came by."""
    return shown_state(session.status, session.expires_at, now)


def shown_state(status: SessionStatus, expires_at: dt.datetime | None, now: dt.datetime) -> State:
    """The state to show of a session of which only its status and its end of waiting were read."""
    if status is SessionStatus.REQUESTED and expires_at is not None and has_lapsed(expires_at, now):
        status = SessionStatus.EXPIRED
    return State(status, STATE_WORDS.get(status, status.value.capitalize()))


def how(session: CounsellingSession) -> str:
    """Length and way of meeting: "45 minutes by video"."""
    return f"{session.minutes} minutes {MODE_WORDS[session.meeting_mode]}"


def place_in_package(session: CounsellingSession, number: int | None) -> str:
    """Package and place in it: "JEE Complete · 3rd of 6 sessions", the number only where it uses one of several."""
    if session.enrolment is None:
        return ""
    if number is None or session.enrolment.sessions_total == 1:
        return session.enrolment.title
    return f"{session.enrolment.title} · {session_ordinal(number, session.enrolment.sessions_total)} sessions"


def join_of(session: CounsellingSession, user: User, now: dt.datetime) -> Join | None:
    """The join button of a confirmed session that has not ended, for those who may see its link."""
    link = visible_link(user, session)
    if link is None or session.status is not SessionStatus.SCHEDULED or now >= session.ends_at:
        return None
    return Join(link, join_opens(session.starts_at), join_open(session.starts_at, session.ends_at, now))


def time_left(until: dt.datetime, now: dt.datetime) -> TimeLeft:
    """How long there is still: "48 min left", "15 h left", "1 day 20 h left"."""
    seconds = max(0, int((until - now).total_seconds()))
    if seconds < HOUR:
        return TimeLeft(f"{-(-seconds // MINUTE)} min left", "bad")
    if seconds < DAY:
        return TimeLeft(f"{seconds // HOUR} h left", "warn")
    days, hours = seconds // DAY, seconds % DAY // HOUR
    words = f"{days} day{'s' if days > 1 else ''}" + (f" {hours} h" if hours else "")
    return TimeLeft(f"{words} left", "")


def countdown_words(start: dt.datetime, now: dt.datetime) -> str:
    """What stands where the countdown will be: "in 2 days 14 h"."""
    return f"in {time_left(start, now).words.removesuffix(' left')}" if start > now else "now"


@dataclass(frozen=True, slots=True)
class CancelTerms:
    """What cancelling now does to the credit: a sentence's strong and plain part, and its tone."""

    strong: str
    plain: str
    tone: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The counsellor's question for another time: since when, and what was said with it."""

    at: dt.datetime
    message: str


def asked_of(session: CounsellingSession, changes: Sequence[SessionChange], now: dt.datetime) -> Asked | None:
    """The question for another time that waits for an answer, None when there is none or the session has begun."""
    if session.move_offered_at is None or session.status is not SessionStatus.SCHEDULED or now >= session.starts_at:
        return None
    said = next((change for change in reversed(changes) if change.event == OFFERED), None)
    return Asked(session.move_offered_at, str(said.detail.get("message", "")) if said else "")


def cancel_terms(session: CounsellingSession, part: Part, hours: int, now: dt.datetime) -> CancelTerms:
    """Say what happens to the credit when ``part`` cancels now; ``hours`` is the deadline."""
    waived = session.move_offered_at is not None
    returns = credit_returns(SessionEvent.CANCEL, part.value, session.starts_at, now, hours, waived=waived)
    enrolment = session.enrolment
    left = f"{enrolment.sessions_left + 1} of {enrolment.sessions_total}" if enrolment else ""
    if part is not Part.STUDENT:
        return CancelTerms("The student's session comes back.", f"{session.student.first_name} is told by mail.", "ok")
    if returns:
        return CancelTerms("Your session comes back", f"and you will have {left} again.", "ok")
    return CancelTerms("The session stays used:", f"it is less than {hours} h before the start.", "warn")


def cancel_until(session: CounsellingSession, hours: int, now: dt.datetime, zone: str) -> str:
    """The sentence under the buttons: until when the student cancels with the session back."""
    if session.move_offered_at is not None:
        return "Free to move or cancel until the start: another time was asked for"
    deadline = cancel_deadline(session.starts_at, hours)
    if now > deadline:
        return f"Inside {hours} h: cancelling keeps the session used"
    what = "cancel" if session.status is SessionStatus.REQUESTED else "cancel or move"
    return f"Free to {what} until {short_when(deadline, zone)}"


def history_moments(
    session: CounsellingSession, changes: Iterable[SessionChange], *, reader: User, now: dt.datetime
) -> list[Moment]:
    """The session's history in plain sentences, and what comes next."""
    told = [_moment(session, change, reader) for change in changes]
    state = state_of(session, now).status
    if state is SessionStatus.EXPIRED and session.status is SessionStatus.REQUESTED and session.expires_at:
        told.append(Moment("Nobody answered in time", session.expires_at, "warn", "clock-off"))
    elif state is SessionStatus.REQUESTED and session.expires_at:
        told.append(Moment("Answer expected by then", session.expires_at, "next", "hourglass"))
    if state in (SessionStatus.REQUESTED, SessionStatus.SCHEDULED) and session.starts_at > now:
        told.append(Moment("Meeting", session.starts_at, "next", "video"))
    return told


_STEPS: Mapping[str, tuple[str, str, str]] = {
    SessionEvent.ACCEPT: ("Accepted by {who}", "ok", "check"),
    SessionEvent.DECLINE: ("Declined by {who}", "bad", "circle-x"),
    SessionEvent.EXPIRE: ("Nobody answered in time", "warn", "clock-off"),
    SessionEvent.CANCEL: ("Cancelled by {who}", "warn", "ban"),
    SessionEvent.COMPLETE: ("Held, marked by {who}", "ok", "circle-check"),
    SessionEvent.MARK_NO_SHOW: ("Marked as missed by {who}", "bad", "user-off"),
    SessionEvent.RESCHEDULE: ("Moved by {who}", "warn", "repeat"),
    "carry_on": ("Moved here by {who}", "ok", "repeat"),
    "start": ("Started by {who}", "ok", "player-play"),
    "link": ("Meeting link changed by {who}", "ok", "video"),
    "agenda": ("Agenda changed by {who}", "ok", "pencil"),
    OFFERED: ("Another time asked for by {who}", "warn", "repeat"),
    "withdraw_offer": ("Question for another time taken back by {who}", "ok", "check"),
}


def _moment(session: CounsellingSession, change: SessionChange, reader: User) -> Moment:
    who = _who(session, change, reader)
    if change.event in _STEPS:
        words, tone, icon = _STEPS[change.event]
        sentence = words.format(who=who)
        if change.detail.get("from"):
            sentence += f" from {short_when(dt.datetime.fromisoformat(str(change.detail['from'])), reader.zone)}"
    elif change.to_status == SessionStatus.SCHEDULED:
        sentence, tone, icon = f"Booked by {who}, confirmed at once", "ok", "calendar-check"
    else:
        sentence, tone, icon = f"Requested by {who}", "ok", "hourglass"
    if change.detail.get("credit_returned"):
        sentence += "; the session came back"
    return Moment(sentence, change.at, tone, icon)


def _who(session: CounsellingSession, change: SessionChange, reader: User) -> str:
    if change.actor_id == reader.id:
        return "you"
    if change.actor_id is None:
        return "us"
    if change.actor_id == session.student_id:
        return session.student.name
    return session.counsellor.name if change.actor_id == session.counsellor.user_id else "our team"


@dataclass(frozen=True, slots=True)
class RequestCard:
    """A request as its counsellor sees it."""

    session: CounsellingSession
    place: str
    left: TimeLeft

    @property
    def key(self) -> str:
        """What the card's id ends in."""
        return self.session.public_id


def request_cards(
    requests: Sequence[CounsellingSession], numbers: Mapping[int, int], now: dt.datetime
) -> list[RequestCard]:
    """Cards for the requests that wait, in the order given; ``numbers`` as `session_numbers` returns them."""
    return [
        RequestCard(one, place_in_package(one, numbers.get(one.id)), time_left(one.expires_at or one.starts_at, now))
        for one in requests
    ]


@dataclass(frozen=True, slots=True)
class NextSession:
    """The next session as a home shows it first; ``public_id``, ``starts_at`` and ``ends_at`` are the session's."""

    public_id: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    state: State
    join: Join | None
    countdown: str
    other: str
    other_text: str
    tone: int
    photo: str | None
