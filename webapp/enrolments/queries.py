"""Reads of enrolments: which of them book, and with whom."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import BigInteger, ColumnElement, Select, and_, bindparam, exists, literal, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from webapp.accounts.models import Role, User
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.counsellors.models import Counsellor, Service
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.packages.models import package_counsellors


def usable_enrolments(user_id: int, now: dt.datetime) -> list[Enrolment]:
    """Return a student's enrolments that can book now (active, with credits), the soonest to end first.

    Package, service and assigned counsellor are loaded with them.
    """
    wanted = _of(user_id).where(
        Enrolment.status == EnrolmentStatus.ACTIVE,
        Enrolment.expires_at > now,
        Enrolment.sessions_used < Enrolment.sessions_total,
    )
    return list(db.session.scalars(wanted.order_by(Enrolment.expires_at, Enrolment.id)))


def _of(user_id: int) -> Select[Enrolment]:
    return _loaded().where(Enrolment.user_id == user_id)


def _loaded() -> Select[Enrolment]:
    return select(Enrolment).options(
        joinedload(Enrolment.package),
        joinedload(Enrolment.service),
        joinedload(Enrolment.assigned_counsellor),
    )


def get_enrolment_for(user: User, public_id: str) -> Enrolment:
    """Return an enrolment that ``user`` may see: its student, its assigned counsellor, or an admin.

    Raises:
        NotFound: there is none, or it is not theirs.
    """
    wanted = _loaded().where(Enrolment.public_id == public_id)
    if user.role is Role.STUDENT:
        wanted = wanted.where(Enrolment.user_id == user.id)
    elif user.role is Role.COUNSELLOR:
        wanted = wanted.where(Enrolment.assigned_counsellor.has(Counsellor.user_id == user.id))
    enrolment = db.session.scalar(wanted)
    if enrolment is None:
        raise NotFound
    return enrolment


def counsellors_for(enrolment: Enrolment) -> list[Counsellor]:
    """Return the active counsellors this enrolment may book, in display order.

    The assigned one; else the package's, or all where it lists none; a single service is its seller's.
    """
    allowed = _allowed(enrolment).order_by(Counsellor.display_order, Counsellor.id)
    return list(db.session.scalars(allowed))


def may_be_booked(enrolment: Enrolment, counsellor_id: int) -> bool:
    """Whether `counsellors_for` would list this counsellor; one statement."""
    allowed = _allowed(enrolment).where(Counsellor.id == counsellor_id)
    return bool(db.session.scalar(select(allowed.exists())))


def _allowed(enrolment: Enrolment) -> Select[Counsellor]:
    active = select(Counsellor).where(Counsellor.is_active)
    if enrolment.assigned_counsellor_id is not None:
        return active.where(Counsellor.id == enrolment.assigned_counsellor_id)
    if enrolment.service_id is not None:
        seller = select(Service.counsellor_id).where(Service.id == enrolment.service_id).scalar_subquery()
        return active.where(Counsellor.id == seller)
    listed = package_counsellors.c.package_id == enrolment.package_id
    return active.where(
        or_(
            ~exists().where(listed),
            exists().where(listed, package_counsellors.c.counsellor_id == Counsellor.id),
        )
    )


def bookable_with(enrolments: Sequence[Enrolment], counsellor_id: int) -> list[Enrolment]:
    """Return those enrolments for which `counsellors_for` lists this counsellor, in their order; one statement."""
    if not enrolments:
        return []
    wanted = select(Enrolment.id).where(
        Enrolment.id.in_([enrolment.id for enrolment in enrolments]), books_with(literal(counsellor_id))
    )
    fitting = set(db.session.scalars(wanted))
    return [enrolment for enrolment in enrolments if enrolment.id in fitting]


def enrolments_and_fit(user_id: int, counsellor_id: int) -> list[tuple[Enrolment, bool]]:
    """Return all of a student's enrolments, the newest first, each with whether it books this counsellor.

    With what `bookable_with` says, in one statement and without package, service and counsellor.
    """
    rows = db.session.execute(_AND_FIT, {"user": user_id, "counsellor": counsellor_id})
    return [(enrolment, bool(fits)) for enrolment, fits in rows]


def books_with(counsellor_id: ColumnElement[int] | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Whether `counsellors_for` lists this counsellor for an enrolment."""
    assigned, bought = Enrolment.assigned_counsellor_id, Enrolment.service_id
    listed = package_counsellors.c.package_id == Enrolment.package_id
    seller = exists().where(Service.id == bought, Service.counsellor_id == counsellor_id)
    member = or_(
        ~exists().where(listed),
        exists().where(listed, package_counsellors.c.counsellor_id == counsellor_id),
    )
    return and_(
        exists().where(Counsellor.id == counsellor_id, Counsellor.is_active),
        or_(
            assigned == counsellor_id,
            and_(assigned.is_(None), bought.is_not(None), seller),
            and_(assigned.is_(None), bought.is_(None), member),
        ),
    )


# Built once: putting one together takes longer than the database needs to answer it.
_NEWEST = (Enrolment.enrolled_at.desc(), Enrolment.id.desc())
_MINE = Enrolment.user_id == bindparam("user", type_=BigInteger)
_AND_FIT = select(Enrolment, books_with(bindparam("counsellor", type_=BigInteger))).where(_MINE).order_by(*_NEWEST)
