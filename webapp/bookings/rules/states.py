"""The one state machine of a session. Source: product.md "Session states"."""

import datetime as dt
from enum import StrEnum


class SessionStatus(StrEnum):
    """Where a session stands."""

    HELD = "held"
    REQUESTED = "requested"
    SCHEDULED = "scheduled"
    COMPLETED = "completed"
    NO_SHOW = "no_show"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"
    RESCHEDULED = "rescheduled"


class SessionEvent(StrEnum):
    """What can happen to a session; `release` ends a hold that was given up or ran out."""

    CONFIRM_HOLD_REQUEST = "confirm_hold_request"
    CONFIRM_HOLD_SCHEDULE = "confirm_hold_schedule"
    RELEASE = "release"
    ACCEPT = "accept"
    DECLINE = "decline"
    EXPIRE = "expire"
    CANCEL = "cancel"
    COMPLETE = "complete"
    MARK_NO_SHOW = "mark_no_show"
    RESCHEDULE = "reschedule"


TRANSITIONS: dict[tuple[SessionStatus, SessionEvent], SessionStatus] = {
    (SessionStatus.HELD, SessionEvent.CONFIRM_HOLD_REQUEST): SessionStatus.REQUESTED,
    (SessionStatus.HELD, SessionEvent.CONFIRM_HOLD_SCHEDULE): SessionStatus.SCHEDULED,
    (SessionStatus.HELD, SessionEvent.RELEASE): SessionStatus.EXPIRED,
    (SessionStatus.REQUESTED, SessionEvent.ACCEPT): SessionStatus.SCHEDULED,
    (SessionStatus.REQUESTED, SessionEvent.DECLINE): SessionStatus.DECLINED,
    (SessionStatus.REQUESTED, SessionEvent.EXPIRE): SessionStatus.EXPIRED,
    (SessionStatus.REQUESTED, SessionEvent.CANCEL): SessionStatus.CANCELLED,
    (SessionStatus.SCHEDULED, SessionEvent.COMPLETE): SessionStatus.COMPLETED,
    (SessionStatus.SCHEDULED, SessionEvent.MARK_NO_SHOW): SessionStatus.NO_SHOW,
    (SessionStatus.SCHEDULED, SessionEvent.CANCEL): SessionStatus.CANCELLED,
    (SessionStatus.SCHEDULED, SessionEvent.RESCHEDULE): SessionStatus.RESCHEDULED,
}

LIVE = frozenset({SessionStatus.HELD, SessionStatus.REQUESTED, SessionStatus.SCHEDULED})
TERMINAL = frozenset(SessionStatus) - LIVE


class IllegalTransition(Exception):
    """An event that the session's status does not allow."""

    def __init__(self, status: SessionStatus, event: SessionEvent) -> None:
        super().__init__(f"{event} is not possible for a session that is {status}")
        self.status = status
        self.event = event


def next_status(status: SessionStatus, event: SessionEvent) -> SessionStatus:
    """The status after an event; IllegalTransition where the table has none."""
    try:
        return TRANSITIONS[status, event]
    except KeyError:
        raise IllegalTransition(status, event) from None


def allowed_events(status: SessionStatus) -> frozenset[SessionEvent]:
    """The events that the table allows from a status, before any question of time or person."""
    return frozenset(event for origin, event in TRANSITIONS if origin is status)


def may_complete(start: dt.datetime, now: dt.datetime) -> bool:
    """Nobody completes a session before its start; from the start on it may be."""
    return now >= start


def may_mark_no_show(start: dt.datetime, now: dt.datetime) -> bool:
    """Nobody is a no-show before the start."""
    return now >= start


def may_cancel(start: dt.datetime, now: dt.datetime) -> bool:
    """Nobody cancels once the session has started; the start itself is already too late."""
    return now < start


def may_accept(start: dt.datetime, expires_at: dt.datetime, now: dt.datetime) -> bool:
    """A request may be answered until it expires, and never once its start has come."""
    return now < min(start, expires_at)


def has_lapsed(expires_at: dt.datetime, now: dt.datetime) -> bool:
    """Whether a hold or a request has run out; the moment itself counts as run out."""
    return now >= expires_at
