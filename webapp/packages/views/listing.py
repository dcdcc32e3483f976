"""The list of packages: filtered, in the order that students see, with its one-click switches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import ValidationFailed
from webapp.core.htmx import is_htmx, render, see_other
from webapp.packages import services
from webapp.packages.asked import PART_WORDS, Asked, read_asked
from webapp.packages.models import Package
from webapp.packages.presenters import badge_of
from webapp.packages.queries.desk import Part, desk_counts, desk_page
from webapp.packages.rules import EXAM_LABELS
from webapp.packages.views.blueprint import blueprint

MOST_PLACED = 200


@blueprint.get("/admin/packages")
@allow("admin")
def index() -> Response:
    """Show packages by ``show`` (on-sale, hidden, archived) and ``exam``, in the order of the catalogue."""
    return _show(read_asked(request.args))


def _show(asked: Asked, **more: Any) -> Response:
    path = url_for("catalogue.index")
    counts = desk_counts(asked.filter.exam)
    return render(
        "packages/index.html",
        "packages/_list.html",
        asked=asked,
        path=path,
        page=desk_page(asked.filter, asked.page),
        tabs=[
            (PART_WORDS[part], asked.url(path, show="" if part is Part.KEPT else part.value), counts[part],
             part is asked.filter.part)
            for part in Part
        ],
        exams=[("All exams", asked.url(path, exam=""), asked.filter.exam is None)]
        + [(label, asked.url(path, exam=exam.value), exam is asked.filter.exam) for exam, label in EXAM_LABELS.items()],
        page_url=lambda number: asked.url(path, page=number),
        exam_labels=EXAM_LABELS,
        badge_of=badge_of,
        **more,
    )  # fmt: skip


def _back(said: str, *, quiet: bool = False, **more: Any) -> BaseResponse:
    """Return to the list as it was: drawn again where htmx asks (``quiet``: only spoken), else by its address."""
    asked = read_asked(request.args)
    if is_htmx() and quiet:
        return _show(asked, said=said, **more)
    flash(said, "ok")
    if is_htmx():
        return _show(asked, with_toast=True)
    return see_other(asked.url(url_for("catalogue.index"), page=asked.page if asked.page > 1 else ""))


@blueprint.post("/admin/packages/<public_id>/active")
@allow("admin")
def active(public_id: str) -> BaseResponse:
    """Put a package on sale (``on`` = 1) or hide it."""
    found = _switch(services.set_active, public_id)
    return _back(f"{found.name} is {'on sale' if found.is_active else 'hidden'}.")


@blueprint.post("/admin/packages/<public_id>/featured")
@allow("admin")
def featured(public_id: str) -> BaseResponse:
    """Feature a package (``on`` = 1) or not."""
    found = _switch(services.set_featured, public_id)
    return _back(f"{found.name} is {'featured' if found.is_featured else 'not featured any more'}.")


def _switch(service: Callable[..., Package], public_id: str) -> Package:
    with transaction():
        return service(actor=viewer(), package_id=public_id, on=request.form.get("on") == "1", now=g.now)


@blueprint.post("/admin/packages/<public_id>/move")
@allow("admin")
def move(public_id: str) -> BaseResponse:
    """Move a package one ``to`` = up or down among those the list shows."""
    way = request.form.get("to", "")
    if way not in ("up", "down"):
        raise ValidationFailed("A package moves up or down.")
    within = read_asked(request.args).filter
    with transaction():
        found = services.move_package(
            actor=viewer(), package_id=public_id, step=-1 if way == "up" else 1, within=within, now=g.now
        )
        said = f"{found.name} moved {way}."
    return _back(said, quiet=True, moved=(public_id, way))


@blueprint.post("/admin/packages/order")
@allow("admin")
def order() -> BaseResponse:
    """Put the packages named by ``package`` in this order; what a drag ends with."""
    ids = request.form.getlist("package")[:MOST_PLACED]
    with transaction():
        services.place_packages(actor=viewer(), package_ids=ids, now=g.now)
    return _back("The order is saved.", quiet=True)
