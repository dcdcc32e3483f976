"""Sessions from a student's side, and the page of one session for everyone who has a part in it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.models import User
from webapp.accounts.viewer import viewer, viewer_zone
from webapp.bookings.calendar_file import FILENAME, Method, content_type
from webapp.bookings.emails import calendar_for
from webapp.bookings.forms import CancelForm, DeclineForm
from webapp.bookings.models import CounsellingSession, NextStep
from webapp.bookings.panel import short_name
from webapp.bookings.permissions import (
    MoveKind,
    Part,
    can_answer,
    can_cancel,
    can_edit_agenda,
    can_run,
    can_start,
    move_kind,
    part_of,
)
from webapp.bookings.queries import (
    deadline_hours_of,
    get_session_for,
    history_of,
    session_numbers,
    sessions_of_student,
)
from webapp.bookings.queries.life import Recording, follower_of, recordings
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services import cancel_session
from webapp.bookings.services.running import NOTED
from webapp.bookings.session_cards import (
    Asked,
    CancelTerms,
    Join,
    Moment,
    State,
    asked_of,
    cancel_terms,
    cancel_until,
    countdown_words,
    history_moments,
    how,
    join_of,
    place_in_package,
    state_of,
    time_left,
)
from webapp.bookings.views.blueprint import blueprint
from webapp.bookings.views.layouts import layout_for_viewer
from webapp.bookings.views.lists import list_sessions, read_filter
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound
from webapp.core.htmx import render, see_other
from webapp.core.pagination import read_page
from webapp.core.throttle import limited


@dataclass(frozen=True, slots=True)
class SessionPage:
    """What the page of one session reads."""

    session: CounsellingSession
    part: Part
    state: State
    place: str
    how: str
    join: Join | None
    countdown: str
    can_cancel: bool
    can_answer: bool
    left: str
    until: str
    cancel: CancelTerms
    history: list[Moment]
    move: MoveKind | None
    can_start: bool
    can_run: bool
    steps: list[NextStep]
    recording: Recording | None
    asked: Asked | None
    moved_to: CounsellingSession | None
    can_edit_agenda: bool

    @property
    def is_student(self) -> bool:
        """Whether the student reads it."""
        return self.part is Part.STUDENT

    @property
    def is_staff(self) -> bool:
        """Whether the counsellor or an admin reads it."""
        return self.part is not Part.STUDENT

    @property
    def asked_by(self) -> str:
        """The counsellor as a student says it."""
        return short_name(self.session.counsellor.name)

    @property
    def noted(self) -> bool:
        """Whether notes belong here: it is confirmed, or was held or missed."""
        return self.session.status in NOTED

    @property
    def over(self) -> bool:
        """Whether it was held, so that a recording may be put there."""
        return self.session.status is SessionStatus.COMPLETED

    @property
    def scheduled(self) -> bool:
        """Whether it is confirmed: then there is a calendar file."""
        return self.state.status is SessionStatus.SCHEDULED


@blueprint.get("/sessions")
@allow("student")
def my_sessions() -> Response:
    """List the student's sessions: ``show`` upcoming (default), past or all."""
    show = read_filter(request.args.get("show"))
    page = sessions_of_student(viewer(), show, read_page(request.args.get("page")), now=g.now)
    listing = list_sessions(page, show, url_for("bookings.my_sessions"), now=g.now)
    return render("bookings/sessions.html", "bookings/_session_list.html", listing=listing)


@blueprint.get("/sessions/<public_id>")
@allow("signed_in")
def detail(public_id: str) -> Response:
    """Show a session to its student, its counsellor or an admin."""
    return show_session(get_session_for(viewer(), public_id))


def session_page(session: CounsellingSession, reader: User, now: dt.datetime) -> SessionPage:
    """Gather the page of a session the reader may see; seven statements at most."""
    part = part_of(reader, session)
    if part is None:
        raise NotFound
    hours = deadline_hours_of(session.counsellor_id)
    answer = can_answer(reader, session, now)
    upcoming = can_cancel(reader, session, now)
    changes = history_of(session)
    return SessionPage(
        session=session,
        part=part,
        state=state_of(session, now),
        place=place_in_package(session, session_numbers([session]).get(session.id)),
        how=how(session),
        join=join_of(session, reader, now),
        countdown=countdown_words(session.starts_at, now),
        can_cancel=upcoming,
        can_answer=answer,
        left=time_left(session.expires_at, now).words if answer and session.expires_at else "",
        until=cancel_until(session, hours, now, viewer_zone()) if upcoming and part is Part.STUDENT else "",
        cancel=cancel_terms(session, part, hours, now),
        history=history_moments(session, changes, reader=reader, now=now),
        move=move_kind(reader, session, hours, now),
        can_start=can_start(reader, session, now),
        can_run=can_run(reader, session, now),
        steps=session.next_steps if session.status in NOTED else [],
        recording=recordings([session], now).get(session.id) if now >= session.starts_at else None,
        asked=asked_of(session, changes, now),
        moved_to=follower_of(session),
        can_edit_agenda=can_edit_agenda(reader, session, now),
    )


def show_session(
    session: CounsellingSession,
    template: str = "detail",
    *,
    partial: str | None = None,
    status: int = 200,
    problem: str = "",
    cancel_form: CancelForm | None = None,
    decline_form: DeclineForm | None = None,
) -> Response:
    """Render one of the pages of a session: "detail", "cancel" or "decline"."""
    return render(
        f"bookings/{template}.html",
        f"bookings/{partial}.html" if partial else None,
        status=status,
        view=session_page(session, viewer(), g.now),
        cancel_form=cancel_form or CancelForm(formdata=None),
        decline_form=decline_form or DeclineForm(formdata=None),
        problem=problem,
        layout=layout_for_viewer(),
    )


@blueprint.get("/sessions/<public_id>/cancel")
@allow("signed_in")
def cancel(public_id: str) -> Response:
    """Ask before cancelling, as a page of its own (the session's page asks in a dialog)."""
    session = get_session_for(viewer(), public_id)
    if not can_cancel(viewer(), session, g.now):
        return show_session(session, status=409, problem="This session can't be cancelled any more.")
    return show_session(session, "cancel")


@blueprint.post("/sessions/<public_id>/cancel")
@allow("signed_in")
@limited("cancel")
def cancel_now(public_id: str) -> BaseResponse:
    """Cancel; the credit comes back as the policy says."""
    form, user = CancelForm(), viewer()
    session = get_session_for(user, public_id)
    if not form.validate_on_submit():
        return show_session(session, "cancel", status=422, cancel_form=form)
    try:
        with transaction():
            session = cancel_session(actor=user, session_id=public_id, reason=form.reason.data or "", now=g.now)
            returned, mine = session.credit_returned, session.student_id == user.id
    except DomainError as error:
        return refused(public_id, error)
    whose = "Your session" if mine else "The student's session"
    flash(f"Cancelled. {whose} {'came back' if returned else 'stays used'}.", "ok")
    return see_other(url_for("bookings.detail", public_id=public_id))


def refused(public_id: str, error: DomainError, decline_form: DeclineForm | None = None) -> Response:
    """Show the session as it is now, with why the step was not possible."""
    if isinstance(error, NotFound):
        raise error
    message = next(iter(error.fields.values()), error.message)
    session = get_session_for(viewer(), public_id)
    return show_session(session, status=error.http_status, problem=message, decline_form=decline_form)


@blueprint.get("/sessions/<public_id>/calendar.ics")
@allow("signed_in")
def calendar_file(public_id: str) -> Response:
    """Hand out the calendar file of a confirmed session."""
    session = get_session_for(viewer(), public_id)
    return Response(
        calendar_for(viewer(), session, g.now),
        content_type=content_type(Method.PUBLISH),
        headers={"Content-Disposition": f'attachment; filename="{FILENAME}"', "Cache-Control": "private, no-store"},
    )
