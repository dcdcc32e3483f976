"""Who is counted, and from where an account is known."""

from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import NOW, make_login, make_user
from webapp.accounts.callers import caller_id, is_familiar
from webapp.core import clock

DAY = dt.timedelta(days=1)


@pytest.mark.parametrize(
    ("email", "address", "known"),
    [
        ("ananya@example.com", "203.0.113.7", True),
        ("ananya@example.com", "2001:db8:1:2::", True),  # another address of the same network
        ("ananya@example.com", "203.0.113.8", False),
        ("ananya@example.com", "198.51.100.1", False),  # too long ago
        ("ira@example.com", "203.0.113.7", False),
        ("nobody@example.com", "203.0.113.7", False),
        ("ananya@example.com\x00", "203.0.113.7", False),
        ("", "unknown", False),
    ],
)
def test_where_an_account_was_signed_in_lately(
    app: Flask, db_session: Session, email: str, address: str, known: bool
) -> None:
    ananya = make_user(email="Ananya@example.com")
    make_user(email="ira@example.com")
    make_login(ananya, address="203.0.113.7", created_at=NOW - 29 * DAY, revoked_at=NOW - 28 * DAY)
    make_login(ananya, address="2001:db8:1:2:3:4:5:6", created_at=NOW)
    make_login(ananya, address="198.51.100.1", created_at=NOW - 31 * DAY)
    with clock.frozen(NOW):
        assert is_familiar(email, address) is known


def test_a_visitor_is_nobody(app: Flask, db_session: Session) -> None:
    with app.test_request_context("/"):
        assert caller_id() is None
