"""A counsellor's single sessions at the desk: adding, changing, ordering, switching off."""

from __future__ import annotations

from flask import Response, flash, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError
from webapp.core.htmx import is_htmx, render, see_other
from webapp.counsellors.models import Service
from webapp.counsellors.queries import counsellor_for, find_service, services_of
from webapp.counsellors.services import add_service, edit_service, move_service, switch_service
from webapp.dashboards.staff.blueprint import blueprint
from webapp.dashboards.staff.forms import ServiceForm

PAGE, PART = "dashboards/staff/service.html", "dashboards/staff/_services.html"


@blueprint.get("/admin/counsellors/<public_id>/services/new")
@allow("admin")
def service_new(public_id: str) -> Response:
    """Ask for a new single session."""
    return _ask(public_id, ServiceForm(formdata=None, duration="45"))


@blueprint.post("/admin/counsellors/<public_id>/services/new")
@allow("admin")
def service_add(public_id: str) -> BaseResponse:
    """Put a single session on sale."""
    form = ServiceForm()
    if not form.validate_on_submit():
        return _ask(public_id, form, status=422)
    try:
        with transaction():
            title = add_service(actor=viewer(), counsellor_id=public_id, entry=form.entry()).title
    except DomainError as error:
        show_errors(form, error.fields or {"": error.message})
        return _ask(public_id, form, status=error.http_status)
    flash(f"“{title}” is on sale.", "ok")
    return see_other(url_for("staff.edit", public_id=public_id, _anchor="services"))


@blueprint.get("/admin/counsellors/<public_id>/services/<service_id>")
@allow("admin")
def service(public_id: str, service_id: str) -> Response:
    """Show a single session, to be changed."""
    found = find_service(counsellor_for(viewer(), public_id).id, service_id)
    form = ServiceForm(formdata=None)
    form.fill(found)
    return _ask(public_id, form, service=found)


@blueprint.post("/admin/counsellors/<public_id>/services/<service_id>")
@allow("admin")
def service_save(public_id: str, service_id: str) -> BaseResponse:
    """Change a single session."""
    form = ServiceForm()
    found = find_service(counsellor_for(viewer(), public_id).id, service_id)
    if not form.validate_on_submit():
        return _ask(public_id, form, service=found, status=422)
    with transaction():
        title = edit_service(actor=viewer(), counsellor_id=public_id, service_id=service_id, entry=form.entry()).title
    flash(f"“{title}” is saved.", "ok")
    return see_other(url_for("staff.edit", public_id=public_id, _anchor="services"))


@blueprint.post("/admin/counsellors/<public_id>/services/<service_id>/switch")
@allow("admin")
def service_switch(public_id: str, service_id: str) -> BaseResponse:
    """Take a single session off sale, or put it back."""
    on = request.form.get("on") == "yes"
    with transaction():
        switch_service(actor=viewer(), counsellor_id=public_id, service_id=service_id, on=on)
    return _answer(public_id, "On sale." if on else "Off sale.")


@blueprint.post("/admin/counsellors/<public_id>/services/<service_id>/move")
@allow("admin")
def service_move(public_id: str, service_id: str) -> BaseResponse:
    """Move a single session one place on the profile."""
    with transaction():
        move_service(actor=viewer(), counsellor_id=public_id, service_id=service_id, up=request.form.get("way") == "up")
    return _answer(public_id, "Moved.")


def _answer(public_id: str, said: str) -> BaseResponse:
    if not is_htmx():
        return see_other(url_for("staff.edit", public_id=public_id, _anchor="services"))
    counsellor = counsellor_for(viewer(), public_id)
    return render(PART, counsellor=counsellor, services=services_of(counsellor.id), said=said)


def _ask(public_id: str, form: ServiceForm, *, service: Service | None = None, status: int = 200) -> Response:
    return render(PAGE, status=status, counsellor=counsellor_for(viewer(), public_id), form=form, service=service)
