"""What falls due with time: requests without an answer, holds nobody paid for, reminders, unused sessions.

Every row is its own transaction and is passed over while somebody else is at it, so the sweep is
safe to run at any instant, twice, and on several machines at once.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from sqlalchemy import Row, Select

from webapp.bookings import services
from webapp.bookings.queries.due import (
    BATCH,
    START,
    Place,
    nudges_statement,
    read_due,
    reminders_statement,
    waiting_statement,
)
from webapp.bookings.rules import SessionStatus
from webapp.core.db import transaction

__all__ = ["BATCH", "drop_due_holds", "expire_due", "nudge_due", "remind_due"]


def expire_due(now: dt.datetime) -> int:
    """Expire every request whose time to answer is over; return how many. Credits come back, people are told."""
    return _each(
        lambda after: waiting_statement(SessionStatus.REQUESTED, now, after, BATCH),
        lambda row: services.expire_session(row.id, now=now),
    )


def drop_due_holds(now: dt.datetime) -> int:
    """Delete every hold that ran out; return how many."""
    return _each(
        lambda after: waiting_statement(SessionStatus.HELD, now, after, BATCH),
        lambda row: services.drop_hold(row.id, now=now),
    )


def remind_due(now: dt.datetime) -> int:
    """Send the reminders and questions for a review that are due; return about how many sessions."""
    return _each(lambda after: reminders_statement(now, after, BATCH), lambda row: services.remind_of(row.id, now=now))


def nudge_due(now: dt.datetime) -> int:
    """Write to students whose sessions lie unused; return to how many."""
    return _each(
        lambda after: nudges_statement(now, after, BATCH), lambda row: services.nudge_about(row.user_id, now=now)
    )


def _each(statement: Callable[[Place], Select[Any]], work: Callable[[Row[Any]], bool]) -> int:
    done = 0
    for row in _rows(statement):
        with transaction():
            done += work(row)
    return done


def _rows(statement: Callable[[Place], Select[Any]]) -> Iterator[Row[Any]]:
    """Yield what is due, batch after batch, each row once even if its work left it due."""
    after = START
    while rows := read_due(statement(after)):
        yield from rows
        after = tuple(rows[-1])[:2]
