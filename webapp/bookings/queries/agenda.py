"""What a counsellor's home reads: the agenda as small rows, and the requests that wait. Statements are built once."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import BigInteger, DateTime, bindparam, or_, select
from sqlalchemy.orm import defer, joinedload

from webapp.accounts.models import User
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.sessions import ENDED, is_live
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.enrolments.models import Enrolment

S = CounsellingSession


@dataclass(frozen=True, slots=True)
class AgendaRow:
    """A session or request on a counsellor's calendar; ``student`` is the name."""

    id: int
    public_id: str
    status: SessionStatus
    starts_at: dt.datetime
    ends_at: dt.datetime
    expires_at: dt.datetime | None
    agenda: str
    meeting_link: str | None
    student_id: int
    student: str


def agenda_of_counsellor(
    counsellor_id: int, day_start: dt.datetime, day_end: dt.datetime, *, now: dt.datetime | None = None
) -> list[AgendaRow]:
    """Return what is on a counsellor's calendar between two instants, in order of time; one statement.

    Sessions still to come, held or missed; with ``now`` also the requests that have not run out.
    """
    values = {"counsellor": counsellor_id, "since": day_start, "until": day_end}
    found = db.session.execute(_FIRM, values) if now is None else db.session.execute(_WHOLE, {**values, "now": now})
    return [AgendaRow(**row) for row in found.mappings()]


def requests_of_counsellor(counsellor_id: int, now: dt.datetime) -> list[CounsellingSession]:
    """Return the requests that wait for this counsellor's answer, the soonest to lapse first; one statement.

    Of student and enrolment only what a card shows is read.
    """
    return list(db.session.scalars(_REQUESTS, {"counsellor": counsellor_id, "now": now}))


_INSTANT = DateTime(timezone=True)
_NOW = bindparam("now", type_=_INSTANT)
_THEIRS = S.counsellor_id == bindparam("counsellor", type_=BigInteger)
_STANDS = S.status.in_((SessionStatus.SCHEDULED, *ENDED))
_AGENDA = (
    select(
        *(S.id, S.public_id, S.status, S.starts_at, S.ends_at, S.expires_at, S.agenda, S.meeting_link, S.student_id),
        User.name.label("student"),
    )
    .join(S.student)
    .where(
        _THEIRS,
        S.starts_at >= bindparam("since", type_=_INSTANT),
        S.starts_at < bindparam("until", type_=_INSTANT),
    )
    .order_by(S.starts_at, S.id)
)
_FIRM = _AGENDA.where(_STANDS)
_WHOLE = _AGENDA.where(or_(_STANDS, is_live(_NOW)))
_REQUESTS = (
    select(S)
    .options(
        joinedload(S.student).load_only(User.name),
        joinedload(S.enrolment).load_only(Enrolment.title, Enrolment.sessions_total),
        defer(S.private_notes),
        defer(S.shared_notes),
    )
    .where(_THEIRS, S.status == SessionStatus.REQUESTED, S.expires_at > _NOW, S.starts_at > _NOW)
    .order_by(S.expires_at, S.id)
)
