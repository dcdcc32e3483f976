"""Questions about the outbox."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import exists, func, select

from webapp.core.db import db
from webapp.notifications.models import DeliveryStatus, OutboxMail


def mail_was_queued_after(*, recipient: str, template: str, after: dt.datetime) -> bool:
    """Tell whether a later mail of this kind was queued for this address (in any case of its letters)."""
    later = exists().where(
        func.lower(OutboxMail.recipient) == recipient.lower(),
        OutboxMail.template == template,
        OutboxMail.created_at > after,
    )
    return bool(db.session.scalar(select(later)))


def mails_being_sent(now: dt.datetime) -> int:
    """Return how many mails due at ``now`` a sender holds at this moment."""
    held = select(func.count()).where(OutboxMail.status == DeliveryStatus.SENDING, OutboxMail.due_at <= now)
    return db.session.scalar(held) or 0
