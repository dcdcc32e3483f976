"""The desk's forms that need a page: a new lead, correcting one, making a student of one."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.queries import user_by_email
from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, Forbidden, NotFound
from webapp.core.htmx import render, see_other
from webapp.inquiries import presenters, queries
from webapp.inquiries.desk_url import Place, place_from
from webapp.inquiries.forms_desk import ConvertForm, LeadForm, NewLeadForm, read_version
from webapp.inquiries.models import Inquiry
from webapp.inquiries.rules import SOURCES
from webapp.inquiries.services import InquiryInput, StaleVersion, convert_inquiry, edit_inquiry, submit_inquiry
from webapp.inquiries.views.desk import blueprint
from webapp.payments.queries.enrolments import grantable_packages


def _back() -> Place:
    return place_from(request.values.get("back"), me=viewer().public_id)


@blueprint.get("/admin/leads/new")
@allow("admin")
def new() -> Response:
    """Ask who called, wrote or came by."""
    return _ask_new(NewLeadForm(formdata=None))


@blueprint.post("/admin/leads/new")
@allow("admin")
def create() -> BaseResponse:
    """Take a lead in that did not come by the form; nobody is sent a mail."""
    form = NewLeadForm()
    form.offer()
    if not form.validate_on_submit():
        return _ask_new(form, status=422)
    entry = InquiryInput(**cast("Any", form.typed()), source=form.source.data or "phone")
    try:
        with transaction():
            lead = submit_inquiry(entry=entry, now=g.now, notify_people=False)
            public_id, ticket = lead.public_id, lead.ticket_number
    except DomainError as error:
        show_errors(form, error.fields or {"": error.message})
        return _ask_new(form, status=error.http_status)
    flash(f"{ticket} is in the list.", "ok")
    return see_other(url_for("leads.detail", public_id=public_id))


def _ask_new(form: NewLeadForm, status: int = 200) -> Response:
    form.offer()
    return render("inquiries/desk/new.html", status=status, form=form, sources=SOURCES)


@blueprint.get("/admin/leads/<public_id>/edit")
@allow("admin")
def edit(public_id: str) -> Response:
    """Show what was typed, to be corrected."""
    lead, form = queries.inquiry_for(viewer(), public_id), LeadForm(formdata=None)
    form.fill(lead)
    return _ask_edit(lead, form)


@blueprint.post("/admin/leads/<public_id>/edit")
@allow("admin")
def save(public_id: str) -> BaseResponse:
    """Save what was corrected; over somebody else's change only after having seen it."""
    form = LeadForm()
    form.offer()
    if not form.validate_on_submit():
        return _ask_edit(queries.inquiry_for(viewer(), public_id), form, status=422)
    try:
        with transaction():
            version = read_version(form.version.data)
            edit_inquiry(actor=viewer(), inquiry_id=public_id, version=version, now=g.now, **form.typed())
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return _edit_again(public_id, form, error)
    flash("Saved.", "ok")
    return see_other(_onward(public_id))


def _edit_again(public_id: str, form: LeadForm, error: DomainError) -> Response:
    lead = queries.inquiry_for(viewer(), public_id)
    if isinstance(error, StaleVersion):
        form.version.data = str(lead.version)  # saving again is a decision, made with their change in view
        return _ask_edit(lead, form, status=error.http_status, stale=error)
    show_errors(form, error.fields or {"": error.message})
    return _ask_edit(lead, form, status=error.http_status)


def _ask_edit(lead: Inquiry, form: LeadForm, status: int = 200, stale: StaleVersion | None = None) -> Response:
    form.offer(lead)
    return render("inquiries/desk/edit.html", status=status, form=form, stale=stale, **_around(lead))


def _around(lead: Inquiry) -> dict[str, Any]:
    back = request.values.get("back")
    return {"lead": lead, "back": back or "", "onward": _onward(lead.public_id), "words": presenters}


def _onward(public_id: str) -> str:
    """Return where one came from: the list with this lead beside it, the board, or the lead's page."""
    if not request.values.get("back"):
        return url_for("leads.detail", public_id=public_id)
    place = _back()
    return place.url if place.board else place.opening(public_id)


@blueprint.get("/admin/leads/<public_id>/convert")
@allow("admin")
def convert(public_id: str) -> BaseResponse:
    """Ask for package and way; say what will happen."""
    lead, form = queries.inquiry_for(viewer(), public_id), ConvertForm(formdata=None)
    if not lead.is_open:
        flash("This lead is converted or closed already.", "warn")
        return see_other(_onward(public_id))
    form.version.data = str(lead.version)
    return _ask_convert(lead, form)


@blueprint.post("/admin/leads/<public_id>/convert")
@allow("admin")
def make_student(public_id: str) -> BaseResponse:
    """Make a student of who asked, with a package, a payment link or neither."""
    form = ConvertForm()
    form.offer([])
    if not form.validate_on_submit():
        return _ask_convert(queries.inquiry_for(viewer(), public_id), form, status=422)
    try:
        with transaction():
            convert_inquiry(
                actor=viewer(),
                inquiry_id=public_id,
                package_id=form.package.data or None,
                way=cast("Any", form.way.data or ""),  # the service looks at it
                reason=form.reason.data or "",
                version=read_version(form.version.data),
                now=g.now,
            )
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        return _convert_again(public_id, form, error)
    lead = queries.inquiry_for(viewer(), public_id)
    flash(_converted_words(lead), "ok")
    return see_other(url_for("leads.detail", public_id=public_id))


def _convert_again(public_id: str, form: ConvertForm, error: DomainError) -> Response:
    lead = queries.inquiry_for(viewer(), public_id)
    if isinstance(error, StaleVersion):
        form.version.data = str(lead.version)
        return _ask_convert(lead, form, status=error.http_status, stale=error)
    show_errors(form, error.fields or {"": error.message})
    return _ask_convert(lead, form, status=error.http_status)


def _converted_words(lead: Inquiry) -> str:
    if lead.converted_enrolment is not None:
        return f"{lead.name} is a student now and has {lead.converted_enrolment.title}."
    if lead.wanted_package is not None:
        return f"{lead.name} is a student now. The payment link for {lead.wanted_package.name} is on its way."
    return f"{lead.name} is a student now."


def _ask_convert(lead: Inquiry, form: ConvertForm, status: int = 200, stale: StaleVersion | None = None) -> Response:
    form.offer([(one.public_id, one.name) for one in grantable_packages()])
    known = user_by_email(lead.email)
    return render("inquiries/desk/convert.html", status=status, form=form, stale=stale, known=known, **_around(lead))
