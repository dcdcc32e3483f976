"""What lies in the browser's signed cookie between password and second step: that the password was right."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import session

from webapp.accounts.models import User
from webapp.accounts.second_step import start_challenge

_WAITS = "second_step"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A sign-in under way: the challenge, and whether it is for 30 days."""

    challenge: str
    remember: bool


def wait_for_second_step(user: User, *, remember: bool, now: dt.datetime) -> None:
    """Note that this browser gave the right password; it is not signed in by that."""
    session[_WAITS] = [start_challenge(user, now=now), remember]


def what_waits() -> Waiting | None:
    """Return the sign-in under way in this browser."""
    found = session.get(_WAITS)
    return Waiting(*found) if found else None


def stop_waiting() -> None:
    """Forget the sign-in under way."""
    session.pop(_WAITS, None)
