"""Which enrolments book, with whom, and who sees them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_service, make_user
from webapp.accounts.models import Role
from webapp.core.errors import NotFound
from webapp.enrolments import queries
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.enrolments.rules import covers, expiry, status_at

pytestmark = pytest.mark.usefixtures("db_session")
DAY = dt.timedelta(days=1)


def test_usable_are_active_with_credits_the_soonest_to_end_first() -> None:
    user = make_user()
    later = make_enrolment(user, expires_at=NOW + 20 * DAY)
    sooner = make_enrolment(user, expires_at=NOW + 5 * DAY, sessions_used=3)
    make_enrolment(user, expires_at=NOW)
    make_enrolment(user, sessions_used=4)
    make_enrolment(user, status=EnrolmentStatus.REFUNDED)
    make_enrolment(make_user())
    assert [row.id for row in queries.usable_enrolments(user.id, NOW)] == [sooner.id, later.id]


def test_an_enrolment_is_its_students_its_counsellors_and_the_admins() -> None:
    user, counsellor = make_user(), make_counsellor()
    enrolment = make_enrolment(user, assigned_counsellor_id=counsellor.id)
    assert counsellor.user is not None
    for reader in (user, counsellor.user, make_user(role=Role.ADMIN)):
        assert queries.get_enrolment_for(reader, enrolment.public_id).id == enrolment.id
    other = make_counsellor()
    assert other.user is not None
    for outsider in (make_user(), other.user):
        with pytest.raises(NotFound):
            queries.get_enrolment_for(outsider, enrolment.public_id)
    with pytest.raises(NotFound):
        queries.get_enrolment_for(user, "enroll_unknown")


def _cases() -> list[tuple[Enrolment, set[int]]]:
    user = make_user()
    one, two, gone = make_counsellor(), make_counsellor(), make_counsellor(is_active=False)
    service: dict[str, Any] = {"package_id": None, "service_id": make_service(two).id}
    return [
        (make_enrolment(user), {one.id, two.id}),
        (make_enrolment(user, make_package(counsellors=[two, gone])), {two.id}),
        (make_enrolment(user, make_package(counsellors=[gone])), set()),
        (make_enrolment(user, make_package(counsellors=[two]), assigned_counsellor_id=one.id), {one.id}),
        (make_enrolment(user, assigned_counsellor_id=gone.id), set()),
        (make_enrolment(user, **service), {two.id}),
    ]


def test_who_counsels_an_enrolment() -> None:
    for enrolment, expected in _cases():
        assert {row.id for row in queries.counsellors_for(enrolment)} == expected


def test_every_way_of_asking_says_the_same() -> None:
    cases = _cases()
    everybody = {counsellor for _, expected in cases for counsellor in expected}
    enrolments = [enrolment for enrolment, _ in cases]
    for counsellor_id in everybody:
        fitting = {row.id for row in queries.bookable_with(enrolments, counsellor_id)}
        assert fitting == {row.id for row, expected in cases if counsellor_id in expected}
        assert fitting == {row.id for row in enrolments if queries.may_be_booked(row, counsellor_id)}
        for row in enrolments:
            assert (row, row.id in fitting) in queries.enrolments_and_fit(row.user_id, counsellor_id)
    assert queries.bookable_with([], 1) == []


def test_the_status_to_show_follows_the_clock() -> None:
    enrolment = make_enrolment(make_user(), expires_at=NOW + DAY)
    assert status_at(enrolment, NOW) is EnrolmentStatus.ACTIVE
    assert status_at(enrolment, NOW + DAY) is EnrolmentStatus.EXPIRED
    enrolment.status = EnrolmentStatus.REFUNDED
    assert status_at(enrolment, NOW + DAY) is EnrolmentStatus.REFUNDED


def test_it_covers_starts_before_its_end() -> None:
    enrolment = make_enrolment(make_user(), expires_at=NOW + DAY)
    assert covers(enrolment, NOW + DAY - dt.timedelta(seconds=1), NOW)
    assert not covers(enrolment, NOW + DAY, NOW)
    assert not covers(enrolment, NOW, NOW + DAY)
    assert expiry(NOW, 1) == NOW + DAY
