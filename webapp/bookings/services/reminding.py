"""Writing what is due by time alone. One row a transaction; a row somebody else is at is passed over.

How often somebody may be told: what is queued commits together with the plan that follows, so a
process killed here has either done both or neither, and the outbox's key admits each reminder once.
The only doubt is the sender killed between a mail server's "250" and our mark: that one mail (at most
one per killed sender) goes again after its lease of minutes, with the same Message-ID, by which mail
programs know it as a copy.
"""

from __future__ import annotations

import datetime as dt

from sqlalchemy import func, select

from webapp.bookings.guards import is_reviewed
from webapp.bookings.models import CounsellingSession
from webapp.bookings.outgoing import emit_reminder
from webapp.bookings.queries.due import last_activity
from webapp.bookings.reminder_mails import tell_reminder, tell_review_prompt, tell_unbooked
from webapp.bookings.rules import SessionStatus, after_reminder, reminder_due
from webapp.bookings.services.locks import lock_sessions
from webapp.core.db import db
from webapp.enrolments.models import NUDGE_AFTER, Enrolment

NUDGE_EVERY = dt.timedelta(days=14)
LOOK_AGAIN = dt.timedelta(days=1)


def remind_of(session_pk: int, *, now: dt.datetime) -> bool:
    """Send what is due about one session and plan what comes after it; False if nothing was to be sent.

    The row's lock is the claim: what was planned is looked at again under it, so two sweeps never do
    the same thing, and what is queued commits together with the plan that follows.
    """
    for session in lock_sessions([session_pk], skip_locked=True, with_people=True):
        if session.remind_at is None or session.remind_at > now:
            return False
        if session.status is SessionStatus.SCHEDULED:
            return _remind(session, now)
        session.remind_at = None
        if session.status is SessionStatus.COMPLETED and not is_reviewed(session.id):
            tell_review_prompt(session, now)
            return True
    return False


def _remind(session: CounsellingSession, now: dt.datetime) -> bool:
    kind = reminder_due(session.starts_at, now)
    if kind is None:  # begun before anybody swept: too late to remind
        session.remind_at = None
        return False
    session.remind_at = after_reminder(kind, session.starts_at)
    tell_reminder(session, kind, now)
    emit_reminder(session, kind, now)
    return True


def nudge_about(student_id: int, *, now: dt.datetime) -> bool:
    """Look at a student's enrolments that are due, and write if their sessions lie unused; False if not.

    Nothing is said while a session is ahead, nor within 7 days of the last one or of buying. One mail
    however many packages, and then none for 14 days.
    """
    rows = _lock_looked_at(student_id)
    for over in [row for row in rows if not row.is_usable(now)]:
        over.nudge_at = None
    rows = [row for row in rows if row.nudge_at is not None]
    due = [row for row in rows if row.nudge_at is not None and row.nudge_at <= now]
    if not due:
        return False
    moments = [*(row.enrolled_at for row in rows), last_activity(student_id)]
    quiet_until = max(moment for moment in moments if moment is not None) + NUDGE_AFTER
    usable = [row for row in due if row.sessions_left and row.user.active]
    if quiet_until > now or not usable:
        for row in due:
            row.nudge_at = max(quiet_until, now + LOOK_AGAIN)
        return False
    for row in rows:
        row.nudge_at = now + NUDGE_EVERY
    first = min(usable, key=lambda row: (row.expires_at, row.id))
    tell_unbooked(first, f"{now.astimezone(dt.UTC):%Y%m%d}", now)
    return True


def _lock_looked_at(student_id: int) -> list[Enrolment]:
    """Lock all enrolments of a student that have a next look; none while somebody else is at one of them."""
    mine = (
        select(Enrolment)
        .where(Enrolment.user_id == student_id, Enrolment.nudge_at.is_not(None))
        .order_by(Enrolment.id)
        .execution_options(populate_existing=True)
    )
    number = db.session.scalar(select(func.count()).select_from(mine.order_by(None).subquery()))
    rows = list(db.session.scalars(mine.with_for_update(key_share=True, skip_locked=True)))
    return rows if len(rows) == number else []
