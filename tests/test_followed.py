"""Whoever changes a row that a kept piece may show says so: through the session, or by `changed`."""

from __future__ import annotations

import ast
import datetime as dt
from collections.abc import Callable

import pytest
from flask import Flask, g
from sqlalchemy.orm import Session

from tests import factories as f
from tests.servers import ROOT
from webapp import models as m
from webapp.core.db import db
from webapp.core.pieces import _followed, know, rows_key, table_key

# Statements that bypass the session and change a followed table; each says by `changed` what it changes,
# or the session changes another row of the same keys in the same transaction (written behind it).
KNOWN = {
    ("webapp/enrolments/services.py", "Enrolment"),  # credits: changed()
    ("webapp/enrolments/services.py", "Package"),  # the desk's number of enrolments: no public page shows it
    ("webapp/packages/services.py", "Package"),  # their order: changed()
    ("webapp/availability/services.py", "AvailabilityException"),  # the calendar's row is touched with it
    (
        "webapp/notifications/services/inbox.py",
        "Notification",
    ),  # all read: changed(); what is thrown away was not shown
    ("webapp/payments/flows/reconciling.py", "Order"),  # when it was last looked at, which nobody is shown
}


def test_no_statement_bypasses_the_session_unseen(app: Flask) -> None:
    assert app.extensions["pieces"]  # the list is made with the app
    followed = {model.__name__ for model in _followed}
    found = set()
    for path in (ROOT / "webapp").rglob("*.py"):
        if "demo" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                table = node.args[0]
                if (
                    node.func.id in {"update", "delete", "insert"}
                    and isinstance(table, ast.Name)
                    and table.id in followed
                ):
                    found.add((str(path.relative_to(ROOT)), table.id))
    assert found == KNOWN


def versions(app: Flask, *keys: str) -> tuple[str, ...]:
    """Read them as a request does that begins now."""
    with app.test_request_context("/"):
        g.pop("known_versions", None)
        found = know(*keys)
    assert found is not None
    return found


@pytest.fixture
def session_row(db_session: Session) -> m.CounsellingSession:
    enrolment, counsellor = f.make_enrolment(f.make_user()), f.make_counsellor()
    row = f.make_session(enrolment, counsellor, f.NOW + dt.timedelta(days=1))
    db_session.flush()
    return row


Change = Callable[[m.CounsellingSession], None]


def _set(name: str, value: object) -> Change:
    return lambda row: setattr(row, name, value)


@pytest.mark.parametrize("change", [_set("agenda", "Round two"), _set("reason", "A clash")], ids=["agenda", "reason"])
def test_a_session_is_its_counsellors_and_its_students(
    app: Flask, session_row: m.CounsellingSession, change: Change
) -> None:
    keys = (
        rows_key(m.Counsellor, session_row.counsellor_id),
        rows_key(m.User, session_row.student_id),
        table_key(m.Calendar),
    )
    before = versions(app, *keys)
    change(session_row)
    db.session.flush()
    assert all(was != now for was, now in zip(before, versions(app, *keys), strict=True))


def test_a_step_is_the_students(app: Flask, session_row: m.CounsellingSession) -> None:
    key = rows_key(m.User, session_row.student_id)
    before = versions(app, key)
    db.session.add(m.NextStep(session_id=session_row.id, text="Send the marksheet"))
    db.session.flush()
    assert versions(app, key) != before
