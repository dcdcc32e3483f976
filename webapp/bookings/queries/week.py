"""What stands on a counsellor's calendar over some days, times kept for somebody who is paying included."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import joinedload

from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.sessions import ENDED, is_live
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db

S = CounsellingSession
LONGEST = dt.timedelta(hours=6)  # a session that began before the span may reach into it


def taken_of_counsellor(
    counsellor_id: int, start: dt.datetime, end: dt.datetime, now: dt.datetime
) -> list[CounsellingSession]:
    """Return what takes a counsellor's time between two instants, in order of time, with students; one statement.

    Sessions ahead, held or missed, requests that wait, and holds that have not run out.
    """
    held = and_(S.status == SessionStatus.HELD, S.expires_at > now)
    wanted = (
        select(S)
        .options(joinedload(S.student))
        .where(
            S.counsellor_id == counsellor_id,
            S.starts_at >= start - LONGEST,
            S.starts_at < end,
            S.ends_at > start,
            or_(S.status.in_(ENDED), is_live(now), held),
        )
    )
    return list(db.session.scalars(wanted.order_by(S.starts_at, S.id)))
