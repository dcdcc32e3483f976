"""What an admin changes of an inquiry: status, assignee, follow-up, and what was typed wrong."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import select

from webapp.accounts.models import Role, User
from webapp.audit.services import because
from webapp.core.db import db
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.inquiries.emails import tell_assigned
from webapp.inquiries.models import EventKind, Inquiry, InquiryStatus
from webapp.inquiries.permissions import require_admin
from webapp.inquiries.rules import (
    STATUS_LABELS,
    check_fields,
    email_key,
    follow_up_problem,
    india_day,
    may_become,
    phone_key,
    position_on_top,
)
from webapp.inquiries.services.changing import locked_inquiry, not_forgotten, note_change, set_fields
from webapp.inquiries.services.people import drop_if_empty, lock_people, new_person, person_for
from webapp.inquiries.services.submitting import allows_test_addresses

LONGEST_NOTE = 5000
EDITABLE = frozenset({"name", "email", "phone", "exam", "rank", "category", "state", "message"})


def change_status(
    *,
    actor: User,
    inquiry_id: str,
    status: InquiryStatus | str,
    version: int | None,
    now: dt.datetime,
    note: str = "",
) -> Inquiry:
    """Set the status by hand: new → contacted, new or contacted → closed, closed → contacted (reopened).

    Setting what it is already changes nothing.

    Raises:
        Forbidden, NotFound, StaleVersion: as `changing.locked_inquiry`.
        InvalidState: no such step; converted is reached by converting only.
        ValidationFailed: no such status, or the note is too long.
    """
    wanted, words = status_named(status), clean_note(note)
    inquiry = locked_inquiry(actor, inquiry_id, version)
    if inquiry.status is not wanted:
        because(words)
        move_to(inquiry, wanted, actor=actor, now=now, note=words)
    return inquiry


def status_named(status: InquiryStatus | str) -> InquiryStatus:
    """Return the status of this name.

    Raises:
        ValidationFailed: there is none.
    """
    try:
        return InquiryStatus(status)
    except ValueError:
        raise ValidationFailed(fields={"status": "Choose a status from the list."}) from None


def move_to(inquiry: Inquiry, wanted: InquiryStatus, *, actor: User, now: dt.datetime, note: str = "") -> None:
    """Set the status of a locked inquiry and put its card on top of the new column.

    Raises:
        InvalidState: no such step.
    """
    not_forgotten(inquiry)
    if not may_become(inquiry.status, wanted):
        raise InvalidState(_no_way(inquiry.status, wanted))
    changes = set_fields(inquiry, status=wanted)
    inquiry.closed_at = now if wanted is InquiryStatus.CLOSED else None
    if wanted is InquiryStatus.CONTACTED and inquiry.answered_at is None:
        inquiry.answered_at = now
    inquiry.position = position_on_top(now)
    note_change(inquiry, EventKind.STATUS, changes, actor=actor, now=now, body=note)


def _no_way(status: InquiryStatus, wanted: InquiryStatus) -> str:
    if wanted is InquiryStatus.CONVERTED:
        return "An inquiry becomes converted by converting it to a student."
    if status is InquiryStatus.CONVERTED:
        return "This inquiry is converted; its status stays."
    return f"{STATUS_LABELS[status]} can't become {STATUS_LABELS[wanted].lower()}."


def assign_inquiry(
    *, actor: User, inquiry_id: str, assignee_id: str | None, version: int | None, now: dt.datetime
) -> Inquiry:
    """Give an inquiry to an active admin, or to nobody (None); the new assignee is told.

    Raises:
        Forbidden, NotFound, StaleVersion: as `changing.locked_inquiry`.
        ValidationFailed: not an active admin.
    """
    require_admin(actor)
    assignee = admin_named(assignee_id)
    give_to(locked := locked_inquiry(actor, inquiry_id, version), assignee, actor=actor, now=now)
    return locked


def admin_named(assignee_id: str | None) -> User | None:
    """Return the active admin of an outside id; None for nobody.

    Raises:
        ValidationFailed: there is no such admin.
    """
    if not assignee_id:
        return None
    wanted = select(User).where(User.public_id == assignee_id, User.role == Role.ADMIN, User.active)
    found = db.session.scalar(wanted)
    if found is None:
        raise ValidationFailed(fields={"assignee": "Choose an admin from the list."})
    return found


def give_to(inquiry: Inquiry, assignee: User | None, *, actor: User, now: dt.datetime) -> bool:
    """Assign a locked inquiry and tell the assignee; False if it was so already."""
    changes = set_fields(inquiry, assignee=assignee)
    if not changes:
        return False
    note_change(inquiry, EventKind.ASSIGNEE, changes, actor=actor, now=now)
    if assignee is not None and assignee.id != actor.id:
        tell_assigned(inquiry, assignee, by=actor, now=now)
    return True


def set_follow_up(
    *, actor: User, inquiry_id: str, on: dt.date | None, version: int | None, now: dt.datetime
) -> Inquiry:
    """Set the day to get in touch again (India's calendar), or lift it (None).

    Raises:
        Forbidden, NotFound, StaleVersion: as `changing.locked_inquiry`.
        ValidationFailed: a day in the past or too far away. InvalidState: closed or converted.
    """
    require_admin(actor)
    if problem := follow_up_problem(on, india_day(now)):
        raise ValidationFailed(fields={"follow_up_on": problem})
    inquiry = locked_inquiry(actor, inquiry_id, version)
    if on is not None and not inquiry.is_open:
        raise InvalidState("A closed or converted inquiry has no follow-up. Reopen it first.")
    if changes := set_fields(inquiry, follow_up_on=on):
        note_change(inquiry, EventKind.FOLLOW_UP, changes, actor=actor, now=now)
    return inquiry


def edit_inquiry(*, actor: User, inquiry_id: str, version: int | None, now: dt.datetime, **fields: Any) -> Inquiry:
    """Correct what was typed: any of `EDITABLE`, as raw as in the form. A new address or phone may tie it to others.

    Raises:
        Forbidden, NotFound, StaleVersion: as `changing.locked_inquiry`.
        ValidationFailed: wrong fields, all of them named. InvalidState: its personal data is gone.
    """
    require_admin(actor)
    if unknown := set(fields) - EDITABLE:
        raise TypeError(f"no field of an inquiry can be edited as {sorted(unknown)}")
    clean, wrong = check_fields(fields, allow_test=allows_test_addresses())
    if wrong:
        raise ValidationFailed(fields=wrong)
    lock_people()
    inquiry = locked_inquiry(actor, inquiry_id, version)
    not_forgotten(inquiry)
    if changes := set_fields(inquiry, **clean):
        _tie_again(inquiry, now)
        note_change(inquiry, EventKind.EDITED, changes, actor=actor, now=now)
    return inquiry


def _tie_again(inquiry: Inquiry, now: dt.datetime) -> None:
    """Find the person anew if address or phone have changed."""
    keys = email_key(inquiry.email), phone_key(inquiry.phone)
    if keys == (inquiry.email_key, inquiry.phone_key):
        return
    left = inquiry.person_id
    inquiry.email_key, inquiry.phone_key = keys
    db.session.flush()  # people are found in the database
    person = person_for(*keys, but=inquiry.id)
    alone = db.session.scalar(select(Inquiry.id).where(Inquiry.person_id == left, Inquiry.id != inquiry.id).limit(1))
    if person is None and alone is not None:
        person = new_person(now)
    if person is not None and person.id != left:
        inquiry.person_id = person.id
        drop_if_empty(left)


def clean_note(note: str, *, needed: bool = False, field: str = "note") -> str:
    """Return what somebody typed about an inquiry, without blank ends.

    Raises:
        ValidationFailed: too long, or empty where it is needed.
    """
    words = note.replace("\x00", "").replace("\r\n", "\n").strip()
    if needed and not words:
        raise ValidationFailed(fields={field: "Write a few words."})
    if len(words) > LONGEST_NOTE:
        raise ValidationFailed(fields={field: f"Use at most {LONGEST_NOTE} characters."})
    return words
