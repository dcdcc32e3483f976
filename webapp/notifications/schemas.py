"""The inbox as the JSON door reads it (api.md "notifications")."""

from __future__ import annotations

from marshmallow import fields

from webapp.core.jsonapi import fields as f
from webapp.core.jsonapi.examples import NOTIFICATION
from webapp.core.jsonapi.schemas import Out, PageQuery
from webapp.notifications.kinds import KINDS, Group
from webapp.notifications.models import Notification

TYPES = [*(group.value for group in Group), *(kind.name for kind in KINDS)]


class NotificationQuery(PageQuery):
    """Filters of one's own inbox."""

    unread = f.QueryFlag()
    type = f.Choice(TYPES, metadata={"description": "A kind of news, or a group of kinds such as sessions."})


class NotificationOut(Out):
    """A line of the inbox. ``url`` is a path of the site, null where the line leads nowhere."""

    public_id = f.Id(data_key="_id", required=True, metadata={"example": NOTIFICATION})
    kind = fields.String(data_key="type", required=True, metadata={"example": "session_confirmed"})
    title = fields.String(required=True)
    body = fields.String(data_key="message", required=True)
    url = fields.Method("_url", metadata={"type": "string"})
    is_read = fields.Method("_is_read", required=True, metadata={"type": "boolean"})
    read_at = f.Instant()
    created_at = f.Instant(required=True)

    def _url(self, note: Notification) -> str | None:
        return note.url or None

    def _is_read(self, note: Notification) -> bool:
        return note.read_at is not None


class InboxOut(Out):
    """A page of the inbox, and how many lines of all are unread."""

    notifications = fields.List(fields.Nested(NotificationOut), required=True)
    unread_count = fields.Integer(required=True)


class ReadOut(Out):
    """How many lines were unread until now."""

    updated_count = fields.Integer(required=True)
