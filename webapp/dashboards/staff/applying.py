"""Applying to counsel here, and the desk's answer."""

from __future__ import annotations

from flask import Response, flash, g, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.errors import EmailTaken
from webapp.accounts.forms import show_errors
from webapp.accounts.logins import browser_zone, home_url, start_login
from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.core.throttle import limited
from webapp.counsellors.queries import counsellor_for
from webapp.counsellors.services import Application, apply_to_counsel, approve_application, decline_application
from webapp.dashboards.staff.blueprint import blueprint
from webapp.dashboards.staff.editing import show_edit
from webapp.dashboards.staff.forms import ApplyForm, WhyForm

PAGE = "accounts/apply.html"


@blueprint.get("/apply")
@allow("public")
def apply() -> Response:
    """Show the form; who is signed in is told that counselling needs an account of its own."""
    home = home_url(viewer()) if current_user.is_authenticated else ""
    return render(PAGE, form=ApplyForm(formdata=None), taken=False, home=home)


@blueprint.post("/apply")
@allow("public")
@limited("signup")
def send_application() -> BaseResponse:
    """Make the applicant's account, sign in and show what happens next."""
    form = ApplyForm()
    form.validate()  # reads the years; the service says what is wrong, all of it
    try:
        with transaction():
            user = apply_to_counsel(entry=_entry(form), now=g.now).user
    except DomainError as error:
        unread = {"experience": form.experience.errors[0]} if form.experience.errors else {}
        show_errors(form, {**(error.fields or {"": error.message}), **unread})
        return render(PAGE, form=form, taken=isinstance(error, EmailTaken), home="", status=error.http_status)
    if user is not None:
        start_login(user)
    return see_other(url_for("counsellor.home"))


def _entry(form: ApplyForm) -> Application:
    if form.experience.number is None:
        form.experience.errors = form.experience.errors or ["How many years? 0 is an answer, too."]
    return Application(
        name=form.name.data or "",
        email=form.email.data or "",
        phone=form.phone.data or "",
        password=form.password.data or "",
        title=form.title.data or "",
        exam_types=tuple(form.exam_types.data or ()),
        experience=-1 if form.experience.number is None else form.experience.number,
        text=form.application.data or "",
        zone=form.zone.data or browser_zone(),
    )


@blueprint.post("/admin/counsellors/<public_id>/approve")
@allow("admin")
def approve(public_id: str) -> BaseResponse:
    """Make an applicant a counsellor."""
    with transaction():
        name = approve_application(actor=viewer(), counsellor_id=public_id, now=g.now).name
    flash(f"{name} counsels here now and gets a mail. Next: hours, photo, packages.", "ok")
    return see_other(url_for("staff.edit", public_id=public_id))


@blueprint.post("/admin/counsellors/<public_id>/decline")
@allow("admin")
def decline(public_id: str) -> BaseResponse:
    """Decline an application with a reason."""
    form = WhyForm()
    try:
        with transaction():
            name = decline_application(
                actor=viewer(), counsellor_id=public_id, reason=form.reason.data or "", now=g.now
            ).name
    except ValidationFailed as error:
        show_errors(form, error.fields)
        return show_edit(counsellor_for(viewer(), public_id), why=form, status=error.http_status)
    flash(f"{name} gets a mail with your reason.", "ok")
    return see_other(url_for("staff.counsellors", show="applications"))
