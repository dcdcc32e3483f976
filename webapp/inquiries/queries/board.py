"""The board: a column for each status, its cards in the order people gave them, new ones on top."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ScalarSelect, Select, func, select, union_all
from sqlalchemy.orm import joinedload

from webapp.core.db import db
from webapp.inquiries.models import Inquiry, InquiryStatus
from webapp.inquiries.queries.filters import LeadFilter, Part
from webapp.inquiries.queries.leads import MOST_COUNTED, LeadCount, conditions

CARDS = 15
COLUMNS = tuple(InquiryStatus)
ORDER = (Inquiry.position, Inquiry.id.desc())  # a new lead gets a place above all others


@dataclass(frozen=True, slots=True)
class Column:
    """One status with its first cards and how many leads it has in all; ``next`` is the first that is not shown."""

    status: InquiryStatus
    cards: Sequence[Inquiry]
    count: LeadCount
    next: str = ""

    @property
    def more(self) -> int:
        """How many leads are not shown."""
        return self.count.number - len(self.cards)


def board_columns(filters: LeadFilter, *, now: dt.datetime, cards: int = CARDS) -> list[Column]:
    """Return the columns of a filter, whatever its status; three statements."""
    parts = {one: filters.at_status(Part(one.value)) for one in COLUMNS}
    counts = _counts(parts, now)
    ids = db.session.scalars(
        union_all(*(_top(part, now, cards + 1).subquery().select() for part in parts.values()))
    ).all()
    wanted = (
        select(Inquiry)
        .options(joinedload(Inquiry.assignee), joinedload(Inquiry.converted_enrolment))
        .where(Inquiry.id.in_(ids))
        .order_by(*ORDER)
    )
    found = db.session.scalars(wanted).all()
    by_status = {one: [row for row in found if row.status is one] for one in COLUMNS}
    return [
        Column(one, rows[:cards], counts[one], "".join(row.public_id for row in rows[cards:]))
        for one, rows in by_status.items()
    ]


def _top(filters: LeadFilter, now: dt.datetime, cards: int) -> Select[int]:
    return select(Inquiry.id).where(*conditions(filters, now)).order_by(*ORDER).limit(cards)


def _counts(parts: dict[InquiryStatus, LeadFilter], now: dt.datetime) -> dict[InquiryStatus, LeadCount]:
    numbers = db.session.execute(
        select(*(capped(select(Inquiry.id).where(*conditions(part, now))) for part in parts.values()))
    ).one()
    return {
        one: LeadCount(min(number, MOST_COUNTED), more=number > MOST_COUNTED)
        for one, number in zip(parts, numbers, strict=True)
    }


def capped(wanted: Select[int]) -> ScalarSelect[int]:
    """Return a number to select: how many rows there are, counted to 10,001 at most."""
    return select(func.count()).select_from(wanted.limit(MOST_COUNTED + 1).subquery()).scalar_subquery()
