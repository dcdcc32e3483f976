"""Row locks in the house's order (counsellor, student, enrolments, sessions) and what they are taken for.

An insert that meets an exclusion constraint can deadlock under a rush; behind the counsellor's and
the student's row lock only one of them is at it at a time.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, Executable, bindparam, or_, select
from sqlalchemy.orm import aliased, contains_eager, joinedload

from webapp.accounts.models import User
from webapp.bookings.emails import tell_expired
from webapp.bookings.models import CounsellingSession
from webapp.bookings.outgoing import emit_change
from webapp.bookings.rules import SessionEvent, SessionStatus, next_reminder, next_status, review_prompt_at
from webapp.core import live
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.enrolments.services import return_credit

S = CounsellingSession
WAITING = (SessionStatus.HELD, SessionStatus.REQUESTED)


def lock_people(counsellor_id: int, student_id: int) -> tuple[Counsellor, User]:
    """Lock and re-read a counsellor, then a student, by one statement; the counsellor's account comes along.

    Raises:
        NotFound: the counsellor was deleted in this moment.
    """
    row = _locked(_PEOPLE, counsellor=counsellor_id, student=student_id)
    return row[0], row[1]


def lock_booking(counsellor_id: int, student_id: int, enrolment_id: int) -> tuple[Counsellor, User, Enrolment]:
    """Lock and re-read a counsellor, a student and the student's enrolment, in this order, by one statement.

    Only where nothing on the two calendars has lapsed: enrolments of others would have to be locked with this
    one, in the order of ids (`lock_and_lapse`). The counsellor's account comes along, unlocked.

    Raises:
        NotFound: the counsellor was deleted in this moment.
    """
    row = _locked(_BOOKING, counsellor=counsellor_id, student=student_id, enrolment=enrolment_id)
    return row[0], row[1], row[2]


def _locked(statement: Executable, **ids: int) -> Any:
    row = db.session.execute(statement, ids, execution_options={"populate_existing": True}).one_or_none()
    if row is None:
        raise NotFound("We could not find that counsellor.")
    return row


def lock_enrolments(ids: Iterable[int | None], *, skip_locked: bool = False) -> dict[int, Enrolment]:
    """Lock and re-read enrolments in the order of their ids, so that nobody waits in a circle."""
    wanted = {enrolment_id for enrolment_id in ids if enrolment_id is not None}
    if not wanted:
        return {}
    rows = db.session.scalars(
        select(Enrolment)
        .where(Enrolment.id.in_(wanted))
        .order_by(Enrolment.id)
        .with_for_update(key_share=True, skip_locked=skip_locked)
        .execution_options(populate_existing=True)
    )
    return {row.id: row for row in rows}


def lock_sessions(
    ids: Iterable[int], *, skip_locked: bool = False, with_people: bool = False
) -> list[CounsellingSession]:
    """Lock and re-read sessions in the order of their ids; enrolments they touch are locked before.

    ``with_people`` brings both people and the enrolment in the same statement, unlocked.
    """
    wanted_ids = set(ids)
    if not wanted_ids:
        return []
    wanted = select(S).where(S.id.in_(wanted_ids)).order_by(S.id)
    if with_people:
        wanted = wanted.options(
            joinedload(S.counsellor).joinedload(Counsellor.user), joinedload(S.student), joinedload(S.enrolment)
        )
    locked = wanted.with_for_update(of=S, key_share=True, skip_locked=skip_locked)
    return list(db.session.scalars(locked.execution_options(populate_existing=True)))


def lock_and_lapse(counsellor_id: int, student_id: int, enrolment_id: int | None, now: dt.datetime) -> None:
    """Lock the enrolment, and end what has run out on these two calendars, whether or not a sweep came by.

    Holds go, requests expire with their credits back. Enrolments of others that get a credit are
    locked together with the student's own, in the order of ids.
    """
    mine = or_(S.counsellor_id == counsellor_id, S.student_id == student_id)
    stale = db.session.execute(
        select(S.id, S.enrolment_id).where(S.expires_at <= now, S.status.in_(WAITING), mine)
    ).all()
    lock_enrolments({enrolment_id, *(row.enrolment_id for row in stale)})
    if not stale:
        return
    for session in lock_sessions(row.id for row in stale):
        if session.status is SessionStatus.HELD:
            drop(session)
        elif session.status is SessionStatus.REQUESTED:
            expire(session, now)
    db.session.flush()  # the times must be free before the insert that wants one


def drop(held: CounsellingSession) -> None:
    """Delete a locked hold: it never became a session."""
    db.session.delete(held)
    announce(held)


def expire(session: CounsellingSession, now: dt.datetime) -> None:
    """Expire a locked request whose time is over: the credit comes back and both are told."""
    give_credit_back(session)
    step(session, SessionEvent.EXPIRE, actor=None, now=now)
    tell_expired(session, now)


def give_credit_back(session: CounsellingSession) -> None:
    """Return the session's credit to its (locked) enrolment."""
    if session.enrolment is not None:
        return_credit(session.enrolment)
        session.credit_returned = True


def step(
    session: CounsellingSession,
    event: SessionEvent,
    *,
    actor: User | None,
    now: dt.datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Take a locked session through one event: status, version, reminders, history, and word to open pages.

    Raises:
        IllegalTransition: the table has no such step; callers have checked.
    """
    before, session.status = session.status, next_status(session.status, event)
    session.version += 1
    if session.status not in WAITING:
        session.expires_at = None
    plan_telling(session, now)
    note(session, event.value, before=before, actor=actor, now=now, detail=detail)
    announce(session)


def plan_telling(session: CounsellingSession, now: dt.datetime) -> None:
    """Set when time alone makes us write next: before a session that stands, after one that was held."""
    if session.status is SessionStatus.SCHEDULED:
        session.remind_at = next_reminder(session.starts_at, now)
    elif session.status is SessionStatus.COMPLETED and session.finished_at is not None:
        session.remind_at = review_prompt_at(session.finished_at)
    else:
        session.remind_at = None


def note(
    session: CounsellingSession,
    event: str,
    *,
    before: SessionStatus | None,
    actor: User | None,
    now: dt.datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Write one line of the session's history, and tell other systems of it; ``actor`` None is the house itself."""
    db.session.flush()  # a new session needs its id first, and a violated constraint comes out here
    line = {
        "session": session.id,
        "actor": actor.id if actor else None,
        "at": now,
        "event": event,
        "before": before.value if before else None,
        "after": session.status.value,
        "detail": json.dumps({**(detail or {}), **({"credit_returned": True} if session.credit_returned else {})}),
    }
    db.session.connection().exec_driver_sql(_LINE, line)
    emit_change(session, before, now)


_LINE = """
insert into session_changes (session_id, actor_id, at, event, from_status, to_status, detail)
values (%(session)s, %(actor)s, %(at)s, %(event)s, %(before)s, %(after)s, %(detail)s)
"""

# Postgres locks a row of each table as FOR … OF names them, and reads what it had to wait for anew.
_ACCOUNT = aliased(User)
_PEOPLE = (
    select(Counsellor, User)
    .select_from(Counsellor)
    .join(User, User.id == bindparam("student", type_=BigInteger))
    .outerjoin(_ACCOUNT, _ACCOUNT.id == Counsellor.user_id)
    .options(contains_eager(Counsellor.user.of_type(_ACCOUNT)))
    .where(Counsellor.id == bindparam("counsellor", type_=BigInteger))
    .with_for_update(of=[Counsellor, User], key_share=True)
)
_BOOKING = (
    _PEOPLE.add_columns(Enrolment)
    .join(Enrolment, Enrolment.id == bindparam("enrolment", type_=BigInteger))
    .with_for_update(of=[Counsellor, User, Enrolment], key_share=True)
)


def announce(session: CounsellingSession) -> None:
    """Tell open pages, once this is committed, that the counsellor's times and both people's lists changed."""
    live.bump(f"slots:{session.counsellor.public_id}")
    live.bump(f"user:{session.student.public_id}")
    if session.counsellor.user is not None:
        live.bump(f"user:{session.counsellor.user.public_id}")
