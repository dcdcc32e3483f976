"""What the admin's home reads: a fixed number of statements, whatever the house holds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import joinedload

from webapp.accounts.models import Role, User
from webapp.bookings.meeting import ONLINE
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import SessionFilter, all_sessions, loaded_session, soonest_free
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.core.times import zone_info
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.notifications.models import DeliveryStatus, OutboxMail

S = CounsellingSession
DAY = dt.timedelta(days=1)
RUNS_OUT_WITHIN = DAY
LINK_WITHIN = 3 * DAY
UNVERIFIED_AFTER = dt.timedelta(hours=12)
UNVERIFIED_FOR = 30 * DAY
UNBOOKED_AFTER = 3 * DAY
FREE_DAYS = 7
SHOWN = 6
SESSIONS = (SessionStatus.SCHEDULED, SessionStatus.COMPLETED, SessionStatus.NO_SHOW)


@dataclass(frozen=True, slots=True)
class Figures:
    """The tiles: sessions of today and of this week, enrolments that book, students, credits not used yet."""

    today: int
    week: int
    enrolments: int
    credits_left: int
    students: int
    new_students: int


@dataclass(frozen=True, slots=True)
class CounsellorDay:
    """A counsellor's day in numbers, and when they are free next (None: not within a week)."""

    counsellor: Counsellor
    sessions: int
    next_at: dt.datetime | None
    waiting: int
    free_at: dt.datetime | None


def figures(zone: str, now: dt.datetime) -> Figures:
    """Read the tiles; three statements. Days and weeks are those of ``zone``, Monday first."""
    info = zone_info(zone)
    date = now.astimezone(info).date()
    today, monday = (dt.datetime.combine(day, dt.time(), info) for day in (date, date - date.weekday() * DAY))
    of_today = and_(S.starts_at >= today, S.starts_at < today + DAY)
    sessions = db.session.execute(
        select(func.count().filter(of_today), func.count()).where(
            or_(of_today, and_(S.starts_at >= monday, S.starts_at < monday + 7 * DAY)), S.status.in_(SESSIONS)
        )
    ).one()
    enrolments = db.session.execute(
        select(func.count(), func.coalesce(func.sum(Enrolment.sessions_total - Enrolment.sessions_used), 0)).where(
            Enrolment.status == EnrolmentStatus.ACTIVE, Enrolment.expires_at > now
        )
    ).one()
    students = db.session.execute(
        select(func.count(), func.count().filter(User.created_at >= now - 7 * DAY)).where(
            User.role == Role.STUDENT, User.active
        )
    ).one()
    return Figures(sessions[0], sessions[1], enrolments[0], int(enrolments[1]), students[0], students[1])


def requests_running_out(now: dt.datetime) -> list[CounsellingSession]:
    """Return open requests that lapse soon, the soonest first; one statement."""
    wanted = loaded_session().where(
        S.status == SessionStatus.REQUESTED, S.expires_at > now, S.expires_at <= now + RUNS_OUT_WITHIN
    )
    return list(db.session.scalars(wanted.order_by(S.expires_at, S.id).limit(SHOWN)))


def sessions_without_link(now: dt.datetime) -> list[CounsellingSession]:
    """Return confirmed online sessions of the next days that have no meeting link; one statement."""
    wanted = loaded_session().where(
        S.status == SessionStatus.SCHEDULED,
        S.ends_at > now,
        S.starts_at <= now + LINK_WITHIN,
        S.meeting_mode.in_(ONLINE),
        S.meeting_link.is_(None),
    )
    return list(db.session.scalars(wanted.order_by(S.starts_at, S.id).limit(SHOWN)))


def unverified_students(now: dt.datetime) -> list[User]:
    """Return students who signed up lately, are unverified, and were not written to within a day; one statement."""
    reminded = select(OutboxMail.id).where(
        func.lower(OutboxMail.recipient) == func.lower(User.email),
        OutboxMail.template == "verify",
        OutboxMail.created_at > now - DAY,
    )
    wanted = select(User).where(
        User.role == Role.STUDENT,
        User.active,
        User.email_verified_at.is_(None),
        User.created_at.between(now - UNVERIFIED_FOR, now - UNVERIFIED_AFTER),
        ~reminded.exists(),
    )
    return list(db.session.scalars(wanted.order_by(User.created_at.desc(), User.id)))


def bought_but_unbooked(now: dt.datetime) -> list[Enrolment]:
    """Return active enrolments that never booked in the days since they were bought; one statement."""
    booked = select(S.id).where(S.enrolment_id == Enrolment.id)
    wanted = (
        select(Enrolment)
        .options(joinedload(Enrolment.user))
        .where(
            Enrolment.status == EnrolmentStatus.ACTIVE,
            Enrolment.expires_at > now,
            Enrolment.enrolled_at <= now - UNBOOKED_AFTER,
            ~booked.exists(),
        )
    )
    return list(db.session.scalars(wanted.order_by(Enrolment.enrolled_at, Enrolment.id).limit(SHOWN)))


def mail_counts(now: dt.datetime) -> dict[DeliveryStatus, int]:
    """Return how many mails stand where: all that are under way or failed, and what was sent within a day."""
    recent = or_(OutboxMail.status != DeliveryStatus.SENT, OutboxMail.sent_at > now - DAY)
    rows = db.session.execute(
        select(OutboxMail.status, func.count())
        .where(recent, OutboxMail.status != DeliveryStatus.DROPPED, OutboxMail.due_at <= now)
        .group_by(OutboxMail.status)
    )
    return {row[0]: row[1] for row in rows}


def counsellor_days(zone: str, now: dt.datetime) -> list[CounsellorDay]:
    """Return every active counsellor's day, the busiest first; five statements for any number of them."""
    people = list(
        db.session.scalars(
            select(Counsellor).where(Counsellor.is_active).order_by(Counsellor.display_order, Counsellor.id)
        )
    )
    counts, free = _today_by_counsellor(zone, now), soonest_free([one.id for one in people], now=now, days=FREE_DAYS)
    days = [CounsellorDay(one, *counts.get(one.id, (0, None, 0)), free.get(one.id)) for one in people]
    return sorted(days, key=lambda day: -day.sessions)


def _today_by_counsellor(zone: str, now: dt.datetime) -> dict[int, tuple[int, dt.datetime | None, int]]:
    info = zone_info(zone)
    today = dt.datetime.combine(now.astimezone(info).date(), dt.time(), info)
    of_today = and_(S.starts_at >= today, S.starts_at < today + DAY, S.status.in_(SESSIONS))
    waiting = and_(S.status == SessionStatus.REQUESTED, S.expires_at > now)
    next_at = func.min(S.starts_at).filter(and_(of_today, S.starts_at > now, S.status == SessionStatus.SCHEDULED))
    rows: Sequence[Any] = db.session.execute(
        select(S.counsellor_id, func.count().filter(of_today), next_at, func.count().filter(waiting))
        .where(or_(of_today, waiting))
        .group_by(S.counsellor_id)
    ).all()
    return {row[0]: (row[1], row[2], row[3]) for row in rows}


def coming_sessions(now: dt.datetime) -> list[CounsellingSession]:
    """Return the next sessions and requests of the house; two statements."""
    return list(all_sessions(SessionFilter.UPCOMING, 1, now=now, limit=SHOWN).items)
