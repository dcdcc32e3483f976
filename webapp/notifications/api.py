"""`/api/v1/notifications`: one's own inbox."""

from __future__ import annotations

from typing import Any

from flask import g
from flask_login import current_user

from webapp.core.db import transaction
from webapp.core.jsonapi.door import Door
from webapp.core.jsonapi.envelope import Answer, paged
from webapp.notifications.messages import Reader
from webapp.notifications.models import Notification
from webapp.notifications.queries.inbox import notes_for_programs, unread_total
from webapp.notifications.schemas import InboxOut, NotificationOut, NotificationQuery, ReadOut
from webapp.notifications.services import delete_note, mark_all_read, mark_read

door = Door("notifications", __name__, about="One's own inbox.", area=None)
ID = "/<notification_id>"


def _reader() -> Reader:
    return Reader(current_user.id, current_user.public_id, current_user.role.value)


@door.endpoint(
    "GET",
    "",
    who=["signed_in"],
    query=NotificationQuery,
    answer=InboxOut,
    paged=True,
    example_query={"unread": "true"},
)
def list_notifications(query: dict[str, Any]) -> Answer:
    """List the inbox, the newest first; ``unreadCount`` is of the whole inbox."""
    mine = int(current_user.id)
    page = notes_for_programs(
        mine, unread=query.get("unread"), wanted=query.get("type"), page=query["page"], limit=query["limit"]
    )
    return paged(page, data={"notifications": page.items, "unread_count": unread_total(mine)})


@door.endpoint("PUT", f"{ID}/read", who=["signed_in"], answer=NotificationOut)
def read_notification(notification_id: str) -> Notification:
    """Note that a line was read; a second time changes nothing."""
    with transaction():
        return mark_read(reader=_reader(), note_id=notification_id, now=g.now)


@door.endpoint("PUT", "/read-all", who=["signed_in"], answer=ReadOut)
def read_all_notifications() -> dict[str, int]:
    """Note that every line was read."""
    with transaction():
        return {"updated_count": mark_all_read(reader=_reader(), group=None, now=g.now)}


@door.endpoint("DELETE", ID, who=["signed_in"])
def delete_notification(notification_id: str) -> str:
    """Take a line out of the inbox."""
    with transaction():
        delete_note(reader=_reader(), note_id=notification_id, now=g.now)
    return "The notification is deleted."
