"""What falls due with time: the end of a package, and the warnings before it.

Every row is its own transaction and is passed over while somebody else is at it.
"""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

from sqlalchemy import Select, case, exists, func, select, tuple_
from sqlalchemy.orm import joinedload

from webapp.core.db import db, transaction
from webapp.enrolments import services
from webapp.enrolments.emails import tell_ending
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.enrolments.rules import WARNING_DAYS, warning_due
from webapp.notifications.models import OutboxMail

BATCH = 200


def expire_due(now: dt.datetime) -> int:
    """Expire every enrolment whose time is over; return how many."""
    done, after = 0, (dt.datetime.min.replace(tzinfo=dt.UTC), 0)
    while rows := db.session.execute(_over(now, after)).all():
        for row in rows:
            with transaction():
                done += services.expire_enrolment(row.id, now=now)
        after = (rows[-1].expires_at, rows[-1].id)
    return done


def _over(now: dt.datetime, after: tuple[dt.datetime, int]) -> Select[Any]:
    """Return what has ended, the first to do so first: in the index's order, so that nothing else is looked at."""
    place = tuple_(Enrolment.expires_at, Enrolment.id)
    over = select(Enrolment.expires_at, Enrolment.id).where(
        Enrolment.status == EnrolmentStatus.ACTIVE, Enrolment.expires_at <= now, place > tuple_(*after)
    )
    return cast(Select[Any], over.order_by(Enrolment.expires_at, Enrolment.id).limit(BATCH))


def warn_due(now: dt.datetime) -> int:
    """Queue the warnings 14 and 3 days before the end, where sessions are left; return how many."""
    done, after = 0, 0
    while ids := list(db.session.scalars(_ending(now, after))):
        with transaction():
            mine = select(Enrolment).where(Enrolment.id.in_(ids)).options(joinedload(Enrolment.user))
            for enrolment in db.session.scalars(mine.order_by(Enrolment.id)):
                days = warning_due(enrolment.enrolled_at, enrolment.expires_at, now)
                if days is not None:
                    tell_ending(enrolment, days, now)
                    done += 1
        after = ids[-1]
    return done


def _ending(now: dt.datetime, after: int) -> Select[int]:
    """Return whose next warning is not in the outbox yet: the key is the one that `warning_key` writes."""
    near, far = min(WARNING_DAYS), max(WARNING_DAYS)
    within_near = Enrolment.expires_at <= now + dt.timedelta(days=near)
    days = case((within_near, str(near)), else_=str(far))
    ends_on = func.to_char(func.timezone("UTC", Enrolment.expires_at), "YYYY-MM-DD")
    key = func.concat("enrolment:", Enrolment.public_id, ":ending:", days, ":", ends_on)
    wanted = select(Enrolment.id).where(
        Enrolment.status == EnrolmentStatus.ACTIVE,
        Enrolment.expires_at > now,
        Enrolment.expires_at <= now + dt.timedelta(days=far),
        Enrolment.sessions_used < Enrolment.sessions_total,
        Enrolment.id > after,
        ~exists().where(OutboxMail.dedupe_key == key),
    )
    return wanted.order_by(Enrolment.id).limit(BATCH)
