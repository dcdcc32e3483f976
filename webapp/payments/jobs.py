"""Money's jobs and what falls due with time."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import literal_column, select

from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.core import clock
from webapp.core.db import db, transaction
from webapp.core.jobs import job
from webapp.payments import flows
from webapp.payments.services import earnings

BATCH = 200


@job
def process_event_job(event_pk: int) -> str | None:
    """Work on a webhook that was just stored."""
    return flows.process_event(event_pk, clock.now())


@job
def send_refunds_job() -> int:
    """Send the refunds that were just approved."""
    return flows.send_refunds(clock.now())


def work_events(now: dt.datetime) -> int:
    """Work on webhooks whose job was lost; return how many."""
    return flows.process_due_events(now)


def reconcile(now: dt.datetime) -> int:
    """Ask the gateway about orders; return how many."""
    return flows.reconcile_due(now)


def move_refunds(now: dt.datetime) -> int:
    """Send approved refunds and follow those under way; return how many moved."""
    return flows.send_refunds(now) + flows.follow_refunds(now)


def post_due_earnings(now: dt.datetime) -> int:
    """Book what completed sessions earned, each once; return how many were booked."""
    done, after = 0, 0
    while ids := _unbooked(after):
        for pk in ids:
            with transaction():
                done += earnings.post_earning(pk, now=now)
        after = ids[-1]
    return done


def _unbooked(after: int) -> list[int]:
    """Return completed sessions that the ledger has not seen, by a partial index of just these."""
    # Written out: a prepared statement with a parameter for the status cannot use the index.
    wanted = select(CounsellingSession.id).where(
        CounsellingSession.status == literal_column(f"'{SessionStatus.COMPLETED}'"),
        ~CounsellingSession.value_booked,
        CounsellingSession.id > after,
    )
    return list(db.session.scalars(wanted.order_by(CounsellingSession.id).limit(BATCH)))
