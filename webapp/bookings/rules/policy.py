"""Deadlines, credits and the join window. Source: product.md "Session states", "Credits", "Meeting link"."""

import datetime as dt

from webapp.bookings.rules.states import SessionEvent

HOLD_FOR = dt.timedelta(minutes=10)
ANSWER_BEFORE = dt.timedelta(hours=3)
ANSWER_WITHIN = dt.timedelta(hours=1)
JOIN_BEFORE = dt.timedelta(minutes=10)
DEADLINE_HOURS = 24
STAFF_ROLES = frozenset({"counsellor", "admin", "system"})


def hold_expiry(held_at: dt.datetime) -> dt.datetime:
    """Until when a slot is kept for somebody who is paying."""
    return held_at + HOLD_FOR


def request_expiry(start: dt.datetime, asked_at: dt.datetime) -> dt.datetime:
    """When an unanswered request expires by itself.

    3 h before the start; asked too late for that, 1 h after asking, at latest at the start. The
    later of the two counts, so a request made 3 h 1 min ahead still leaves its hour, not a minute,
    and asking later never shortens the time to answer unless the start itself comes first.
    """
    return max(start - ANSWER_BEFORE, min(asked_at + ANSWER_WITHIN, start))


def cancel_deadline(start: dt.datetime, hours: int = DEADLINE_HOURS) -> dt.datetime:
    """The last moment at which a student cancels with the credit back, or reschedules.

    Hours are elapsed hours, whatever the clocks do in between.
    """
    return start - dt.timedelta(hours=hours)


def credit_returns(
    event: SessionEvent,
    actor_role: str,
    start: dt.datetime,
    now: dt.datetime,
    deadline_hours: int = DEADLINE_HOURS,
    *,
    waived: bool = False,
) -> bool:
    """Whether an event gives the booking's credit back.

    Yes when the request is declined or expires, when counsellor, admin or the system cancels, and
    when the student cancels by the deadline (that moment included), or at any time where it is
    ``waived``: the counsellor asked for another time. A hold took no credit and a reschedule carries
    its credit along, so neither gives one back. ValueError for an unknown role.
    """
    if event in (SessionEvent.DECLINE, SessionEvent.EXPIRE):
        return True
    if event is not SessionEvent.CANCEL:
        return False
    return _is_staff(actor_role) or waived or now <= cancel_deadline(start, deadline_hours)


def may_reschedule(
    actor_role: str,
    start: dt.datetime,
    now: dt.datetime,
    deadline_hours: int = DEADLINE_HOURS,
    *,
    waived: bool = False,
) -> bool:
    """A student moves a session until the cancel deadline, the counsellor or an admin until the start.

    ``waived``: the counsellor asked for another time, so the student too may move it until the start.
    """
    if now >= start:
        return False
    return _is_staff(actor_role) or waived or now <= cancel_deadline(start, deadline_hours)


def _is_staff(role: str) -> bool:
    if role not in STAFF_ROLES and role != "student":
        raise ValueError(f"unknown role {role!r}")
    return role in STAFF_ROLES


def credits_left(total: int, used: int) -> int:
    """Sessions left of an enrolment; ValueError unless 0 ≤ used ≤ total."""
    if not 0 <= used <= total:
        raise ValueError(f"{used} of {total} credits used")
    return total - used


def can_debit(total: int, used: int) -> bool:
    """Whether a booking may take a credit."""
    return credits_left(total, used) > 0


def can_return(total: int, used: int) -> bool:
    """Whether a credit may come back: never more than the package's number."""
    return credits_left(total, used) < total


def join_opens(start: dt.datetime) -> dt.datetime:
    """From when the Join button shows."""
    return start - JOIN_BEFORE


def join_open(start: dt.datetime, end: dt.datetime, now: dt.datetime) -> bool:
    """Whether the Join button shows: from 10 minutes before the start until the end."""
    return join_opens(start) <= now < end


def ordinal(number: int) -> str:
    """An English ordinal: 1st, 2nd, 3rd, 4th, 11th, 21st."""
    if 10 <= number % 100 <= 20:
        return f"{number}th"
    return f"{number}{({1: 'st', 2: 'nd', 3: 'rd'}).get(number % 10, 'th')}"


def session_ordinal(number: int, total: int) -> str:
    """Which of the package's sessions this one is: "3rd of 6"."""
    return f"{ordinal(number)} of {total}"
