"""People to tell, and short ways to tell them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select

from tests.factories import NOW, make_user
from webapp.accounts.models import User
from webapp.accounts.recipients import recipient_of
from webapp.core.db import db, transaction
from webapp.notifications.messages import MailMessage, Reader
from webapp.notifications.models import Notification, NotificationPreference, OutboxMail
from webapp.notifications.services import notify


def somebody(**columns: Any) -> User:
    """Make and commit a student."""
    user = make_user(**{"name": "Ananya Chatterjee", **columns})
    db.session.commit()
    return user


def reader_of(user: User) -> Reader:
    """Return a person as the services of the inbox take them."""
    return Reader(user.id, user.public_id, user.role.value)


def tell(user: User, number: int = 1, *, now: dt.datetime = NOW, mail: bool = True, **more: Any) -> None:
    """Tell one thing in a transaction of its own."""
    message = MailMessage("greeting", {"word": "Namaste"}) if mail else None
    words: dict[str, Any] = {
        "kind": "session_confirmed",
        "title": f"Session confirmed {number}",
        "body": "Sat, 12 Dec 2026, 10:00 AM IST with Dr. Meera Krishnan",
        "url": "/sessions",
        "dedupe_key": f"news:{number}:{user.public_id}",
        "mail": message,
    }
    with transaction():
        notify(user=recipient_of(user), now=now, **{**words, **more})


def say(user: User, kind: str, channel: str, *, enabled: bool) -> None:
    """Keep a word of theirs, whatever was said before."""
    with transaction() as session:
        session.merge(NotificationPreference(user_id=user.id, kind=kind, channel=channel, enabled=enabled))


def inbox_of(user: User) -> Sequence[Notification]:
    """Return everything in a person's inbox, deleted or not, oldest first."""
    mine = select(Notification).where(Notification.user_id == user.id).order_by(Notification.id)
    return db.session.scalars(mine.execution_options(populate_existing=True)).all()


def outbox() -> Sequence[OutboxMail]:
    """Return all rows of the outbox, oldest first."""
    rows = select(OutboxMail).order_by(OutboxMail.id)
    return db.session.scalars(rows.execution_options(populate_existing=True)).all()
