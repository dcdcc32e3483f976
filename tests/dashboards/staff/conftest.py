"""Fixtures of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.crowd import crowded_app, rush
from tests.dashboards.staff.desk import Desk
from tests.factories import NOW, make_counsellor, make_user
from tests.pages import Browser
from webapp.accounts.models import Role
from webapp.core import clock

__all__ = ["crowded_app", "rush"]


@pytest.fixture(autouse=True)
def nine_thirty() -> Iterator[None]:
    with clock.frozen(NOW):  # Wed, 9 Dec 2026, 9:30 AM IST
        yield


@pytest.fixture
def desk(app: Flask, db_session: Session) -> Desk:
    admin, meera = make_user(role=Role.ADMIN), make_counsellor(name="Dr. Meera Krishnan", display_order=1)
    db_session.commit()
    return Desk(admin, Browser(app, admin), meera)
