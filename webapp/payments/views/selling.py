"""The picker's seller: a time kept in the picker becomes an order, paid on the order's page."""

from __future__ import annotations

import datetime as dt

from flask import url_for

from webapp.accounts.models import User
from webapp.counsellors.models import Counsellor
from webapp.payments.services.checkout import Item
from webapp.payments.services.keeping import keep_time


def sell(
    *,
    student: User,
    item: Item,
    counsellor: Counsellor,
    starts_at: dt.datetime,
    agenda: str,
    meeting_mode: str,
    now: dt.datetime,
) -> str:
    """Keep the time on an order and return the order's address; raises as `keep_time`."""
    order = keep_time(
        student=student,
        item=item,
        counsellor=counsellor,
        starts_at=starts_at,
        agenda=agenda,
        meeting_mode=meeting_mode,
        now=now,
    )
    return url_for("payments.order", public_id=order.public_id)
