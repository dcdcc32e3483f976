"""Whom a booking is with, and what a counsellor's clock means, where a program leaves it open."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.availability.models import Calendar
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.calendars import DAY, calendar_data
from webapp.bookings.queries.free import REACH
from webapp.bookings.rules import is_free
from webapp.core.db import db
from webapp.core.errors import Conflict
from webapp.core.times import DEFAULT_ZONE
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.enrolments.queries import counsellors_for, get_enrolment_for

StartIn = Callable[[str], dt.datetime]  # zone → the wanted start


def zone_of(counsellor_id: str) -> str:
    """Return the zone of a counsellor's calendar by public id, the house's where there is none."""
    wanted = select(Calendar.zone).join(Counsellor, Counsellor.id == Calendar.counsellor_id)
    return db.session.scalar(wanted.where(Counsellor.public_id == counsellor_id)) or DEFAULT_ZONE


def zone_of_session(session: CounsellingSession) -> str:
    """Return the zone of the calendar that a session is on."""
    wanted = select(Calendar.zone).where(Calendar.counsellor_id == session.counsellor_id)
    return db.session.scalar(wanted) or DEFAULT_ZONE


def choose_counsellor(student: User, enrolment_id: str, start_in: StartIn, now: dt.datetime) -> tuple[str, dt.datetime]:
    """Return (public id, start) of the first of an enrolment's counsellors who is free at a start.

    Nobody free: the first of them all, whom booking then refuses in its words. Four statements at most.

    Raises:
        NotFound: no such enrolment of this student.
        Conflict: nobody counsels in it at the moment.
    """
    enrolment = get_enrolment_for(student, enrolment_id)
    people = counsellors_for(enrolment)
    if not people:
        raise Conflict(f"Nobody counsels in {enrolment.title} at the moment.")
    zones = select(Calendar.counsellor_id, Calendar.zone).where(Calendar.counsellor_id.in_([one.id for one in people]))
    known = {row[0]: row[1] for row in db.session.execute(zones)}
    starts = {one.id: start_in(known.get(one.id, DEFAULT_ZONE)) for one in people}
    free = _free(starts, enrolment, now) if len(people) > 1 else set()
    chosen = next((one for one in people if one.id in free), people[0])
    return chosen.public_id, starts[chosen.id]


def _free(starts: dict[int, dt.datetime], enrolment: Enrolment, now: dt.datetime) -> set[int]:
    if any(abs(start - now) > REACH for start in starts.values()):
        return set()
    first, last = min(starts.values()).date() - DAY, max(starts.values()).date() + DAY
    data = calendar_data(list(starts), first, last, student_id=enrolment.user_id, now=now)
    minutes, ends = enrolment.session_minutes, enrolment.expires_at
    return {
        pk
        for pk, start in starts.items()
        if is_free(start, **data[pk].question(now=now, duration=minutes, expires_at=ends))
    }
