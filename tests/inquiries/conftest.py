"""Fixtures of these tests."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session

from tests.crowd import crowded_app, rush
from tests.factories import make_user
from webapp.accounts.models import User

__all__ = ["crowded_app", "rush"]


@pytest.fixture
def admin(db_session: Session) -> User:
    """Return an admin of the desk."""
    user = make_user(role="admin", name="Rohan Mehta")
    db_session.commit()  # a refused service rolls back to here
    return user
