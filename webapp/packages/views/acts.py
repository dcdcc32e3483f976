"""What is done with a whole package: archived, brought back, deleted, copied."""

from __future__ import annotations

from flask import flash, g, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.htmx import see_other
from webapp.packages import services
from webapp.packages.errors import PackageInUse
from webapp.packages.queries.desk import Part
from webapp.packages.views.blueprint import blueprint


@blueprint.post("/admin/packages/<public_id>/archive")
@allow("admin")
def archive(public_id: str) -> BaseResponse:
    """Take a package out of every list."""
    with transaction():
        name = services.archive_package(actor=viewer(), package_id=public_id, now=g.now).name
    flash(f"{name} is archived. Who bought it keeps it.", "ok")
    return see_other(url_for("catalogue.index", show=Part.ARCHIVED.value))


@blueprint.post("/admin/packages/<public_id>/restore")
@allow("admin")
def restore(public_id: str) -> BaseResponse:
    """Bring a package back, hidden."""
    with transaction():
        name = services.restore_package(actor=viewer(), package_id=public_id, now=g.now).name
    flash(f"{name} is back, hidden. Put it on sale when it is ready.", "ok")
    return see_other(url_for("catalogue.edit", public_id=public_id))


@blueprint.post("/admin/packages/<public_id>/delete")
@allow("admin")
def delete(public_id: str) -> BaseResponse:
    """Delete a package that was never used."""
    try:
        with transaction():
            name = services.delete_package(actor=viewer(), package_id=public_id)
    except PackageInUse as error:
        flash(error.message, "warn")
        return see_other(url_for("catalogue.edit", public_id=public_id))
    flash(f"{name} is deleted.", "ok")
    return see_other(url_for("catalogue.index"))


@blueprint.post("/admin/packages/<public_id>/duplicate")
@allow("admin")
def duplicate(public_id: str) -> BaseResponse:
    """Make a hidden copy and open it."""
    with transaction():
        made = services.duplicate_package(actor=viewer(), package_id=public_id, now=g.now).public_id
    flash("This is the copy. It is hidden until you put it on sale.", "ok")
    return see_other(url_for("catalogue.edit", public_id=made))
