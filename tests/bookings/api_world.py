"""Two people with a package, and programs that act for them and for outsiders."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import Flask

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_session, make_user
from tests.programs import Program
from webapp.accounts.models import Role, User
from webapp.availability.rules import BookingMode
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.counsellors.models import Counsellor

URL = "/counselling-sessions"
TEN = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)  # Sat, 12 Dec 2026, 10:00 AM IST
HOUR = dt.timedelta(hours=1)


class ApiWorld:
    """A student with four sessions to book with an instant counsellor; nothing is booked."""

    def __init__(self, app: Flask, *, mode: BookingMode = BookingMode.INSTANT) -> None:
        self.app = app
        self.counsellor: Counsellor = make_counsellor(mode=mode, name="Dr. Meera Krishnan")
        self.student: User = make_user(name="Ananya Chatterjee")
        self.package = make_package(counsellors=[self.counsellor], name="JEE Complete")
        self.enrolment = make_enrolment(self.student, self.package)
        self.admin = make_user(role=Role.ADMIN)
        assert self.counsellor.user is not None
        self.counsels: User = self.counsellor.user
        db.session.commit()
        self.me, self.staff, self.desk = (Program(app, user) for user in (self.student, self.counsels, self.admin))

    def wish(self, **change: Any) -> dict[str, Any]:
        """Return the body of a booking on Saturday at ten."""
        return {
            "enrollmentId": self.enrolment.public_id,
            "counsellorId": self.counsellor.public_id,
            "preferredDate": "2026-12-12",
            "preferredTimeSlot": "10:00-10:30",
            **change,
        }

    def booked(
        self, starts: dt.datetime = TEN, status: SessionStatus = SessionStatus.SCHEDULED, **columns: Any
    ) -> CounsellingSession:
        """Return a session that is there already."""
        session = make_session(self.enrolment, self.counsellor, starts, status=status, **columns)
        db.session.commit()
        return session

    def people(self) -> list[User]:
        """Return the student, the counsellor and an admin."""
        return [self.student, self.counsels, self.admin]

    def outsiders(self) -> list[Program]:
        """Return another student and another counsellor."""
        others = [make_user(), make_counsellor().user]
        return [Program(self.app, other) for other in others]


__all__ = ["HOUR", "NOW", "TEN", "URL", "ApiWorld"]
