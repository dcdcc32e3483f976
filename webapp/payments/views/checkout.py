"""Buying a package at once, or a single service with its time: the quote, the coupon, the order."""

from __future__ import annotations

from typing import Any

from flask import Response, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.bookings.picker_url import read_instant
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.core.throttle import limited
from webapp.enrolments.models import Enrolment
from webapp.enrolments.queries import usable_enrolments
from webapp.packages.models import Package
from webapp.packages.queries import get_by_slug
from webapp.payments.errors import CouponRefused
from webapp.payments.forms import CouponForm
from webapp.payments.models import Order
from webapp.payments.services.checkout import find_item, place_order, quote
from webapp.payments.services.keeping import open_order_of
from webapp.payments.views.checkout_page import quote_page
from webapp.payments.views.shop import blueprint, to_gateway

KEPT = ("at", "date", "month", "zone")  # what leads on into the picker


@blueprint.get("/checkout/<slug>")
@allow("student")
def checkout(slug: str) -> BaseResponse:
    """Show what a package costs, with a coupon if one is typed. An address with a time leads to its picker."""
    package = get_by_slug(slug)
    if who := request.args.get("counsellor"):
        return see_other(url_for("bookings.pick", public_id=who, package=slug, **_kept()))
    return _show(package, CouponForm(request.args, meta={"csrf": False}))


@blueprint.post("/checkout/<slug>")
@allow("student")
@limited("payments")
def place(slug: str) -> BaseResponse:
    """Place the order and go to the gateway; what costs nothing is enrolled at once."""
    package, form = get_by_slug(slug), CouponForm()
    if not form.validate_on_submit():
        return _show(package, form)
    try:
        with transaction():
            order = place_order(
                student=viewer(),
                package_id=package.public_id,
                coupon_code=form.coupon_code.data,
                now=g.now,
                reuse=True,
            )
    except CouponRefused as error:
        return _show(package, form, error)
    return to_gateway(order, viewer())


@blueprint.get("/services/<service>/checkout")
@allow("public")
def service_checkout(service: str) -> BaseResponse:
    """Lead to the picker: a single session is bought with its time, which is kept there."""
    item = find_item(service_id=service)
    if isinstance(item, Package):
        raise ValidationFailed
    who = item.counsellor.public_id
    return see_other(url_for("bookings.pick", public_id=who, service=item.public_id, **_kept()))


def _kept() -> dict[str, Any]:
    at = read_instant(request.args.get("at", ""))
    return {name: request.args[name] for name in KEPT if request.args.get(name) and (name != "at" or at)}


def _show(package: Package, form: CouponForm, error: DomainError | None = None) -> Response:
    student, code = viewer(), form.coupon_code.data or ""
    if not form.validate():
        code = ""
    found = quote(student=student, item=package, coupon_code=code, now=g.now)
    if words := error.message if error else found.message:
        form.coupon_code.errors = [words]
    wrong = bool(form.coupon_code.errors)
    page = quote_page(student, package, found, form, owned=_owned(package), open_order=_open_order(package), now=g.now)
    status = error.http_status if error else 422 if wrong else 200
    return render("payments/checkout.html", "payments/_summary.html", status=status, page=page)


def _owned(package: Package) -> Enrolment | None:
    """Return the student's enrolment of this package that still books."""
    mine = usable_enrolments(viewer().id, g.now)
    return next((one for one in mine if one.package_id == package.id), None)


def _open_order(package: Package) -> Order | None:
    return open_order_of(viewer(), package, g.now)
