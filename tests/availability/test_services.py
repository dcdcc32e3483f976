"""Saving availability: whole, under the version, for the right people, and told to open pickers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.availability.saving import add_exceptions, remove_exceptions, save_rules, save_weekly
from tests.factories import make_counsellor, make_exception, make_user
from webapp.availability.queries import (
    day_records,
    exceptions_of,
    get_calendar,
    plain_windows,
    rules_of,
    windows_of,
)
from webapp.availability.rules import BookingMode, CalendarRules, Window
from webapp.availability.services import (
    NO_VERSION,
    AvailabilityChange,
    CalendarChanged,
    Terms,
    create_default_calendar,
    register_errors,
    save_availability,
)
from webapp.core import live
from webapp.core.db import db, transaction
from webapp.core.errors import NotFound, ValidationFailed, error_for_constraint
from webapp.counsellors.models import Counsellor

NOW = dt.datetime(2026, 12, 9, 4, 0, tzinfo=dt.UTC)  # 9:30 AM IST
TODAY = dt.date(2026, 12, 9)
DAY = dt.timedelta(days=1)


def version_of(counsellor: Counsellor) -> int:
    calendar = get_calendar(counsellor.id)
    assert calendar is not None
    return calendar.version


def committed(counsellor: Counsellor) -> Counsellor:
    """Keep what was made, so that a refused save rolls back to it."""
    db.session.commit()
    return counsellor


def save_hours(counsellor: Counsellor, *windows: tuple[int, int, int], version: int | None = None) -> None:
    actor = counsellor.user
    assert actor is not None
    with transaction():
        save_weekly(actor=actor, counsellor=counsellor, windows=[Window(*w) for w in windows], version=version, now=NOW)


def test_the_week_is_replaced_and_the_version_rises(db_session: Session) -> None:
    counsellor = make_counsellor(windows=[(0, 600, 780), (1, 600, 780)])
    before = version_of(counsellor)
    save_hours(counsellor, (0, 600, 780), (0, 780, 900), (3, 1320, 1440), version=before)
    assert plain_windows(windows_of(counsellor.id)) == [
        Window(0, 600, 780),
        Window(0, 780, 900),
        Window(3, 1320, 1440),
    ]
    assert version_of(counsellor) == before + 1


def test_a_window_may_grow_over_the_place_of_another_that_goes(db_session: Session) -> None:
    counsellor = make_counsellor(windows=[(0, 600, 660), (0, 700, 760)])
    save_hours(counsellor, (0, 600, 760))
    assert plain_windows(windows_of(counsellor.id)) == [Window(0, 600, 760)]


def test_saving_the_same_again_changes_nothing(db_session: Session) -> None:
    counsellor = make_counsellor(windows=[(0, 600, 780)])
    before, told = version_of(counsellor), live.version(f"slots:{counsellor.public_id}")
    save_hours(counsellor, (0, 600, 780), version=before)
    assert version_of(counsellor) == before
    assert live.version(f"slots:{counsellor.public_id}") == told


def test_every_change_is_told_to_open_pickers(db_session: Session) -> None:
    counsellor = make_counsellor(windows=[])
    before = live.version(f"slots:{counsellor.public_id}")
    save_hours(counsellor, (0, 600, 780))
    assert live.version(f"slots:{counsellor.public_id}") != before


@pytest.mark.parametrize(
    ("windows", "field"),
    [
        ([Window(0, 600, 780), Window(0, 720, 800)], "monday"),
        ([Window(2, 780, 600)], "wednesday"),
        ([Window(2, 600, 600)], "wednesday"),
        ([Window(4, 0, 1500)], "friday"),
        ([Window(9, 0, 60)], "weekday"),
        ([Window(0, 30 * n, 30 * n + 10) for n in range(13)], "windows"),
    ],
)
def test_wrong_hours_are_refused_at_their_day(db_session: Session, windows: list[Window], field: str) -> None:
    counsellor = committed(make_counsellor(windows=[(0, 600, 780)]))
    assert counsellor.user
    with pytest.raises(ValidationFailed) as refused, transaction():
        save_weekly(actor=counsellor.user, counsellor=counsellor, windows=windows, version=None, now=NOW)
    assert field in refused.value.fields
    assert plain_windows(windows_of(counsellor.id)) == [Window(0, 600, 780)]


def test_an_old_version_is_a_conflict_and_nothing_changes(db_session: Session) -> None:
    counsellor = committed(make_counsellor(windows=[(0, 600, 780)]))
    before = version_of(counsellor)
    save_hours(counsellor, (0, 600, 700), version=before)
    with pytest.raises(CalendarChanged):
        save_hours(counsellor, (0, 600, 900), version=before)
    assert plain_windows(windows_of(counsellor.id)) == [Window(0, 600, 700)]


def test_rules_are_saved_whole(db_session: Session) -> None:
    counsellor = make_counsellor()
    assert counsellor.user
    rules = CalendarRules(
        zone="Asia/Dubai", session_minutes=60, step_minutes=15, buffer_before=5, buffer_after=10,
        notice_minutes=48 * 60, horizon_days=30, max_per_day=4, mode=BookingMode.APPROVAL,
    )  # fmt: skip
    with transaction():
        save_rules(
            actor=counsellor.user,
            counsellor=counsellor,
            terms=Terms(rules, 12),
            version=version_of(counsellor),
            now=NOW,
        )
    calendar = get_calendar(counsellor.id)
    assert calendar is not None
    assert rules_of(calendar) == rules
    assert calendar.cancel_deadline_hours == 12


@pytest.mark.parametrize(
    ("changes", "deadline", "field"),
    [
        ({"zone": "Mars/Olympus"}, None, "zone"),
        ({"session_minutes": 37}, None, "session_minutes"),
        ({"step_minutes": 1}, None, "step_minutes"),
        ({"buffer_after": 999}, None, "buffer_after"),
        ({"notice_minutes": 90}, None, "notice_minutes"),
        ({"notice_minutes": 900 * 60}, None, "notice_minutes"),
        ({"horizon_days": 0}, None, "horizon_days"),
        ({"max_per_day": 0}, None, "max_per_day"),
        ({}, 721, "cancel_deadline_hours"),
    ],
)
def test_wrong_rules_are_refused_at_their_field(
    db_session: Session, changes: dict[str, Any], deadline: int | None, field: str
) -> None:
    counsellor = committed(make_counsellor())
    assert counsellor.user
    terms = Terms(CalendarRules(**{"zone": "Asia/Kolkata", **changes}), deadline)
    with pytest.raises(ValidationFailed) as refused, transaction():
        save_rules(actor=counsellor.user, counsellor=counsellor, terms=terms, version=None, now=NOW)
    assert field in refused.value.fields


def test_a_range_of_days_off_and_back_again(db_session: Session) -> None:
    counsellor = make_counsellor()
    assert counsellor.user
    first, last = TODAY + 5 * DAY, TODAY + 8 * DAY
    with transaction():
        add_exceptions(
            actor=counsellor.user, counsellor=counsellor, first=first, last=last, ranges=(), reason="wedding", now=NOW
        )
    found = day_records(exceptions_of(counsellor.id, TODAY, TODAY + 30 * DAY))
    assert [(r.date, r.ranges, r.reason) for r in found] == [(first + n * DAY, (), "wedding") for n in range(4)]
    before = version_of(counsellor)
    with transaction():
        remove_exceptions(
            actor=counsellor.user, counsellor=counsellor, first=first + DAY, last=last - DAY, now=NOW, version=before
        )
    assert [r.date for r in exceptions_of(counsellor.id, TODAY, TODAY + 30 * DAY)] == [first, last]
    assert version_of(counsellor) == before + 1


def test_a_second_word_on_a_day_replaces_the_first(db_session: Session) -> None:
    counsellor = make_counsellor()
    make_exception(counsellor, TODAY + DAY, [], "away")
    assert counsellor.user
    with transaction():
        add_exceptions(
            actor=counsellor.user, counsellor=counsellor, first=TODAY + DAY, last=TODAY + DAY,
            ranges=((480, 600), (600, 720)), reason="mock test", now=NOW,
        )  # fmt: skip
    (record,) = day_records(exceptions_of(counsellor.id, TODAY, TODAY + 9 * DAY))
    assert (record.ranges, record.reason) == (((480, 720),), "mock test")


@pytest.mark.parametrize(
    ("first", "last", "ranges", "reason"),
    [
        (TODAY - DAY, TODAY + DAY, (), ""),
        (TODAY + DAY, TODAY, (), ""),
        (TODAY, TODAY + 366 * DAY, (), ""),
        (TODAY + 800 * DAY, TODAY + 800 * DAY, (), ""),
        (TODAY, TODAY, ((600, 500),), ""),
        (TODAY, TODAY, ((600, 700), (650, 800)), ""),
        (TODAY, TODAY, tuple((n * 40, n * 40 + 20) for n in range(13)), ""),
        (TODAY, TODAY, (), "x" * 121),
    ],
)
def test_wrong_days_are_refused(
    db_session: Session, first: dt.date, last: dt.date, ranges: tuple[tuple[int, int], ...], reason: str
) -> None:
    counsellor = committed(make_counsellor())
    assert counsellor.user
    with pytest.raises(ValidationFailed) as refused, transaction():
        add_exceptions(
            actor=counsellor.user, counsellor=counsellor, first=first, last=last, ranges=ranges, reason=reason, now=NOW
        )
    assert "exceptions" in refused.value.fields
    assert exceptions_of(counsellor.id, TODAY - DAY, TODAY + 999 * DAY) == []


def test_today_is_the_calendars_own(db_session: Session) -> None:
    """At 9:30 AM in India it is still the day before in Honolulu."""
    counsellor = make_counsellor(rules={"zone": "Pacific/Honolulu"})
    assert counsellor.user
    with transaction():
        add_exceptions(
            actor=counsellor.user,
            counsellor=counsellor,
            first=TODAY - DAY,
            last=TODAY - DAY,
            ranges=(),
            reason="",
            now=NOW,
        )
    assert len(exceptions_of(counsellor.id, TODAY - DAY, TODAY)) == 1


def test_a_past_day_stays_as_it_was(db_session: Session) -> None:
    counsellor = make_counsellor()
    make_exception(counsellor, TODAY - DAY)
    make_exception(counsellor, TODAY + DAY)
    assert counsellor.user
    with transaction():
        remove_exceptions(actor=counsellor.user, counsellor=counsellor, first=TODAY - DAY, last=TODAY + DAY, now=NOW)
    assert [r.date for r in exceptions_of(counsellor.id, TODAY - 9 * DAY, TODAY + 9 * DAY)] == [TODAY - DAY]


def test_only_its_counsellor_and_admins_change_a_calendar(db_session: Session) -> None:
    counsellor, other = make_counsellor(), make_counsellor()
    change = AvailabilityChange(windows=[Window(0, 60, 120)])
    strangers = (other.user, make_user(), make_user(role="counsellor"))
    committed(counsellor)
    for stranger in strangers:
        assert stranger is not None
        with pytest.raises(NotFound), transaction():
            save_availability(actor=stranger, counsellor=counsellor, change=change, version=None, now=NOW)
    with transaction():
        save_availability(actor=make_user(role="admin"), counsellor=counsellor, change=change, version=None, now=NOW)
    assert plain_windows(windows_of(counsellor.id)) == [Window(0, 60, 120)]


def test_the_first_save_makes_the_calendar(db_session: Session) -> None:
    counsellor = committed(make_counsellor(calendar=False))
    save_hours(counsellor, (0, 600, 780), version=NO_VERSION)
    assert version_of(counsellor) >= 1
    with pytest.raises(CalendarChanged):
        save_hours(counsellor, (0, 600, 900), version=NO_VERSION)


def test_the_default_calendar_has_the_houses_defaults(db_session: Session) -> None:
    counsellor = make_counsellor(calendar=False)
    calendar = create_default_calendar(counsellor)
    assert rules_of(calendar) == CalendarRules(zone="Asia/Kolkata")
    assert calendar.is_open
    assert windows_of(counsellor.id) == []


def test_a_refusal_under_the_lock_leaves_everything(db_session: Session) -> None:
    counsellor = committed(make_counsellor(windows=[(0, 600, 780)]))
    assert counsellor.user

    def refuse() -> None:
        raise ValidationFailed("choose first")

    with pytest.raises(ValidationFailed, match="choose first"), transaction():
        save_availability(
            actor=counsellor.user, counsellor=counsellor, change=AvailabilityChange(windows=[]), version=None, now=NOW,
            confirm=refuse,
        )  # fmt: skip
    assert plain_windows(windows_of(counsellor.id)) == [Window(0, 600, 780)]


def test_the_overlap_constraint_speaks_plainly() -> None:
    register_errors()
    assert isinstance(error_for_constraint("ex_availability_windows_overlap"), ValidationFailed)
