"""Queueing mail: a row in the transaction of what happened, so that the two are never apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import delete, literal_column, select, update

from webapp.core.db import after_commit, db
from webapp.core.jobs import MAIL_QUEUE, hint
from webapp.notifications.messages import Attachment, Recipient, WhatsAppMessage
from webapp.notifications.models import Channel, DeliveryStatus, OutboxMail
from webapp.notifications.services.writing import Writing

SENDER_JOB = "webapp.notifications.jobs.send_due_mail"
FORGOTTEN_AT_ONCE = 500
_HINTED = "mail_hinted_for"


def queue_mail(
    *,
    dedupe_key: str,
    recipient: str,
    recipient_name: str,
    template: str,
    context: dict[str, Any],
    now: dt.datetime,
    guard: str | None = None,
    attachments: Sequence[Attachment] = (),
    due_at: dt.datetime | None = None,
    unsubscribe_key: str | None = None,
    wanted: bool = True,
    writing: Writing | None = None,
) -> None:
    """Put one mail into the outbox, inside the caller's transaction; a key seen before adds nothing.

    Args:
        dedupe_key: what makes this mail unique: event, recipient and version (up to 200 characters).
        template: the folder under templates/email.
        context: finished words for the template, as JSON can hold them.
        guard: "<name>:<argument>", asked just before sending; None sends in any case.
        due_at: not before this instant; default at once.
        unsubscribe_key: signed, on mail that its reader may refuse.
        wanted: False keeps the key only, as a mail dropped: its reader has refused this kind.
        writing: what else is written by the same statement; who gives it, writes it.
    """
    rows = writing or Writing()
    rows.message(
        dedupe_key=dedupe_key,
        recipient=recipient,
        recipient_name=recipient_name[:120],
        template=template,
        context=context,
        guard=guard,
        attachments=[asdict(attachment) for attachment in attachments],
        status=DeliveryStatus.PENDING if wanted else DeliveryStatus.DROPPED,
        due_at=due_at or now,
        created_at=now,
        unsubscribe_key=unsubscribe_key,
    )
    if writing is None:
        rows.write()
    if (due_at is None or due_at <= now) and wanted:
        _hint_once()


def queue_whatsapp(
    *,
    dedupe_key: str,
    to: Recipient,
    message: WhatsAppMessage,
    now: dt.datetime,
    unsubscribe_key: str,
    writing: Writing | None = None,
) -> None:
    """Put one WhatsApp message into the outbox, inside the caller's transaction; a key seen before adds nothing.

    Args:
        to: somebody with a phone number.
        unsubscribe_key: signed; asked just before sending whether its reader still wants it.
        writing: as `queue_mail`.
    """
    rows = writing or Writing()
    rows.message(
        channel=Channel.WHATSAPP,
        dedupe_key=dedupe_key,
        recipient=to.phone,
        recipient_name=to.name[:120],
        template=message.template,
        context={"words": list(message.words)},
        guard=message.guard,
        status=DeliveryStatus.PENDING,
        due_at=now,
        created_at=now,
        unsubscribe_key=unsubscribe_key,
    )
    if writing is None:
        rows.write()
    _hint_once()


def forget_refused(before: dt.datetime) -> int:
    """Delete up to a batch of what was never sent (refused, or not true any more) and made before an instant."""
    # Written out: a prepared statement with a parameter for the status cannot use the partial index.
    dropped = OutboxMail.status == literal_column(f"'{DeliveryStatus.DROPPED}'")
    old = (
        select(OutboxMail.id)
        .where(dropped, OutboxMail.created_at < before)
        .order_by(OutboxMail.created_at)
        .limit(FORGOTTEN_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    gone = delete(OutboxMail).where(OutboxMail.id.in_(old)).returning(OutboxMail.id)
    return len(db.session.scalars(gone.execution_options(synchronize_session=False)).all())


def retry_failed_mail(*, now: dt.datetime) -> int:
    """Put every mail that was given up back into the outbox, due at once, with all its tries; return how many."""
    rows = db.session.scalars(
        update(OutboxMail)
        .where(OutboxMail.status == DeliveryStatus.FAILED, OutboxMail.channel == Channel.MAIL)
        .values(status=DeliveryStatus.PENDING, due_at=now, attempts=0)
        .returning(OutboxMail.id)
        .execution_options(synchronize_session=False)
    ).all()
    if rows:
        _hint_once()
    return len(rows)


def _hint_once() -> None:
    """Wake a sender after the commit, once a transaction however many mails it queues."""
    session = db.session()
    transaction = session.get_transaction()
    if session.info.get(_HINTED) is not transaction:
        session.info[_HINTED] = transaction
        after_commit(wake_sender)


def wake_sender() -> None:
    """Ask a worker to send what is due. Only a hint: the scheduler finds the rows anyway."""
    hint(SENDER_JOB, queue_name=MAIL_QUEUE)
