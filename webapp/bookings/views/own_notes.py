"""A student's own notes on a session, which nobody else reads: in place by htmx, as a page of its own without."""

from __future__ import annotations

from flask import Response, g
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.bookings.forms import OwnNotesForm
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import get_session_for
from webapp.bookings.services import add_notes
from webapp.bookings.services.running import NOTED
from webapp.bookings.views.blueprint import blueprint
from webapp.bookings.views.writing import keep_writing
from webapp.core.access import allow
from webapp.core.htmx import render

CLOSED = "Notes belong to a session that is confirmed or was held."


@blueprint.get("/sessions/<public_id>/my-notes")
@allow("student")
def own_notes(public_id: str) -> Response:
    """Show the student's notes to write on, or as they stand where none are taken."""
    session = get_session_for(viewer(), public_id)
    if session.status not in NOTED:
        return _show(session, None, status=409, problem=CLOSED)
    return _show(session, OwnNotesForm(formdata=None, notes=session.student_notes))


@blueprint.post("/sessions/<public_id>/my-notes")
@allow("student")
def save_own_notes(public_id: str) -> BaseResponse:
    """Keep what was written."""
    form = OwnNotesForm()

    def save() -> CounsellingSession:
        return add_notes(actor=viewer(), session_id=public_id, notes=form.notes.data or "", shared=False, now=g.now)

    return keep_writing(public_id, form, save=save, show=_show, said="Your notes are saved.", anchor="own-notes")


def _show(
    session: CounsellingSession, form: OwnNotesForm | None, *, status: int = 200, problem: str = "", saved: bool = False
) -> Response:
    return render(
        "bookings/own_notes.html",
        "bookings/_own_notes.html",
        status=status,
        one=session,
        own_form=form,
        can_note=session.status in NOTED,
        problem=problem,
        saved=saved,
    )
