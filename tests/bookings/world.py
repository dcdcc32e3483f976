"""People and packages that the tests of bookings share, and short ways to call the services."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from tests.factories import NOW, make_counsellor, make_enrolment, make_package, make_user
from webapp.accounts.models import Role, User
from webapp.availability.rules import BookingMode
from webapp.bookings import services
from webapp.bookings.models import CounsellingSession
from webapp.core.db import db, transaction
from webapp.counsellors.models import Counsellor
from webapp.enrolments.models import Enrolment
from webapp.notifications.models import OutboxMail

SATURDAY_10 = dt.datetime(2026, 12, 12, 4, 30, tzinfo=dt.UTC)  # Sat, 12 Dec 2026, 10:00 AM IST
HALF_HOUR = dt.timedelta(minutes=30)


@dataclass(slots=True)
class World:
    """A student with a package of four sessions, their counsellor, an admin, and somebody else."""

    student: User
    counsellor: Counsellor
    enrolment: Enrolment
    admin: User
    outsider: User

    @property
    def counsellor_user(self) -> User:
        """The counsellor's account."""
        assert self.counsellor.user is not None
        return self.counsellor.user


def make_world(
    *,
    mode: BookingMode | str = BookingMode.INSTANT,
    student: dict[str, Any] | None = None,
    counsellor: dict[str, Any] | None = None,
    rules: dict[str, Any] | None = None,
    **enrolment: Any,
) -> World:
    """Make and commit it; arguments override columns."""
    person = make_user(**{"name": "Ananya Chatterjee", **(student or {})})
    counsels = make_counsellor(mode=mode, rules=rules, **{"name": "Dr. Meera Krishnan", **(counsellor or {})})
    world = World(
        student=person,
        counsellor=counsels,
        enrolment=make_enrolment(person, make_package(name="JEE Complete"), **enrolment),
        admin=make_user(role=Role.ADMIN, name="Rohan Mehta"),
        outsider=make_user(name="Charlie Outsider"),
    )
    db.session.commit()
    return world


def book(world: World, starts_at: dt.datetime = SATURDAY_10, **changes: Any) -> CounsellingSession:
    """Book as the door does; arguments override those of `book_session`."""
    arguments: dict[str, Any] = {
        "student": world.student,
        "counsellor_id": world.counsellor.public_id,
        "enrolment_id": world.enrolment.public_id,
        "starts_at": starts_at,
        "agenda": "Which NITs are realistic?",
        "meeting_mode": "video",
        "now": NOW,
    }
    with transaction():
        return services.book_session(**{**arguments, **changes})


def accept(session: CounsellingSession, actor: User, now: dt.datetime = NOW) -> CounsellingSession:
    """Accept as the door does."""
    with transaction():
        return services.accept_session(actor=actor, session_id=session.public_id, now=now)


def decline(
    session: CounsellingSession, actor: User, reason: str = "I am travelling.", now: dt.datetime = NOW
) -> CounsellingSession:
    """Decline as the door does."""
    with transaction():
        return services.decline_session(actor=actor, session_id=session.public_id, reason=reason, now=now)


def cancel(session: CounsellingSession, actor: User, reason: str = "", now: dt.datetime = NOW) -> CounsellingSession:
    """Cancel as the door does."""
    with transaction():
        return services.cancel_session(actor=actor, session_id=session.public_id, reason=reason, now=now)


def move(
    session: CounsellingSession, actor: User, starts_at: dt.datetime, *, reason: str = "", now: dt.datetime = NOW
) -> CounsellingSession:
    """Move to another time as the door does."""
    with transaction():
        return services.reschedule_session(
            actor=actor, session_id=session.public_id, starts_at=starts_at, reason=reason, now=now
        )


def rebook(
    session: CounsellingSession, actor: User, starts_at: dt.datetime, *, reason: str = "", now: dt.datetime = NOW
) -> CounsellingSession:
    """Cancel and book another time as the door does."""
    with transaction():
        return services.rebook_session(
            actor=actor, session_id=session.public_id, starts_at=starts_at, reason=reason, now=now
        )


def complete(session: CounsellingSession, actor: User, now: dt.datetime, **written: Any) -> CounsellingSession:
    """Finish as the door does."""
    with transaction():
        return services.complete_session(actor=actor, session_id=session.public_id, now=now, **written)


def no_show(session: CounsellingSession, actor: User, now: dt.datetime) -> CounsellingSession:
    """Mark as missed as the door does."""
    with transaction():
        return services.mark_no_show(actor=actor, session_id=session.public_id, now=now)


def offer(
    sessions: Sequence[CounsellingSession], actor: User, *, message: str = "", now: dt.datetime = NOW
) -> list[CounsellingSession]:
    """Ask for another time as the door does."""
    ids = [session.public_id for session in sessions]
    with transaction():
        return services.offer_another_time(actor=actor, session_ids=ids, message=message, now=now)


def hold(world: World, starts_at: dt.datetime = SATURDAY_10, **changes: Any) -> CounsellingSession:
    """Hold as the door does."""
    arguments: dict[str, Any] = {
        "student": world.student,
        "counsellor_id": world.counsellor.public_id,
        "starts_at": starts_at,
        "duration": 30,
        "now": NOW,
    }
    with transaction():
        return services.hold_slot(**{**arguments, **changes})


def mails(template: str | None = None) -> list[OutboxMail]:
    """Return what is in the outbox, in the order it was queued."""
    wanted = select(OutboxMail).order_by(OutboxMail.id)
    if template is not None:
        wanted = wanted.where(OutboxMail.template == template)
    return list(db.session.scalars(wanted))


def all_sessions() -> Sequence[CounsellingSession]:
    """Return every row of the table."""
    return db.session.scalars(select(CounsellingSession).order_by(CounsellingSession.id)).all()
