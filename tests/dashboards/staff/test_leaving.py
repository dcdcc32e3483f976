"""A counsellor leaves: what is ahead is decided on, and nothing is lost silently."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.factories import (
    NOW,
    make_counsellor,
    make_enrolment,
    make_package,
    make_service,
    make_session,
    make_user,
)
from webapp.accounts.models import Role, User
from webapp.audit.models import AuditEntry
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import transaction
from webapp.core.errors import DomainError, Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.counsellors.models import Counsellor
from webapp.dashboards.staff.queries import packages_only_with, sessions_ahead, single_sessions_open
from webapp.dashboards.staff.services import ListChanged, deactivate_counsellor, reactivate_counsellor
from webapp.enrolments.models import Enrolment, EnrolmentSource
from webapp.notifications.models import OutboxMail

pytestmark = pytest.mark.usefixtures("db_session")
DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
S = SessionStatus


@pytest.fixture
def admin() -> User:
    return make_user(role=Role.ADMIN, name="Rohan Mehta")


@pytest.fixture
def meera() -> Counsellor:
    return make_counsellor()


def session_of(counsellor: Counsellor, status: S, *, ahead: dt.timedelta = 3 * DAY) -> CounsellingSession:
    return make_session(make_enrolment(make_user()), counsellor, NOW + ahead, status=status)


def leave(
    actor: User,
    counsellor: Counsellor,
    listed: list[CounsellingSession],
    decisions: dict[CounsellingSession, str],
    *,
    message: str = "She has stopped counselling.",
    reason: str = "Teaches full time now.",
) -> object:
    with transaction():
        return deactivate_counsellor(
            actor=actor,
            counsellor_id=counsellor.public_id,
            reason=reason,
            message=message,
            listed=[one.public_id for one in listed],
            decisions={one.public_id: choice for one, choice in decisions.items()},
            now=NOW,
        )


def test_each_session_goes_as_decided(db_session: Session, admin: User, meera: Counsellor) -> None:
    gone, kept = session_of(meera, S.SCHEDULED), session_of(meera, S.SCHEDULED, ahead=4 * DAY)
    asked = session_of(meera, S.REQUESTED, ahead=5 * DAY)
    past = session_of(meera, S.COMPLETED, ahead=-DAY)
    done = leave(admin, meera, [gone, kept, asked], {gone: "cancel", kept: "keep"})
    assert (done.cancelled, done.kept, done.declined) == (1, 1, 1)  # type: ignore[attr-defined]
    assert [one.status for one in (gone, kept, asked, past)] == [S.CANCELLED, S.SCHEDULED, S.DECLINED, S.COMPLETED]
    assert [one.enrolment.sessions_used for one in (gone, kept, asked) if one.enrolment] == [0, 1, 0]
    assert gone.reason == asked.reason == "She has stopped counselling."
    templates = list(db_session.scalars(select(OutboxMail.template)))
    assert sorted(templates) == ["session_cancelled", "session_cancelled_counsellor", "session_declined"]


def test_profile_and_login_close(db_session: Session, admin: User, meera: Counsellor) -> None:
    user = meera.user
    assert user is not None
    before = user.auth_version
    leave(admin, meera, [], {}, message="")
    assert (meera.is_active, meera.deactivated_at, meera.deactivated_reason) == (False, NOW, "Teaches full time now.")
    assert (user.active, user.auth_version) == (False, before + 1)
    entry = db_session.scalars(select(AuditEntry).where(AuditEntry.action == "counsellor.deactivated")).one()
    assert entry.reason == "Teaches full time now."
    with pytest.raises(InvalidState):
        leave(admin, meera, [], {})


def test_a_profile_without_login_and_one_whose_login_is_closed(admin: User) -> None:
    alone, closed = make_counsellor(user_id=None), make_counsellor()
    assert closed.user is not None
    closed.user.active = False
    for counsellor in (alone, closed):
        leave(admin, counsellor, [], {})
        assert not counsellor.is_active


@pytest.mark.parametrize("more", [True, False], ids=["one came", "one went"])
def test_another_list_than_the_page_showed_refuses_everything(
    db_session: Session, admin: User, meera: Counsellor, more: bool
) -> None:
    there = session_of(meera, S.SCHEDULED)
    listed = [there]
    if more:
        session_of(meera, S.REQUESTED, ahead=4 * DAY)
    else:
        listed.append(session_of(make_counsellor(), S.SCHEDULED))
    db_session.commit()
    with pytest.raises(ListChanged):
        leave(admin, meera, listed, dict.fromkeys(listed, "cancel"))
    db_session.refresh(meera)
    assert meera.is_active
    assert meera.user is not None
    assert meera.user.active
    assert there.status is S.SCHEDULED
    assert not list(db_session.scalars(select(OutboxMail.id)))


def test_every_session_needs_a_decision_and_students_some_words(
    db_session: Session, admin: User, meera: Counsellor
) -> None:
    one, other = session_of(meera, S.SCHEDULED), session_of(meera, S.SCHEDULED, ahead=4 * DAY)
    db_session.commit()
    with pytest.raises(ValidationFailed) as refused:
        leave(admin, meera, [one, other], {one: "cancel", other: "perhaps"}, message=" ")
    assert set(refused.value.fields) == {other.public_id, "message"}
    with pytest.raises(ValidationFailed):
        leave(admin, meera, [one, other], {one: "keep", other: "cancel"}, message="x" * 501)
    with pytest.raises(ValidationFailed) as refused:
        leave(admin, meera, [one, other], {one: "keep", other: "keep"}, reason="")
    assert set(refused.value.fields) == {"reason"}
    leave(admin, meera, [one, other], {one: "keep", other: "keep"}, message="")
    assert one.status is S.SCHEDULED


def test_a_request_that_ran_out_is_not_on_the_list(admin: User, meera: Counsellor) -> None:
    asked = session_of(meera, S.REQUESTED, ahead=2 * HOUR)  # its answer was due an hour ago
    assert sessions_ahead(meera.id, NOW) == []
    leave(admin, meera, [], {})
    assert asked.status is S.REQUESTED  # the sweep gives its credit back


def test_packages_bound_to_them_are_free_for_others(admin: User, meera: Counsellor) -> None:
    bound = make_enrolment(make_user(), assigned_counsellor_id=meera.id)
    over = make_enrolment(make_user(), assigned_counsellor_id=meera.id, status="cancelled")
    done = leave(admin, meera, [], {})
    assert done.released == 1  # type: ignore[attr-defined]
    assert (bound.assigned_counsellor_id, over.assigned_counsellor_id) == (None, meera.id)


def test_the_desk_sees_what_only_they_could_give(meera: Counsellor) -> None:
    alone = make_package(name="Alone", counsellors=[meera])
    make_package(counsellors=[meera, make_counsellor()])
    make_package()
    make_package(counsellors=[meera], is_active=False)
    assert packages_only_with(meera.id) == [alone]
    service = make_service(meera)
    columns: dict[str, Any] = {
        "package_id": None,
        "service_id": service.id,
        "source": EnrolmentSource.GRANT,
        "sessions_total": 1,
    }
    bought = make_enrolment(make_user(), **columns)
    make_enrolment(make_user(), sessions_used=1, **columns)
    assert single_sessions_open(meera.id, NOW) == [bought]


def test_back_again_with_login_and_without_sessions(admin: User, meera: Counsellor) -> None:
    gone = session_of(meera, S.SCHEDULED)
    leave(admin, meera, [gone], {gone: "cancel"})
    with transaction():
        reactivate_counsellor(actor=admin, counsellor_id=meera.public_id, now=NOW)
    assert (meera.is_active, meera.deactivated_at, meera.deactivated_reason) == (True, None, None)
    assert meera.user is not None
    assert meera.user.active
    assert gone.status is S.CANCELLED
    with pytest.raises(InvalidState):
        reactivate_counsellor(actor=admin, counsellor_id=meera.public_id, now=NOW)


def test_an_application_is_approved_never_reactivated(admin: User) -> None:
    applicant = make_counsellor(is_active=False, applied_at=NOW)
    with pytest.raises(InvalidState):
        reactivate_counsellor(actor=admin, counsellor_id=applicant.public_id, now=NOW)
    with pytest.raises(InvalidState):
        leave(admin, applicant, [], {})


def test_outsiders(db_session: Session, admin: User, meera: Counsellor) -> None:
    assert meera.user is not None
    outsiders = (make_user(), make_user(role=Role.COUNSELLOR), meera.user)
    db_session.commit()
    for outsider in outsiders:
        with pytest.raises(Forbidden):
            leave(outsider, meera, [], {})
        with pytest.raises(Forbidden):
            reactivate_counsellor(actor=outsider, counsellor_id=meera.public_id, now=NOW)
    with pytest.raises(NotFound):
        deactivate_counsellor(
            actor=admin, counsellor_id="counsellor_x", reason="x", message="", listed=[], decisions={}, now=NOW
        )
    assert meera.is_active


def test_an_erased_person_does_not_come_back(db_session: Session, admin: User, meera: Counsellor) -> None:
    leave(admin, meera, [], {})
    assert meera.user is not None
    meera.user.erased_at = NOW
    db_session.commit()
    with pytest.raises(DomainError), transaction():
        reactivate_counsellor(actor=admin, counsellor_id=meera.public_id, now=NOW)
    db_session.refresh(meera)
    assert not meera.is_active


def test_the_single_session_given_back_is_told_of(admin: User, meera: Counsellor) -> None:
    service = make_service(meera)
    bought: Enrolment = make_enrolment(
        make_user(), package_id=None, service_id=service.id, sessions_total=1, title=service.title
    )
    session = make_session(bought, meera, NOW + 3 * DAY)
    leave(admin, meera, [session], {session: "cancel"})
    assert single_sessions_open(meera.id, NOW) == [bought]
