"""One person as admins see them: what they have with us, a few statements whatever there is."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from webapp.accounts.models import User
from webapp.accounts.queries import user_by_public_id
from webapp.audit.history import history_of
from webapp.audit.presenters import Line
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules.states import SessionStatus
from webapp.bookings.session_cards import State, state_of
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.inquiries.models import Inquiry
from webapp.inquiries.rules.keys import email_key
from webapp.payments.models import Order

MOST = 8  # of each kind; the lists of that kind have the rest
AHEAD = (SessionStatus.REQUESTED, SessionStatus.SCHEDULED)


@dataclass(frozen=True, slots=True)
class PersonPage:
    """A person with the latest of everything."""

    user: User
    enrolments: list[Enrolment]
    sessions: list[tuple[CounsellingSession, State]]
    orders: list[Order]
    inquiries: list[Inquiry]
    counsellor: Counsellor | None
    counts: dict[str, int]
    history: list[Line]


def find_person(public_id: str) -> User:
    """Return an account. Raises NotFound."""
    user = user_by_public_id(public_id)
    if user is None:
        raise NotFound("We could not find that account.")
    return user


def person_page(user: User, *, zone: str, now: dt.datetime) -> PersonPage:
    """Return what an account's page shows, with packages, counsellors and payments loaded."""
    counsellor = db.session.scalar(select(Counsellor).where(Counsellor.user_id == user.id))
    rows = sessions_of(user, counsellor)
    return PersonPage(
        user=user,
        enrolments=_enrolments(user),
        sessions=[(one, state_of(one, now)) for one in rows],
        orders=_orders(user),
        inquiries=inquiries_of(user, limit=MOST),
        counsellor=counsellor,
        counts=_counts(user),
        history=history_of("user", user.public_id, zone=zone),
    )


def _enrolments(user: User) -> list[Enrolment]:
    wanted = select(Enrolment).where(Enrolment.user_id == user.id).order_by(Enrolment.id.desc())
    return list(db.session.scalars(wanted.limit(MOST)))


def sessions_of(user: User, counsellor: Counsellor | None) -> list[CounsellingSession]:
    """Return the latest sessions of a student, or of a counsellor, with both people."""
    mine = CounsellingSession.student_id == user.id
    if counsellor is not None:
        mine = or_(mine, CounsellingSession.counsellor_id == counsellor.id)
    wanted = (
        select(CounsellingSession)
        .where(mine, CounsellingSession.status != SessionStatus.HELD)
        .options(joinedload(CounsellingSession.counsellor), joinedload(CounsellingSession.student))
        .order_by(CounsellingSession.starts_at.desc())
    )
    return list(db.session.scalars(wanted.limit(MOST)))


def _orders(user: User) -> list[Order]:
    wanted = select(Order).where(Order.user_id == user.id).order_by(Order.id.desc())
    return list(db.session.scalars(wanted.options(selectinload(Order.payments)).limit(MOST)))


def inquiries_of(user: User, *, limit: int | None = None) -> list[Inquiry]:
    """Return the inquiries that became this account, or came from its address, the latest first."""
    mine = or_(Inquiry.converted_user_id == user.id, Inquiry.email_key == email_key(user.email))
    return list(db.session.scalars(select(Inquiry).where(mine).order_by(Inquiry.id.desc()).limit(limit)))


def _counts(user: User) -> dict[str, int]:
    row = db.session.execute(
        select(
            select(func.count(Enrolment.id)).where(Enrolment.user_id == user.id).scalar_subquery(),
            select(func.count(CounsellingSession.id))
            .where(CounsellingSession.student_id == user.id, CounsellingSession.status != SessionStatus.HELD)
            .scalar_subquery(),
            select(func.count(Order.id)).where(Order.user_id == user.id).scalar_subquery(),
        )
    ).one()
    return dict(zip(("enrolments", "sessions", "orders"), row, strict=True))


def ahead_of(user: User, *, now: dt.datetime) -> int:
    """Return how many requests and sessions lie ahead of a person, as student or as counsellor; one statement."""
    mine = or_(
        CounsellingSession.student_id == user.id,
        CounsellingSession.counsellor_id.in_(select(Counsellor.id).where(Counsellor.user_id == user.id)),
    )
    wanted = select(func.count(CounsellingSession.id)).where(
        mine, CounsellingSession.status.in_(AHEAD), CounsellingSession.ends_at > now
    )
    return db.session.scalar(wanted) or 0
