"""A counsellor's steps through a session: start, finish, missed, notes, link, recording; a student's ticks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.bookings.forms import LinkForm, NotesForm, RecordingForm
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part, can_run, part_of
from webapp.bookings.queries import get_session_for
from webapp.bookings.queries.life import open_steps, recordings
from webapp.bookings.services import (
    StepText,
    complete_session,
    mark_no_show,
    save_notes,
    set_meeting_link,
    set_recording,
    start_session,
    tick_step,
)
from webapp.bookings.views.blueprint import blueprint
from webapp.bookings.views.layouts import layout_for_viewer
from webapp.bookings.views.sessions import refused, show_session
from webapp.bookings.views.steps_form import StepsDraft, read_steps, steps_of
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, Forbidden, NotFound, ValidationFailed
from webapp.core.htmx import is_htmx, render, see_other

BLANK_ROWS = 3
Save = Callable[[], CounsellingSession]


@blueprint.post("/counsellor/sessions/<public_id>/start")
@allow("counsellor", "admin")
def start(public_id: str) -> BaseResponse:
    """Note that the session has begun."""
    return _done(public_id, lambda: start_session(actor=viewer(), session_id=public_id, now=g.now), "Started.")


@blueprint.post("/counsellor/sessions/<public_id>/no-show")
@allow("counsellor", "admin")
def no_show(public_id: str) -> BaseResponse:
    """Note that the student did not come."""
    words = "Marked as missed. The student is told by mail."
    return _done(public_id, lambda: mark_no_show(actor=viewer(), session_id=public_id, now=g.now), words)


@blueprint.get("/counsellor/sessions/<public_id>/finish")
@allow("counsellor", "admin")
def finish(public_id: str) -> Response:
    """Ask for notes and next steps, all of which may stay empty."""
    session = _mine(public_id)
    if not can_run(viewer(), session, g.now):
        return show_session(session, status=409, problem="This session can't be finished at the moment.")
    return _show_notes(session, NotesForm(formdata=None, obj=_written(session)), steps_of(session, BLANK_ROWS))


@blueprint.post("/counsellor/sessions/<public_id>/finish")
@allow("counsellor", "admin")
def finish_now(public_id: str) -> BaseResponse:
    """Finish with what was written; or (other buttons) only rearrange the steps."""

    def save(form: NotesForm, steps: list[StepText]) -> CounsellingSession:
        return complete_session(
            actor=viewer(),
            session_id=public_id,
            notes=form.notes.data or "",
            private_notes=form.private_notes.data or "",
            next_steps=steps,
            now=g.now,
        )

    return _write(public_id, save, "Finished. Notes and next steps are on the session page.", finishing=True)


@blueprint.get("/counsellor/sessions/<public_id>/notes")
@allow("counsellor", "admin")
def notes(public_id: str) -> Response:
    """Show notes and next steps to write on."""
    session = _mine(public_id)
    form = NotesForm(formdata=None, obj=_written(session))
    return _show_notes(session, form, steps_of(session, BLANK_ROWS), finishing=False)


@blueprint.post("/counsellor/sessions/<public_id>/notes")
@allow("counsellor", "admin")
def notes_now(public_id: str) -> BaseResponse:
    """Save notes and next steps; or (other buttons) only rearrange the steps."""

    def save(form: NotesForm, steps: list[StepText]) -> CounsellingSession:
        return save_notes(
            actor=viewer(),
            session_id=public_id,
            notes=form.notes.data or "",
            private_notes=form.private_notes.data or "",
            next_steps=steps,
            now=g.now,
        )

    return _write(public_id, save, "Saved.", finishing=False)


@blueprint.route("/counsellor/sessions/<public_id>/link", methods=["GET", "POST"])
@allow("counsellor", "admin")
def link(public_id: str) -> BaseResponse:
    """Show or change where the two meet."""
    session, form = _mine(public_id), LinkForm()
    if not form.is_submitted():
        form.link.data = session.meeting_link or ""
        return _show_form("link", session, form)
    if not form.validate():
        return _show_form("link", session, form, status=422)

    def save() -> CounsellingSession:
        return set_meeting_link(actor=viewer(), session_id=public_id, link=form.link.data or "", now=g.now)

    return _save_form("link", session, form, save, "Saved. Both are told by mail.")


@blueprint.route("/counsellor/sessions/<public_id>/recording", methods=["GET", "POST"])
@allow("counsellor", "admin")
def recording(public_id: str) -> BaseResponse:
    """Show or change the recording's link and how long it shows; an empty link takes it off."""
    session, form = _mine(public_id), RecordingForm()
    if not form.is_submitted():
        shown = recordings([session], g.now).get(session.id)
        form.link.data, form.downloadable.data = (shown.link, shown.downloadable) if shown else ("", False)
        return _show_form("recording", session, form)
    if not form.validate():
        return _show_form("recording", session, form, status=422)

    def save() -> CounsellingSession:
        return set_recording(
            actor=viewer(),
            session_id=public_id,
            link=form.link.data or "",
            days=form.days.data or 0,
            downloadable=bool(form.downloadable.data),
            now=g.now,
        )

    return _save_form("recording", session, form, save, "Saved.")


@blueprint.post("/steps/<step_id>")
@allow("student")
def tick(step_id: str) -> BaseResponse:
    """Tick one of one's next steps off (field "done"), or take the tick back; "on" says on which page."""
    on_home = request.form.get("on") == "home"
    with transaction():
        session = tick_step(actor=viewer(), step_id=step_id, done="done" in request.form, now=g.now)
        address = url_for("student.home") if on_home else url_for("bookings.detail", public_id=session.public_id)
    if not is_htmx():
        return see_other(f"{address}#next-steps")
    if on_home:
        return render("bookings/_my_steps.html", steps=open_steps(viewer().id, g.now), focus_step=step_id)
    return render("bookings/_next_steps.html", steps=session.next_steps, can_tick=True, focus_step=step_id)


def _mine(public_id: str) -> CounsellingSession:
    """Return a session to its counsellor or an admin."""
    session = get_session_for(viewer(), public_id)
    if part_of(viewer(), session) is Part.STUDENT:
        raise Forbidden("Only the counsellor can do this.")
    return session


def _done(public_id: str, act: Save, words: str) -> BaseResponse:
    try:
        with transaction():
            act()
    except DomainError as error:
        return refused(public_id, error)
    flash(words, "ok")
    return see_other(url_for("bookings.detail", public_id=public_id))


class _Written:
    """What is on a session already, under the names of the form's fields."""

    def __init__(self, session: CounsellingSession) -> None:
        self.notes, self.private_notes = session.shared_notes, session.private_notes


def _written(session: CounsellingSession) -> _Written:
    return _Written(session)


def _write(
    public_id: str, save: Callable[[NotesForm, list[StepText]], CounsellingSession], words: str, *, finishing: bool
) -> BaseResponse:
    session, form, draft = _mine(public_id), NotesForm(), read_steps(request.form)
    if request.form.get("act"):
        return _show_notes(session, form, draft.acted(request.form["act"]), finishing=finishing)
    if not form.validate_on_submit():
        return _show_notes(session, form, draft, status=422, finishing=finishing)
    try:
        with transaction():
            save(form, draft.steps)
    except ValidationFailed as error:
        draft.error = error.fields.get("next_steps", "")
        for name in ("notes", "private_notes"):
            if name in error.fields:
                form[name].errors = [error.fields[name]]
        return _show_notes(session, form, draft, status=422, finishing=finishing)
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        return _show_notes(session, form, draft, status=error.http_status, problem=error.message, finishing=finishing)
    flash(words, "ok")
    return see_other(url_for("bookings.detail", public_id=public_id))


def _show_notes(
    session: CounsellingSession,
    form: NotesForm,
    draft: StepsDraft,
    *,
    status: int = 200,
    problem: str = "",
    finishing: bool = True,
) -> Response:
    return render(
        "bookings/write_notes.html",
        "bookings/_notes_form.html",
        status=status,
        session=session,
        form=form,
        draft=draft,
        finishing=finishing,
        problem=problem,
        layout=layout_for_viewer(),
    )


def _show_form(name: str, session: CounsellingSession, form: Any, *, status: int = 200, problem: str = "") -> Response:
    return render(
        f"bookings/{name}.html", status=status, session=session, form=form, problem=problem, layout=layout_for_viewer()
    )


def _save_form(name: str, session: CounsellingSession, form: Any, save: Save, words: str) -> BaseResponse:
    try:
        with transaction():
            save()
    except ValidationFailed as error:
        for field, message in error.fields.items():
            form[field].errors = [message]
        return _show_form(name, session, form, status=422)
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        return _show_form(name, session, form, status=error.http_status, problem=error.message)
    flash(words, "ok")
    return see_other(url_for("bookings.detail", public_id=session.public_id))
