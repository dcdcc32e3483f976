"""What a student's home reads: one statement, whatever the student has (and the packages on offer for a new one)."""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.dashboards.student.rows import Home, HomeEnrolment, HomeSession, HomeUnpaid, note_of, step_of
from webapp.dashboards.student.statement import HOME
from webapp.packages.queries import list_packages

OFFERED = 3
SHOWN_AFTER_END = 45  # days an ended package stays on the home
LINGER = dt.timedelta(hours=1)  # a step just ticked stays in sight, so that the tick can be taken back


def read_home(student: User, now: dt.datetime) -> Home:
    """Read everything the home shows: one statement, and one more for somebody who has no package."""
    recent = now - dt.timedelta(days=SHOWN_AFTER_END)
    values = {"student": student.id, "now": now, "recent": recent, "lately": now - LINGER}
    found = db.session.execute(HOME, values).mappings().one()
    enrolments = [HomeEnrolment.of(one) for one in found["enrolments"] or ()]
    return Home(
        ahead=[HomeSession.of(one) for one in found["ahead"] or ()],
        held=[HomeSession.of(one) for one in found["held"] or ()],
        fell_through=[HomeSession.of(one) for one in found["fell_through"] or ()],
        behind=found["behind"],
        enrolments=enrolments,
        steps=[step_of(one) for one in found["steps"] or ()],
        to_review=[HomeSession.of(one) for one in found["to_review"] or ()],
        unpaid=[HomeUnpaid.of(one) for one in found["unpaid"] or ()],
        notes=[note_of(one) for one in found["notes"] or ()],
        offers=[] if enrolments else list_packages(limit=OFFERED, featured_first=True),
    )
