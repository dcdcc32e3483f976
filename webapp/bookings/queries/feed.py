"""What a person's private calendar feed lists."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import and_, exists, or_, select

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession, SessionChange
from webapp.bookings.queries.sessions import ENDED, is_live, loaded_session
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.counsellors.models import Counsellor

S = CounsellingSession
PAST = dt.timedelta(days=90)
CANCELLED_FOR = dt.timedelta(days=30)


def sessions_of_feed(user: User, now: dt.datetime) -> list[CounsellingSession]:
    """Return the sessions ``user`` takes part in, from 90 days back on, in order of time; one statement.

    Confirmed and past ones, requests that still wait, and what was cancelled in the last 30 days.
    """
    own = select(Counsellor.id).where(Counsellor.user_id == user.id)
    cancelled = exists().where(
        SessionChange.session_id == S.id,
        SessionChange.to_status == SessionStatus.CANCELLED.value,
        SessionChange.at > now - CANCELLED_FOR,
    )
    wanted = loaded_session().where(
        or_(S.student_id == user.id, S.counsellor_id.in_(own)),
        S.starts_at >= now - PAST,
        or_(S.status.in_(ENDED), is_live(now), and_(S.status == SessionStatus.CANCELLED, cancelled)),
    )
    return list(db.session.scalars(wanted.order_by(S.starts_at, S.id)))
