"""Writing what people are told: all lines of inboxes and all messages of one telling in one statement."""

from __future__ import annotations

import datetime as dt
import functools
import json
from dataclasses import dataclass, field
from typing import Any

from webapp.core.db import db
from webapp.core.ids import new_public_id
from webapp.core.rows import insert_from_json
from webapp.notifications.models import Channel, Notification, OutboxMail

Row = dict[str, Any]
_LINE = ("public_id", "user_id", "kind", "title", "body", "url", "dedupe_key", "created_at")
_MESSAGE = (
    *("public_id", "channel", "dedupe_key", "recipient", "recipient_name", "template", "context", "attachments"),
    *("guard", "status", "due_at", "created_at", "unsubscribe_key", "attempts"),
)


@functools.cache
def _both() -> str:
    lines = insert_from_json(Notification, _LINE, "lines", once="dedupe_key")
    messages = insert_from_json(OutboxMail, _MESSAGE, "messages", once="dedupe_key")
    return f"with lines as ({lines}) {messages}"


@dataclass(slots=True)
class Writing:
    """Rows on their way into the caller's transaction; a key that is there already adds nothing."""

    lines: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)

    def line(self, *, created_at: dt.datetime, **values: Any) -> None:
        """Add a line of an inbox."""
        self.lines.append({"public_id": new_public_id("note"), "created_at": created_at.isoformat(), **values})

    def message(self, *, due_at: dt.datetime, created_at: dt.datetime, **values: Any) -> None:
        """Add a message to the outbox."""
        usual = {"public_id": new_public_id("mail"), "channel": Channel.MAIL, "attachments": [], "attempts": 0}
        times = {"due_at": due_at.isoformat(), "created_at": created_at.isoformat()}
        self.messages.append({**usual, **times, **values})

    def write(self) -> None:
        """Write all of it."""
        if not self.lines and not self.messages:
            return
        db.session.flush()  # whoever is told must be there
        values = {"lines": json.dumps(self.lines), "messages": json.dumps(self.messages)}
        db.session.connection().exec_driver_sql(_both(), values)
