"""Look-ups of availability: whose calendar, and plain data for the rules."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from tests.factories import make_counsellor, make_exception, make_user
from webapp.availability.queries import (
    DayRecord,
    day_records,
    editable_counsellor,
    exception_days,
    exceptions_of,
    get_calendar,
    plain_windows,
    windows_of,
)
from webapp.availability.rules import ExceptionDay, Window
from webapp.core.errors import NotFound

MONDAY = dt.date(2026, 12, 14)


def test_a_counsellor_finds_their_own_calendar_and_no_other(db_session: Session) -> None:
    mine, other = make_counsellor(), make_counsellor()
    assert mine.user
    assert editable_counsellor(mine.user) is mine
    assert editable_counsellor(mine.user, mine.public_id) is mine
    with pytest.raises(NotFound):
        editable_counsellor(mine.user, other.public_id)


def test_an_admin_finds_everybodys(db_session: Session) -> None:
    counsellor = make_counsellor()
    admin = make_user(role="admin")
    assert editable_counsellor(admin, counsellor.public_id) is counsellor
    with pytest.raises(NotFound):
        editable_counsellor(admin, "counsellor_nobody")


def test_students_and_counsellors_without_a_profile_find_nothing(db_session: Session) -> None:
    counsellor = make_counsellor()
    for user in (make_user(), make_user(role="counsellor")):
        with pytest.raises(NotFound):
            editable_counsellor(user)
        with pytest.raises(NotFound):
            editable_counsellor(user, counsellor.public_id)


def test_windows_come_in_the_order_of_the_week(db_session: Session) -> None:
    counsellor = make_counsellor(windows=[(4, 900, 960), (0, 1020, 1200), (0, 600, 780)])
    assert plain_windows(windows_of(counsellor.id)) == [
        Window(0, 600, 780),
        Window(0, 1020, 1200),
        Window(4, 900, 960),
    ]


def test_exceptions_of_a_span_include_both_ends(db_session: Session) -> None:
    counsellor = make_counsellor()
    for offset in range(4):
        make_exception(counsellor, MONDAY + dt.timedelta(days=offset), [[480, 840]] if offset % 2 else [], "r")
    found = day_records(exceptions_of(counsellor.id, MONDAY + dt.timedelta(days=1), MONDAY + dt.timedelta(days=2)))
    assert found == [
        DayRecord(MONDAY + dt.timedelta(days=1), ((480, 840),), "r"),
        DayRecord(MONDAY + dt.timedelta(days=2), (), "r"),
    ]
    assert exception_days(found)[0] == ExceptionDay(MONDAY + dt.timedelta(days=1), ((480, 840),))


def test_no_calendar_is_none(db_session: Session) -> None:
    assert get_calendar(make_counsellor(calendar=False).id) is None
