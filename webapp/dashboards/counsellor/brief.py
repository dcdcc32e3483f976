"""What a counsellor reads in a minute before a session: who, with what, what was said and promised, what is asked."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Blueprint, Response, g
from flask_login import current_user

from webapp.accounts.models import User
from webapp.accounts.viewer import viewer
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import get_session_for, session_numbers
from webapp.bookings.queries.life import OpenStep, earlier_sessions, open_steps
from webapp.bookings.rules import SessionStatus
from webapp.bookings.session_cards import Join, State, countdown_words, how, join_of, place_in_package, state_of
from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.inquiries.models import Inquiry
from webapp.inquiries.queries import background_of
from webapp.inquiries.rules import EXAM_LABELS

SHOWN_EARLIER = 5


@dataclass(frozen=True, slots=True)
class Brief:
    """One screen. ``last``: the latest held session with notes, else the latest; ``promises``: steps still open.

    ``asked`` is what the student wrote in the guidance form: exam, rank, category, message.
    """

    session: CounsellingSession
    state: State
    place: str
    how: str
    exam: str
    asked: Inquiry | None
    join: Join | None
    countdown: str
    earlier: list[CounsellingSession]
    last: CounsellingSession | None
    promises: list[OpenStep]


def register(blueprint: Blueprint) -> None:
    """Hang the page on the counsellor's blueprint."""
    blueprint.add_url_rule("/counsellor/sessions/<public_id>/brief", "brief", brief)


@allow("counsellor", "admin")
def brief(public_id: str) -> Response:
    """Show the brief of a session to its counsellor or an admin."""
    session = get_session_for(viewer(), public_id)
    return render(
        "dashboards/counsellor/brief.html",
        brief=read_brief(session, viewer(), g.now),
        exam_labels=EXAM_LABELS,
        layout=f"layouts/{current_user.role.value}.html",
    )


def read_brief(session: CounsellingSession, reader: User, now: dt.datetime) -> Brief:
    """Gather it; at most seven statements beside the session."""
    earlier = earlier_sessions(session)
    package = session.enrolment.package if session.enrolment else None
    return Brief(
        session=session,
        state=state_of(session, now),
        place=place_in_package(session, session_numbers([session]).get(session.id)),
        how=how(session),
        exam=package.exam_type.value.upper() if package else "",
        asked=background_of(session.student),
        join=join_of(session, reader, now),
        countdown=countdown_words(session.starts_at, now),
        earlier=earlier[:SHOWN_EARLIER],
        last=next((row for row in earlier if row.shared_notes or row.private_notes), _held(earlier)),
        promises=[step for step in open_steps(session.student_id, now) if step.done_at is None],
    )


def _held(earlier: list[CounsellingSession]) -> CounsellingSession | None:
    return next((row for row in earlier if row.status is SessionStatus.COMPLETED), None)
