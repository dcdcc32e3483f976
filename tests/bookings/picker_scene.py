"""A student in front of a counsellor's picker, as the tests of its pages need them."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.factories import (
    make_counsellor,
    make_enrolment,
    make_package,
    make_session,
    make_user,
)
from tests.pages import Browser
from webapp.availability.rules import BookingMode
from webapp.bookings.models import CounsellingSession
from webapp.core.db import db

TEN = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)  # Sat, 12 Dec 2026, 10:00 AM IST
HALF = dt.timedelta(minutes=30)
AT = "2026-12-12T05:00Z"  # 10:30 AM IST


class Visitor(Browser):
    """A browser that finds everything the test made committed, so that a refusal rolls back nothing of it."""

    def submit(self, *args: Any, **kwargs: Any) -> TestResponse:
        db.session.commit()
        return super().submit(*args, **kwargs)


class Scene:
    """A student with a package of four sessions, and its counsellor: every day 10 AM to 1 PM IST."""

    def __init__(self, app: Flask, *, mode: BookingMode = BookingMode.INSTANT, **student: object) -> None:
        self.app = app
        self.counsellor = make_counsellor(mode=mode)
        self.student = make_user(**student)  # type: ignore[arg-type]
        self.enrolment = make_enrolment(self.student, make_package(counsellors=[self.counsellor], max_sessions=4))
        self.browser = Visitor(app, self.student)
        self.path = f"/book/{self.counsellor.public_id}"

    def at(self, instant: dt.datetime | str = AT, **more: str) -> str:
        text = instant if isinstance(instant, str) else instant.strftime("%Y-%m-%dT%H:%MZ")
        return self.path + "?at=" + text + "".join(f"&{name}={value}" for name, value in more.items())

    def take(self, instant: dt.datetime) -> CounsellingSession:
        """Let somebody else book a time."""
        return make_session(make_enrolment(make_user()), self.counsellor, instant)

    def sessions(self) -> list[CounsellingSession]:
        wanted = select(CounsellingSession).where(CounsellingSession.student_id == self.student.id)
        return list(db.session.scalars(wanted))


def plain(html: str) -> str:
    """The page as it is read: no tags, single blanks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html)).replace("&#39;", "'")
