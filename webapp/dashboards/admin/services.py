"""What the admin's home does itself: one press for all who are waiting."""

from __future__ import annotations

import datetime as dt

from webapp.accounts.services import send_verification_again
from webapp.dashboards.admin.queries import unverified_students


def remind_unverified(*, now: dt.datetime) -> int:
    """Queue the verification mail again for every student the home lists; return how many."""
    students = unverified_students(now)
    for student in students:
        send_verification_again(actor=student, now=now)
    return len(students)
