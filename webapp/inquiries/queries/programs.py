"""Leads for the JSON door: pages with numbers, each state's count, and which ticket of a person was the first."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.pagination import Page, paginate
from webapp.inquiries.models import EventKind, Inquiry, InquiryEvent, InquiryStatus
from webapp.inquiries.queries.context import timeline_of
from webapp.inquiries.queries.filters import LeadFilter, Part
from webapp.inquiries.queries.leads import conditions, inquiry_for


@dataclass(frozen=True, slots=True)
class LeadRow:
    """A lead, and the first ticket of its person (None where this is the first)."""

    inquiry: Inquiry
    first_ticket: str | None


@dataclass(frozen=True, slots=True)
class LeadDetail:
    """A lead with what stands around it; ``events`` are its timeline, the oldest first.

    ``payment_link`` is where the student goes who was made of it just now.
    """

    inquiry: Inquiry
    first_ticket: str | None
    events: Sequence[InquiryEvent]
    payment_link: str | None = None

    @property
    def notes(self) -> list[str]:
        """What admins wrote down, the oldest first."""
        return [event.body for event in self.events if event.kind is EventKind.NOTE]


def leads_for_programs(
    filters: LeadFilter, *, oldest_first: bool, page: int, limit: int, now: dt.datetime
) -> tuple[Page[Inquiry], list[LeadRow]]:
    """Return a page of leads with assignee, student and enrolment, and their rows; three statements."""
    wanted = _whole().where(*conditions(filters, now))
    order = (Inquiry.asked_at, Inquiry.id) if oldest_first else (Inquiry.asked_at.desc(), Inquiry.id.desc())
    found: Page[Inquiry] = paginate(db.session(), wanted.order_by(*order), page=page, limit=limit)
    first = _first_tickets([one.person_id for one in found.items])
    return found, [_row(one, first) for one in found.items]


def count_by_status(filters: LeadFilter, *, now: dt.datetime) -> dict[str, int]:
    """Return how many leads of a filter (its status aside) there are, in all and of each status; one statement."""
    wanted = select(Inquiry.status, func.count()).where(*conditions(replace(filters, status=Part.ALL), now))
    found = {row[0]: row[1] for row in db.session.execute(wanted.group_by(Inquiry.status))}
    return {"total": sum(found.values()), **{status.value: found.get(status, 0) for status in InquiryStatus}}


def lead_detail(actor: User, inquiry_id: str) -> LeadDetail:
    """Return one lead with its timeline; three statements.

    Raises:
        Forbidden, NotFound: as `inquiry_for`.
    """
    inquiry = inquiry_for(actor, inquiry_id)
    first = _first_tickets([inquiry.person_id])
    return LeadDetail(inquiry, _row(inquiry, first).first_ticket, timeline_of(inquiry)[::-1])


def _whole() -> Select[Inquiry]:
    return select(Inquiry).options(
        joinedload(Inquiry.assignee), joinedload(Inquiry.converted_user), joinedload(Inquiry.converted_enrolment)
    )


def _first_tickets(person_ids: Sequence[int]) -> dict[int, str]:
    """Return the first ticket of each of these people; one statement."""
    firsts = select(func.min(Inquiry.id)).where(Inquiry.person_id.in_(set(person_ids))).group_by(Inquiry.person_id)
    rows = db.session.execute(select(Inquiry.person_id, Inquiry.ticket_number).where(Inquiry.id.in_(firsts)))
    return {row[0]: row[1] for row in rows}


def _row(inquiry: Inquiry, first: dict[int, str]) -> LeadRow:
    ticket = first.get(inquiry.person_id)
    return LeadRow(inquiry, None if ticket == inquiry.ticket_number else ticket)
