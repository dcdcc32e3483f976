"""Taking an inquiry in: from the form, an import or the API."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import cast

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from webapp.config import Settings
from webapp.core.db import db
from webapp.core.errors import ValidationFailed
from webapp.inquiries.emails import acknowledge, alert_admins, tell_assignee_again
from webapp.inquiries.models import EventKind, Inquiry
from webapp.inquiries.rules import (
    SAME_WITHIN,
    CleanInquiry,
    InquiryInput,
    answer_due,
    check_entry,
    email_key,
    phone_key,
    position_on_top,
)
from webapp.inquiries.services.changing import write_line
from webapp.inquiries.services.people import lock_people, new_person, next_ticket, person_for
from webapp.webhooks.services import WebhookEvent, emit

MOST_EARLIER = 20  # inquiries of one person that a new one points back to
SAME_FIELDS = ("name", "email", "phone", "exam", "rank", "category", "state", "message")


def allows_test_addresses() -> bool:
    """Whether addresses under .test count as real ones: everywhere but in production."""
    settings = cast(Settings, current_app.config["SETTINGS"])
    return settings.app_env != "production"


def submit_inquiry(
    *, entry: InquiryInput, now: dt.datetime, import_id: int | None = None, notify_people: bool = True
) -> Inquiry:
    """Take an inquiry in, under the next ticket number, and tie it to the person it belongs to.

    The same words of the same person within ten minutes are the same inquiry: it is returned, nobody is told twice.

    Args:
        import_id: key of the import it comes from; its rows are never taken for repetitions.
        notify_people: acknowledge to the person, alert the admins and tell other systems.

    Raises:
        ValidationFailed: wrong fields, all of them named.
    """
    clean, wrong = check_entry(entry, allow_test=allows_test_addresses())
    if clean is None:
        raise ValidationFailed(fields=wrong)
    keys = email_key(clean.email), phone_key(clean.phone)
    lock_people()
    if import_id is None and (twin := _said_just_now(clean, keys, now)) is not None:
        return twin
    known = person_for(*keys)
    earlier = _earlier_of(known.id) if known else []
    inquiry = Inquiry(
        **asdict(clean),
        email_key=keys[0],
        phone_key=keys[1],
        person_id=(known or new_person(now)).id,
        ticket_number=next_ticket(now),
        consent_at=now if entry.consent else None,
        position=position_on_top(now),
        asked_at=now,
        answer_due_at=answer_due(now),
        import_id=import_id,
    )
    db.session.add(inquiry)
    db.session.flush()  # lines and mails want its key
    _write_first_lines(inquiry, earlier, now, tell=notify_people)
    if notify_people:
        _tell_everybody(inquiry, now)
    return inquiry


def _said_just_now(clean: CleanInquiry, keys: tuple[str, str], now: dt.datetime) -> Inquiry | None:
    recent = select(Inquiry).where(
        Inquiry.email_key == keys[0],
        Inquiry.phone_key == keys[1],
        Inquiry.asked_at > now - SAME_WITHIN,
        *(getattr(Inquiry, name).is_not_distinct_from(getattr(clean, name)) for name in SAME_FIELDS),
    )
    return db.session.scalar(recent.order_by(Inquiry.id).limit(1))


def _earlier_of(person_id: int) -> list[Inquiry]:
    """Return what a person asked before, the newest first, with the assignees."""
    before = select(Inquiry).where(Inquiry.person_id == person_id, Inquiry.forgotten_at.is_(None))
    before = before.options(joinedload(Inquiry.assignee)).order_by(Inquiry.id.desc()).limit(MOST_EARLIER)
    return list(db.session.scalars(before))


def _write_first_lines(inquiry: Inquiry, earlier: list[Inquiry], now: dt.datetime, *, tell: bool) -> None:
    write_line(inquiry, EventKind.CREATED, actor=None, now=now, data={"source": inquiry.source})
    if not earlier:
        return
    before = [{"id": one.public_id, "ticket": one.ticket_number} for one in earlier]
    tickets = ", ".join(one["ticket"] for one in before)
    write_line(
        inquiry, EventKind.DUPLICATE, actor=None, now=now, body=f"Asked before: {tickets}", data={"others": before}
    )
    for one in earlier:
        if one.is_open:
            again = [{"id": inquiry.public_id, "ticket": inquiry.ticket_number}]
            words = f"Asked again: {inquiry.ticket_number}"
            write_line(one, EventKind.DUPLICATE, actor=None, now=now, body=words, data={"others": again})
            if tell:
                tell_assignee_again(one, inquiry, now)


def _tell_everybody(inquiry: Inquiry, now: dt.datetime) -> None:
    acknowledge(inquiry, now)
    alert_admins(inquiry, now)
    data = {
        "inquiryId": inquiry.public_id,
        "ticketNumber": inquiry.ticket_number,
        "exam": inquiry.exam.value,
        "source": inquiry.source,
    }
    emit(WebhookEvent.INQUIRY_NEW, data, dedupe_key=f"inquiry:{inquiry.public_id}", now=now)
