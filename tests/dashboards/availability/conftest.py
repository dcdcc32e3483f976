"""A counsellor with hours, and the editor opened by its owner, at a fixed instant."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.dashboards.availability.editor import NOW, Editor
from tests.factories import make_counsellor
from webapp.core import clock
from webapp.core.db import db
from webapp.counsellors.models import Counsellor


@pytest.fixture(autouse=True)
def frozen() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


@pytest.fixture
def counsellor(db_session: Session) -> Counsellor:
    """Mornings every day, evenings on Thursdays."""
    windows = [(day, 600, 780) for day in range(7)] + [(3, 1020, 1200)]
    made = make_counsellor(windows=windows, rules={"session_minutes": 60})
    db.session.commit()  # a refused save rolls back to here
    return made


@pytest.fixture
def editor(app: Flask, counsellor: Counsellor) -> Editor:
    return Editor(app, counsellor.user)
