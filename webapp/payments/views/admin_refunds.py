"""Refunds for admins: requests to decide, those that failed, and all others with their states."""

from __future__ import annotations

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound
from webapp.core.htmx import render, see_other
from webapp.core.pagination import read_page
from webapp.payments.errors import RefundNotAllowed
from webapp.payments.forms_admin import DecideForm, amount_text
from webapp.payments.models import Refund, RefundStatus
from webapp.payments.queries import EnrolmentPage, enrolment_page, refund_by_id, refunds_page, refunds_waiting
from webapp.payments.queries.trail import money
from webapp.payments.rules import refundable
from webapp.payments.services import refunds as services
from webapp.payments.table_files import refund_status
from webapp.payments.views.admin_base import Listing, blueprint, read_asked

DECIDED = "This request has been decided already."


@blueprint.get("/admin/refunds")
@allow("admin")
def refunds() -> Response:
    """List what waits for a decision, then all refunds by ``status``."""
    asked = read_asked("status")
    page = refunds_page(refund_status(asked), read_page(request.args.get("page")))
    waiting = refunds_waiting()
    return render(
        "payments/admin/refunds.html",
        "payments/admin/_refunds.html",
        listing=Listing(page, url_for("admin_payments.refunds"), asked, "refunds"),
        asked=asked,
        statuses=list(RefundStatus),
        requests=[row for row in waiting if row.status is RefundStatus.REQUESTED],
        failed=[row for row in waiting if row.status is RefundStatus.FAILED],
        can_retry=_can_retry,
        money=money,
    )


def _can_retry(refund: Refund) -> bool:
    """Whether as much as the refund is still left of its payment."""
    return refund.amount <= refundable(refund.payment.amount, refund.payment.refunded)


@blueprint.get("/admin/refunds/<public_id>")
@allow("admin")
def refund_request(public_id: str) -> BaseResponse:
    """Show one request with all that a decision needs; what is decided stands on its payment's page."""
    refund = refund_by_id(public_id)
    if refund.status is not RefundStatus.REQUESTED:
        return see_other(url_for("admin_payments.payment", public_id=refund.payment.public_id))
    rest = refundable(refund.payment.amount, refund.payment.refunded)
    return _ask(refund, DecideForm(formdata=None, amount=amount_text(min(refund.amount, rest))))


def _ask(refund: Refund, form: DecideForm, status: int = 200) -> Response:
    payment = refund.payment
    bought: EnrolmentPage | None = None
    if payment.order is not None and payment.order.enrolment is not None:
        bought = enrolment_page(payment.order.enrolment.public_id)
    return render(
        "payments/admin/refund_request.html",
        status=status,
        refund=refund,
        bought=bought,
        ahead=bought.ahead(g.now) if bought else [],
        rest=refundable(payment.amount, payment.refunded),
        form=form,
        money=money,
    )


@blueprint.post("/admin/refunds/<public_id>")
@allow("admin")
def decide(public_id: str) -> BaseResponse:
    """Approve (with an amount) or decline (with an answer) a student's request, by the button pressed."""
    refund, form, approve = refund_by_id(public_id), DecideForm(), request.form.get("decision") == "approve"
    if refund.status is not RefundStatus.REQUESTED:
        flash(DECIDED, "warn")
        return see_other(url_for("admin_payments.payment", public_id=refund.payment.public_id))
    if request.form.get("decision") not in ("approve", "decline"):
        form.form_errors.append("Choose to approve or to decline.")
        return _ask(refund, form, status=422)
    if not form.validate_decision(approve, refundable(refund.payment.amount, refund.payment.refunded)):
        return _ask(refund, form, status=422)
    try:
        with transaction():
            made = services.decide(
                actor=viewer(),
                refund_id=public_id,
                approve=approve,
                answer=form.answer.data or "",
                amount=form.amount.paise if approve else None,
                now=g.now,
            )
            words = money(made.payment, made.amount)
    except DomainError as error:
        return _refused(public_id, form, error)
    flash(f"{words} goes back; the student is told." if approve else "Declined; the student is told why.", "ok")
    return see_other(url_for("admin_payments.refunds"))


def _refused(public_id: str, form: DecideForm, error: DomainError) -> BaseResponse:
    """Somebody was faster, or a rule says no: the form again with everything typed."""
    if isinstance(error, NotFound):
        raise error
    refund = refund_by_id(public_id)
    if refund.status is not RefundStatus.REQUESTED:
        flash(error.message, "warn")
        return see_other(url_for("admin_payments.payment", public_id=refund.payment.public_id))
    fields = {"amount": error.message} if isinstance(error, RefundNotAllowed) else error.fields
    show_errors(form, fields or {"": error.message})
    return _ask(refund, form, status=error.http_status)


@blueprint.post("/admin/refunds/<public_id>/retry")
@allow("admin")
def retry(public_id: str) -> BaseResponse:
    """Send a refund that failed at the gateway once more."""
    try:
        with transaction():
            services.retry_refund(actor=viewer(), refund_id=public_id, now=g.now)
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        flash(error.message, "bad")
        return see_other(url_for("admin_payments.refunds"))
    flash("It is sent again.", "ok")
    return see_other(url_for("admin_payments.refunds"))
