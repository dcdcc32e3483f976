"""The admins' lists of payments and orders, unmatched money, the file, and "Reconcile now"."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer_zone
from webapp.core.access import allow
from webapp.core.csv_export import Cell, csv_response, moment_cell, rupees_cell
from webapp.core.errors import NotFound, ServiceUnavailable, ValidationFailed
from webapp.core.htmx import is_htmx, render, see_other
from webapp.core.pagination import Page, read_page
from webapp.payments.emails import method_words
from webapp.payments.models import Match, Payment, PaymentStatus
from webapp.payments.queries import (
    OrderPart,
    PaymentFilter,
    every_payment,
    orders_page,
    payment_totals,
    payments_page,
    receipt_numbers,
    unmatched_count,
    unmatched_page,
    webhook_health,
)
from webapp.payments.queries.admin import EXPORT_BATCH
from webapp.payments.reconcile_run import Run, read_run, start_run
from webapp.payments.views.admin_base import Listing, blueprint, read_asked, read_span

NAMES = ("status", "match", "from", "to", "search")
HEADER = (
    "Arrived", "Student", "Mail", "For", "Order", "Payment", "Gateway's payment", "Gateway", "Method", "Status",
    "Match", "Currency", "Amount", "Refunded", "Coupon", "Receipt", "Note",
)  # fmt: skip
NO_QUEUE = "The queue is not answering, so nothing was started. Try again in a moment."


@blueprint.get("/admin/payments")
@allow("admin")
def payments() -> Response:
    """List payments by ``status``, ``match``, ``from``, ``to`` and ``search``, with the sums of the filter."""
    asked = read_asked(*NAMES)
    filters, wrong = read_filter(asked)
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
    path, export = url_for("admin_payments.payments"), url_for("admin_payments.payments_csv")
    return Listing(page, path, asked, export)


def read_filter(asked: Mapping[str, str]) -> tuple[PaymentFilter, dict[str, str]]:
    """Return what a URL asks for, and what in it is wrong; an unknown word narrows nothing."""
    span = read_span(asked, viewer_zone())
    status, match = asked.get("status"), asked.get("match")
    filters = PaymentFilter(
        status=PaymentStatus(status) if status in list(PaymentStatus) else None,
        match=Match(match) if match in list(Match) else None,
        search=asked.get("search", ""),
        since=span.since,
        until=span.until,
    )
    return filters, span.wrong


def _around() -> dict[str, Any]:
    """What stands around all three lists: their tabs, the banner about webhooks, a run of the reconciler."""
    return {
        "unmatched_total": unmatched_count(),
        "health": webhook_health(g.now),
        "ago": ago,
        "run": read_run(request.args.get("run", "")),
    }


@blueprint.get("/admin/payments/export.csv")
@allow("admin")
def payments_csv() -> Response:
    """Hand out exactly the rows of the current filter.

    Raises:
        ValidationFailed: a day in the URL is none; a file of other rows than asked for would mislead.
    """
    filters, wrong = read_filter(read_asked(*NAMES))
    if wrong:
        raise ValidationFailed(next(iter(wrong.values())), fields=wrong)
    return csv_response("payments.csv", HEADER, _rows(filters, viewer_zone()))


def _rows(filters: PaymentFilter, zone: str) -> Iterator[tuple[Cell, ...]]:
    batch: list[Payment] = []
    for payment in every_payment(filters):
        batch.append(payment)
        if len(batch) == EXPORT_BATCH:
            yield from _cells(batch, zone)
            batch = []
    yield from _cells(batch, zone)


def _cells(batch: list[Payment], zone: str) -> Iterator[tuple[Cell, ...]]:
    receipts = receipt_numbers(batch) if batch else {}
    for one in batch:
        order = one.order
        yield (
            moment_cell(one.captured_at or one.created_at, zone),
            order.user.name if order else "",
            order.user.email if order else "",
            order.title if order else "",
            order.public_id if order else "",
            one.public_id,
            one.gateway_payment_id,
            one.gateway,
            method_words(one.method),
            one.status.value,
            one.match.value,
            one.currency,
            rupees_cell(one.amount),
            rupees_cell(one.refunded),
            order.coupon.code if order and order.coupon else "",
            receipts.get(one.id, ""),
            one.note,
        )


@blueprint.get("/admin/payments/unmatched")
@allow("admin")
def unmatched() -> Response:
    """List captured money that enrolled nobody, each with what can be done about it."""
    page = unmatched_page(read_page(request.args.get("page")))
    listing = Listing(page, url_for("admin_payments.unmatched"), {})
    return render("payments/admin/unmatched.html", listing=listing, **_around())


@blueprint.get("/admin/payments/orders")
@allow("admin")
def orders() -> Response:
    """List orders by ``part`` (open, ended, free, paid) and ``search``."""
    asked = read_asked("part", "search")
    part = asked.get("part")
    page = orders_page(
        OrderPart(part) if part in list(OrderPart) else None,
        asked.get("search", ""),
        read_page(request.args.get("page")),
    )
    return render(
        "payments/admin/orders.html",
        "payments/admin/_orders.html",
        listing=Listing(page, url_for("admin_payments.orders"), asked),
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
