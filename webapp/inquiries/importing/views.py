"""Import of leads: the file, its preview with what is wrong in it, the run, and what came of it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, flash, request, url_for
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.csv_export import Cell, csv_response
from webapp.core.db import transaction
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.inquiries.importing import queries, services
from webapp.inquiries.importing.checking import label_of
from webapp.inquiries.importing.progress import read_progress
from webapp.inquiries.importing.sheet import LABELS, MAX_BYTES, MAX_ROWS, TEMPLATE
from webapp.inquiries.models import ImportStatus, LeadImport
from webapp.inquiries.rules import EXAM_LABELS

blueprint = Blueprint("lead_imports", __name__)
READ_AT_MOST = 48 * 1024 * 1024  # so that a file which is too large is refused in words, at its field
SHOWN_PROBLEMS = 50


class FileForm(FlaskForm):  # type: ignore[misc]
    """One file."""

    file = FileField("CSV file", render_kw={"accept": ".csv,.txt,.tsv,text/csv"})


@blueprint.url_value_preprocessor
def read_large_files(_endpoint: str | None, _values: Mapping[str, Any] | None) -> None:
    """Let a request here be larger than elsewhere; it runs before the form's token is looked for."""
    request.max_content_length = READ_AT_MOST


@blueprint.get("/admin/leads/import")
@allow("admin")
def index() -> Response:
    """Ask for a file, and list the latest imports."""
    return _ask(FileForm(formdata=None))


def _ask(form: FileForm, status: int = 200) -> Response:
    return render(
        "inquiries/importing/index.html",
        status=status,
        form=form,
        imports=queries.latest_imports(),
        max_rows=MAX_ROWS,
        exams=list(EXAM_LABELS.values()),
    )


@blueprint.post("/admin/leads/import")
@allow("admin")
def take() -> BaseResponse:
    """Read and check a file; its preview comes next."""
    form, (name, content) = FileForm(), _uploaded()
    try:
        with transaction():
            taken = services.take_file(actor=viewer(), filename=name, content=content).public_id
    except ValidationFailed as error:
        show_errors(form, error.fields)
        return _ask(form, status=422)
    return see_other(url_for("lead_imports.detail", public_id=taken))


def _uploaded() -> tuple[str, bytes]:
    """Return name and bytes of the file; of one that is too large only as much as shows it."""
    file = request.files.get("file")
    if file is None:
        return "", b""
    with contextlib.closing(file):
        return file.filename or "", file.stream.read(MAX_BYTES + 1)


@blueprint.get("/admin/leads/import/template.csv")
@allow("admin")
def template() -> Response:
    """Hand out a file to fill in: the headings and one row."""
    return csv_response("leads-template.csv", TEMPLATE[0], [TEMPLATE[1]])


@blueprint.get("/admin/leads/import/<public_id>")
@allow("admin")
def detail(public_id: str) -> Response:
    """Show the preview of a file, how far its import is, or what came of it."""
    return _show(public_id)


def _show(public_id: str, *, status: int = 200, problem: str = "") -> Response:
    row = queries.import_by_id(public_id, with_content=True)
    waits = row.status in (ImportStatus.PREVIEWED, ImportStatus.FAILED)
    told = queries.read_kept(row.content) if waits and row.content is not None else None
    return render(
        "inquiries/importing/detail.html",
        "inquiries/importing/_import.html",
        status=status,
        row=row,
        told=told,
        lines=told.sheet.lines[: queries.SHOWN_ROWS] if told else (),
        wrong=_by_line(row),
        fields=[(name, label) for name, label in LABELS.items() if told and name in told.sheet.columns.values()],
        problems=row.problems[:SHOWN_PROBLEMS],
        label_of=label_of,
        owner=queries.owner_name(row),
        same=queries.same_before(row) if waits else None,
        leads=queries.leads_of(row) if row.status is ImportStatus.DONE else 0,
        written=read_progress(public_id) if row.status is ImportStatus.RUNNING else None,
        to_write=row.good - (row.duplicates if row.leave_out_known else 0),
        problem=problem,
    )


def _by_line(row: LeadImport) -> dict[tuple[int, str], str]:
    return {(int(one["line"]), str(one["field"])): str(one["message"]) for one in row.problems}


@blueprint.get("/admin/leads/import/<public_id>/problems.csv")
@allow("admin")
def problems(public_id: str) -> Response:
    """Hand out what is wrong in a file, row by row."""
    row = queries.import_by_id(public_id, with_content=True)
    return csv_response("problems.csv", ("Line", "Column", "Problem"), _problem_cells(queries.all_problems(row)))


def _problem_cells(found: list[dict[str, object]]) -> Iterator[tuple[Cell, ...]]:
    for one in found:
        yield int(str(one["line"])), label_of(str(one["field"])), str(one["message"])


@blueprint.post("/admin/leads/import/<public_id>/start")
@allow("admin")
def start(public_id: str) -> BaseResponse:
    """Import the good rows of a file, with or without people who are known already."""
    try:
        with transaction():
            services.start_import(
                actor=viewer(), import_id=public_id, leave_out_known=request.form.get("leave_out_known") == "1"
            )
    except InvalidState as error:
        return _show(public_id, status=error.http_status, problem=error.message)
    return see_other(url_for("lead_imports.detail", public_id=public_id))


@blueprint.post("/admin/leads/import/<public_id>/discard")
@allow("admin")
def discard(public_id: str) -> BaseResponse:
    """Throw an uploaded file away."""
    try:
        with transaction():
            services.discard_import(actor=viewer(), import_id=public_id)
    except InvalidState as error:
        return _show(public_id, status=error.http_status, problem=error.message)
    flash("The file is discarded. Nothing of it was stored.", "ok")
    return see_other(url_for("lead_imports.index"))
