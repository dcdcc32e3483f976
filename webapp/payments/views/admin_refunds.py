"""Refunds for admins: requests to decide, those that failed, and all others with their states."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.viewer import viewer, viewer_zone
from webapp.core.access import allow
from webapp.core.csv_export import Cell, csv_response, moment_cell, rupees_cell
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound
from webapp.core.htmx import render, see_other
from webapp.core.pagination import read_page
from webapp.payments.errors import RefundNotAllowed
from webapp.payments.forms_admin import DecideForm, amount_text
from webapp.payments.models import Refund, RefundStatus
from webapp.payments.queries import EnrolmentPage, enrolment_page, refund_by_id, refunds_page, refunds_waiting
from webapp.payments.queries.admin import every_refund
from webapp.payments.queries.trail import money
from webapp.payments.rules import refundable
from webapp.payments.services import refunds as services
from webapp.payments.views.admin_base import Listing, blueprint, read_asked

HEADER = (
    "Asked or made", "Student", "Mail", "For", "Order", "Payment", "Refund", "Gateway's refund", "Status", "Currency",
    "Amount", "Decided", "Expected by", "Went out", "Reason", "Answer", "Error",
)  # fmt: skip
DECIDED = "This request has been decided already."


@blueprint.get("/admin/refunds")
@allow("admin")
def refunds() -> Response:
    """List what waits for a decision, then all refunds by ``status``."""
    asked = read_asked("status")
    page = refunds_page(_status(asked.get("status")), read_page(request.args.get("page")))
    waiting = refunds_waiting()
    return render(
        "payments/admin/refunds.html",
        "payments/admin/_refunds.html",
        listing=Listing(page, url_for("admin_payments.refunds"), asked, url_for("admin_payments.refunds_csv")),
        asked=asked,
        statuses=list(RefundStatus),
        requests=[row for row in waiting if row.status is RefundStatus.REQUESTED],
        failed=[row for row in waiting if row.status is RefundStatus.FAILED],
        can_retry=_can_retry,
        money=money,
    )


def _status(text: str | None) -> RefundStatus | None:
    return RefundStatus(text) if text in list(RefundStatus) else None


def _can_retry(refund: Refund) -> bool:
    """Whether as much as the refund is still left of its payment."""
    return refund.amount <= refundable(refund.payment.amount, refund.payment.refunded)


@blueprint.get("/admin/refunds/export.csv")
@allow("admin")
def refunds_csv() -> Response:
    """Hand out exactly the refunds of the current filter."""
    rows = every_refund(_status(read_asked("status").get("status")))
    return csv_response("refunds.csv", HEADER, _rows(rows, viewer_zone()))


def _rows(refunds: Iterator[Refund], zone: str) -> Iterator[tuple[Cell, ...]]:
    for one in refunds:
        order = one.payment.order
        yield (
            moment_cell(one.requested_at, zone),
            order.user.name if order else "",
            order.user.email if order else "",
            order.title if order else "",
            order.public_id if order else "",
            one.payment.gateway_payment_id,
            one.public_id,
            one.gateway_refund_id,
            one.status.value,
            one.payment.currency,
            rupees_cell(one.amount),
            moment_cell(one.decided_at, zone),
            moment_cell(one.estimated_at, zone)[:10],
            moment_cell(one.processed_at, zone),
            one.reason,
            one.answer,
            one.last_error,
        )


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
