"""Enrolments for admins: the list, one of them, granting, assigning a counsellor, cancelling."""

from __future__ import annotations

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.models import Role
from webapp.accounts.queries import user_by_email, user_by_public_id
from webapp.accounts.viewer import viewer
from webapp.bookings.session_cards import state_of
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.core.pagination import read_page
from webapp.enrolments.models import Enrolment, EnrolmentStatus
from webapp.enrolments.rules import status_at
from webapp.enrolments.services import assign_counsellor, grant_enrolment
from webapp.packages.models import ExamType
from webapp.packages.queries import counsellors_of
from webapp.payments.forms_admin import AssignForm, GrantForm, WhyForm
from webapp.payments.queries import (
    EnrolmentPage,
    enrolment_page,
    enrolments_page,
)
from webapp.payments.queries.enrolments import active_counsellors, grantable_packages, package_names
from webapp.payments.services.by_hand import cancel_enrolment
from webapp.payments.table_files import ENROLMENT_NAMES, enrolment_filter
from webapp.payments.views.admin_base import Listing, blueprint, read_asked

NO_STUDENT = "No student has this address. Check the spelling, or ask them to sign up."


@blueprint.get("/admin/enrolments")
@allow("admin")
def enrolments() -> Response:
    """List enrolments by ``status``, ``package``, ``exam`` and ``search``."""
    asked = read_asked(*ENROLMENT_NAMES)
    page = enrolments_page(enrolment_filter(asked), read_page(request.args.get("page")), now=g.now)
    return render(
        "payments/admin/enrolments.html",
        "payments/admin/_enrolments.html",
        listing=Listing(page, url_for("admin_payments.enrolments"), asked, "enrolments"),
        asked=asked,
        statuses=list(EnrolmentStatus),
        exams=list(ExamType),
        packages=package_names(),
        status_at=status_at,
    )


@blueprint.get("/admin/enrolments/new")
@allow("admin")
def grant() -> Response:
    """Ask who gets which package, and why; ``student`` (a public id) and ``package`` fill the form."""
    asked = read_asked("student", "package", "reason")
    user = user_by_public_id(asked.get("student", ""))
    mail = user.email if user is not None and user.role is Role.STUDENT else ""
    form = GrantForm(formdata=None, user=mail, package=asked.get("package", ""), reason=asked.get("reason", ""))
    return _ask_grant(form)


def _ask_grant(form: GrantForm, status: int = 200) -> Response:
    form.offer(
        [(one.public_id, one.name) for one in grantable_packages()],
        [(one.public_id, one.name) for one in active_counsellors()],
    )
    return render("payments/admin/grant.html", status=status, form=form)


@blueprint.post("/admin/enrolments/new")
@allow("admin")
def grant_now() -> BaseResponse:
    """Give a student a package without payment."""
    form = GrantForm()
    if not form.validate_on_submit():
        return _ask_grant(form, status=422)
    try:
        with transaction():
            made = _grant(form)
            public_id, words = made.public_id, f"{made.title} is given."
    except DomainError as error:
        show_errors(form, error.fields or {"": error.message})
        return _ask_grant(form, status=error.http_status)
    flash(words, "ok")
    return see_other(url_for("admin_payments.enrolment", public_id=public_id))


def _grant(form: GrantForm) -> Enrolment:
    """Find what the form names, and grant it; every name that leads nowhere is said at its field."""
    user = user_by_email(form.user.data or "")
    package = next((one for one in grantable_packages() if one.public_id == form.package.data), None)
    chosen = form.counsellor.data or ""
    counsellor = next((one for one in active_counsellors() if one.public_id == chosen), None)
    wrong = {
        "user": NO_STUDENT if user is None or user.role is not Role.STUDENT else "",
        "package": "Choose a package that is not archived." if package is None else "",
        "counsellor": "Choose an active counsellor." if chosen and counsellor is None else "",
    }
    if user is None or package is None or any(wrong.values()):
        raise ValidationFailed(fields={name: text for name, text in wrong.items() if text})
    return grant_enrolment(
        actor=viewer(),
        user=user,
        package=package,
        reason=form.reason.data or "",
        now=g.now,
        assigned_counsellor=counsellor,
    )


@blueprint.get("/admin/enrolments/<public_id>")
@allow("admin")
def enrolment(public_id: str) -> Response:
    """Show one enrolment with its sessions, its order, and what can be done."""
    return _show(enrolment_page(public_id))


def _show(page: EnrolmentPage, *, status: int = 200, problem: str = "", assign: AssignForm | None = None) -> Response:
    found = page.enrolment
    form = assign or AssignForm(formdata=None, counsellor=_assigned_id(found))
    form.counsellor.choices = [("", "Any counsellor of the package"), *_candidates(found)]
    return render(
        "payments/admin/enrolment.html",
        status=status,
        view=page,
        enrolment=found,
        state=status_at(found, g.now),
        ahead=page.ahead(g.now),
        rows=[(one, state_of(one, g.now)) for one in page.sessions],
        assign_form=form,
        cancel_form=WhyForm(formdata=None),
        problem=problem,
    )


def _assigned_id(enrolment: Enrolment) -> str:
    return enrolment.assigned_counsellor.public_id if enrolment.assigned_counsellor else ""


def _candidates(enrolment: Enrolment) -> list[tuple[str, str]]:
    """Return whom an enrolment could be assigned to, as (public id, name), the one it has among them."""
    found = {one.public_id: one.name for one in counsellors_of(enrolment.package)} if enrolment.package else {}
    if enrolment.assigned_counsellor is not None:
        found.setdefault(enrolment.assigned_counsellor.public_id, enrolment.assigned_counsellor.name)
    return list(found.items())


@blueprint.post("/admin/enrolments/<public_id>/assign")
@allow("admin")
def assign(public_id: str) -> BaseResponse:
    """Give an enrolment the one counsellor its next sessions are with, or lift that."""
    form = AssignForm()
    try:
        with transaction():
            row = assign_counsellor(actor=viewer(), enrolment_id=public_id, counsellor_id=form.counsellor.data or None)
            name = row.assigned_counsellor.name if row.assigned_counsellor else ""
    except DomainError as error:
        page = enrolment_page(public_id)
        if isinstance(error, NotFound):
            error = ValidationFailed(fields={"counsellor": error.message})
        show_errors(form, error.fields)
        return _show(page, status=error.http_status, problem="" if error.fields else error.message, assign=form)
    flash(f"The next sessions are with {name}." if name else "Any counsellor of the package may be booked.", "ok")
    return see_other(url_for("admin_payments.enrolment", public_id=public_id))


@blueprint.get("/admin/enrolments/<public_id>/cancel")
@allow("admin")
def cancel(public_id: str) -> Response:
    """Ask before cancelling, as a page of its own (the enrolment's page asks in a dialog)."""
    page = enrolment_page(public_id)
    if page.enrolment.status is not EnrolmentStatus.ACTIVE:
        return _show(page, status=409, problem="This enrolment has ended already.")
    return _ask_cancel(page, WhyForm(formdata=None))


def _ask_cancel(page: EnrolmentPage, form: WhyForm, status: int = 200) -> Response:
    return render(
        "payments/admin/enrolment_cancel.html",
        status=status,
        enrolment=page.enrolment,
        ahead=page.ahead(g.now),
        cancel_form=form,
    )


@blueprint.post("/admin/enrolments/<public_id>/cancel")
@allow("admin")
def cancel_now(public_id: str) -> BaseResponse:
    """Cancel an enrolment: its sessions ahead are freed and both people told."""
    form, page = WhyForm(), enrolment_page(public_id)
    if not form.validate_on_submit():
        return _ask_cancel(page, form, status=422)
    freed = len(page.ahead(g.now))
    try:
        with transaction():
            cancel_enrolment(actor=viewer(), enrolment_id=public_id, reason=form.reason.data or "", now=g.now)
    except DomainError as error:
        page = enrolment_page(public_id)
        if error.fields:
            show_errors(form, error.fields)
            return _ask_cancel(page, form, status=error.http_status)
        return _show(page, status=error.http_status, problem=error.message)
    sessions = f" {freed} {'session' if freed == 1 else 'sessions'} freed." if freed else ""
    flash(f"Cancelled; the student is told.{sessions}", "ok")
    return see_other(url_for("admin_payments.enrolment", public_id=public_id))
