"""What one row of the desk's table offers at once: status, assignee and follow-up, saved together or not at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from webapp.accounts.models import User
from webapp.inquiries.models import Inquiry
from webapp.inquiries.services.changing import locked_inquiry
from webapp.inquiries.services.desk import assign_inquiry, change_status, set_follow_up


def save_choices(
    *, actor: User, inquiry_id: str, version: int | None, now: dt.datetime, choices: Mapping[str, Any]
) -> Inquiry:
    """Save what somebody changed in a row: any of "assignee" (a public id, "" for nobody), "follow_up_on", "status".

    Raises:
        Forbidden, NotFound, StaleVersion: as `changing.locked_inquiry`.
        ValidationFailed, InvalidState: as the service of each.
    """
    inquiry = locked_inquiry(actor, inquiry_id, version)  # the one look at the version: what follows raises it
    if "assignee" in choices:
        assignee = choices["assignee"] or None
        assign_inquiry(actor=actor, inquiry_id=inquiry_id, assignee_id=assignee, version=None, now=now)
    if "follow_up_on" in choices:
        set_follow_up(actor=actor, inquiry_id=inquiry_id, on=choices["follow_up_on"], version=None, now=now)
    if "status" in choices:
        change_status(actor=actor, inquiry_id=inquiry_id, status=choices["status"], version=None, now=now)
    return inquiry
