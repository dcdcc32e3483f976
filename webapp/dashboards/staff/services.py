"""A counsellor leaves: every session ahead is decided on, then profile and login close, all in one transaction.

It stands above bookings, because it reaches from profile and login to packages and sessions. Locks are taken in the
house's order before the first decision is carried out: counsellor, accounts, packages by id, sessions by id.
"""

from __future__ import annotations

import datetime as dt
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from webapp.accounts.models import Role, User
from webapp.accounts.services_admin import deactivate_user, reactivate_user
from webapp.audit.services import because
from webapp.bookings.models import CounsellingSession
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services import cancel_session, decline_session
from webapp.bookings.services.locks import lock_enrolments, lock_sessions
from webapp.core.db import db
from webapp.core.errors import Conflict, Forbidden, ValidationFailed
from webapp.counsellors.models import Counsellor
from webapp.counsellors.rules import ProfileText, Record, clean_text
from webapp.counsellors.rules.profile import LONGEST
from webapp.counsellors.services import (
    close_profile,
    lock_counsellor,
    open_profile,
    record_rating,
    update_counsellor,
)
from webapp.dashboards.staff.queries import assigned_to, sessions_ahead
from webapp.reviews.queries import tally_of

NO_MESSAGE = "Say in a few words why; the students read it."


class Decision(enum.StrEnum):
    """What becomes of a confirmed session whose counsellor leaves; an open request is always declined."""

    CANCEL = "cancel"
    KEEP = "keep"


class ListChanged(Conflict):
    """Sessions came or went between the page and the button."""

    message = "The sessions have changed since you opened this page. Look at the list again; nothing is done yet."


@dataclass(frozen=True, slots=True)
class Leaving:
    """What was carried out: sessions by what became of them, and packages set free."""

    counsellor: Counsellor
    cancelled: int
    kept: int
    declined: int
    released: int


def deactivate_counsellor(
    *,
    actor: User,
    counsellor_id: str,
    reason: str,
    message: str,
    listed: Sequence[str],
    decisions: Mapping[str, str],
    now: dt.datetime,
) -> Leaving:
    """Take a counsellor out of the public's sight and end the login.

    Confirmed sessions are cancelled (credit back, both people told) or kept as decided; open requests are
    declined; packages bound to this counsellor are free for the others.

    Args:
        listed: public ids of all sessions and requests that were on the page; one more or less refuses it all.
        decisions: public id of a confirmed session → "cancel" or "keep".
        message: what students of cancelled sessions and declined requests read.

    Raises:
        Forbidden, NotFound: the actor is no admin; there is no such counsellor.
        InvalidState: not active.
        ListChanged: the list of now is another one.
        ValidationFailed: no reason, no message where students need one, or a session without a decision.
    """
    if actor.role is not Role.ADMIN:
        raise Forbidden
    counsellor = lock_counsellor(actor, counsellor_id)
    close_profile(counsellor, reason, now)  # nobody books from here on; all of it stands or falls together
    if counsellor.user is not None and counsellor.user.active:
        deactivate_user(actor=actor, user_id=counsellor.user.public_id, reason=reason, now=now)
    sessions, released = _locked_work(counsellor, now)
    if {session.public_id for session in sessions} != set(listed):
        raise ListChanged
    plan = _plan(sessions, decisions, message)
    because(clean_text(reason, lines=True))
    message = clean_text(message, lines=True)
    for session, decision in plan:
        if session.status is SessionStatus.REQUESTED:
            decline_session(actor=actor, session_id=session.public_id, reason=message, now=now)
        elif decision is Decision.CANCEL:
            cancel_session(actor=actor, session_id=session.public_id, reason=message, now=now)
    return _sum_up(counsellor, plan, released)


def _locked_work(counsellor: Counsellor, now: dt.datetime) -> tuple[list[CounsellingSession], int]:
    """Lock packages, then sessions; set packages free; return the sessions ahead as they are behind the locks."""
    seen, bound = sessions_ahead(counsellor.id, now), assigned_to(counsellor.id)
    locked = lock_enrolments({*(one.enrolment_id for one in seen), *(one.id for one in bound)})
    lock_sessions(one.id for one in seen)
    released = [locked[one.id] for one in bound if locked[one.id].assigned_counsellor_id == counsellor.id]
    for enrolment in released:
        enrolment.assigned_counsellor_id = None
    db.session.flush()
    return sessions_ahead(counsellor.id, now), len(released)


def _plan(
    sessions: Sequence[CounsellingSession], decisions: Mapping[str, str], message: str
) -> list[tuple[CounsellingSession, Decision]]:
    """Pair each session with its decision. Raises ValidationFailed with every field that lacks something."""
    wrong: dict[str, str] = {}
    plan: list[tuple[CounsellingSession, Decision]] = []
    for session in sessions:
        given = decisions.get(session.public_id, "")
        if session.status is SessionStatus.REQUESTED:
            plan.append((session, Decision.CANCEL))
        elif given in list(Decision):
            plan.append((session, Decision(given)))
        else:
            wrong[session.public_id] = "Decide what becomes of this session."
    text = clean_text(message, lines=True)
    if len(text) > LONGEST["reason"]:
        wrong["message"] = f"Keep this within {LONGEST['reason']} characters."
    elif not text and any(decision is Decision.CANCEL for _, decision in plan):
        wrong["message"] = NO_MESSAGE
    if wrong:
        raise ValidationFailed(fields=wrong)
    return plan


def _sum_up(counsellor: Counsellor, plan: Sequence[tuple[CounsellingSession, Decision]], released: int) -> Leaving:
    ends = [session.status for session, _ in plan]
    return Leaving(
        counsellor,
        cancelled=ends.count(SessionStatus.CANCELLED),
        kept=ends.count(SessionStatus.SCHEDULED),
        declined=ends.count(SessionStatus.DECLINED),
        released=released,
    )


def reactivate_counsellor(*, actor: User, counsellor_id: str, now: dt.datetime) -> Counsellor:
    """Show a deactivated counsellor again, with their hours, and let them sign in.

    Raises:
        Forbidden, NotFound: the actor is no admin; there is no such counsellor.
        InvalidState: not deactivated, or the person was erased.
    """
    if actor.role is not Role.ADMIN:
        raise Forbidden
    counsellor = lock_counsellor(actor, counsellor_id)
    open_profile(counsellor)
    if counsellor.user is not None and not counsellor.user.active:
        reactivate_user(actor=actor, user_id=counsellor.user.public_id, now=now)
    return counsellor


def save_counsellor(
    *,
    actor: User,
    counsellor_id: str,
    email: str,
    phone: str,
    profile: ProfileText,
    record: Record,
    seen: str | None,
) -> Counsellor:
    """Change all of a profile; the rating people see follows a changed balance. Raises as `update_counsellor`."""
    counsellor = update_counsellor(
        actor=actor, counsellor_id=counsellor_id, email=email, phone=phone, profile=profile, record=record, seen=seen
    )
    return record_rating(counsellor_id=counsellor.id, tally=tally_of)
