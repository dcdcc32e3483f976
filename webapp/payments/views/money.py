"""A student's money: every order and event in plain words, receipts, and asking for a refund."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, flash, g, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.core.throttle import limited
from webapp.payments.forms import RefundForm
from webapp.payments.models import Match, Payment, Refund, RefundStatus
from webapp.payments.queries import OrderLine, money_of, payment_for, receipt_for
from webapp.payments.receipt_file import receipt_file
from webapp.payments.rules import OPEN_ORDERS, TAKEN_PAYMENTS, refundable, working_days_after
from webapp.payments.services.refunds import request_refund
from webapp.payments.views.shop import blueprint

ASKED = "We have your request. We read it and answer by mail."
STATES = {
    "created": "Not paid yet",
    "pending": "With the bank",
    "succeeded": "Paid",
    "failed": "Not paid",
    "refund_pending": "Refund on its way",
    "partially_refunded": "Partly refunded",
    "refunded": "Refunded",
}
ENDED = ("created", "failed")  # what these come to once an order's time is over


@dataclass(frozen=True, slots=True)
class Row:
    """One order as the list shows it. ``resume_url`` where it can still be paid, ``refund_url`` where one can ask."""

    line: OrderLine
    state: str
    label: str
    resume_url: str
    receipt_url: str
    refund_url: str
    note: str


@blueprint.get("/payments")
@allow("student")
def money() -> Response:
    """Show all money of the student."""
    found = money_of(viewer(), g.now)
    return render("payments/money.html", money=found, rows=[_row(line) for line in found.orders])


@blueprint.get("/payments/<public_id>/refund")
@allow("student")
def refund(public_id: str) -> BaseResponse:
    """Show the form that asks for money back."""
    payment = payment_for(viewer(), public_id)
    if not _may_ask(payment):
        return see_other(url_for("payments.money"))
    return _ask(payment, RefundForm(formdata=None))


@blueprint.post("/payments/<public_id>/refund")
@allow("student")
@limited("payments")
def ask_refund(public_id: str) -> BaseResponse:
    """Ask for money back; an admin decides."""
    payment, form = payment_for(viewer(), public_id), RefundForm()
    if not form.validate_on_submit():
        return _ask(payment, form, status=422)
    try:
        with transaction():
            request_refund(student=viewer(), payment_id=public_id, reason=form.reason.data or "", now=g.now)
    except ValidationFailed as error:
        form.reason.errors = list(error.fields.values())
        return _ask(payment_for(viewer(), public_id), form, status=error.http_status)
    except DomainError as error:
        return _ask(payment_for(viewer(), public_id), form, status=error.http_status, refused=error.message)
    flash(ASKED, "ok")
    return see_other(url_for("payments.money"))


@blueprint.get("/receipts/<public_id>.pdf")
@allow("student", "admin")
def receipt(public_id: str) -> Response:
    """Answer a receipt as PDF to its owner or an admin."""
    return receipt_file(receipt_for(viewer(), public_id))


def _ask(payment: Payment, form: RefundForm, *, status: int = 200, refused: str = "") -> Response:
    return render(
        "payments/refund.html",
        "payments/_refund_form.html",
        status=status,
        payment=payment,
        form=form,
        left=refundable(payment.amount, payment.refunded),
        back_by=working_days_after(g.now),
        refused=refused,
    )


def _row(line: OrderLine) -> Row:
    order, receipt_row, payment = line.order, line.receipt, line.payment
    open_ = order.status in OPEN_ORDERS and order.expires_at > g.now
    asked = _open_request(payment) if payment else None
    state, label = line.status, STATES[line.status]
    if asked and state == "refund_pending":
        label = "Refund asked for"
    if state in ENDED and not open_:
        state, label = "expired", "Ended"
    return Row(
        line=line,
        state=state,
        label=label,
        resume_url=url_for("payments.order", public_id=order.public_id) if open_ else "",
        receipt_url=url_for("payments.receipt", public_id=receipt_row.public_id) if receipt_row else "",
        refund_url=url_for("payments.refund", public_id=payment.public_id) if payment and _may_ask(payment) else "",
        note="" if receipt_row or open_ else "Nothing was taken",
    )


def _may_ask(payment: Payment) -> bool:
    """Whether a student may ask for (the rest of) this payment."""
    return (
        payment.match is Match.ENROLLED
        and payment.status in TAKEN_PAYMENTS
        and refundable(payment.amount, payment.refunded) > 0
        and _open_request(payment) is None
    )


def _open_request(payment: Payment) -> Refund | None:
    return next((one for one in payment.refunds if one.status is RefundStatus.REQUESTED), None)
