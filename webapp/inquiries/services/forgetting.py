"""Forgetting: the personal data of old inquiries, and of those of a person who asks for it.

The statements bypass the session on purpose: the audit log, which watches it, would write down what goes.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import Select, case, func, or_, select, update

from webapp.accounts.models import User
from webapp.audit.forgetting import forget_things
from webapp.core.db import db
from webapp.inquiries.models import EventKind, Inquiry, InquiryEvent, InquiryStatus
from webapp.inquiries.rules import email_key
from webapp.inquiries.services.changing import bump_leads
from webapp.notifications.models import DeliveryStatus, OutboxMail

FORGOTTEN_NAME = "Forgotten"
WAITING = (DeliveryStatus.PENDING, DeliveryStatus.SENDING)


def forget_inquiries_of(*, user: User, now: dt.datetime) -> int:
    """Take the personal data out of every inquiry of a person, also where a shared phone tied one to them.

    Ticket number, exam, source, campaign, status and times stay. Return how many inquiries were not forgotten yet.
    """
    known = select(Inquiry.person_id).where(
        or_(Inquiry.converted_user_id == user.id, Inquiry.email_key == email_key(user.email))
    )
    return _forget(select(Inquiry.id).where(Inquiry.person_id.in_(known), Inquiry.forgotten_at.is_(None)), now)


def forget_old_inquiries(*, before: dt.datetime, limit: int, now: dt.datetime) -> int:
    """Do the same to at most ``limit`` inquiries asked before an instant that came to nothing; return how many.

    Those still open are closed: nobody could be answered any more.
    """
    old = select(Inquiry.id).where(
        Inquiry.forgotten_at.is_(None), Inquiry.status != InquiryStatus.CONVERTED, Inquiry.asked_at < before
    )
    return _forget(old.order_by(Inquiry.asked_at, Inquiry.id).limit(limit), now)


def _forget(wanted: Select[int], now: dt.datetime) -> int:
    ids = sorted(db.session.scalars(wanted))
    locked = select(Inquiry.id, Inquiry.public_id).where(Inquiry.id.in_(ids), Inquiry.forgotten_at.is_(None))
    rows = db.session.execute(locked.order_by(Inquiry.id).with_for_update(key_share=True)).all()
    if not rows:
        return 0
    keys = [row.id for row in rows]
    _empty_mail(keys, [row.public_id for row in rows])
    _empty_rows(keys, now)
    forget_things([("inquiry", row.public_id) for row in rows])
    db.session.expire_all()
    bump_leads()
    return len(rows)


def _empty_rows(ids: Sequence[int], now: dt.datetime) -> None:
    is_open = Inquiry.status.in_([InquiryStatus.NEW, InquiryStatus.CONTACTED])
    gone = dict.fromkeys(("email", "phone", "email_key", "phone_key", "category", "state", "message", "referrer"), "")
    db.session.execute(
        update(Inquiry)
        .where(Inquiry.id.in_(ids))
        .values(
            **gone,
            name=FORGOTTEN_NAME,
            rank=None,
            follow_up_on=None,
            closed_at=case((is_open, now), else_=Inquiry.closed_at),
            status=case((is_open, InquiryStatus.CLOSED), else_=Inquiry.status),
            forgotten_at=now,
            version=Inquiry.version + 1,
        )
        .execution_options(synchronize_session=False)
    )
    lines = update(InquiryEvent).where(InquiryEvent.inquiry_id.in_(ids)).values(body="", data={})
    db.session.execute(lines.execution_options(synchronize_session=False))


def _empty_mail(ids: Sequence[int], public_ids: Sequence[str]) -> None:
    """Empty the mails about these inquiries, by their keys; what still waits is dropped."""
    replies = select(func.concat("inquiry:", Inquiry.public_id, ":mail:", InquiryEvent.public_id)).where(
        InquiryEvent.inquiry_id == Inquiry.id, Inquiry.id.in_(ids), InquiryEvent.kind == EventKind.MAIL
    )
    keys = list(db.session.scalars(replies))
    keys += [f"inquiry:{one}:{what}" for one in public_ids for what in ("received", "alert", "converted")]
    waits = OutboxMail.status.in_(WAITING)
    mails = update(OutboxMail).where(OutboxMail.dedupe_key.in_(keys))
    db.session.execute(
        mails.values(
            status=case((waits, DeliveryStatus.DROPPED), else_=OutboxMail.status),
            recipient="",
            recipient_name="",
            context={},
        ).execution_options(synchronize_session=False)
    )
