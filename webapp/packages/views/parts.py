"""Parts of the editor that are drawn again while one types. Nothing here is saved."""

from __future__ import annotations

from flask import Response, request

from webapp.core.access import allow
from webapp.core.errors import ValidationFailed
from webapp.core.htmx import is_htmx, render
from webapp.packages.forms import Draft, amount_text, read_draft
from webapp.packages.lines import act
from webapp.packages.models import Package
from webapp.packages.queries.desk import package_for_desk, slugs_like
from webapp.packages.rules import discounts
from webapp.packages.rules.slugs import free_slug, suggest_slug
from webapp.packages.views.blueprint import blueprint
from webapp.packages.views.editor import card_of, show

SIDES = ("discount_price", "discount_percentage")


def edited() -> Package | None:
    """Return the package in the editor, named by ``package`` in the address; None for a new one."""
    public_id = request.args.get("package", "")
    return package_for_desk(public_id) if public_id else None


@blueprint.post("/admin/packages/features")
@allow("admin")
def features() -> Response:
    """Add, move or remove a line of features as ``do`` says; without script the whole editor comes back."""
    draft = read_draft(request.form)
    outcome = act(draft.rows, request.form.get("do", ""))
    draft.rows = outcome.rows
    if is_htmx():
        return render("packages/_features.html", draft=draft, package=edited(), outcome=outcome)
    return show(draft, edited())


@blueprint.post("/admin/packages/card")
@allow("admin")
def card() -> Response:
    """Draw the card of what is typed."""
    draft, package = read_draft(request.form, keep_empty=False), edited()
    return render("packages/_preview.html", package=package, **card_of(draft, package))


@blueprint.post("/admin/packages/discount")
@allow("admin")
def discount() -> Response:
    """Fill one side of a discount from the other: ``by`` names what was typed last."""
    by = request.args.get("by", "")
    if by not in ("price", *SIDES):
        raise ValidationFailed("A discount is a price or a per cent.")
    draft = read_draft(request.form)
    other = "discount_price" if by == "discount_percentage" else "discount_percentage"
    _fill(draft, other)
    return render("packages/_discount_field.html", field_name=other, form=draft.form, package=None)


def _fill(draft: Draft, other: str) -> None:
    """Set the other side, unless what it follows from cannot be read."""
    data = draft.data
    typed = "discount_price" if other == "discount_percentage" else "discount_percentage"
    field = draft.form[other]
    if not (draft.form[typed].data or "").strip():
        field.data = "" if request.args.get("by") != "price" else field.data
        return
    price, lower, percentage = data.price, data.discount_price, data.discount_percentage
    if not price or draft.unread:
        return
    if typed == "discount_price" and lower is not None and lower <= price:
        field.data = discounts.percent_text(discounts.settle(price, lower, None).percentage)
    elif typed == "discount_percentage" and percentage is not None and percentage <= 100:
        field.data = amount_text(discounts.settle(price, None, percentage).price)


@blueprint.post("/admin/packages/slug")
@allow("admin")
def slug() -> Response:
    """Suggest an address from the name, unless one was typed."""
    draft = read_draft(request.form)
    name, typed = (draft.form.name.data or "").strip(), (draft.form.slug.data or "").strip()
    suggested = request.form.get("suggested", "")
    if name and typed in ("", suggested):
        wanted = suggest_slug(name)
        suggested = free_slug(wanted, slugs_like(wanted))
        draft.form.slug.data = suggested
    return render("packages/_slug_field.html", form=draft.form, package=None, suggested=suggested)
