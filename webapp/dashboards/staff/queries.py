"""What the desk looks at when a counsellor leaves, and what the list shows beside each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import joinedload

from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.counsellors.models import Service
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.packages.models import Package, package_counsellors

S, E = CounsellingSession, Enrolment
STANDING = (SessionStatus.REQUESTED, SessionStatus.SCHEDULED)


def sessions_ahead(counsellor_id: int, now: dt.datetime) -> list[CounsellingSession]:
    """Return a counsellor's confirmed sessions and open requests that have not begun, the next one first.

    With students and enrolments; one statement. A request that ran out is the sweep's.
    """
    wanted = select(S).options(joinedload(S.student), joinedload(S.enrolment)).where(_ahead(now))
    return list(db.session.scalars(wanted.where(S.counsellor_id == counsellor_id).order_by(S.starts_at, S.id)))


def counts_ahead(counsellor_ids: Iterable[int], now: dt.datetime) -> dict[int, int]:
    """Return how many sessions and requests each of these counsellors has ahead; one statement."""
    ids = list(counsellor_ids)
    if not ids:
        return {}
    wanted = select(S.counsellor_id, func.count()).where(S.counsellor_id.in_(ids), _ahead(now))
    return dict(db.session.execute(wanted.group_by(S.counsellor_id)).all())


def _ahead(now: dt.datetime) -> ColumnElement[bool]:
    return and_(S.status.in_(STANDING), S.starts_at > now, or_(S.expires_at.is_(None), S.expires_at > now))


def assigned_to(counsellor_id: int) -> list[Enrolment]:
    """Return active packages whose sessions are all with this counsellor, with students; one statement."""
    wanted = select(E).options(joinedload(E.user)).where(
        E.assigned_counsellor_id == counsellor_id, E.status == EnrolmentStatus.ACTIVE, E.service_id.is_(None)
    )  # fmt: skip
    return list(db.session.scalars(wanted.order_by(E.id)))


def single_sessions_open(counsellor_id: int, now: dt.datetime) -> list[Enrolment]:
    """Return single sessions bought from this counsellor whose credit is still there, with students; one statement."""
    wanted = (
        select(E)
        .options(joinedload(E.user))
        .join(Service, Service.id == E.service_id)
        .where(
            Service.counsellor_id == counsellor_id,
            E.status == EnrolmentStatus.ACTIVE,
            E.expires_at > now,
            E.sessions_used < E.sessions_total,
        )
    )
    return list(db.session.scalars(wanted.order_by(E.id)))


def packages_only_with(counsellor_id: int) -> list[Package]:
    """Return packages on sale that list this counsellor and no other; one statement."""
    here, other = package_counsellors.c, package_counsellors.alias().c
    alone = ~exists().where(other.package_id == Package.id, other.counsellor_id != counsellor_id)
    wanted = (
        select(Package)
        .join(package_counsellors, here.package_id == Package.id)
        .where(here.counsellor_id == counsellor_id, Package.is_active, ~Package.is_archived, alone)
    )
    return list(db.session.scalars(wanted.order_by(Package.name)))
