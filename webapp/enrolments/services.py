"""Writes of enrolments: granting or buying one, its credits, its counsellor, its end.

A credit moves by a conditional UPDATE whose row count is the answer; behind it stands the CHECK
``ck_enrolments_credits``. Callers hold the enrolment's row lock already where they lock more rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import BigInteger, ColumnElement, bindparam, select, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.dml import ReturningUpdate

from webapp.accounts.models import Role, User
from webapp.core.db import db, lock_for_update
from webapp.core.errors import Forbidden, InvalidState, NoSessionsLeft, NotFound, ValidationFailed
from webapp.core.pieces import changed, rows_key
from webapp.counsellors.models import Counsellor, Service
from webapp.enrolments.emails import tell_granted
from webapp.enrolments.models import Enrolment, EnrolmentSource, EnrolmentStatus
from webapp.enrolments.queries import may_be_booked
from webapp.enrolments.rules import expiry, service_expiry
from webapp.packages.models import Package
from webapp.webhooks.services import WebhookEvent, emit

MAX_REASON = 500
OnEnrolled = Callable[[Enrolment, dt.datetime], None]
_on_enrolled: list[OnEnrolled] = []


def register_on_enrolled(tell: OnEnrolled) -> None:
    """Have a room above told of every purchase (never of a gift), inside its transaction; harmless to repeat."""
    if tell not in _on_enrolled:
        _on_enrolled.append(tell)


def grant_enrolment(
    *,
    actor: User | None,
    user: User,
    package: Package,
    reason: str,
    now: dt.datetime,
    assigned_counsellor: Counsellor | None = None,
    with_mail: bool = True,
) -> Enrolment:
    """Give a student a package without payment, and tell them; ``actor`` None is the house itself (a command).

    Title, number and length of sessions are copied from the package as it is now. Without ``with_mail``
    only the inbox says so: for whom another mail says it.

    Raises:
        Forbidden: the actor is not an admin.
        ValidationFailed: not an active student, an archived package, a reason too long, or a
            counsellor who does not counsel in this package.
    """
    if actor is not None and actor.role is not Role.ADMIN:
        raise Forbidden
    errors = _grant_problems(user, package, reason)
    if errors:
        raise ValidationFailed(fields=errors)
    enrolment = Enrolment(
        user_id=user.id,
        package_id=package.id,
        title=package.name,
        source=EnrolmentSource.GRANT,
        sessions_total=package.max_sessions,
        session_minutes=package.session_minutes,
        enrolled_at=now,
        expires_at=expiry(now, package.validity_days),
        note=reason.strip(),
    )
    if assigned_counsellor is not None:
        if not may_be_booked(enrolment, assigned_counsellor.id):
            raise ValidationFailed(
                fields={"counsellor": f"{assigned_counsellor.name} does not counsel in {package.name}."}
            )
        enrolment.assigned_counsellor_id = assigned_counsellor.id
    db.session.add(enrolment)
    count_enrolment(package.id)
    db.session.flush()  # callers want the public id
    _emit_created(enrolment, now)
    tell_granted(enrolment, now, with_mail=with_mail)
    return enrolment


def _grant_problems(user: User, package: Package, reason: str) -> dict[str, str]:
    problems = {}
    if user.role is not Role.STUDENT or not user.active:
        problems["user"] = "Only an active student account can be given a package."
    if package.is_archived:
        problems["package"] = f"{package.name} is archived. Choose another package."
    if len(reason.strip()) > MAX_REASON:
        problems["reason"] = f"Keep the reason within {MAX_REASON} characters."
    return problems


def enrol_package(*, user_id: int, package: Package, title: str, amount_paid: int, now: dt.datetime) -> Enrolment:
    """Make the enrolment of a paid package (``amount_paid`` in paise); who calls makes sure it is made once."""
    enrolment = Enrolment(
        user_id=user_id,
        package_id=package.id,
        title=title,
        source=EnrolmentSource.PURCHASE,
        sessions_total=package.max_sessions,
        session_minutes=package.session_minutes,
        amount_paid=amount_paid,
        enrolled_at=now,
        expires_at=expiry(now, package.validity_days),
    )
    db.session.add(enrolment)
    count_enrolment(package.id)
    db.session.flush()  # the order wants its id
    _tell_bought(enrolment, now)
    return enrolment


def enrol_service(
    *,
    user_id: int,
    service: Service,
    title: str,
    amount_paid: int,
    wanted: dt.datetime | None,
    now: dt.datetime,
) -> Enrolment:
    """Make the enrolment of a paid single session: one credit with its seller, good for the ``wanted`` start too."""
    enrolment = Enrolment(
        user_id=user_id,
        service_id=service.id,
        title=title,
        source=EnrolmentSource.PURCHASE,
        sessions_total=1,
        session_minutes=service.duration,
        amount_paid=amount_paid,
        enrolled_at=now,
        expires_at=service_expiry(now, wanted),
    )
    db.session.add(enrolment)
    db.session.flush()  # the order wants its id
    _tell_bought(enrolment, now)
    return enrolment


def _tell_bought(enrolment: Enrolment, now: dt.datetime) -> None:
    _emit_created(enrolment, now)
    for tell in _on_enrolled:
        tell(enrolment, now)


def _emit_created(enrolment: Enrolment, now: dt.datetime) -> None:
    """Tell other systems of a new enrolment: the ids concerned, no more."""
    sold = enrolment.package or enrolment.service
    data = {
        "enrollmentId": enrolment.public_id,
        "userId": enrolment.user.public_id,
        "packageId" if enrolment.package else "serviceId": sold.public_id if sold else None,
    }
    event = WebhookEvent.ENROLLMENT_CREATED
    emit(event, data, dedupe_key=f"{event}:{enrolment.public_id}", now=now)


def lock_enrolment(enrolment_id: int) -> Enrolment:
    """Lock and re-read an enrolment."""
    enrolment: Enrolment = lock_for_update(db.session(), Enrolment, enrolment_id)
    return enrolment


def end_enrolment(enrolment: Enrolment, status: EnrolmentStatus) -> None:
    """Set a locked enrolment to an end: expired, cancelled or refunded. It never becomes active again.

    Raises:
        InvalidState: it has ended already; a refund may still follow an expiry or a cancellation.
    """
    if enrolment.status is not EnrolmentStatus.ACTIVE and status is not EnrolmentStatus.REFUNDED:
        raise InvalidState(f"{enrolment.title} was {enrolment.status.value} already.")
    enrolment.status = status
    db.session.flush()  # mails of its sessions read the new state


def assign_counsellor(*, actor: User, enrolment_id: str, counsellor_id: str | None) -> Enrolment:
    """Give an enrolment the one counsellor its next sessions are with; None lifts that. Sessions booked stay.

    Raises:
        Forbidden: not an admin. NotFound: no such enrolment or counsellor.
        InvalidState: it has ended. ValidationFailed: a counsellor who does not counsel in it.
    """
    if actor.role is not Role.ADMIN:
        raise Forbidden
    found = db.session.scalar(select(Enrolment.id).where(Enrolment.public_id == enrolment_id))
    if found is None:
        raise NotFound("We could not find that enrolment.")
    enrolment = lock_enrolment(found)
    if enrolment.status is not EnrolmentStatus.ACTIVE:
        raise InvalidState(f"{enrolment.title} was {enrolment.status.value} and books no more sessions.")
    enrolment.assigned_counsellor_id = None
    if counsellor_id:
        counsellor = db.session.scalar(select(Counsellor).where(Counsellor.public_id == counsellor_id))
        if counsellor is None:
            raise NotFound("We could not find that counsellor.")
        if not may_be_booked(enrolment, counsellor.id):
            words = f"{counsellor.name} does not counsel in {enrolment.title}."
            raise ValidationFailed(words, fields={"counsellor": words})
        enrolment.assigned_counsellor_id = counsellor.id
    db.session.flush()  # the relationship is read anew
    db.session.expire(enrolment, ["assigned_counsellor"])
    return enrolment


def expire_enrolment(enrolment_pk: int, *, now: dt.datetime) -> bool:
    """Expire one enrolment if its time is over; False if somebody else is at it or was first."""
    enrolment = db.session.scalar(
        select(Enrolment)
        .where(Enrolment.id == enrolment_pk)
        .with_for_update(key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if enrolment is None or enrolment.status is not EnrolmentStatus.ACTIVE or enrolment.expires_at > now:
        return False
    end_enrolment(enrolment, EnrolmentStatus.EXPIRED)
    return True


def count_enrolment(package_id: int) -> None:
    """Add one to a package's number of enrolments, in the database, so that no count is lost."""
    db.session.execute(
        update(Package)
        .where(Package.id == package_id)
        .values(total_enrolments=Package.total_enrolments + 1)
        .execution_options(synchronize_session=False)
    )


def debit_credit(enrolment: Enrolment, now: dt.datetime) -> None:
    """Take one credit.

    Raises:
        NoSessionsLeft: all are used, or the enrolment stopped being usable.
    """
    if not enrolment.is_usable(now) or not _move(enrolment, _TAKE):
        raise NoSessionsLeft


def return_credit(enrolment: Enrolment) -> None:
    """Give one credit back, whatever the enrolment's status: it stays its student's.

    Raises:
        InvalidState: none was used.
    """
    if not _move(enrolment, _GIVE_BACK):
        raise InvalidState("No session of this package was used, so none can come back.")


def _move(enrolment: Enrolment, statement: ReturningUpdate[int]) -> bool:
    used = db.session.scalar(statement, {"enrolment": enrolment.id})
    if used is not None:
        set_committed_value(enrolment, "sessions_used", used)
        changed(rows_key(User, enrolment.user_id))
    return used is not None


def _moving(by: int, condition: ColumnElement[bool]) -> ReturningUpdate[int]:
    """Put the statement together, once: that takes longer than the database needs to do it."""
    return (
        update(Enrolment)
        .where(Enrolment.id == bindparam("enrolment", type_=BigInteger), condition)
        .values(sessions_used=Enrolment.sessions_used + by)
        .returning(Enrolment.sessions_used)
        .execution_options(synchronize_session=False)
    )


_TAKE = _moving(1, Enrolment.sessions_used < Enrolment.sessions_total)
_GIVE_BACK = _moving(-1, Enrolment.sessions_used > 0)
