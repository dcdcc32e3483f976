"""One order of a student: pay it, take it up again, change its coupon or time, give it up, come back from the gateway.

Whatever can be done to an order that is not paid is a POST; its page only looks.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.bookings.picker_url import read_instant
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, InvalidState, ServiceUnavailable, SlotTaken, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.core.throttle import limited
from webapp.core.times import format_minute
from webapp.payments import flows
from webapp.payments.errors import CouponRefused, WrongSignature
from webapp.payments.forms import CouponForm
from webapp.payments.models import Order, OrderStatus, PaymentStatus
from webapp.payments.queries import order_for
from webapp.payments.rules import OPEN_ORDERS
from webapp.payments.services.checkout import change_coupon, live_hold, resume, set_time
from webapp.payments.services.settle import Outcome
from webapp.payments.views.checkout_page import order_page_of, picker_of
from webapp.payments.views.handover import allow_razorpay, handover
from webapp.payments.views.shop import blueprint, done_page, order_page, to_gateway

NO_TIME = "Choose one of the times, or leave it for later."
NOTHING_YET = "The bank knows of no payment of this order. Nothing was taken; you can pay now."
GIVEN_UP = "The order is ended. Nothing was taken."


@blueprint.get("/orders/<public_id>")
@allow("student")
def order(public_id: str) -> BaseResponse:
    """Show an open order with what can be done to it; a paid one leads on, an ended one says so."""
    found = order_for(viewer(), public_id)
    if found.status is OrderStatus.PAID:
        return see_other(done_page(found))
    if not _is_open(found):
        return render("payments/ended.html", order=found, again_url=picker_of(found))
    if _is_waiting(found):
        return render("payments/waiting.html", "payments/_waiting.html", order=found)
    return _show(found, CouponForm(formdata=None))


@blueprint.post("/orders/<public_id>/pay")
@allow("student")
@limited("payments")
def pay(public_id: str) -> BaseResponse:
    """Go to the gateway with this order; a time that ran out is kept anew, or others are offered."""
    found = order_for(viewer(), public_id)
    try:
        with transaction():
            resumed = resume(student=viewer(), order_id=public_id, now=g.now)
    except InvalidState:
        return see_other(order_page(found))
    if found.wanted_starts_at is not None and resumed.hold is None and _is_open(resumed.order):
        return _lost(public_id, resumed.nearest)
    return to_gateway(resumed.order, viewer())


@blueprint.post("/orders/<public_id>/time")
@allow("student")
def change_time(public_id: str) -> BaseResponse:
    """Keep another time on an open order, or (button "later", packages only) none."""
    found = order_for(viewer(), public_id)
    start = read_instant(request.form.get("at", ""))
    if start is None and "later" not in request.form:
        return _show(found, CouponForm(formdata=None), lost=NO_TIME, status=422)
    who = found.wanted_counsellor.public_id if found.wanted_counsellor else None
    try:
        with transaction():
            set_time(student=viewer(), order_id=public_id, starts_at=start, counsellor_id=who, now=g.now)
    except SlotTaken as error:
        return _lost(public_id, error.nearest, error.message)
    except ValidationFailed as error:
        return _show(order_for(viewer(), public_id), CouponForm(formdata=None), lost=error.message, status=422)
    except InvalidState:
        pass  # its page says what it is now
    return see_other(order_page(found))


@blueprint.post("/orders/<public_id>/coupon")
@allow("student")
def coupon(public_id: str) -> BaseResponse:
    """Put a coupon to an open order, another one, or none; the price changes and the time stays kept."""
    found, form = order_for(viewer(), public_id), CouponForm()
    if not form.validate_on_submit():
        return _show(found, form, status=422)
    try:
        with transaction():
            changed = change_coupon(
                student=viewer(), order_id=public_id, coupon_code=form.coupon_code.data, now=g.now
            ).public_id
    except CouponRefused as error:
        form.coupon_code.errors = [error.message]
        return _show(order_for(viewer(), public_id), form, status=error.http_status)
    except SlotTaken as error:
        return _lost(public_id, error.nearest, error.message, form)
    except InvalidState:
        changed = public_id
    return see_other(url_for("payments.order", public_id=changed))


@blueprint.post("/orders/<public_id>/check")
@allow("student")
def check(public_id: str) -> BaseResponse:
    """Ask the gateway what became of this order, for somebody who has paid and sees nothing of it."""
    found = order_for(viewer(), public_id)
    try:
        flows.reconcile_now(g.now, order_id=found.public_id)
    except ServiceUnavailable as error:
        flash(error.message, "warn")
        return see_other(order_page(found, waiting="1"))
    found = order_for(viewer(), public_id)
    if _is_open(found) and not _pending(found):
        flash(NOTHING_YET, "info")
    return see_other(order_page(found))


@blueprint.post("/orders/<public_id>/abandon")
@allow("student")
def abandon(public_id: str) -> BaseResponse:
    """End an order that is not wanted any more, once the gateway has been asked."""
    found = order_for(viewer(), public_id)
    try:
        ended = flows.abandon_order(student=viewer(), order_id=found.public_id, now=g.now)
    except (InvalidState, ServiceUnavailable) as error:
        flash(error.message, "warn")
        return see_other(order_page(found))
    if ended.status is OrderStatus.PAID:
        return see_other(done_page(ended))
    flash(GIVEN_UP, "ok")
    return see_other(url_for("payments.money"))


@blueprint.post("/orders/<public_id>/verify")
@allow("student")
@limited("payments")
def verify(public_id: str) -> BaseResponse:
    """Take in a browser that comes back from the gateway with its three signed fields."""
    found = order_for(viewer(), public_id)
    asked = {name: request.form.get(f"razorpay_{name}", "")[:200] for name in ("payment_id", "signature")}
    try:
        settlement = flows.verify_return(
            user=viewer(),
            gateway_order_id=found.gateway_order_id or "",
            gateway_payment_id=asked["payment_id"],
            signature=asked["signature"],
            now=g.now,
        )
    except WrongSignature as error:
        return _refused(public_id, error)
    if settlement.is_paid:
        return see_other(url_for("payments.done", public_id=public_id))
    if settlement.outcome is Outcome.FAILED:
        return see_other(order_page(found, failed="1"))
    return see_other(order_page(found, waiting="1"))


def _refused(public_id: str, error: DomainError) -> Response:
    """A signature that is not the gateway's: nothing changed; the order's page says it, the paid one's too."""
    found = order_for(viewer(), public_id)
    return render("payments/refused.html", status=error.http_status, order=found, words=error.message)


def _lost(public_id: str, near: Sequence[dt.datetime], words: str = "", form: CouponForm | None = None) -> Response:
    found = order_for(viewer(), public_id)
    if not words and found.wanted_starts_at is not None:
        words = f"{format_minute(found.wanted_starts_at, viewer().zone)} was taken meanwhile."
    return _show(found, form or CouponForm(formdata=None), lost=words, near=near, status=409)


def _show(
    found: Order, form: CouponForm, *, status: int = 200, lost: str = "", near: Sequence[dt.datetime] = ()
) -> Response:
    held = live_hold(found, g.now)
    page = order_page_of(found, viewer(), form, held, now=g.now, lost=lost, near=near)
    direct = _script_takes_over(found, page.kept is not None and held is None)
    answer = render(
        "payments/order.html",
        "payments/_checkout.html",
        status=status,
        page=page,
        failure=_failure(found),
        strange=_is_strange(found),
        handover=handover(found, viewer()) if direct else None,
        open_at_once=request.args.get("pay") == "1",
    )
    return allow_razorpay(answer) if direct else answer


def _script_takes_over(found: Order, time_ran_out: bool) -> bool:
    """Whether the gateway's own script opens on this page; the sandbox has a page of its own."""
    return found.gateway == "razorpay" and found.gateway_order_id is not None and not time_ran_out


def _failure(found: Order) -> str | None:
    """Return the bank's words if the last try failed ("" where it gave none), None where nothing failed."""
    last = found.payments[-1] if found.payments else None
    if last is not None and last.status is PaymentStatus.FAILED:
        return last.failure
    return "" if request.args.get("failed") == "1" else None


def _is_strange(found: Order) -> bool:
    """Whether money came for this order that does not fit it."""
    return any(payment.captured_at is not None for payment in found.payments)


def _is_open(found: Order) -> bool:
    return found.status in OPEN_ORDERS and found.expires_at > g.now


def _pending(found: Order) -> bool:
    return any(payment.status is PaymentStatus.PENDING for payment in found.payments)


def _is_waiting(found: Order) -> bool:
    """Whether the bank has a payment of this order in its hands, or we could not ask it yet."""
    return _pending(found) or (request.args.get("waiting") == "1" and found.gateway_order_id is not None)
