"""What every change of an inquiry shares: the lock, the version, the line in the timeline, the hint to open pages.

Locks are taken in this order: the people's lock (`people.lock_people`), inquiries by their key, users and what
hangs on them, and the ticket counter last.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Integer, select
from sqlalchemy.orm import joinedload

from webapp.accounts.models import User
from webapp.core import live
from webapp.core.db import db, scratch
from webapp.core.errors import InvalidState, NotFound
from webapp.core.times import format_date
from webapp.inquiries.errors import StaleVersion
from webapp.inquiries.models import CallOutcome, EventKind, Inquiry, InquiryEvent, InquiryStatus
from webapp.inquiries.permissions import require_admin
from webapp.inquiries.rules import EXAM_LABELS, STATUS_LABELS

LIVE_KEY = "leads"
FIELD_LABELS = {
    "status": "Status",
    "assignee": "Assignee",
    "follow_up_on": "Follow-up",
    "name": "Name",
    "email": "Email",
    "phone": "Phone",
    "exam": "Exam",
    "rank": "Rank",
    "category": "Category",
    "state": "Home state",
    "message": "Message",
}
GONE = "The personal data of this inquiry was removed; nothing more can be done with it."


def locked_inquiry(actor: User, inquiry_id: str, version: int | None = None) -> Inquiry:
    """Lock an inquiry and read it anew.

    Args:
        version: what the person saw; None does not look at it.

    Raises:
        Forbidden: not an admin. NotFound: no such inquiry. StaleVersion: it has changed since.
    """
    require_admin(actor)
    inquiry = db.session.scalar(
        select(Inquiry)
        .where(Inquiry.public_id == inquiry_id)
        .with_for_update(of=Inquiry, key_share=True)
        .execution_options(populate_existing=True)
    )
    if inquiry is None:
        raise NotFound("We could not find that inquiry.")
    if version is not None and version != inquiry.version:
        raise stale(inquiry, version)
    return inquiry


def locked_inquiries(actor: User, inquiry_ids: Sequence[str]) -> list[Inquiry]:
    """Lock several inquiries in the order of their keys and read them anew.

    Raises:
        Forbidden: not an admin. NotFound: one of them does not exist.
    """
    require_admin(actor)
    wanted = set(inquiry_ids)
    found = db.session.scalars(
        select(Inquiry)
        .where(Inquiry.public_id.in_(wanted))
        .order_by(Inquiry.id)
        .with_for_update(of=Inquiry, key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    if len(found) != len(wanted):
        raise NotFound("One of these inquiries does not exist. Nothing was changed.")
    return list(found)


def not_forgotten(inquiry: Inquiry) -> None:
    """Refuse to work with an inquiry whose personal data is gone. Raises InvalidState."""
    if inquiry.forgotten_at is not None:
        raise InvalidState(GONE)


def stale(inquiry: Inquiry, version: int) -> StaleVersion:
    """Return the refusal that says what others have changed since ``version``; the last word on a field counts."""
    since = InquiryEvent.data["version"].astext.cast(Integer) > version
    events = db.session.scalars(
        select(InquiryEvent)
        .where(InquiryEvent.inquiry_id == inquiry.id, InquiryEvent.data.has_key("version"), since)
        .options(joinedload(InquiryEvent.actor))
        .order_by(InquiryEvent.id)
    ).all()
    theirs = {change["label"]: change["after"] for event in events for change in event.data.get("changes", [])}
    by = events[-1].actor.name if events and events[-1].actor else ""
    return StaleVersion(list(theirs.items()), by=by)


def words_of(field: str, value: Any) -> str:
    """Return a value as the timeline keeps it."""
    if value is None or value == "":
        return ""
    if field == "status":
        return STATUS_LABELS[InquiryStatus(value)]
    if field == "exam":
        return EXAM_LABELS[value]
    if isinstance(value, User):
        return value.name
    return format_date(value) if isinstance(value, dt.date) else str(value)


def set_fields(inquiry: Inquiry, **values: Any) -> list[dict[str, str]]:
    """Set attributes of an inquiry and return what changed, in words: field, label, before, after."""
    changes = []
    for name, after in values.items():
        before = getattr(inquiry, name)
        if before == after:
            continue
        setattr(inquiry, name, after)
        words = {"before": words_of(name, before), "after": words_of(name, after)}
        changes.append({"field": name, "label": FIELD_LABELS[name], **words})
    return changes


def note_change(
    inquiry: Inquiry,
    kind: EventKind,
    changes: Iterable[dict[str, str]],
    *,
    actor: User | None,
    now: dt.datetime,
    body: str = "",
    outcome: CallOutcome | None = None,
    more: dict[str, Any] | None = None,
) -> InquiryEvent:
    """Raise the version and write a line that says what changed (``data["changes"]``) and to which version it led."""
    inquiry.version += 1
    data = {"version": inquiry.version, "changes": list(changes), **(more or {})}
    return write_line(inquiry, kind, actor=actor, now=now, body=body, outcome=outcome, data=data)


def write_line(
    inquiry: Inquiry,
    kind: EventKind,
    *,
    actor: User | None,
    now: dt.datetime,
    body: str = "",
    outcome: CallOutcome | None = None,
    data: dict[str, Any] | None = None,
) -> InquiryEvent:
    """Add a line to the timeline; open pages of leads look again."""
    event = InquiryEvent(
        inquiry_id=inquiry.id,
        kind=kind,
        at=now,
        actor_id=actor.id if actor else None,
        body=body,
        outcome=outcome,
        data=data or {},
    )
    db.session.add(event)
    db.session.flush()  # lines stay in the order they were written
    bump_leads()
    return event


def bump_leads() -> None:
    """Let open pages of leads look again after the commit; once a transaction, however much it changes."""
    notes = scratch()
    if notes is None or notes.get("leads_bumped"):
        return
    notes["leads_bumped"] = True
    live.bump(LIVE_KEY)


def mark_answered(inquiry: Inquiry, now: dt.datetime) -> list[dict[str, str]]:
    """Note the first answer; a new inquiry is contacted from now on. Return what changed, in words."""
    if inquiry.answered_at is None:
        inquiry.answered_at = now
    return set_fields(inquiry, status=InquiryStatus.CONTACTED) if inquiry.status is InquiryStatus.NEW else []
