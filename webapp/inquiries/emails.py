"""Who is told about inquiries: the person who asked, the admins, the one who looks after it."""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import current_app
from sqlalchemy import select

from webapp.accounts.models import Role, User
from webapp.accounts.recipients import recipient_of
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.times import DEFAULT_ZONE, format_when
from webapp.inquiries.models import Inquiry, InquiryEvent
from webapp.inquiries.rules import EXAM_LABELS
from webapp.notifications.models import OutboxMail
from webapp.notifications.services import notify, queue_mail

KNOWN_GUARD = "inquiry_known"
EXCERPT = 300


def lead_path(inquiry: Inquiry) -> str:
    """Return the path of an inquiry's page at the desk."""
    return f"/admin/leads/{inquiry.public_id}"


def first_name(inquiry: Inquiry) -> str:
    """Return how the person is greeted."""
    first, *rest = inquiry.name.split() or [""]
    return f"{first} {rest[0]}" if first.endswith(".") and rest else first


def acknowledge(inquiry: Inquiry, now: dt.datetime) -> None:
    """Queue "we have your question" to the person who asked."""
    _mail_person(
        inquiry,
        f"inquiry:{inquiry.public_id}:received",
        "inquiry_received",
        {
            "ticket": inquiry.ticket_number,
            "exam": EXAM_LABELS[inquiry.exam],
            "message": inquiry.message,
            "phone": inquiry.phone,
            "due": format_when(inquiry.answer_due_at, DEFAULT_ZONE),
            "packages_url": f"{_settings().base_url}/packages",
        },
        now,
    )


def alert_admins(inquiry: Inquiry, now: dt.datetime) -> None:
    """Tell the admins of a new inquiry: one mail to their address, a line in each one's inbox."""
    settings, exam = _settings(), EXAM_LABELS[inquiry.exam]
    queue_mail(
        dedupe_key=f"inquiry:{inquiry.public_id}:alert",
        recipient=settings.admin_mail,
        recipient_name=f"{settings.site_name} admins",
        template="inquiry_alert",
        context={
            "ticket": inquiry.ticket_number,
            "name": inquiry.name,
            "exam": exam,
            "rank": inquiry.rank,
            "state": inquiry.state,
            "message": _excerpt(inquiry.message),
            "source": inquiry.source,
            "due": format_when(inquiry.answer_due_at, DEFAULT_ZONE),
            "url": settings.base_url + lead_path(inquiry),
        },
        guard=f"{KNOWN_GUARD}:{inquiry.public_id}",
        now=now,
    )
    for admin in db.session.scalars(select(User).where(User.role == Role.ADMIN, User.active).order_by(User.id)):
        due = format_when(inquiry.answer_due_at, admin.zone)
        _line(inquiry, admin, "inquiry_new", f"New inquiry about {exam}", body=f"Answer by {due}.", key="new", now=now)


def tell_assigned(inquiry: Inquiry, assignee: User, *, by: User, now: dt.datetime) -> None:
    """Tell an admin that an inquiry is theirs now."""
    body = f"{by.name} gave it to you." + (
        f" Answer by {format_when(inquiry.answer_due_at, assignee.zone)}." if inquiry.answered_at is None else ""
    )
    key = f"assigned:{inquiry.version}"
    _line(inquiry, assignee, "inquiry_assigned", "An inquiry is yours now", body=body, key=key, now=now)


def tell_assignee_again(earlier: Inquiry, again: Inquiry, now: dt.datetime) -> None:
    """Tell who looks after an inquiry that the same person has asked again."""
    assignee = earlier.assignee
    if assignee is not None and assignee.active:
        title = f"{earlier.ticket_number} asked again"
        body = f"The new inquiry is {again.ticket_number}, about {EXAM_LABELS[again.exam]}."
        _line(again, assignee, "inquiry_assigned", title, body=body, key=f"again:{earlier.public_id}", now=now)


def tell_paid(inquiry: Inquiry, assignee: User, title: str, now: dt.datetime) -> None:
    """Tell who looked after an inquiry that its student has bought something."""
    _line(inquiry, assignee, "inquiry_assigned", f"{inquiry.ticket_number} has bought {title}", key="paid", now=now)


def queue_reply(inquiry: Inquiry, event: InquiryEvent, *, subject: str, text: str, by: User, now: dt.datetime) -> None:
    """Queue what an admin wrote to the person."""
    _mail_person(
        inquiry,
        f"inquiry:{inquiry.public_id}:mail:{event.public_id}",
        "inquiry_reply",
        {
            "ticket": inquiry.ticket_number,
            "subject": subject,
            "paragraphs": [part.strip() for part in text.split("\n\n") if part.strip()],
            "by": by.name,
        },
        now,
    )


def queue_converted(inquiry: Inquiry, user: User, *, package: str, granted: bool, path: str, now: dt.datetime) -> None:
    """Queue to somebody who has an account already: your package is there, or here is the link to it."""
    queue_mail(
        dedupe_key=f"inquiry:{inquiry.public_id}:converted",
        recipient=user.email,
        recipient_name=user.name,
        template="inquiry_converted",
        context={
            "first_name": user.first_name,
            "ticket": inquiry.ticket_number,
            "package": package,
            "granted": granted,
            "url": _settings().base_url + path,
        },
        guard=f"{KNOWN_GUARD}:{inquiry.public_id}",
        now=now,
    )


def is_still_known(argument: str, mail: OutboxMail) -> bool:
    """Guard: the personal data of the inquiry has not been removed."""
    del mail
    known = select(Inquiry.id).where(Inquiry.public_id == argument, Inquiry.forgotten_at.is_(None))
    return db.session.scalar(known) is not None


def _mail_person(inquiry: Inquiry, key: str, template: str, words: dict[str, object], now: dt.datetime) -> None:
    queue_mail(
        dedupe_key=key,
        recipient=inquiry.email,
        recipient_name=inquiry.name,
        template=template,
        context={"first_name": first_name(inquiry), **words},
        guard=f"{KNOWN_GUARD}:{inquiry.public_id}",
        now=now,
    )


def _line(inquiry: Inquiry, admin: User, kind: str, title: str, *, body: str = "", key: str, now: dt.datetime) -> None:
    notify(
        user=recipient_of(admin),
        kind=kind,
        title=title,
        body=body,
        url=lead_path(inquiry),
        dedupe_key=f"inquiry:{inquiry.public_id}:{key}:{admin.public_id}",
        now=now,
    )


def _excerpt(message: str) -> str:
    return message if len(message) <= EXCERPT else message[: EXCERPT - 1].rstrip() + "…"


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])
