"""What a counsellor earned week by week, from the ledger. Paise."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import String, cast, func, select

from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.figures import monday_of
from webapp.core.db import db
from webapp.payments.models import Account, LedgerEntry, LedgerTransaction


def earnings_by_week(counsellor_id: int, *, since: dt.datetime, until: dt.datetime, zone: str) -> dict[dt.date, int]:
    """Return by Monday (of ``zone``) what sessions that started in the span earned; one statement."""
    week = monday_of(zone)
    reference = func.concat("session:", cast(CounsellingSession.id, String))
    rows = db.session.execute(
        select(week, func.sum(-LedgerEntry.amount))
        .join(LedgerTransaction, LedgerTransaction.reference == reference)
        .join(LedgerEntry, LedgerEntry.transaction_id == LedgerTransaction.id)
        .where(
            LedgerEntry.account == Account.COUNSELLOR,
            LedgerEntry.counsellor_id == counsellor_id,
            CounsellingSession.counsellor_id == counsellor_id,
            CounsellingSession.starts_at >= since,
            CounsellingSession.starts_at < until,
        )
        .group_by(week)
    )
    return {monday: int(amount) for monday, amount in rows}
