"""One package in the editor: asked for, made, changed; every refusal comes back with all that was typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.audit.history import history_of
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError
from webapp.core.htmx import render, see_other
from webapp.packages import services
from webapp.packages.errors import StaleVersion, Theirs
from webapp.packages.forms import HINTS, Draft, FeatureRow, draft_of, merged, read_draft, touched
from webapp.packages.models import Package
from webapp.packages.presenters import package_card
from webapp.packages.queries.desk import bookable_counsellors, is_used, package_for_desk
from webapp.packages.rules.badges import SUGGESTED
from webapp.packages.rules.editing import PackageInput
from webapp.packages.sketch import sketch
from webapp.packages.versions import as_input, version_of
from webapp.packages.views.blueprint import blueprint

EMPTY = PackageInput(name="", exam_type="", price=None, validity_days=365, max_sessions=4, session_minutes=45)
HISTORY = 6


@blueprint.get("/admin/packages/new")
@allow("admin")
def new() -> Response:
    """Ask for a new package."""
    draft = draft_of(EMPTY, "")
    draft.rows = [FeatureRow("0")]
    return show(draft, None)


@blueprint.post("/admin/packages/new")
@allow("admin")
def create() -> BaseResponse:
    """Make a package."""
    draft = read_draft(request.form, keep_empty=False)
    if problems := draft.problems():
        return refused(draft, None, problems)
    try:
        with transaction():
            made = services.create_package(actor=viewer(), data=draft.data, now=g.now)
            public_id, said = made.public_id, f"{made.name} is made{'' if made.is_active else ', hidden'}."
    except DomainError as error:
        return refused(draft, None, error.fields or {"": error.message}, error.http_status)
    flash(said, "ok")
    return see_other(url_for("catalogue.edit", public_id=public_id))


@blueprint.get("/admin/packages/<public_id>")
@allow("admin")
def edit(public_id: str) -> Response:
    """Show a package in the editor."""
    found = package_for_desk(public_id)
    current = as_input(found)
    return show(draft_of(current, version_of(current)), found)


@blueprint.post("/admin/packages/<public_id>")
@allow("admin")
def update(public_id: str) -> BaseResponse:
    """Change a package; orders and enrolments made before keep what they have."""
    found = package_for_desk(public_id)
    draft = read_draft(request.form, keep_empty=False)
    if problems := draft.problems():
        return refused(draft, found, problems)
    try:
        with transaction():
            changed = services.update_package(
                actor=viewer(), package_id=public_id, data=draft.data, version=draft.version, now=g.now
            )
            said = f"{changed.name} is saved."
    except StaleVersion as error:
        found = package_for_desk(public_id)
        current = as_input(found)
        fresh, mine = merged(draft, current, version_of(current)), touched(draft)
        return show(fresh, found, status=409, theirs=error.changes, mine=mine)
    except DomainError as error:
        if not error.fields:
            raise
        return refused(draft, package_for_desk(public_id), error.fields, error.http_status)
    flash(said, "ok")
    return see_other(url_for("catalogue.edit", public_id=public_id))


def refused(draft: Draft, package: Package | None, problems: Mapping[str, str], status: int = 422) -> Response:
    """Show the editor again with what is wrong."""
    draft.show(problems)
    return show(draft, package, status=status)


def show(
    draft: Draft, package: Package | None, *, status: int = 200, theirs: Sequence[Theirs] = (), mine: Sequence[str] = ()
) -> Response:
    """Render the editor with a draft."""
    if not draft.rows and not draft.wrong and package is None:
        draft.rows = [FeatureRow("0")]
    zone = viewer_zone()
    return render(
        "packages/edit.html",
        status=status,
        draft=draft,
        form=draft.form,
        package=package,
        theirs=theirs,
        mine=mine,
        people=bookable_counsellors(draft.data.counsellor_ids),
        used=is_used(package) if package else False,
        history=history_of("package", package.public_id, zone=zone, limit=HISTORY) if package else [],
        hints=HINTS,
        colors=SUGGESTED,
        **card_of(draft, package),
    )


def card_of(draft: Draft, package: Package | None) -> dict[str, Any]:
    """Return the card of what is typed, and which fields it cannot show yet."""
    saved = as_input(package) if package else None
    wrong = draft.problems()
    drawn = sketch(draft.data, wrong, saved, ())
    return {"card": package_card(drawn, "#preview", hot=drawn.is_featured), "not_shown": draft.named(wrong)}
