"""Payouts for admins: what every counsellor earned and is owed, and recording what was paid."""

from __future__ import annotations

import datetime as dt

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.viewer import viewer, viewer_zone
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError
from webapp.core.htmx import render, see_other
from webapp.core.money import format_rupees
from webapp.core.pagination import read_page
from webapp.core.times import zone_info
from webapp.counsellors.models import Counsellor
from webapp.payments.forms_admin import PayoutForm, amount_text
from webapp.payments.queries import balances, payouts_page
from webapp.payments.queries.earnings import counsellor_by_id
from webapp.payments.rules.periods import Period
from webapp.payments.services.ledger import record_payout
from webapp.payments.views.admin_base import Listing, blueprint
from webapp.payments.views.earnings import read_earnings


@blueprint.get("/admin/payouts")
@allow("admin")
def payouts() -> Response:
    """List what every counsellor earned, got and is owed, then the payouts."""
    page = payouts_page(None, read_page(request.args.get("page")))
    people = balances()
    return render(
        "payments/admin/payouts.html",
        "payments/admin/_payouts.html",
        balances=people,
        owed=sum(one.owed for one in people if one.owed > 0),
        listing=Listing(page, url_for("admin_payments.payouts"), {}, "payouts"),
    )


@blueprint.get("/admin/payouts/<public_id>")
@allow("admin")
def payout(public_id: str) -> Response:
    """Show one counsellor's earnings and payouts, and the form that records another."""
    return _show(counsellor_by_id(public_id))


def _show(counsellor: Counsellor, form: PayoutForm | None = None, status: int = 200) -> Response:
    view = read_earnings(
        counsellor,
        url_for("admin_payments.payout", public_id=counsellor.public_id),
        export="earnings",
        default=Period.ALL,
    )
    today = f"{g.now.astimezone(zone_info(viewer_zone())):%Y-%m-%d}"
    fresh = PayoutForm(formdata=None, amount=amount_text(max(view.balance.owed, 0)), paid_at=today)
    return render(
        "payments/admin/payout.html",
        "payments/admin/_earnings.html" if form is None else None,
        status=status,
        view=view,
        form=form or fresh,
        today=today,
    )


@blueprint.post("/admin/payouts/<public_id>")
@allow("admin")
def payout_now(public_id: str) -> BaseResponse:
    """Record money that was paid to a counsellor outside; at most what is owed."""
    counsellor, form = counsellor_by_id(public_id), PayoutForm()
    if not form.validate_on_submit() or form.paid_at.day is None:
        return _show(counsellor, form, status=422)
    try:
        with transaction():
            made = record_payout(
                actor=viewer(),
                counsellor_id=public_id,
                amount=form.amount.paise or 0,
                bank_reference=form.bank_reference.data or "",
                note=form.note.data or "",
                paid_at=_paid_at(form.paid_at.day),
                now=g.now,
            )
            words = format_rupees(made.amount)
    except DomainError as error:
        show_errors(form, error.fields or {"": error.message})
        return _show(counsellor_by_id(public_id), form, status=error.http_status)
    flash(f"{words} to {counsellor_by_id(public_id).name} is recorded.", "ok")
    return see_other(url_for("admin_payments.payout", public_id=public_id))


def _paid_at(day: dt.date) -> dt.datetime:
    """Return the instant a payout is kept at: its day's midnight on the viewer's clock."""
    return dt.datetime.combine(day, dt.time(), zone_info(viewer_zone()))
