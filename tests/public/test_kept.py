"""What visitors are shown from before is never older than what changes it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_package,
    make_review,
    make_service,
    make_session,
    make_user,
)
from tests.pages import Browser
from webapp.accounts.models import Role, User
from webapp.availability.queries import DayRecord
from webapp.availability.services import AvailabilityChange, save_availability
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.counsellors.models import Counsellor
from webapp.counsellors.services.closing import close_profile
from webapp.packages.models import Package

PAGES = ("/", "/counsellors", "/counsellors?sort=rating")


class House:
    """Two counsellors, a package and a review."""

    def __init__(self, app: Flask) -> None:
        self.app, self.visitor = app, Browser(app)
        self.early, self.late = make_counsellor(name="Early Bird"), make_counsellor(name="Late Riser")
        self.package: Package = make_package(name="Plan", counsellors=[self.early])
        self.student: User = make_user(name="Amit Kumar")
        enrolment = make_enrolment(self.student, self.package)
        self.review = make_review(make_session(enrolment, self.late, NOW, status="cancelled"), text="Kind words")

    def pages(self) -> list[str]:
        """What the pages say, without the stamp that each form has of its own."""
        found = [self.visitor.get(path).text for path in PAGES]
        return [re.sub(r'name="stamp"[^>]*|server-now" content="[^"]*"', "", html) for html in found]

    def close_day(self, who: Counsellor) -> None:
        day = AvailabilityChange(put=[DayRecord(dt.date(2026, 12, 10), ())])
        actor = make_user(role=Role.ADMIN)
        save_availability(actor=actor, counsellor=who, change=day, version=None, now=NOW)

    def book_first(self) -> None:
        first = dt.datetime(2026, 12, 10, 4, 30, tzinfo=dt.UTC)
        make_session(make_enrolment(make_user(), self.package), self.early, first)


def _set(thing: str, name: str, value: object) -> Callable[[House], None]:
    return lambda house: setattr(getattr(house, thing), name, value)


ACTS: dict[str, Callable[[House], object]] = {
    "a name": _set("early", "name", "Earlier Bird"),
    "a rating": _set("late", "rating", 3),
    "a new counsellor": lambda _house: make_counsellor(name="Newcomer"),
    "one leaves": lambda house: close_profile(house.early, "Away", NOW),
    "the soonest time is booked": House.book_first,
    "a day off": lambda house: house.close_day(house.early),
    "a package's price": _set("package", "price", 77700),
    "a package is withdrawn": _set("package", "is_active", False),
    "a review's words": _set("review", "text", "Kinder words"),
    "a review is taken down": _set("review", "published_at", None),
    "its author's name": _set("student", "name", "Binod Rao"),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_change_shows_at_once(app: Flask, db_session: Session, act: Callable[[House], object]) -> None:
    with clock.frozen(NOW):
        house = House(app)
        before = [house.pages() for _ in range(3)][-1]
        with transaction():
            act(house)
        after = house.pages()
        app.extensions["pieces"].clear()
        db.session.expire_all()
        assert after == house.pages()
        assert after != before


def test_zones_have_their_own(app: Flask, db_session: Session) -> None:
    with clock.frozen(NOW):
        house = House(app)
        make_service(house.early)
        house.pages()
        house.visitor.client.set_cookie("tz", "Asia/Dubai")
        assert "8:30 AM UTC+4" in house.pages()[0]
