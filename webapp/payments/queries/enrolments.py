"""What admins see of enrolments: the list, one of them with its sessions and its order."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, and_, exists, or_, select
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.core.pagination import DEFAULT_LIMIT, Page, paginate
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.packages.models import ExamType, Package
from webapp.payments.models import Order
from webapp.payments.queries.admin import EXPORT_BATCH, plain, student_like

AHEAD = (SessionStatus.REQUESTED, SessionStatus.SCHEDULED)


@dataclass(frozen=True, slots=True)
class EnrolmentFilter:
    """What a list of enrolments is narrowed to; an empty part narrows nothing. ``package``, ``user``: public ids."""

    status: EnrolmentStatus | None = None
    package: str = ""
    exam: ExamType | None = None
    search: str = ""
    user: str = ""


def enrolments_page(
    filters: EnrolmentFilter, page: int = 1, *, now: dt.datetime, limit: int = DEFAULT_LIMIT
) -> Page[Enrolment]:
    """Return one page of enrolments, the latest first, with student, package and counsellor; two statements."""
    return paginate(db.session(), _wanted(filters, now).order_by(Enrolment.id.desc()), page=page, limit=limit)


def every_enrolment(filters: EnrolmentFilter, *, now: dt.datetime) -> Iterator[Enrolment]:
    """Yield all enrolments of a filter, the latest first, in batches: for an export."""
    before: int | None = None
    while True:
        wanted = _wanted(filters, now).order_by(Enrolment.id.desc()).limit(EXPORT_BATCH)
        rows = list(db.session.scalars(wanted if before is None else wanted.where(Enrolment.id < before)))
        yield from rows
        if len(rows) < EXPORT_BATCH:
            return
        before = rows[-1].id


def _loaded() -> Select[Enrolment]:
    return select(Enrolment).options(
        joinedload(Enrolment.user),
        joinedload(Enrolment.package),
        joinedload(Enrolment.service),
        joinedload(Enrolment.assigned_counsellor),
    )


def _wanted(filters: EnrolmentFilter, now: dt.datetime) -> Select[Any]:
    """An active enrolment whose time is over counts as expired, as `enrolments.rules.status_at` shows it."""
    wanted = _loaded()
    active = Enrolment.status == EnrolmentStatus.ACTIVE
    if filters.status is EnrolmentStatus.ACTIVE:
        wanted = wanted.where(active, Enrolment.expires_at > now)
    elif filters.status is EnrolmentStatus.EXPIRED:
        over = and_(active, Enrolment.expires_at <= now)
        wanted = wanted.where(or_(Enrolment.status == EnrolmentStatus.EXPIRED, over))
    elif filters.status is not None:
        wanted = wanted.where(Enrolment.status == filters.status)
    if filters.package:
        wanted = wanted.where(Enrolment.package.has(Package.public_id == filters.package))
    if filters.user:
        wanted = wanted.where(Enrolment.user.has(User.public_id == filters.user))
    if filters.exam is not None:
        wanted = wanted.where(Enrolment.package.has(Package.exam_type == filters.exam))
    if text := plain(filters.search):
        student = exists().where(User.id == Enrolment.user_id, student_like(text))
        wanted = wanted.where(or_(student, Enrolment.public_id == text))
    return wanted


@dataclass(frozen=True, slots=True)
class EnrolmentPage:
    """One enrolment with its sessions, the latest first, and the order that paid for it."""

    enrolment: Enrolment
    sessions: list[CounsellingSession]
    order: Order | None

    def ahead(self, now: dt.datetime) -> list[CounsellingSession]:
        """The sessions and requests that a cancellation frees, the next first."""
        coming = [one for one in self.sessions if one.status in AHEAD and one.starts_at > now]
        return sorted(coming, key=lambda one: one.starts_at)


def enrolment_page(public_id: str) -> EnrolmentPage:
    """Return an enrolment for the admins' page; three statements. NotFound if there is none."""
    found = db.session.scalar(_loaded().where(Enrolment.public_id == public_id))
    if found is None:
        raise NotFound("We could not find that enrolment.")
    order = db.session.scalar(select(Order).options(joinedload(Order.user)).where(Order.enrolment_id == found.id))
    return EnrolmentPage(found, sessions_of(found.id), order)


def sessions_of(enrolment_id: int) -> list[CounsellingSession]:
    """Return the sessions of an enrolment with their counsellors, the latest first; one statement."""
    wanted = (
        select(CounsellingSession)
        .options(joinedload(CounsellingSession.counsellor))
        .where(CounsellingSession.enrolment_id == enrolment_id)
    )
    return list(db.session.scalars(wanted.order_by(CounsellingSession.starts_at.desc())))


def grantable_packages() -> list[Package]:
    """Return the packages that may be granted: all but archived ones, in display order; one statement."""
    wanted = select(Package).where(~Package.is_archived)
    return list(db.session.scalars(wanted.order_by(Package.display_order, Package.id)))


def package_names() -> list[tuple[str, str]]:
    """Return (public id, name) of all packages, archived or not, by name; one statement."""
    rows = db.session.execute(select(Package.public_id, Package.name).order_by(Package.name, Package.id))
    return [(row[0], row[1]) for row in rows]


def active_counsellors() -> list[Counsellor]:
    """Return the active counsellors by name; one statement."""
    return list(db.session.scalars(select(Counsellor).where(Counsellor.is_active).order_by(Counsellor.name)))
