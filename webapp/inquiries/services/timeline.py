"""What an admin adds to an inquiry's timeline: notes, calls, mail."""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import User
from webapp.core.errors import ValidationFailed
from webapp.inquiries.emails import queue_reply
from webapp.inquiries.models import CallOutcome, EventKind, Inquiry, InquiryEvent
from webapp.inquiries.rules import got_through
from webapp.inquiries.services.changing import (
    locked_inquiry,
    mark_answered,
    not_forgotten,
    note_change,
    write_line,
)
from webapp.inquiries.services.desk import clean_note

LONGEST_SUBJECT = 150


def add_note(*, actor: User, inquiry_id: str, text: str, now: dt.datetime) -> InquiryEvent:
    """Write a note that only admins see. It changes nothing, so it is nobody's conflict.

    Raises:
        Forbidden, NotFound: as `changing.locked_inquiry`. ValidationFailed: empty or too long.
        InvalidState: the inquiry's personal data is gone.
    """
    inquiry = locked_inquiry(actor, inquiry_id)
    not_forgotten(inquiry)
    return write_line(inquiry, EventKind.NOTE, actor=actor, now=now, body=clean_note(text, needed=True, field="text"))


def log_call(*, actor: User, inquiry_id: str, outcome: CallOutcome | str, text: str, now: dt.datetime) -> InquiryEvent:
    """Write down a call. The first that gets through answers the inquiry: a new one is contacted from then on.

    Raises:
        Forbidden, NotFound: as `changing.locked_inquiry`. ValidationFailed: no such outcome, or too long.
        InvalidState: the inquiry's personal data is gone.
    """
    inquiry = locked_inquiry(actor, inquiry_id)
    not_forgotten(inquiry)
    words = clean_note(text, field="text")
    try:
        how = CallOutcome(outcome)
    except ValueError:
        raise ValidationFailed(fields={"outcome": "Say how the call went."}) from None
    if got_through(how):
        return _answer(inquiry, EventKind.CALL, words, actor, now, outcome=how)
    return write_line(inquiry, EventKind.CALL, actor=actor, now=now, body=words, outcome=how)


def write_mail(*, actor: User, inquiry_id: str, subject: str, text: str, now: dt.datetime) -> InquiryEvent:
    """Write to the person, through the outbox; the first mail answers the inquiry.

    Raises:
        Forbidden, NotFound: as `changing.locked_inquiry`. ValidationFailed: empty or too long.
        InvalidState: the inquiry's personal data is gone.
    """
    inquiry = locked_inquiry(actor, inquiry_id)
    not_forgotten(inquiry)
    headline, wrong = " ".join(subject.replace("\x00", "").split()), {}
    if not 1 <= len(headline) <= LONGEST_SUBJECT:
        wrong["subject"] = f"Give the mail a subject of at most {LONGEST_SUBJECT} characters."
    try:
        words = clean_note(text, needed=True, field="text")
    except ValidationFailed as error:
        raise ValidationFailed(fields={**wrong, **error.fields}) from None
    if wrong:
        raise ValidationFailed(fields=wrong)
    event = _answer(inquiry, EventKind.MAIL, words, actor, now, subject=headline)
    queue_reply(inquiry, event, subject=headline, text=words, by=actor, now=now)
    return event


def _answer(
    inquiry: Inquiry,
    kind: EventKind,
    words: str,
    actor: User,
    now: dt.datetime,
    *,
    outcome: CallOutcome | None = None,
    subject: str = "",
) -> InquiryEvent:
    """Write the line of a call or mail that answers; only the first one changes anything of the inquiry."""
    first = inquiry.answered_at is None
    changes = mark_answered(inquiry, now)
    data = {"subject": subject} if subject else {}
    if first or changes:
        return note_change(inquiry, kind, changes, actor=actor, now=now, body=words, outcome=outcome, more=data)
    return write_line(inquiry, kind, actor=actor, now=now, body=words, outcome=outcome, data=data)
