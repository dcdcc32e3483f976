"""The same change to many inquiries at once: all of them or, where one does not exist, none."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from webapp.accounts.models import User
from webapp.inquiries.models import InquiryStatus
from webapp.inquiries.permissions import require_admin
from webapp.inquiries.rules import may_become
from webapp.inquiries.services.changing import locked_inquiries
from webapp.inquiries.services.desk import admin_named, give_to, move_to, status_named


def bulk_assign(*, actor: User, inquiry_ids: Sequence[str], assignee_id: str | None, now: dt.datetime) -> int:
    """Give inquiries to an active admin or to nobody; return how many changed.

    Raises:
        Forbidden: not an admin. NotFound: one does not exist. ValidationFailed: not an active admin.
    """
    require_admin(actor)
    assignee = admin_named(assignee_id)
    return sum(give_to(one, assignee, actor=actor, now=now) for one in locked_inquiries(actor, inquiry_ids))


def bulk_status(*, actor: User, inquiry_ids: Sequence[str], status: InquiryStatus | str, now: dt.datetime) -> int:
    """Set the status of those that may have it (others stay as they are); return how many changed.

    Raises:
        Forbidden: not an admin. NotFound: one does not exist. ValidationFailed: no such status.
    """
    require_admin(actor)
    wanted = status_named(status)
    able = [
        one
        for one in locked_inquiries(actor, inquiry_ids)
        if may_become(one.status, wanted) and one.forgotten_at is None
    ]
    for one in able:
        move_to(one, wanted, actor=actor, now=now)
    return len(able)
