"""What stands around a lead: its timeline, the person's other tickets, whom it may be given to, saved views."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select, text
from sqlalchemy.orm import defer, joinedload

from webapp.accounts.models import Role, User
from webapp.core.db import db
from webapp.core.errors import NotFound
from webapp.inquiries.models import Inquiry, InquiryEvent, LeadView

MOST_SOURCES = 60
MOST_EVENTS = 300

# The distinct sources by hopping along the index: as many steps as there are sources, however many leads.
SOURCES = text("""
with recursive hop(source) as (
    (select source from inquiries order by source limit 1)
    union all
    select (select i.source from inquiries i where i.source > hop.source order by i.source limit 1)
    from hop where hop.source is not null
)
select source from hop where source is not null limit :most
""")


def timeline_of(inquiry: Inquiry) -> list[InquiryEvent]:
    """Return what happened to a lead, the latest first (300 lines at most), with who did it; one statement."""
    wanted = (
        select(InquiryEvent)
        .options(joinedload(InquiryEvent.actor))
        .where(InquiryEvent.inquiry_id == inquiry.id)
        .order_by(InquiryEvent.id.desc())
        .limit(MOST_EVENTS)
    )
    return list(db.session.scalars(wanted))


def tickets_of_person(inquiry: Inquiry) -> list[Inquiry]:
    """Return the other inquiries of the same person, the latest first; one statement."""
    same = select(Inquiry).options(defer(Inquiry.message)).where(Inquiry.person_id == inquiry.person_id)
    return list(db.session.scalars(same.where(Inquiry.id != inquiry.id).order_by(Inquiry.id.desc()).limit(50)))


def ticket_numbers(person_ids: Sequence[int]) -> dict[int, int]:
    """Return how many inquiries each of these people has sent, by person; one statement."""
    if not person_ids:
        return {}
    wanted = select(Inquiry.person_id, func.count()).where(Inquiry.person_id.in_(set(person_ids)))
    return {row[0]: row[1] for row in db.session.execute(wanted.group_by(Inquiry.person_id))}


def desk_people() -> tuple[tuple[str, str], ...]:
    """Return (public id, name) of the active admins by name: whom a lead may be given to; one statement."""
    active = select(User.public_id, User.name).where(User.role == Role.ADMIN, User.active)
    return tuple((row[0], row[1]) for row in db.session.execute(active.order_by(User.name, User.id)))


def user_name(public_id: str) -> str:
    """Return the name of whom a filter asks for, also of somebody who has left; "" for nobody."""
    return db.session.scalar(select(User.name).where(User.public_id == public_id)) or ""


def lead_sources() -> list[str]:
    """Return where leads come from, by name; one statement that does not grow with the leads."""
    return [str(row[0]) for row in db.session.execute(SOURCES, {"most": MOST_SOURCES})]


def views_of(owner: User) -> list[LeadView]:
    """Return the filters somebody has given a name, by name; one statement."""
    return list(
        db.session.scalars(select(LeadView).where(LeadView.owner_id == owner.id).order_by(LeadView.name, LeadView.id))
    )


def view_for(owner: User, public_id: str) -> LeadView:
    """Return one's own saved view. NotFound for others'."""
    own = (LeadView.owner_id == owner.id, LeadView.public_id == public_id)
    found = db.session.scalar(select(LeadView).where(*own))
    if found is None:
        raise NotFound("We could not find that view.")
    return found
