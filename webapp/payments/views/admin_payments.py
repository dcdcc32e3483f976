"""The admins' lists of payments and orders, unmatched money, the file, and "Reconcile now"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer_zone
from webapp.core.access import allow
from webapp.core.errors import NotFound, ServiceUnavailable
from webapp.core.htmx import is_htmx, render, see_other
from webapp.core.pagination import Page, read_page
from webapp.payments.models import Match, Payment, PaymentStatus
from webapp.payments.queries import (
    OrderPart,
    orders_page,
    payment_totals,
    payments_page,
    receipt_numbers,
    unmatched_count,
    unmatched_page,
    webhook_health,
)
from webapp.payments.reconcile_run import Run, read_run, start_run
from webapp.payments.table_files import PAYMENT_NAMES, order_part, read_payments
from webapp.payments.views.admin_base import Listing, blueprint, read_asked

NO_QUEUE = "The queue is not answering, so nothing was started. Try again in a moment."


@blueprint.get("/admin/payments")
@allow("admin")
def payments() -> Response:
    """List payments by ``status``, ``match``, ``from``, ``to`` and ``search``, with the sums of the filter."""
    asked = read_asked(*PAYMENT_NAMES)
    filters, wrong = read_payments(asked, viewer_zone())
    page = payments_page(filters, read_page(request.args.get("page")))
    return render(
        "payments/admin/payments.html",
        "payments/admin/_payments.html",
        status=422 if wrong else 200,
        listing=_listing(page, asked),
        asked=asked,
        wrong=wrong,
        totals=payment_totals(filters),
        receipts=receipt_numbers(page.items),
        statuses=list(PaymentStatus),
        matches=list(Match),
        **_around(),
    )


def _listing(page: Page[Payment], asked: Mapping[str, str]) -> Listing:
    return Listing(page, url_for("admin_payments.payments"), asked, "payments")


def _around() -> dict[str, Any]:
    """What stands around all three lists: their tabs, the banner about webhooks, a run of the reconciler."""
    return {
        "unmatched_total": unmatched_count(),
        "health": webhook_health(g.now),
        "ago": ago,
        "run": read_run(request.args.get("run", "")),
    }


@blueprint.get("/admin/payments/unmatched")
@allow("admin")
def unmatched() -> Response:
    """List captured money that enrolled nobody, each with what can be done about it."""
    page = unmatched_page(read_page(request.args.get("page")))
    listing = Listing(page, url_for("admin_payments.unmatched"), {}, "unmatched")
    return render("payments/admin/unmatched.html", listing=listing, **_around())


@blueprint.get("/admin/payments/orders")
@allow("admin")
def orders() -> Response:
    """List orders by ``part`` (open, ended, free, paid) and ``search``."""
    asked = read_asked("part", "search")
    page = orders_page(order_part(asked), asked.get("search", ""), read_page(request.args.get("page")))
    return render(
        "payments/admin/orders.html",
        "payments/admin/_orders.html",
        listing=Listing(page, url_for("admin_payments.orders"), asked, "orders"),
        asked=asked,
        states=list(OrderPart),
        **_around(),
    )


@blueprint.post("/admin/payments/reconcile")
@allow("admin")
def reconcile() -> BaseResponse:
    """Start a job that asks the gateway about all open orders; its progress stands on the page."""
    run = start_run(g.now)
    if run is None:
        raise ServiceUnavailable(NO_QUEUE)
    if is_htmx():
        return _progress(run)
    flash("The gateway is being asked. Reload to see how far it is.", "ok")
    return see_other(url_for("admin_payments.payments", run=run.token))


@blueprint.get("/admin/payments/reconcile/<token>")
@allow("admin")
def reconcile_state(token: str) -> BaseResponse:
    """Show how far a run is: a part of the page for htmx, else the page with it."""
    run = read_run(token)
    if run is None:
        raise NotFound("This run is not known any more. Start it again.")
    return _progress(run) if is_htmx() else see_other(url_for("admin_payments.payments", run=token))


def _progress(run: Run) -> Response:
    return render("payments/admin/_reconcile.html", run=run, now=g.now)


def ago(instant: dt.datetime) -> str:
    """Return how long ago an instant was: "5 hours", "3 days"; for the banner about webhooks."""
    hours = int((g.now - instant).total_seconds() // 3600)
    return f"{hours} {'hour' if hours == 1 else 'hours'}" if hours < 48 else f"{hours // 24} days"
