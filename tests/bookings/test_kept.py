"""What a picker keeps is never older than what changes it: every writer, one after the other, is seen at once."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from tests.bookings.picker_scene import TEN, Scene
from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_user
from tests.pages import Browser
from webapp.accounts.models import Role
from webapp.availability.queries import DayRecord, get_calendar, rules_of
from webapp.availability.rules import Window
from webapp.availability.services import AvailabilityChange, Terms, save_availability
from webapp.bookings.services import book_session, cancel_session
from webapp.bookings.services.holds import hold_slot
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.counsellors.services.closing import close_profile, open_profile
from webapp.enrolments.models import EnrolmentStatus
from webapp.enrolments.services import end_enrolment
from webapp.packages.models import Package

DAY = "?date=2026-12-12"
Act = Callable[[Scene], object]


def shown(browser: Browser, scene: Scene) -> str:
    """The day's page without what every answer has of its own."""
    answer = browser.get(scene.path + DAY)
    html = re.sub(r'name="csrf_token" value="[^"]*"|csrf-token" content="[^"]*"|[?&]v=\w+', "", answer.text)
    return f"{answer.status_code} {html}"


def book(scene: Scene) -> str:
    student = make_user()
    mine = make_enrolment(student, make_package(counsellors=[scene.counsellor]))
    return _book(scene, student=student, enrolment_id=mine.public_id)


def _book(scene: Scene, **who: object) -> str:
    return book_session(
        **who,  # type: ignore[arg-type]
        counsellor_id=scene.counsellor.public_id,
        starts_at=TEN,
        agenda="",
        meeting_mode="video",
        now=NOW,
    ).public_id


def book_own(scene: Scene) -> None:
    _book(scene, student=scene.student, enrolment_id=scene.enrolment.public_id)


def cancel(scene: Scene) -> None:
    cancel_session(actor=scene.student, session_id=scene.sessions()[0].public_id, reason="", now=NOW)


def hold(scene: Scene) -> None:
    hold_slot(
        student=make_user(), counsellor_id=scene.counsellor.public_id, starts_at=TEN, duration=30, now=clock.now()
    )


def change(**parts: object) -> Act:
    """Save a part of the counsellor's availability."""

    def save(scene: Scene) -> None:
        actor = make_user(role=Role.ADMIN)
        asked = AvailabilityChange(**parts)  # type: ignore[arg-type]
        save_availability(actor=actor, counsellor=scene.counsellor, change=asked, version=None, now=NOW)

    return save


def close_calendar(scene: Scene) -> None:
    calendar = get_calendar(scene.counsellor.id)
    assert calendar is not None
    change(terms=Terms(rules_of(calendar), is_open=False))(scene)


def rename(scene: Scene) -> None:
    scene.counsellor.title = "Knows every round"


def give_package(scene: Scene) -> None:
    make_enrolment(scene.student, make_package(counsellors=[scene.counsellor]), title="A second package")
    scene.enrolment.sessions_used = 4


def leave_package(scene: Scene) -> None:
    package = db.session.get(Package, scene.enrolment.package_id)
    assert package is not None
    package.counsellors = [make_counsellor()]


ACTS: list[tuple[str, Act | None, Act]] = [
    ("somebody books", None, book),
    ("the student books", None, book_own),
    ("the student cancels", book_own, cancel),
    ("somebody keeps a time", None, hold),
    ("other hours", None, change(windows=[Window(5, 600, 630)])),
    ("a day off", None, change(put=[DayRecord(dt.date(2026, 12, 12), ())])),
    ("a day off no more", change(put=[DayRecord(dt.date(2026, 12, 12), ())]), change(drop=[dt.date(2026, 12, 12)])),
    ("the calendar closes", None, close_calendar),
    ("the profile", None, rename),
    ("the profile closes", None, lambda scene: close_profile(scene.counsellor, "Away", NOW)),
    (
        "it opens",
        lambda scene: close_profile(scene.counsellor, "Away", NOW),
        lambda scene: open_profile(scene.counsellor),
    ),
    ("another package", None, give_package),
    ("the package ends", None, lambda scene: end_enrolment(scene.enrolment, EnrolmentStatus.CANCELLED)),
    ("the counsellor leaves the package", None, leave_package),
]


@pytest.mark.parametrize(("before", "act"), [one[1:] for one in ACTS], ids=[one[0] for one in ACTS])
def test_a_change_shows_at_once(app: Flask, db_session: Session, before: Act | None, act: Act) -> None:
    with clock.frozen(NOW):
        scene, visitor = Scene(app), Browser(app)
        if before is not None:
            with transaction():
                before(scene)
        first = [(shown(scene.browser, scene), shown(visitor, scene)) for _ in range(3)]
        assert first[1] == first[2]
        with transaction():
            act(scene)
        after = shown(scene.browser, scene), shown(visitor, scene)
        app.extensions["pieces"].clear()
        assert after == (shown(scene.browser, scene), shown(visitor, scene))
        assert after[0] != first[2][0]


def test_a_hold_that_runs_out_frees_its_time_by_itself(app: Flask, db_session: Session) -> None:
    with clock.frozen(NOW):
        scene = Scene(app)
        free = shown(scene.browser, scene)
        with transaction():
            hold(scene)
        kept = [shown(scene.browser, scene) for _ in range(2)]
        assert kept[0] != free
    with clock.frozen(NOW + dt.timedelta(minutes=10)):
        assert shown(scene.browser, scene).count("time") == free.count("time")


def test_nobodys_name_or_token_is_in_what_people_share(app: Flask, db_session: Session) -> None:
    with clock.frozen(NOW):
        scene, visitor = Scene(app, name="Zubeida Qureshi"), Browser(app)
        pages = [shown(scene.browser, scene), scene.browser.get("/").text, scene.browser.get("/counsellors").text]
        assert all("Zubeida" in page for page in pages)
        tokens = set(re.findall(r'csrf[-_]token" (?:value|content)="([^"]+)"', scene.browser.get(scene.path).text))
        for path in (scene.path + DAY, "/", "/counsellors"):
            html = visitor.get(path).text
            assert "Zubeida" not in html
            assert not any(token in html for token in tokens)
