"""What a session is worth and who gets which part of it. Paise. Source: product.md "Money", counsellors' share."""

from __future__ import annotations

from webapp.payments.rules.pricing import half_up


def session_value(paid: int, sessions: int, number: int) -> int:
    """Return the value of the ``number``-th (from 1) session of a package: paid ÷ sessions, the last has the rest.

    ValueError unless 1 ≤ number ≤ sessions.
    """
    if not 1 <= number <= sessions:
        raise ValueError(f"session {number} of {sessions}")
    each = paid // sessions
    return each if number < sessions else paid - each * (sessions - 1)


def counsellor_share(value: int, percent: int) -> int:
    """Return the counsellor's part of a session's value, rounded half up."""
    return half_up(value * percent, 100)
