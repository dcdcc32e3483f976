"""A profile's lock, and taking it out of the public's sight and back. What is booked is decided a floor above."""

from __future__ import annotations

import datetime as dt

from webapp.accounts.models import Role, User
from webapp.core import live
from webapp.core.db import db, lock_for_update
from webapp.core.errors import Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import counsellor_for, standing_of
from webapp.counsellors.rules import Standing, clean_text
from webapp.counsellors.rules.profile import LONGEST


def require_admin(actor: User) -> None:
    """Make sure that an admin acts; Forbidden otherwise."""
    if actor.role is not Role.ADMIN:
        raise Forbidden


def lock_counsellor(actor: User, counsellor_id: str) -> Counsellor:
    """Return a counsellor that the actor may change, under its lock: the first in the house's order.

    Raises:
        NotFound: there is none, or it is neither the actor's own nor is the actor an admin.
    """
    found = counsellor_for(actor, counsellor_id)
    counsellor: Counsellor | None = lock_for_update(db.session(), Counsellor, found.id)
    if counsellor is None:
        raise NotFound
    return counsellor


def close_profile(counsellor: Counsellor, reason: str, now: dt.datetime) -> None:
    """Take a locked, active counsellor off every page; nobody books them any more.

    Raises:
        InvalidState: it is not active.
        ValidationFailed: no reason, or a long one.
    """
    if not counsellor.is_active:
        raise InvalidState("This counsellor is not active any more.")
    counsellor.deactivated_reason = read_why(reason, "Say why; admins read it in the log.")
    counsellor.deactivated_at, counsellor.is_active = now, False
    live.bump(f"slots:{counsellor.public_id}")
    db.session.flush()


def open_profile(counsellor: Counsellor) -> None:
    """Show a locked, deactivated counsellor again, with the hours they had.

    Raises:
        InvalidState: it is active, or an application that needs an answer.
    """
    if standing_of(counsellor) is not Standing.OFF:
        raise InvalidState("Only a deactivated counsellor can be reactivated.")
    counsellor.is_active, counsellor.deactivated_at, counsellor.deactivated_reason = True, None, None
    live.bump(f"slots:{counsellor.public_id}")
    db.session.flush()


def read_why(text: str, missing: str) -> str:
    """Return a reason as it is kept; ValidationFailed when it is missing or too long."""
    reason = clean_text(text, lines=True)
    if not reason:
        raise ValidationFailed(fields={"reason": missing})
    if len(reason) > LONGEST["reason"]:
        raise ValidationFailed(fields={"reason": f"Keep this within {LONGEST['reason']} characters."})
    return reason
