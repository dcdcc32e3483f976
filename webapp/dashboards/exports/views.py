"""Exports for admins: asking for the file of a table, its progress, one's own files."""

from __future__ import annotations

from flask import Blueprint, Response, flash, g, request, send_file, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import InvalidState, NotFound
from webapp.core.htmx import render, see_other
from webapp.core.pagination import read_page
from webapp.exports import services
from webapp.exports.answer import answer_export
from webapp.exports.folder import file_of, remove_file
from webapp.exports.models import ExportFile, ExportStatus
from webapp.exports.queries import export_for, exports_of
from webapp.exports.registry import read_params, title_of

blueprint = Blueprint("exports", __name__)
ELSEWHERE = "The file is not here any more. Export the table again."


@blueprint.post("/admin/exports/new/<kind>")
@allow("admin")
def ask(kind: str) -> BaseResponse:
    """Hand out exactly the rows of the filter in the query, or start the job that makes their file."""
    zone = viewer_zone()
    params = read_params(request.args.items(multi=True), now=g.now, zone=zone)
    return answer_export(kind, params, owner=viewer(), zone=zone, now=g.now)


@blueprint.get("/admin/exports")
@allow("admin")
def index() -> Response:
    """List one's own exports."""
    path = url_for("exports.index")
    page = exports_of(viewer().id, read_page(request.args.get("page")))
    return render(
        "dashboards/exports/index.html",
        "dashboards/exports/_list.html",
        page=page,
        moving=any(one.status in services.UNDER_WAY for one in page.items),
        here=f"{path}?page={page.page}",
        url_for_page=lambda number: f"{path}?page={number}",
        title_of=title_of,
        filter_of=filter_of,
    )


@blueprint.get("/admin/exports/<public_id>")
@allow("admin")
def progress(public_id: str) -> Response:
    """Show how far an export is, and then its file."""
    return _show(export_for(viewer().id, public_id))


def _show(export: ExportFile, *, status: int = 200, problem: str = "") -> Response:
    return render(
        "dashboards/exports/detail.html",
        "dashboards/exports/_export.html",
        status=status,
        export=export,
        title=title_of(export.kind),
        asked=filter_of(export),
        size=_size(export),
        problem=problem,
    )


def filter_of(export: ExportFile) -> str:
    """Return the filter of an export in words: "status: paid, search: ananya"."""
    return ", ".join(f"{name}: {' or '.join(values)}" for name, values in export.params.items())


def _size(export: ExportFile) -> int | None:
    """Return the bytes of a finished file, None without one."""
    path = file_of(export.public_id)
    return path.stat().st_size if export.status is ExportStatus.DONE and path.is_file() else None


@blueprint.get("/admin/exports/<public_id>/file")
@allow("admin")
def file(public_id: str) -> BaseResponse:
    """Hand out a finished file to its owner.

    Raises:
        NotFound: it is somebody else's, not finished, or its time is over.
    """
    export = export_for(viewer().id, public_id)
    path = file_of(public_id)
    if export.status in services.UNDER_WAY:
        return see_other(url_for("exports.progress", public_id=public_id))
    if export.status is not ExportStatus.DONE or export.expires_at <= g.now or not path.is_file():
        raise NotFound(ELSEWHERE)
    answer = send_file(path, mimetype="text/csv", as_attachment=True, download_name=export.filename, conditional=False)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@blueprint.post("/admin/exports/<public_id>/retry")
@allow("admin")
def retry(public_id: str) -> BaseResponse:
    """Begin a failed export again."""
    try:
        with transaction():
            services.try_again(owner_id=viewer().id, export_id=public_id, now=g.now)
    except InvalidState as error:
        return _show(export_for(viewer().id, public_id), status=error.http_status, problem=error.message)
    return see_other(url_for("exports.progress", public_id=public_id))


@blueprint.post("/admin/exports/<public_id>/delete")
@allow("admin")
def delete(public_id: str) -> BaseResponse:
    """Remove one's own file before its time; a job that still writes it ends by itself."""
    export_for(viewer().id, public_id)
    with transaction():
        services.forget_export(public_id)
    remove_file(public_id)
    flash("The export is removed.", "ok")
    return see_other(url_for("exports.index"))
