"""The one statement of a student's home: each part of the home is a question of its own, answered as a JSON array.

Ten questions cost ten times the way to the database and back, which was half of the home; put together once,
at import. Tables instead of entities: nothing is mapped that the home does not show.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    DateTime,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.sql.expression import ScalarSelect

from webapp.bookings.models import CounsellingSession, NextStep
from webapp.bookings.rules import SessionStatus
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.notifications.models import Notification
from webapp.payments.models import Order, OrderStatus
from webapp.payments.rules import OPEN_ORDERS
from webapp.reviews.models import Review

HELD_SHOWN = 3
FELL_SHOWN = 2
STEPS_SHOWN = 20
REVIEWS_ASKED = 1
UNPAID_SHOWN = 3
NOTES_SHOWN = 3
MOST_ENROLMENTS = 50
FELL_THROUGH = (SessionStatus.DECLINED, SessionStatus.EXPIRED, SessionStatus.REQUESTED)

S = CounsellingSession.__table__
C = Counsellor.__table__
E = Enrolment.__table__
N = Notification.__table__
O = Order.__table__  # noqa: E741
R = Review.__table__
P = NextStep.__table__
_INSTANT = DateTime(timezone=True)
_STUDENT: ColumnElement[int] = bindparam("student", type_=BigInteger)
_NOW, _RECENT, _LATELY = (bindparam(name, type_=_INSTANT) for name in ("now", "recent", "lately"))


def _is(column: ColumnElement[Any], *words: SessionStatus | OrderStatus) -> ColumnElement[bool]:
    """Whether a column holds one of these words, which stand in the statement itself: nothing to bind each time."""
    first, *more = (column == literal_column(f"'{word.value}'") for word in words)
    return or_(first, *more)


def _number(most: int) -> ColumnElement[int]:
    return literal_column(str(most))


def _rows(wanted: Select[Any], name: str) -> ColumnElement[Any]:
    """The rows of a question as one JSON array, in their order; NULL without any."""
    rows = wanted.subquery(f"{name}_rows")
    return select(func.json_agg(rows.table_valued())).scalar_subquery().label(name)


def _live(session: Any) -> ColumnElement[bool]:
    """A session that stands and has not ended (`is_live` of bookings, on the table)."""
    waiting = and_(_is(session.c.status, SessionStatus.REQUESTED), session.c.expires_at > _NOW)
    return and_(or_(_is(session.c.status, SessionStatus.SCHEDULED), waiting), session.c.ends_at > _NOW)


def _mine(session: Any) -> ColumnElement[bool]:
    return and_(session.c.student_id == _STUDENT, not_(_is(session.c.status, SessionStatus.HELD)))


def _sessions(*conditions: ColumnElement[bool]) -> Select[Any]:
    """The student's sessions as cards show them."""
    names = ("public_id", "status", "starts_at", "ends_at", "expires_at", "agenda", "meeting_mode", "meeting_link")
    return (
        select(
            *(S.c[name] for name in (*names, "move_offered_at", "counsellor_id")),
            *(C.c[name].label(f"counsellor_{name}") for name in ("public_id", "name", "title", "photo")),
            E.c.public_id.label("enrolment_public_id"),
        )
        .select_from(S.join(C, C.c.id == S.c.counsellor_id).outerjoin(E, E.c.id == S.c.enrolment_id))
        .where(_mine(S), *conditions)
    )


def _ahead() -> Select[Any]:
    """The next confirmed session, those to move, and the requests that wait; not all that is booked."""
    other = S.alias("coming")
    first: ScalarSelect[int] = (
        select(other.c.id)
        .where(_mine(other), _is(other.c.status, SessionStatus.SCHEDULED), other.c.ends_at > _NOW)
        .order_by(other.c.starts_at, other.c.id)
        .limit(_number(1))
        .scalar_subquery()
    )
    speaks = or_(_is(S.c.status, SessionStatus.REQUESTED), S.c.move_offered_at.is_not(None), S.c.id == first)
    return _sessions(_live(S), speaks).order_by(S.c.starts_at, S.c.id)


def _fell_through() -> Select[Any]:
    """Requests that nobody took for a time still ahead, unless their counsellor was asked again."""
    again = S.alias("again")
    asked = select(again.c.id).where(_mine(again), _live(again), again.c.counsellor_id == S.c.counsellor_id)
    lost = _sessions(S.c.starts_at > _NOW, _is(S.c.status, *FELL_THROUGH), not_(_live(S)), ~asked.exists())
    return lost.order_by(S.c.starts_at.desc(), S.c.id.desc()).limit(_number(FELL_SHOWN))


def _held() -> Select[Any]:
    behind = _sessions(S.c.starts_at <= _NOW, not_(_live(S)))
    return behind.order_by(S.c.starts_at.desc(), S.c.id.desc()).limit(_number(HELD_SHOWN))


def _to_review() -> Select[Any]:
    unread = ~select(R.c.id).where(R.c.session_id == S.c.id).exists()
    done = _sessions(_is(S.c.status, SessionStatus.COMPLETED), unread)
    return done.order_by(S.c.starts_at.desc()).limit(_number(REVIEWS_ASKED))


def _enrolments() -> Select[Any]:
    """What books or ended lately, else the newest; the newest first."""
    other = E.alias("newest")
    newest = select(other.c.id).where(other.c.user_id == _STUDENT)
    newest = newest.order_by(other.c.enrolled_at.desc(), other.c.id.desc()).limit(_number(1))
    names = ("public_id", "title", "status", "sessions_total", "sessions_used", "expires_at")
    return (
        select(*(E.c[name] for name in names), C.c.public_id.label("counsellor_id"), C.c.name.label("counsellor"))
        .select_from(E.outerjoin(C, C.c.id == E.c.assigned_counsellor_id))
        .where(E.c.user_id == _STUDENT, or_(E.c.expires_at > _RECENT, E.c.id == newest.scalar_subquery()))
        .order_by(E.c.enrolled_at.desc(), E.c.id.desc())
        .limit(_number(MOST_ENROLMENTS))
    )


def _steps() -> Select[Any]:
    """Steps that are not ticked off, or were in the last hour; the latest session's first."""
    return (
        select(P.c.public_id, P.c.text, P.c.done_at, S.c.starts_at, C.c.name.label("counsellor"))
        .select_from(P.join(S, S.c.id == P.c.session_id).join(C, C.c.id == S.c.counsellor_id))
        .where(
            S.c.student_id == _STUDENT,
            _is(S.c.status, SessionStatus.COMPLETED),
            or_(P.c.done_at.is_(None), P.c.done_at > _LATELY),
        )
        .order_by(S.c.starts_at.desc(), P.c.position, P.c.id)
        .limit(_number(STEPS_SHOWN))
    )


def _unpaid() -> Select[Any]:
    """The latest open orders, each with the end of its kept time, if one is kept."""
    kept = and_(S.c.id == O.c.hold_id, _is(S.c.status, SessionStatus.HELD), S.c.expires_at > _NOW)
    names = ("public_id", "title", "amount", "expires_at", "wanted_starts_at")
    return (
        select(*(O.c[name] for name in names), C.c.name.label("counsellor"), S.c.expires_at.label("kept_until"))
        .select_from(O.outerjoin(C, C.c.id == O.c.wanted_counsellor_id).outerjoin(S, kept))
        .where(O.c.user_id == _STUDENT, _is(O.c.status, *sorted(OPEN_ORDERS)), O.c.expires_at > _NOW)
        .order_by(O.c.id.desc())
        .limit(_number(UNPAID_SHOWN))
    )


def _notes() -> Select[Any]:
    return (
        select(N.c.public_id, N.c.title, N.c.body, N.c.created_at, N.c.read_at)
        .where(N.c.user_id == _STUDENT, N.c.deleted_at.is_(None))
        .order_by(N.c.id.desc())
        .limit(_number(NOTES_SHOWN))
    )


_BEHIND = select(func.count()).select_from(S).where(_mine(S), not_(_live(S))).scalar_subquery()
HOME = select(
    _rows(_ahead(), "ahead"),
    _rows(_held(), "held"),
    _rows(_fell_through(), "fell_through"),
    _BEHIND.label("behind"),
    _rows(_enrolments(), "enrolments"),
    _rows(_steps(), "steps"),
    _rows(_to_review(), "to_review"),
    _rows(_unpaid(), "unpaid"),
    _rows(_notes(), "notes"),
)
