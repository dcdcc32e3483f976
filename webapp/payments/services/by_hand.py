"""What admins do by hand: settle money that matched nothing, cancel an enrolment."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import select

from webapp.accounts.models import User
from webapp.bookings.services.endings import free_sessions
from webapp.core.db import db
from webapp.core.errors import InvalidState, NotFound, ValidationFailed
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.enrolments.services import end_enrolment, lock_enrolment
from webapp.payments.emails import tell_enrolment_cancelled
from webapp.payments.models import Match, Payment
from webapp.payments.permissions import require_admin
from webapp.payments.services import ledger
from webapp.payments.services.locks import lock_payment

REASON_LIMIT = 500
UNMATCHED = frozenset({Match.DUPLICATE, Match.WRONG_AMOUNT, Match.UNKNOWN_ORDER})


def settle_payment(*, actor: User, payment_id: str, note: str, now: dt.datetime) -> Payment:
    """Mark unmatched money as dealt with in another way than a refund (say, a granted enrolment); it is kept.

    Raises:
        Forbidden: not an admin. NotFound: no such payment. ValidationFailed: no note, or too long a one.
        InvalidState: it is matched, or settled already.
    """
    require_admin(actor)
    found = db.session.scalar(select(Payment.id).where(Payment.public_id == payment_id))
    if found is None:
        raise NotFound("We could not find that payment.")
    note = _read_reason(note, "note")
    payment = lock_payment(found)
    if payment.match not in UNMATCHED:
        raise InvalidState("This payment needs no settling.")
    payment.match = Match.SETTLED
    payment.note = f"{note} ({actor.name})"[:500]
    ledger.post_settled(payment, now)
    return payment


def cancel_enrolment(*, actor: User, enrolment_id: str, reason: str, now: dt.datetime) -> Enrolment:
    """Cancel a package: sessions ahead are freed and both people told. Money goes back only by a refund.

    Raises:
        Forbidden: not an admin. NotFound: no such enrolment. ValidationFailed: no reason, or too long a one.
        InvalidState: it has ended already.
    """
    require_admin(actor)
    found = db.session.scalar(select(Enrolment.id).where(Enrolment.public_id == enrolment_id))
    if found is None:
        raise NotFound("We could not find that enrolment.")
    reason = _read_reason(reason, "reason")
    enrolment = lock_enrolment(found)
    end_enrolment(enrolment, EnrolmentStatus.CANCELLED)
    freed = free_sessions(enrolment, actor=actor, reason=reason, now=now)
    tell_enrolment_cancelled(enrolment, reason, len(freed), now)
    return enrolment


def _read_reason(text: str, field: str) -> str:
    text = text.replace("\r\n", "\n").replace("\x00", "").strip()
    if not text:
        raise ValidationFailed(fields={field: "Say why in a few words."})
    if len(text) > REASON_LIMIT:
        raise ValidationFailed(fields={field: f"Keep this within {REASON_LIMIT} characters."})
    return text
