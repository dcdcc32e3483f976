"""When time alone makes us write about a session. Source: product.md "Telling people".

Two reminders before the start, the question for a review an hour after the end. What is past due
when it would be planned is skipped; of two that are due together only the nearer one goes.
"""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(hours=24)
REVIEW_AFTER = HOUR
LONG_OVER = 2 * HOUR


class Reminder(StrEnum):
    """Which of the two reminders; the words also stand in the outbox's keys."""

    DAY = "24h"
    HOUR = "1h"


_BEFORE = {Reminder.DAY: DAY, Reminder.HOUR: HOUR}


def next_reminder(start: dt.datetime, told_at: dt.datetime) -> dt.datetime | None:
    """When the next reminder is due for people last told of the session at ``told_at``; None: no more."""
    moments = (start - before for before in _BEFORE.values())
    return next((moment for moment in moments if told_at < moment), None)


def reminder_due(start: dt.datetime, now: dt.datetime) -> Reminder | None:
    """Which reminder a sweep at ``now`` sends, however late it comes; None once the session has begun."""
    if now >= start:
        return None
    return Reminder.HOUR if now >= start - HOUR else Reminder.DAY


def after_reminder(kind: Reminder, start: dt.datetime) -> dt.datetime | None:
    """When the one after ``kind`` is due; None: it was the last."""
    return start - HOUR if kind is Reminder.DAY else None


def review_prompt_at(finished_at: dt.datetime) -> dt.datetime:
    """When a completed session's student is asked how it was."""
    return finished_at + REVIEW_AFTER


def actual_end(ends_at: dt.datetime, now: dt.datetime) -> dt.datetime:
    """When a session that is marked as held at ``now`` ended: now, or as planned if that was hours ago."""
    return now if now <= ends_at + LONG_OVER else ends_at
