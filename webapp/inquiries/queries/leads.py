"""Leads for the desk: a page of them by keyset, how many there are, every one of a filter, one of them."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Select, and_, cast, func, literal_column, or_, select, tuple_
from sqlalchemy.dialects.postgresql import DATE
from sqlalchemy.orm import defer, joinedload, load_only
from sqlalchemy.sql.elements import KeyedColumnElement

from webapp.accounts.models import Role, User
from webapp.core.db import db
from webapp.core.errors import Forbidden, NotFound
from webapp.core.textsearch import enough_to_search, matches
from webapp.core.times import DEFAULT_ZONE, midnight, zone_info
from webapp.inquiries.models import Inquiry, InquiryStatus
from webapp.inquiries.queries.filters import NOBODY, Late, LeadFilter, Part, Sort

PAGE = 25
MOST_COUNTED = 10_000
MOST_LISTED = 2_000  # how far a filter's leads are counted: beyond, the exact number tells a person nothing
FEW = 500  # so many matches are sorted as quickly as they are found
OPEN = (InquiryStatus.NEW, InquiryStatus.CONTACTED)
TICKET = re.compile(r"inq[- ]?(\d{4})(?:[- ]?(\d{0,6}))?", re.IGNORECASE | re.ASCII)
PHONE = re.compile(r"[+(]?[\d][\d\s().-]{3,20}\d", re.ASCII)
NEVER: ColumnElement[Any] = literal_column("'infinity'::date")
NEXT_STEP = func.coalesce(Inquiry.follow_up_on, NEVER)
IN_ROWS = (
    load_only(
        Inquiry.public_id, Inquiry.person_id, Inquiry.name, Inquiry.phone, Inquiry.exam, Inquiry.rank, Inquiry.status,
        Inquiry.version, Inquiry.asked_at, Inquiry.answer_due_at, Inquiry.answered_at, Inquiry.follow_up_on,
    ),
    joinedload(Inquiry.assignee).load_only(User.public_id, User.name),
)  # fmt: skip
Condition: TypeAlias = ColumnElement[bool]
Columns: TypeAlias = tuple[ColumnElement[Any] | KeyedColumnElement[Any] | Any, ...]


@dataclass(frozen=True, slots=True)
class LeadPage:
    """Some leads in the filter's order, and whether there are more on either side."""

    items: list[Inquiry]
    has_before: bool
    has_after: bool

    @property
    def first(self) -> str:
        """The public id that "before" takes."""
        return self.items[0].public_id if self.items else ""

    @property
    def last(self) -> str:
        """The public id that "after" takes."""
        return self.items[-1].public_id if self.items else ""


@dataclass(frozen=True, slots=True)
class LeadCount:
    """How many leads there are; ``more`` when counting stopped there."""

    number: int
    more: bool = False


def inquiry_for(actor: User, public_id: str) -> Inquiry:
    """Return a lead with its assignee, package and student, for an admin; one statement.

    Raises:
        Forbidden: the actor is not an admin.
        NotFound: no such lead.
    """
    if actor.role is not Role.ADMIN:
        raise Forbidden
    wanted = select(Inquiry).options(
        joinedload(Inquiry.assignee),
        joinedload(Inquiry.converted_user),
        joinedload(Inquiry.converted_enrolment),
        joinedload(Inquiry.wanted_package),
    )
    found = db.session.scalar(wanted.where(Inquiry.public_id == public_id))
    if found is None:
        raise NotFound("We could not find that lead.")
    return found


def lead_rows(
    filters: LeadFilter, *, now: dt.datetime, after: str = "", before: str = "", limit: int = PAGE
) -> LeadPage:
    """Return the leads that follow ``after`` (or come before ``before``), with assignees.

    The place in the list is a lead's public id, so a page stays where it is while others come and go. A place
    that is gone is the beginning. One statement, one more to find a place, one more for a text. Only what a row
    of the table shows is read; anything else of a lead is another statement.
    """
    place = _place(filters.sort, after or before)
    back = bool(before and not after and place is not None)
    columns, descending = _order(filters.sort)
    wanted = select(Inquiry).options(*IN_ROWS).where(*_found_first(conditions(filters, now), filters))
    if place is not None:
        here = tuple_(*columns)
        wanted = wanted.where(here < place if descending != back else here > place)
    down = descending != back
    ordered = wanted.order_by(*(column.desc() if down else column.asc() for column in columns))
    rows = list(db.session.scalars(ordered.limit(limit + 1)))
    more, rows = len(rows) > limit, rows[:limit]
    if back:
        return LeadPage(rows[::-1], has_before=more, has_after=True)
    return LeadPage(rows, has_before=place is not None, has_after=more)


def _found_first(wanted: list[Condition], filters: LeadFilter) -> list[Condition]:
    """Let Postgres find what a text search finds before it looks at the order, if that is little.

    It takes words for common: walking the order until 25 leads have matched, it would read all of 100,000 for
    somebody's phone number (measured: 40 ms instead of 1). Where thousands match, walking the order is right.
    """
    if not filters.q:
        return wanted
    matching = select(Inquiry.id).where(*wanted)
    few = db.session.scalar(select(func.count()).select_from(matching.limit(FEW + 1).subquery())) or 0
    if few > FEW:
        return wanted
    return [Inquiry.id.in_(select(matching.cte("found").prefix_with("materialized", dialect="postgresql").c.id))]


def _order(sort: Sort) -> tuple[Columns, bool]:
    """Return the columns of an order, and whether it runs downwards."""
    if sort in (Sort.FOLLOW_UP, Sort.FOLLOW_UP_LAST):
        return (NEXT_STEP, Inquiry.id), sort is Sort.FOLLOW_UP_LAST
    return (Inquiry.asked_at, Inquiry.id), sort is Sort.NEWEST


def _place(sort: Sort, public_id: str) -> Any:
    """Return where a lead stands in an order, as something to compare with; None if there is no such lead."""
    if not public_id:
        return None
    key = Inquiry.public_id == public_id
    found = db.session.execute(select(Inquiry.asked_at, Inquiry.follow_up_on, Inquiry.id).where(key)).first()
    if found is None:
        return None
    if sort in (Sort.FOLLOW_UP, Sort.FOLLOW_UP_LAST):
        return tuple_(NEVER if found.follow_up_on is None else cast(found.follow_up_on, DATE), found.id)
    return tuple_(found.asked_at, found.id)


def _listed() -> Select[Any]:
    return select(Inquiry).options(joinedload(Inquiry.assignee), defer(Inquiry.message), defer(Inquiry.referrer))


def lead_count(filters: LeadFilter, *, now: dt.datetime, most: int | None = MOST_LISTED) -> LeadCount:
    """Count the leads of a filter, but not beyond ``most``: what a page says costs the same however many there are."""
    found = select(Inquiry.id).where(*conditions(filters, now))
    if most is not None:
        found = found.limit(most + 1)
    number = db.session.scalar(select(func.count()).select_from(found.subquery())) or 0
    return LeadCount(number if most is None else min(number, most), more=most is not None and number > most)


def iter_leads(filters: LeadFilter, *, now: dt.datetime, batch: int = 500) -> Iterator[Inquiry]:
    """Yield every lead of a filter in its order, with assignee, package and student, a batch at a time."""
    columns, descending = _order(filters.sort)
    wanted = (
        select(Inquiry)
        .options(
            joinedload(Inquiry.assignee), joinedload(Inquiry.converted_user), joinedload(Inquiry.converted_enrolment)
        )
        .where(*conditions(filters, now))
        .order_by(*(column.desc() if descending else column.asc() for column in columns))
    )
    session = db.session()
    for rows in session.scalars(wanted.execution_options(yield_per=batch)).partitions():
        yield from rows
        for row in rows:
            session.expunge(row)


def conditions(filters: LeadFilter, now: dt.datetime) -> list[Condition]:
    """Return what a filter asks of a lead."""
    found = [_of_status(filters.status)] if filters.status is not Part.ALL else []
    if filters.exam is not None:
        found.append(Inquiry.exam == filters.exam)
    if filters.assignee:
        found.append(_of_assignee(filters.assignee))
    if filters.source:
        found.append(Inquiry.source == filters.source)
    if filters.since is not None:
        found.append(Inquiry.asked_at >= midnight(filters.since, DEFAULT_ZONE))
    if filters.until is not None:
        found.append(Inquiry.asked_at < midnight(filters.until + dt.timedelta(days=1), DEFAULT_ZONE))
    if filters.late is not None:
        found.append(is_late(filters.late, now))
    return found + _of_text(filters.q)


def _of_status(part: Part) -> Condition:
    return Inquiry.status.in_(OPEN) if part is Part.OPEN else Inquiry.status == InquiryStatus(part.value)


def _of_assignee(assignee: str) -> Condition:
    if assignee == NOBODY:
        return Inquiry.assignee_id.is_(None)
    return Inquiry.assignee_id == select(User.id).where(User.public_id == assignee).scalar_subquery()


def is_late(kind: Late, now: dt.datetime) -> Condition:
    """Return whether a lead waits longer than it should: for a follow-up (by India's day) or for any answer."""
    follow_up, answer = follow_up_late(today_of(now)), answer_late(now)
    return {Late.FOLLOW_UP: follow_up, Late.ANSWER: answer}.get(kind, or_(follow_up, answer))


def follow_up_late(today: dt.date | ColumnElement[Any]) -> Condition:
    """Return whether somebody should have got in touch again before ``today``."""
    return and_(Inquiry.follow_up_on < today, Inquiry.status.in_(OPEN))


def answer_late(now: dt.datetime | ColumnElement[Any]) -> Condition:
    """Return whether nobody has answered by the time that was promised."""
    return and_(Inquiry.answer_due_at <= now, Inquiry.answered_at.is_(None), Inquiry.status == InquiryStatus.NEW)


def _of_text(text: str) -> list[Condition]:
    """Every word begins a word of the lead; a ticket number and a phone number may be typed as they are written."""
    if not text:
        return []
    if ticket := TICKET.fullmatch(text):
        year, number = ticket[1], ticket[2] or ""
        in_year = Inquiry.ticket_number.startswith(f"INQ-{year}-", autoescape=True)
        return [in_year, *([matches(Inquiry.search, number)] if number else [])]
    if PHONE.fullmatch(text):
        text = "".join(re.findall(r"\d", text))
    return [matches(Inquiry.search, text)] if enough_to_search(text) else [literal_column("false")]


def today_of(now: dt.datetime) -> dt.date:
    """Return the day it is in India."""
    return now.astimezone(zone_info(DEFAULT_ZONE)).date()
