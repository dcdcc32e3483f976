"""An admin's hand on sessions that wait: the counsellor asked again, a room made, a student told of free sessions."""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import current_app
from sqlalchemy import select

from webapp.accounts.models import Role, User
from webapp.bookings.meeting import make_link
from webapp.bookings.models import CounsellingSession
from webapp.bookings.reminder_mails import tell_answer_due, tell_unbooked
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services.running import lock_for_staff, set_meeting_link
from webapp.config import Settings
from webapp.core.db import db
from webapp.core.errors import Forbidden, InvalidState, NotFound
from webapp.enrolments.models import Enrolment
from webapp.enrolments.services import lock_enrolment

NO_PROVIDER = "Links are typed by hand here. Open the session to enter one."


def chase_counsellor(*, actor: User, session_id: str, now: dt.datetime) -> CounsellingSession:
    """Ask the counsellor again to answer a request; within an hour nobody is asked twice.

    Raises:
        Forbidden: not an admin. NotFound: no such session. InvalidState: it is no open request any more.
    """
    _require_admin(actor)
    session = lock_for_staff(actor, session_id)
    if session.status is not SessionStatus.REQUESTED or (session.expires_at or session.starts_at) <= now:
        raise InvalidState("This request has been answered or has run out.")
    tell_answer_due(session, now)
    return session


def make_room(*, actor: User, session_id: str, now: dt.datetime) -> CounsellingSession:
    """Give a confirmed session without a link a room of the configured provider; both are told.

    Raises:
        Forbidden, NotFound: as above. InvalidState: it has a link, meets elsewhere, or links are typed by hand.
    """
    _require_admin(actor)
    session = lock_for_staff(actor, session_id)
    if session.meeting_link:
        raise InvalidState("This session has a link by now.")
    link = make_link(cast(Settings, current_app.config["SETTINGS"]), session.meeting_mode)
    if link is None:
        raise InvalidState(NO_PROVIDER)
    return set_meeting_link(actor=actor, session_id=session_id, link=link.url, platform=link.platform, now=now)


def remind_to_book(*, actor: User, enrolment_id: str, now: dt.datetime) -> Enrolment:
    """Write to a student whose sessions wait to be booked; once a day and package.

    Raises:
        Forbidden: not an admin. NotFound: no such enrolment. InvalidState: it books no more sessions.
    """
    _require_admin(actor)
    found = db.session.scalar(select(Enrolment.id).where(Enrolment.public_id == enrolment_id))
    if found is None:
        raise NotFound("We could not find that enrolment.")
    enrolment = lock_enrolment(found)
    if not enrolment.is_usable(now) or not enrolment.sessions_left:
        raise InvalidState("This package books no more sessions.")
    tell_unbooked(enrolment, f"desk:{now.astimezone(dt.UTC):%Y%m%d}", now)
    return enrolment


def _require_admin(actor: User) -> None:
    if actor.role is not Role.ADMIN:
        raise Forbidden
