"""What time does to a package: it ends, and two warnings go before; an admin assigns its counsellor."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_user
from webapp.accounts.models import Role
from webapp.core.db import db, transaction
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.enrolments import jobs, services
from webapp.enrolments.emails import is_still_ending
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.enrolments.rules import service_expiry, warning_due
from webapp.notifications.models import OutboxMail

pytestmark = pytest.mark.usefixtures("db_session")
DAY = dt.timedelta(days=1)


def warnings() -> list[OutboxMail]:
    return list(
        db.session.scalars(
            select(OutboxMail).where(OutboxMail.template == "enrolment_expiring").order_by(OutboxMail.id)
        )
    )


def ending_in(days: float, **columns: Any) -> Enrolment:
    enrolment = make_enrolment(
        make_user(), enrolled_at=NOW - 90 * DAY, expires_at=NOW + dt.timedelta(days=days), **columns
    )
    db.session.commit()
    return enrolment


def test_what_is_over_expires_once() -> None:
    over, lasting = ending_in(0), ending_in(0.01)
    cancelled = ending_in(-1, status=EnrolmentStatus.CANCELLED)
    assert jobs.expire_due(NOW) == 1
    assert jobs.expire_due(NOW) == 0
    assert [row.status.value for row in (over, lasting, cancelled)] == ["expired", "active", "cancelled"]


def test_two_warnings_each_once() -> None:
    enrolment = ending_in(15)
    assert jobs.warn_due(NOW) == 0
    for after in (1, 2, 11.9):
        jobs.warn_due(NOW + after * DAY)
    assert [mail.context["days"] for mail in warnings()] == [14]
    for after in (12, 13, 14.9):
        jobs.warn_due(NOW + after * DAY)
    assert [mail.context["days"] for mail in warnings()] == [14, 3]
    assert warnings()[0].context["left"] == 4
    assert warnings()[0].recipient == enrolment.user.email
    assert jobs.warn_due(NOW + 16 * DAY) == 0


def test_who_is_seen_late_gets_the_nearer_one_only() -> None:
    ending_in(2)
    jobs.warn_due(NOW)
    assert [mail.context["days"] for mail in warnings()] == [3]


def test_nobody_is_warned_of_what_does_not_matter() -> None:
    ending_in(10, sessions_used=4)
    ending_in(10, status=EnrolmentStatus.REFUNDED)
    short = make_enrolment(make_user(), enrolled_at=NOW, expires_at=NOW + 10 * DAY)
    db.session.commit()
    assert jobs.warn_due(NOW) == 0
    assert jobs.warn_due(NOW + 8 * DAY) == 1
    assert warnings()[0].recipient == short.user.email


def test_a_warning_that_is_no_longer_true_does_not_go() -> None:
    enrolment = ending_in(10)
    jobs.warn_due(NOW)
    (mail,) = warnings()
    assert mail.guard is not None
    argument = mail.guard.partition(":")[2]
    assert is_still_ending(argument, mail)
    enrolment.expires_at = NOW + 100 * DAY
    assert not is_still_ending(argument, mail)
    enrolment.expires_at, enrolment.sessions_used = NOW + 10 * DAY, 4
    assert not is_still_ending(argument, mail)
    enrolment.sessions_used, enrolment.status = 0, EnrolmentStatus.CANCELLED
    assert not is_still_ending(argument, mail)
    assert not is_still_ending("enroll_none:14", mail)


@pytest.mark.parametrize(("days", "due"), [(15, None), (14, 14), (3.01, 14), (3, 3), (0.1, 3), (0, None), (-1, None)])
def test_which_warning_is_due(days: float, due: int | None) -> None:
    assert warning_due(NOW - 90 * DAY, NOW + dt.timedelta(days=days), NOW) == due


def test_how_long_a_single_session_may_wait() -> None:
    assert service_expiry(NOW, None) == NOW + 180 * DAY
    assert service_expiry(NOW, NOW + DAY) == NOW + 180 * DAY
    assert service_expiry(NOW, NOW + 170 * DAY) == NOW + 200 * DAY


def test_an_admin_assigns_and_lifts_a_counsellor() -> None:
    admin, inside, outside = make_user(role=Role.ADMIN), make_counsellor(), make_counsellor()
    enrolment = make_enrolment(make_user(), make_package(counsellors=[inside]))
    db.session.commit()
    wanted: dict[str, Any] = {"actor": admin, "enrolment_id": enrolment.public_id}
    with transaction():
        services.assign_counsellor(**wanted, counsellor_id=inside.public_id)
    assert enrolment.assigned_counsellor == inside
    with pytest.raises(ValidationFailed), transaction():
        services.assign_counsellor(**wanted, counsellor_id=outside.public_id)
    assert enrolment.assigned_counsellor_id == inside.id
    with transaction():
        lifted = services.assign_counsellor(**wanted, counsellor_id=None)
    assert (lifted.id, lifted.assigned_counsellor_id) == (enrolment.id, None)
    for wrong, error in (
        ({**wanted, "actor": inside.user}, Forbidden),
        ({**wanted, "enrolment_id": "enroll_none"}, NotFound),
    ):
        with pytest.raises(error), transaction():
            services.assign_counsellor(**wrong, counsellor_id=inside.public_id)
    enrolment.status = EnrolmentStatus.REFUNDED
    db.session.commit()
    with pytest.raises(InvalidState), transaction():
        services.assign_counsellor(**wanted, counsellor_id=inside.public_id)


def test_an_end_is_an_end_but_money_may_follow() -> None:
    enrolment = ending_in(-1, status=EnrolmentStatus.EXPIRED)
    with pytest.raises(InvalidState):
        services.end_enrolment(enrolment, EnrolmentStatus.CANCELLED)
    services.end_enrolment(enrolment, EnrolmentStatus.REFUNDED)
    assert enrolment.status is EnrolmentStatus.REFUNDED
