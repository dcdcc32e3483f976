"""Asked just before a session's mail goes: is what it says still true?"""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select

from webapp.bookings.emails import TRUE_WHILE
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.due import has_session_ahead
from webapp.bookings.reminder_mails import stamp
from webapp.bookings.rules import SessionStatus
from webapp.core.db import db
from webapp.enrolments.models import Enrolment
from webapp.notifications.models import OutboxMail

S = CounsellingSession
_reviewed: list[Callable[[int], bool]] = []


def register_review_check(is_reviewed: Callable[[int], bool]) -> None:
    """Let the room of reviews say whether a session (by primary key) has one: then nobody is asked for it."""
    if is_reviewed not in _reviewed:
        _reviewed.append(is_reviewed)


def is_reviewed(session_pk: int) -> bool:
    """Whether the session has a review, as far as anybody registered a check."""
    return any(check(session_pk) for check in _reviewed)


def session_stands(argument: str, mail: OutboxMail) -> bool:  # noqa: ARG001  every guard is given the mail
    """Whether the session is still in the state and version of "<public_id>:<kind>:<version>"."""
    public_id, kind, version = argument.split(":")
    stands = db.session.execute(select(S.status, S.version).where(S.public_id == public_id)).one_or_none()
    return stands is not None and stands.status is TRUE_WHILE.get(kind) and str(stands.version) == version


def session_is_ahead(argument: str, mail: OutboxMail) -> bool:
    """Whether the session of "<public_id>:<start>" is confirmed for that start, which has not come yet."""
    public_id, start = argument.split(":")
    found = db.session.execute(select(S.status, S.starts_at).where(S.public_id == public_id)).one_or_none()
    if found is None or found.status is not SessionStatus.SCHEDULED or stamp(found.starts_at) != start:
        return False
    return mail.claimed_at is None or mail.claimed_at < found.starts_at  # claimed just now: a late mail says nothing


def move_is_offered(argument: str, mail: OutboxMail) -> bool:  # noqa: ARG001
    """Whether the session of "<public_id>:<instant>" still asks for another time since then; "" : asks no more."""
    public_id, since = argument.split(":")
    found = db.session.execute(select(S.status, S.move_offered_at).where(S.public_id == public_id)).one_or_none()
    if found is None or found.status is not SessionStatus.SCHEDULED:
        return False
    return (stamp(found.move_offered_at) if found.move_offered_at else "") == since


def review_is_missing(argument: str, mail: OutboxMail) -> bool:  # noqa: ARG001
    """Whether the session "<public_id>" was held and nobody has reviewed it yet."""
    found = db.session.execute(select(S.id, S.status).where(S.public_id == argument)).one_or_none()
    return found is not None and found.status is SessionStatus.COMPLETED and not is_reviewed(found.id)


def sessions_lie_unused(argument: str, mail: OutboxMail) -> bool:
    """Whether the enrolment "<public_id>" can still be booked with and its student has nothing ahead."""
    enrolment = db.session.scalar(select(Enrolment).where(Enrolment.public_id == argument))
    if enrolment is None or not enrolment.is_usable(mail.due_at) or enrolment.sessions_left < 1:
        return False
    return not has_session_ahead(enrolment.user_id, mail.due_at)
