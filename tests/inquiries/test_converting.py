from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tests.factories import NOW, make_package, make_user
from tests.inquiries.desk import ask, done
from webapp.accounts.inviting import accept_invitation
from webapp.accounts.models import Role, User
from webapp.accounts.queries import user_by_email
from webapp.core.db import transaction
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.enrolments.models import Enrolment, EnrolmentSource
from webapp.enrolments.services import enrol_package
from webapp.inquiries.models import EventKind, Inquiry, InquiryEvent, InquiryStatus
from webapp.inquiries.services import StaleVersion, assign_inquiry, change_status, convert_inquiry
from webapp.notifications.models import Notification, OutboxMail
from webapp.packages.models import Package

pytestmark = pytest.mark.usefixtures("db_session")


@pytest.fixture
def package(db_session: Session) -> Package:
    """Give a package on sale, committed."""
    found = make_package(name="JEE Complete", slug="jee-complete")
    db_session.commit()
    return found


def convert(inquiry: Inquiry, admin: User, package: Package | None, way: str = "grant", **given: Any) -> Inquiry:
    given = {"reason": "", "version": None, **given}
    package_id = package.public_id if package else None
    return done(convert_inquiry, actor=admin, inquiry_id=inquiry.public_id, package_id=package_id, way=way, **given)


def mail(session: Session, template: str) -> OutboxMail:
    return session.scalars(select(OutboxMail).where(OutboxMail.template == template)).one()


def onward(mail: OutboxMail) -> str:
    """Open the link of an invitation and return where it leads."""
    token = str(mail.context["url"]).rpartition("/")[2]
    with transaction():
        return accept_invitation(token=token, password="Aa345678", now=NOW)[1]


def buy(user: User, package: Package, *, now: dt.datetime = NOW) -> Enrolment:
    with transaction():
        return enrol_package(user_id=user.id, package=package, title=package.name, amount_paid=499900, now=now)


def test_a_grant_makes_account_and_enrolment_at_once(admin: User, package: Package, db_session: Session) -> None:
    inquiry = ask()
    convert(inquiry, admin, package, reason="Won at the fair")
    user = user_by_email("rohan.das@example.com")
    assert user is not None
    assert (user.role, user.name, user.phone, user.is_verified) == (Role.STUDENT, "Rohan Das", "+919830041270", False)
    assert (inquiry.status, inquiry.converted_at, inquiry.answered_at) == (InquiryStatus.CONVERTED, NOW, NOW)
    assert inquiry.converted_user is user
    given = inquiry.converted_enrolment
    assert given is not None
    assert (given.user_id, given.source, given.note) == (user.id, EnrolmentSource.GRANT, "Won at the fair")
    line = db_session.scalars(select(InquiryEvent).where(InquiryEvent.kind == EventKind.CONVERTED)).one()
    assert line.body == "Won at the fair"
    assert line.data == {
        "version": 2,
        "changes": [{"field": "status", "label": "Status", "before": "New", "after": "Converted"}],
        "way": "grant",
        "invited": True,
        "package": "JEE Complete",
        "user": user.public_id,
        "enrolment": given.public_id,
    }
    assert onward(mail(db_session, "invitation")) == "/book"


@pytest.mark.parametrize(("with_package", "path"), [(True, "/checkout/jee-complete"), (False, "/packages")])
def test_a_link_leads_to_the_checkout(
    admin: User, package: Package, db_session: Session, with_package: bool, path: str
) -> None:
    inquiry = ask()
    convert(inquiry, admin, package if with_package else None, "link")
    assert inquiry.wanted_package is (package if with_package else None)
    assert inquiry.converted_enrolment is None
    assert onward(mail(db_session, "invitation")) == path


def test_an_account_alone(admin: User, db_session: Session) -> None:
    convert(ask(), admin, None)
    assert onward(mail(db_session, "invitation")) == "/student"
    assert db_session.scalar(select(func.count()).select_from(Enrolment)) == 0


def test_who_has_an_account_is_found_and_told(admin: User, package: Package, db_session: Session) -> None:
    user = make_user(email="Rohan.Das@example.com", name="Rohan K. Das")
    inquiry = ask()
    convert(inquiry, admin, package, "link")
    assert inquiry.converted_user is user
    told = mail(db_session, "inquiry_converted")
    assert told.recipient == user.email
    assert told.context["url"] == "http://localhost/checkout/jee-complete"
    assert db_session.scalar(select(func.count()).select_from(User).where(User.role == Role.STUDENT)) == 1


def test_who_was_invited_before_and_never_came_is_invited_again(
    admin: User, package: Package, db_session: Session
) -> None:
    convert(ask(), admin, None)
    convert(ask(message="And now?", now=NOW + dt.timedelta(hours=1)), admin, package, now=NOW + dt.timedelta(hours=1))
    invitations = db_session.scalars(select(OutboxMail).where(OutboxMail.template == "invitation")).all()
    assert [one.recipient for one in invitations] == ["rohan.das@example.com"] * 2


def test_the_first_purchase_is_linked_once(admin: User, package: Package, db_session: Session) -> None:
    inquiry, other = ask(), make_package(name="NEET Plan")
    done(assign_inquiry, actor=admin, inquiry_id=inquiry.public_id, assignee_id=admin.public_id, version=None)
    convert(inquiry, admin, package, "link")
    user = inquiry.converted_user
    assert user is not None
    first = buy(user, other)
    assert inquiry.converted_enrolment is first
    buy(user, package)
    db_session.expire_all()
    assert inquiry.converted_enrolment is first
    (line,) = db_session.scalars(select(InquiryEvent).where(InquiryEvent.kind == EventKind.PAID)).all()
    assert line.body == "NEET Plan, ₹4,999"
    assert line.data == {"enrolment": first.public_id, "amount": 499900, "package": "NEET Plan"}
    title = select(Notification.title).where(Notification.user_id == admin.id).order_by(Notification.id.desc())
    assert db_session.scalars(title).first() == "INQ-2026-00001 has bought NEET Plan"


def test_of_two_inquiries_the_one_with_this_package_is_meant(admin: User, package: Package) -> None:
    meant, later = ask(), ask(message="Something else", now=NOW + dt.timedelta(hours=1))
    convert(meant, admin, package, "link")
    convert(later, admin, None, "link", now=NOW + dt.timedelta(hours=2))
    user = meant.converted_user
    assert user is not None
    assert later.converted_user is user
    first = buy(user, package)
    assert (meant.converted_enrolment, later.converted_enrolment) == (first, None)
    second = buy(user, package)
    assert later.converted_enrolment is second


def test_strangers_purchases_link_nothing(package: Package, db_session: Session) -> None:
    inquiry = ask()
    buy(make_user(email="rohan.das@example.com"), package)
    assert (inquiry.status, inquiry.converted_enrolment) == (InquiryStatus.NEW, None)
    assert db_session.scalar(select(func.count()).where(InquiryEvent.kind == EventKind.PAID)) == 0


def test_what_cannot_be_converted(admin: User, package: Package, db_session: Session) -> None:
    gone, hidden = make_package(is_archived=True), make_package(is_active=False)
    closed, open_one = ask(email="a@example.com", phone="9800000001"), ask()
    done(change_status, actor=admin, inquiry_id=closed.public_id, status="closed", version=None)
    with pytest.raises(InvalidState, match="reopen it first"):
        convert(closed, admin, package)
    with pytest.raises(ValidationFailed) as refused:
        convert(open_one, admin, gone)
    assert set(refused.value.fields) == {"package"}
    for wrong, field in (({"way": "gift"}, "way"), ({"reason": "x" * 501}, "reason")):
        with pytest.raises(ValidationFailed) as refused:
            convert(open_one, admin, package, **wrong)
        assert set(refused.value.fields) == {field}
    with pytest.raises(ValidationFailed):
        convert(open_one, admin, hidden, "link")
    with pytest.raises(StaleVersion):
        convert(open_one, admin, package, version=7)
    db_session.expire_all()
    assert open_one.status is InquiryStatus.NEW
    convert(open_one, admin, package)
    with pytest.raises(InvalidState, match="converted already"):
        convert(open_one, admin, package)


@pytest.mark.parametrize("columns", [{"role": "counsellor"}, {"active": False}])
def test_an_account_that_is_no_open_students_is_left_alone(
    admin: User, package: Package, db_session: Session, columns: dict[str, Any]
) -> None:
    make_user(email="rohan.das@example.com", **columns)
    inquiry = ask()
    with pytest.raises(ValidationFailed) as refused:
        convert(inquiry, admin, package)
    assert set(refused.value.fields) == {"email"}
    db_session.expire_all()
    assert inquiry.status is InquiryStatus.NEW
    assert db_session.scalar(select(func.count()).select_from(Enrolment)) == 0
