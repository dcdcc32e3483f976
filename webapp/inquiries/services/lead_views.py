"""Filters that an admin has given a name. Everybody has their own."""

from __future__ import annotations

from sqlalchemy import func, select

from webapp.accounts.models import User
from webapp.core.db import db
from webapp.core.errors import DuplicateEntry, ValidationFailed, register_constraint
from webapp.inquiries.models import LeadView
from webapp.inquiries.permissions import require_admin
from webapp.inquiries.queries import LeadFilter, view_for

LONGEST_NAME = 60
MOST_VIEWS = 30
TAKEN = "You have a view of this name already. Choose another name, or delete that one first."


def _taken() -> DuplicateEntry:
    return DuplicateEntry(TAKEN, fields={"name": TAKEN})


register_constraint("uq_lead_views_owner_name", _taken)


def save_view(*, actor: User, name: str, filters: LeadFilter) -> LeadView:
    """Keep a filter under a name.

    Raises:
        Forbidden: not an admin. ValidationFailed: no name, one too long, or thirty views already.
        DuplicateEntry: the actor has a view of this name.
    """
    require_admin(actor)
    words = " ".join(name.replace("\x00", "").split())
    if not 1 <= len(words) <= LONGEST_NAME:
        raise ValidationFailed(fields={"name": f"Give the view a name of at most {LONGEST_NAME} characters."})
    own = select(func.count()).select_from(LeadView).where(LeadView.owner_id == actor.id)
    if (db.session.scalar(own) or 0) >= MOST_VIEWS:
        raise ValidationFailed(fields={"name": f"You have {MOST_VIEWS} views. Delete one first."})
    view = LeadView(owner_id=actor.id, name=words, query=filters.query)
    db.session.add(view)
    db.session.flush()  # the door wants its public id, and a taken name shows here
    return view


def delete_view(*, actor: User, view_id: str) -> str:
    """Take one's own view away; return its name.

    Raises:
        Forbidden: not an admin. NotFound: no such view of the actor.
    """
    require_admin(actor)
    view = view_for(actor, view_id)
    db.session.delete(view)
    return view.name
