"""Ticket numbers, the promised answer, and where a new card lies on the board."""

from __future__ import annotations

import datetime as dt

from webapp.core.times import DEFAULT_ZONE, zone_info

ANSWER_WITHIN = dt.timedelta(hours=24)
SAME_WITHIN = dt.timedelta(minutes=10)  # the same words again within this time are the same inquiry
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def india_day(now: dt.datetime) -> dt.date:
    """Return the day it is in India: tickets and follow-ups go by it."""
    return now.astimezone(zone_info(DEFAULT_ZONE)).date()


def ticket_year(now: dt.datetime) -> int:
    """Return the year a ticket of this instant belongs to, by India's calendar."""
    return india_day(now).year


def ticket_number(year: int, number: int) -> str:
    """Return "INQ-2026-00123"; beyond 99,999 it grows a digit."""
    return f"INQ-{year:04d}-{number:05d}"


def answer_due(asked_at: dt.datetime) -> dt.datetime:
    """Return until when somebody is to answer: 24 hours after asking."""
    return asked_at + ANSWER_WITHIN


def position_on_top(now: dt.datetime) -> int:
    """Return a place on the board above everything put there earlier: a column is sorted by it, the smallest first.

    Minus the microseconds since 1970, so that there is room between any two for later moves.
    """
    return -((now - _EPOCH) // dt.timedelta(microseconds=1))


def place_in_file(now: dt.datetime, number: int, rows: int) -> int:
    """Return the place on the board of a file's row (counted from 0): the last row on top, a millisecond apart."""
    return position_on_top(now) + (rows - 1 - number) * 1000
