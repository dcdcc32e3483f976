"""Whether an address has an account is not to be told by how long an answer takes."""

from __future__ import annotations

import contextlib
import datetime as dt
import itertools
import statistics
import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_user
from webapp.accounts.passwords import hash_password
from webapp.accounts.services import authenticate, request_password_reset, sign_up
from webapp.core.db import transaction
from webapp.core.errors import DomainError

TRIES = 40
Act = Callable[[str], None]


def _log_in(email: str) -> None:
    authenticate(email=email, password="Wrong-pass-1")


def _forget(email: str) -> None:
    request_password_reset(email=email, now=next(_moments))


def _sign_up(email: str) -> None:
    sign_up(name="Ira", email=email, phone="", password="Long-pass-9", zone="Asia/Kolkata", now=next(_moments))


_moments = (NOW + dt.timedelta(seconds=number) for number in itertools.count())


def _seconds(act: Act, email: str) -> float:
    begun = time.perf_counter()
    with contextlib.suppress(DomainError), transaction():
        act(email)
    return time.perf_counter() - begun


@pytest.mark.parametrize("act", [_log_in, _forget, _sign_up], ids=["signing in", "forgetting", "signing up"])
def test_known_and_unknown_addresses_take_as_long(app: Flask, db_session: Session, act: Act) -> None:
    """Measured by turns; the distributions overlap and the medians are close, compared generously."""
    make_user(email="known@example.com", password_hash=hash_password("Secret-99"))
    db_session.commit()
    known, unknown = [], []
    for number in range(TRIES + 2):
        known.append(_seconds(act, "known@example.com"))
        unknown.append(_seconds(act, f"unknown{number}@example.com"))
    known, unknown = known[2:], unknown[2:]  # the first ones load what the others find
    assert 0.6 < statistics.median(known) / statistics.median(unknown) < 1.7
    if act is not _sign_up:  # it says of a taken address that it is taken; the others keep it to themselves
        one, other = (statistics.quantiles(times, n=10) for times in (known, unknown))
        assert one[1] < other[7]
        assert other[1] < one[7]
