"""The agenda of a session, changed by its student: in place by htmx, as a page of its own without."""

from __future__ import annotations

from flask import Response, g
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.bookings.forms import AgendaForm
from webapp.bookings.models import CounsellingSession
from webapp.bookings.permissions import Part, can_edit_agenda, part_of
from webapp.bookings.queries import get_session_for
from webapp.bookings.services import edit_agenda
from webapp.bookings.views.blueprint import blueprint
from webapp.bookings.views.writing import keep_writing
from webapp.core.access import allow
from webapp.core.htmx import render


@blueprint.get("/sessions/<public_id>/agenda")
@allow("student")
def agenda(public_id: str) -> Response:
    """Show the agenda to write on, or as it stands if it is too late for that."""
    session = get_session_for(viewer(), public_id)
    form = AgendaForm(formdata=None, obj=session) if can_edit_agenda(viewer(), session, g.now) else None
    return _show(session, form, status=200 if form else 409)


@blueprint.post("/sessions/<public_id>/agenda")
@allow("student")
def save_agenda(public_id: str) -> BaseResponse:
    """Keep what was written."""
    form = AgendaForm()

    def save() -> CounsellingSession:
        return edit_agenda(actor=viewer(), session_id=public_id, agenda=form.agenda.data or "", now=g.now)

    return keep_writing(public_id, form, save=save, show=_show, said="Your agenda is saved.", anchor="agenda")


def _show(
    session: CounsellingSession, form: AgendaForm | None, *, status: int = 200, problem: str = "", saved: bool = False
) -> Response:
    editable = can_edit_agenda(viewer(), session, g.now)
    if not (editable or problem):
        problem = "The agenda can be changed until the session begins."
    return render(
        "bookings/agenda.html",
        "bookings/_agenda.html",
        status=status,
        one=session,
        is_student=part_of(viewer(), session) is Part.STUDENT,
        agenda_form=form,
        can_edit=editable,
        problem=problem,
        saved=saved,
    )
