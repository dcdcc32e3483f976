"""What the desk has to do, in numbers and in rows; every count stops at 10,000."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, bindparam, select
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import joinedload

from webapp.core.db import db
from webapp.inquiries.models import Inquiry, InquiryEvent, InquiryStatus
from webapp.inquiries.queries.board import capped
from webapp.inquiries.queries.filters import Late
from webapp.inquiries.queries.leads import MOST_COUNTED, OPEN, answer_late, follow_up_late, is_late, today_of

MONTH = dt.timedelta(days=30)
NEWS = 100  # how far back one looks for what others did


@dataclass(frozen=True, slots=True)
class LeadStats:
    """What waits, and what came in the last 30 days: ``converted`` of those ``asked`` bought or were given a package.

    A number of 10,000 may stand for more.
    """

    new: int
    unanswered_late: int
    contacted: int
    follow_ups_late: int
    follow_ups_today: int
    asked: int
    converted: int

    @property
    def rate(self) -> int:
        """Whole per cent of those who asked in the last 30 days that are converted."""
        return round(100 * self.converted / self.asked) if self.asked else 0


def lead_stats(now: dt.datetime) -> LeadStats:
    """Count what waits and what came; one statement."""
    statement, words = _stats_statement()
    values = {**words, "now": now, "today": today_of(now), "since": now - MONTH}
    numbers = db.session.connection().exec_driver_sql(statement, values).one()
    return LeadStats(*(min(number, MOST_COUNTED) for number in numbers))


@cache
def _stats_statement() -> tuple[str, dict[str, Any]]:
    """Return the driver's statement and the words in it; putting it together takes longer than answering it: once."""
    now = bindparam("now", type_=Inquiry.asked_at.type, required=False)
    today = bindparam("today", type_=Inquiry.follow_up_on.type, required=False)
    recent = Inquiry.asked_at >= bindparam("since", type_=Inquiry.asked_at.type, required=False)
    parts = (
        (Inquiry.status == InquiryStatus.NEW,),
        (answer_late(now),),
        (Inquiry.status == InquiryStatus.CONTACTED,),
        (follow_up_late(today),),
        (Inquiry.follow_up_on == today, Inquiry.status.in_(OPEN)),
        (recent,),
        (recent, Inquiry.status == InquiryStatus.CONVERTED),
    )
    counts = select(*(capped(select(Inquiry.id).where(*part)) for part in parts))
    dialect = postgresql.psycopg.dialect()  # type: ignore[no-untyped-call]
    made = counts.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    given = {name: value for name, value in made.params.items() if value is not None}
    return str(made), {name: getattr(value, "value", value) for name, value in given.items()}


def overdue_follow_ups(today: dt.date, limit: int) -> list[Inquiry]:
    """Return open leads whose follow-up was due before ``today`` (India's day), the longest waiting first."""
    late = (Inquiry.follow_up_on < today, Inquiry.status.in_(OPEN))
    return _waiting(select(Inquiry).where(*late).order_by(Inquiry.follow_up_on, Inquiry.id), limit)


def unanswered(now: dt.datetime, limit: int) -> list[Inquiry]:
    """Return new leads that nobody has answered by their time, the longest waiting first."""
    late = select(Inquiry).where(is_late(Late.ANSWER, now))
    return _waiting(late.order_by(Inquiry.answer_due_at, Inquiry.id), limit)


def _waiting(wanted: Select[Any], limit: int) -> list[Inquiry]:
    return list(db.session.scalars(wanted.options(joinedload(Inquiry.assignee)).limit(limit)))


@dataclass(frozen=True, slots=True)
class News:
    """What others did since a page was made: how many leads they changed, who they are, how many leads came in."""

    changed: int
    new: int
    names: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.changed or self.new)


def news_since(since: dt.datetime, *, viewer_id: int) -> News:
    """Look at the latest hundred lines of all timelines for what others wrote after ``since``; one statement."""
    wanted = select(InquiryEvent).options(joinedload(InquiryEvent.actor)).order_by(InquiryEvent.id.desc()).limit(NEWS)
    lines = [one for one in db.session.scalars(wanted) if one.at > since and one.actor_id != viewer_id]
    new = {one.inquiry_id for one in lines if one.kind.value == "created"}
    changed = {one.inquiry_id for one in lines} - new
    names = dict.fromkeys(one.actor.name for one in lines if one.actor is not None)
    return News(len(changed), len(new), tuple(names))
