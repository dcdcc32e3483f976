"""One order and its payments for admins: everything known, refunds, settling by hand, asking the gateway."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, flash, g, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.viewer import viewer, viewer_zone
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound
from webapp.core.htmx import render, see_other
from webapp.core.money import format_rupees
from webapp.core.throttle import limited
from webapp.core.times import format_day
from webapp.payments import flows
from webapp.payments.errors import RefundNotAllowed
from webapp.payments.forms_admin import RefundForm, SettleForm, amount_text
from webapp.payments.models import Match, Order, OrderStatus, Payment, Receipt, RefundStatus
from webapp.payments.queries import Step, order_for, payment_for, receipt_of, trail_of
from webapp.payments.queries.enrolments import AHEAD, sessions_of
from webapp.payments.queries.trail import money
from webapp.payments.rules import TAKEN_PAYMENTS, refundable
from webapp.payments.services import by_hand, refunds
from webapp.payments.services.by_hand import UNMATCHED
from webapp.payments.views.admin_base import blueprint

NOT_TAKEN = "Nothing of this payment can go back."


@dataclass(frozen=True, slots=True)
class MoneyPage:
    """An order with all its payments, or a payment without an order; ``focus`` is the one the URL named."""

    order: Order | None
    payments: list[Payment]
    focus: Payment | None
    receipt: Receipt | None
    trail: list[Step]
    sessions_ahead: int

    @property
    def public_id(self) -> str:
        """What names this page."""
        if self.focus is not None:
            return self.focus.public_id
        return self.order.public_id if self.order else ""

    @property
    def can_ask(self) -> bool:
        """Whether the gateway can be asked about it."""
        return self.order is not None and self.order.amount > 0

    def rest(self, payment: Payment) -> int:
        """What of a payment may still go back, in paise."""
        return refundable(payment.amount, payment.refunded) if payment.status in TAKEN_PAYMENTS else 0

    def unmatched(self, payment: Payment) -> bool:
        """Whether a payment waits to be matched, refunded or settled."""
        return payment.match in UNMATCHED and payment.refunded < payment.amount

    def asked_back(self, payment: Payment) -> int:
        """What the student asks back of a payment and nobody decided yet, in paise."""
        return sum(row.amount for row in payment.refunds if row.status is RefundStatus.REQUESTED)


def money_page(public_id: str) -> MoneyPage:
    """Gather the page of an order (order_…) or a payment (pay_…); a fixed number of statements.

    Raises:
        NotFound: there is none.
    """
    focus = payment_for(viewer(), public_id) if public_id.startswith("pay_") else None
    if focus is not None and focus.order is None:
        order, payments = None, [focus]
    else:
        order = order_for(viewer(), focus.order.public_id if focus and focus.order else public_id)
        payments = list(order.payments)
    receipt = receipt_of(order) if order else None
    trail = trail_of(order, payments, receipt, zone=viewer_zone(), now=g.now)
    return MoneyPage(order, payments, focus, receipt, trail, _sessions_ahead(order))


def _sessions_ahead(order: Order | None) -> int:
    """How many sessions a full refund frees."""
    if order is None or order.enrolment_id is None:
        return 0
    return sum(one.status in AHEAD and one.starts_at > g.now for one in sessions_of(order.enrolment_id))


@blueprint.get("/admin/payments/<public_id>")
@allow("admin")
def payment(public_id: str) -> Response:
    """Show everything about an order or a payment."""
    return show(money_page(public_id))


def show(page: MoneyPage, *, status: int = 200, problem: str = "") -> Response:
    """Render the page, with why a step was not possible."""
    return render(
        "payments/admin/payment.html",
        status=status,
        view=page,
        problem=problem,
        refund_forms={one.id: _refund_form(page, one) for one in page.payments if page.rest(one)},
        settle_forms={one.id: _settle_form(one) for one in page.payments if page.unmatched(one)},
        money=money,
    )


def _refund_form(page: MoneyPage, payment: Payment) -> RefundForm:
    """An empty form for all that is left; a page may hold one for each payment, so its fields' ids are its own."""
    form = RefundForm(formdata=None, amount=amount_text(page.rest(payment)))
    for field in (form.amount, form.reason):
        field.id = f"{field.name}-{payment.public_id}"
    return form


def _settle_form(payment: Payment) -> SettleForm:
    form = SettleForm(formdata=None)
    form.note.id = f"note-{payment.public_id}"
    return form


@blueprint.get("/admin/payments/<public_id>/refund")
@allow("admin")
def refund(public_id: str) -> Response:
    """Ask how much goes back and why, on a page of its own (the payment's page asks in a dialog)."""
    page, one = _with_payment(public_id)
    if not page.rest(one):
        return show(page, status=409, problem=NOT_TAKEN)
    return _ask_refund(page, one, _refund_form(page, one))


@blueprint.post("/admin/payments/<public_id>/refund")
@allow("admin")
@limited("payments")
def refund_now(public_id: str) -> BaseResponse:
    """Give some or all of a payment back."""
    page, one = _with_payment(public_id)
    form, rest = RefundForm(), page.rest(one)
    if not rest:
        return show(page, status=409, problem=NOT_TAKEN)
    if not form.validate_up_to(rest):
        return _ask_refund(page, one, form, status=422)
    try:
        with transaction():
            made = refunds.refund_payment(
                actor=viewer(), payment_id=public_id, amount=form.amount.paise, reason=form.reason.data or "", now=g.now
            )
            words, by = money(made.payment, made.amount), made.estimated_at
    except DomainError as error:
        return _refund_refused(public_id, form, error)
    arrives = f" It arrives by {format_day(by, viewer_zone())}." if by else ""
    flash(f"{words} goes back.{arrives}", "ok")
    return see_other(url_for("admin_payments.payment", public_id=public_id))


def _refund_refused(public_id: str, form: RefundForm, error: DomainError) -> Response:
    """Somebody was faster, or a rule says no: the form again with everything typed."""
    page, one = _with_payment(public_id)
    fields = error.fields
    if isinstance(error, RefundNotAllowed):
        fields = {"amount": f"Only {money(one, page.rest(one))} is left of this payment."}
    if not fields or not page.rest(one):
        return show(page, status=error.http_status, problem=error.message)
    show_errors(form, fields)
    return _ask_refund(page, one, form, status=error.http_status)


def _ask_refund(page: MoneyPage, one: Payment, form: RefundForm, status: int = 200) -> Response:
    return render("payments/admin/refund.html", status=status, view=page, payment=one, form=form, money=money)


def _with_payment(public_id: str) -> tuple[MoneyPage, Payment]:
    if not public_id.startswith("pay_"):
        raise NotFound("We could not find that payment.")
    page = money_page(public_id)
    if page.focus is None:
        raise NotFound("We could not find that payment.")
    return page, page.focus


@blueprint.get("/admin/payments/<public_id>/settle")
@allow("admin")
def settle(public_id: str) -> Response:
    """Ask how unmatched money was dealt with, on a page of its own."""
    page, one = _with_payment(public_id)
    if not page.unmatched(one):
        return show(page, status=409, problem="This payment needs no settling.")
    return _ask_settle(page, one, _settle_form(one))


@blueprint.post("/admin/payments/<public_id>/settle")
@allow("admin")
def settle_now(public_id: str) -> BaseResponse:
    """Mark unmatched money as dealt with; it is kept."""
    page, one = _with_payment(public_id)
    form = SettleForm()
    if not form.validate_on_submit():
        return _ask_settle(page, one, form, status=422)
    try:
        with transaction():
            by_hand.settle_payment(actor=viewer(), payment_id=public_id, note=form.note.data or "", now=g.now)
    except DomainError as error:
        if error.fields:
            show_errors(form, error.fields)
            return _ask_settle(page, one, form, status=error.http_status)
        return show(money_page(public_id), status=error.http_status, problem=error.message)
    flash("Settled. It stays in the books and leaves the list.", "ok")
    return see_other(url_for("admin_payments.payment", public_id=public_id))


def _ask_settle(page: MoneyPage, one: Payment, form: SettleForm, status: int = 200) -> Response:
    return render("payments/admin/settle.html", status=status, view=page, payment=one, form=form, money=money)


@blueprint.post("/admin/payments/<public_id>/reconcile")
@allow("admin")
def reconcile_order(public_id: str) -> BaseResponse:
    """Ask the gateway about this order now, and say what it answered."""
    before = money_page(public_id)
    if before.order is None or not before.can_ask:
        return show(before, status=409, problem="The gateway knows no order to ask about.")
    order_id, old = before.order.public_id, _state(before)
    try:
        flows.reconcile_now(g.now, order_id=order_id)
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        return show(money_page(public_id), status=error.http_status, problem=error.message)
    flash(_answer(old, money_page(public_id)), "ok")
    return see_other(url_for("admin_payments.payment", public_id=public_id))


def _state(page: MoneyPage) -> tuple[OrderStatus | None, tuple[tuple[str, Match, int], ...]]:
    """What can change by asking: the order's status, each payment's status, match and refunds."""
    rows = tuple((one.status.value, one.match, one.refunded) for one in page.payments)
    return page.order.status if page.order else None, rows


def _answer(old: tuple[OrderStatus | None, object], page: MoneyPage) -> str:
    """Say in words what asking brought."""
    new = _state(page)
    if page.order is None or new == old:
        return "The gateway knows nothing new."
    if new[0] is not old[0] and page.order.status is OrderStatus.PAID:
        return f"It was paid: {page.order.user.name} has {page.order.title}."
    if new[0] is not old[0] and page.order.status is OrderStatus.EXPIRED:
        return f"Nobody paid the {format_rupees(page.order.amount)}; the order has ended."
    return "The gateway told us something new: see what happened."
