"""Coupons for admins: the list, making one, changing it, switching it off."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.viewer import viewer, viewer_zone
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound
from webapp.core.htmx import render, see_other
from webapp.core.pagination import read_page
from webapp.payments.forms_admin import CouponForm, amount_text, moment_text
from webapp.payments.models import Coupon, DiscountType
from webapp.payments.queries import CouponPart, coupon_by_id, coupon_uses, coupons_page, part_of
from webapp.payments.queries.enrolments import package_names
from webapp.payments.services import coupons as services
from webapp.payments.table_files import coupon_part
from webapp.payments.views.admin_base import Listing, blueprint, read_asked


@blueprint.get("/admin/coupons")
@allow("admin")
def coupons() -> Response:
    """List coupons by ``state`` (usable, planned, over, off) and ``search``."""
    asked = read_asked("state", "search")
    page = coupons_page(
        asked.get("search", ""), read_page(request.args.get("page")), part=coupon_part(asked), now=g.now
    )
    return render(
        "payments/admin/coupons.html",
        "payments/admin/_coupons.html",
        listing=Listing(page, url_for("admin_payments.coupons"), asked, "coupons"),
        asked=asked,
        states=list(CouponPart),
        part_of=part_of,
    )


@blueprint.get("/admin/coupons/new")
@allow("admin")
def coupon_new() -> Response:
    """Ask for a new coupon."""
    return _ask(CouponForm(formdata=None, valid_from=moment_text(g.now, viewer_zone())), None)


@blueprint.post("/admin/coupons/new")
@allow("admin")
def coupon_create() -> BaseResponse:
    """Make a coupon."""
    form = CouponForm()
    form.package_ids.choices = package_names()
    if not form.validate_on_submit():
        return _ask(form, None, status=422)
    try:
        with transaction():
            code = services.create_coupon(actor=viewer(), **_values(form)).code
    except DomainError as error:
        show_errors(form, error.fields or {"": error.message})
        return _ask(form, None, status=error.http_status)
    flash(f"{code} is made.", "ok")
    return see_other(url_for("admin_payments.coupons"))


@blueprint.get("/admin/coupons/<public_id>")
@allow("admin")
def coupon(public_id: str) -> Response:
    """Show a coupon's form and who used it."""
    found = coupon_by_id(public_id)
    return _ask(_filled(found), found)


def _filled(coupon: Coupon) -> CouponForm:
    percent, zone = coupon.discount_type is DiscountType.PERCENT, viewer_zone()
    return CouponForm(
        formdata=None,
        code=coupon.code,
        description=coupon.description,
        discount_type=coupon.discount_type.value,
        discount_value=str(coupon.discount_value) if percent else amount_text(coupon.discount_value),
        min_amount=amount_text(coupon.min_amount) if coupon.min_amount else "",
        valid_from=moment_text(coupon.valid_from, zone),
        valid_until=moment_text(coupon.valid_until, zone),
        usage_limit=str(coupon.usage_limit or ""),
        per_user_limit=str(coupon.per_user_limit or ""),
        package_ids=[package.public_id for package in coupon.packages],
        is_active=coupon.is_active,
    )


@blueprint.post("/admin/coupons/<public_id>")
@allow("admin")
def coupon_update(public_id: str) -> BaseResponse:
    """Change a coupon; orders made before keep their price."""
    form = CouponForm()
    form.package_ids.choices = package_names()
    if not form.validate_on_submit():
        return _ask(form, coupon_by_id(public_id), status=422)
    try:
        with transaction():
            code = services.update_coupon(actor=viewer(), coupon_id=public_id, **_values(form)).code
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        show_errors(form, error.fields or {"": error.message})
        return _ask(form, coupon_by_id(public_id), status=error.http_status)
    flash(f"{code} is saved.", "ok")
    return see_other(url_for("admin_payments.coupon", public_id=public_id))


@blueprint.post("/admin/coupons/<public_id>/deactivate")
@allow("admin")
def coupon_off(public_id: str) -> BaseResponse:
    """Switch a coupon off; orders that hold a use keep their price."""
    with transaction():
        code = services.deactivate_coupon(actor=viewer(), coupon_id=public_id).code
    flash(f"{code} is switched off.", "ok")
    return see_other(url_for("admin_payments.coupon", public_id=public_id))


def _values(form: CouponForm) -> dict[str, Any]:
    """Return what a validated form says, as the services take it."""
    return {
        "code": form.code.data,
        "description": form.description.data,
        "discount_type": form.discount_type.data,
        "discount_value": form.value,
        "min_amount": form.min_amount.paise or 0,
        "valid_from": form.valid_from.instant,
        "valid_until": form.valid_until.instant,
        "usage_limit": form.usage_limit.number,
        "per_user_limit": form.per_user_limit.number,
        "package_ids": form.package_ids.data or [],
        "is_active": form.is_active.data,
    }


def _ask(form: CouponForm, coupon: Coupon | None, status: int = 200) -> Response:
    form.package_ids.choices = package_names()
    return render(
        "payments/admin/coupon.html",
        status=status,
        form=form,
        coupon=coupon,
        uses=coupon_uses(coupon) if coupon else [],
        part=part_of(coupon, g.now) if coupon else None,
    )
