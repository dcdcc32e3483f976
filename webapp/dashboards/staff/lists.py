"""The desk's list of counsellors: active, applications, deactivated; their order; their file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from flask import Response, g, request, url_for
from sqlalchemy.orm import selectinload
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.csv_export import Cell, moment_cell, rupees_cell
from webapp.core.db import transaction
from webapp.core.htmx import is_htmx, render, see_other
from webapp.core.pagination import read_page
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import desk_counts, desk_page, desk_rows, standing_of
from webapp.counsellors.rules import DeskFilter, DeskPart
from webapp.counsellors.services import move_counsellor
from webapp.dashboards.staff.blueprint import blueprint
from webapp.dashboards.staff.queries import counts_ahead
from webapp.exports.reading import count_rows, stream_rows
from webapp.exports.registry import Params, register_export
from webapp.packages.rules import EXAM_LABELS, exam_label, read_exam
from webapp.payments.views.admin_base import Listing, read_asked

PAGE, PART = "dashboards/staff/list.html", "dashboards/staff/_list.html"
KIND = "counsellors"
TITLES = {DeskPart.ACTIVE: "Active", DeskPart.WAITING: "Applications", DeskPart.OFF: "Deactivated"}
HEADER = (
    "Name", "Title", "State", "Mail", "Phone", "Exams", "Languages", "Years of experience", "Students guided", "Rating",
    "Reviews", "Rate an hour", "Single sessions on sale", "Order", "Featured", "Applied", "Deactivated", "Reason",
)  # fmt: skip


@blueprint.get("/admin/counsellors")
@allow("admin")
def counsellors() -> Response:
    """List counsellors by ``show`` (active, applications, off), ``exam`` and ``search``."""
    return _listing(200)


@blueprint.post("/admin/counsellors/<public_id>/move")
@allow("admin")
def move(public_id: str) -> BaseResponse:
    """Move a counsellor one place in the house's order."""
    with transaction():
        move_counsellor(actor=viewer(), counsellor_id=public_id, up=request.form.get("way") == "up")
    if is_htmx():
        return _listing(200, moved=public_id)
    return see_other(url_for("staff.counsellors", page=read_page(request.args.get("page"))))


def _listing(status: int, *, moved: str = "") -> Response:
    asked = read_asked("show", "exam", "search")
    filters = read_filter(asked)
    page = desk_page(filters, read_page(request.args.get("page")))
    return render(
        PAGE,
        PART,
        status=status,
        listing=Listing(page, url_for("staff.counsellors"), asked, KIND),
        asked=asked,
        filters=filters,
        titles=TITLES,
        counts=desk_counts(),
        exams=EXAM_LABELS,
        exam_label=exam_label,
        ahead=counts_ahead((one.id for one in page.items), g.now),
        standing_of=standing_of,
        movable=filters == DeskFilter(),
        moved=moved,
    )


def read_filter(asked: Mapping[str, str]) -> DeskFilter:
    """Return the filter of an address; what names nothing narrows nothing."""
    show, exam = asked.get("show", ""), read_exam(asked.get("exam"))
    return DeskFilter(
        part=DeskPart(show) if show in list(DeskPart) else DeskPart.ACTIVE,
        exam=exam.value if exam else "",
        search=asked.get("search", ""),
    )


def offer_file() -> None:
    """Offer the list as a file."""
    register_export(
        KIND,
        title="Counsellors",
        filename="counsellors.csv",
        header=HEADER,
        count=lambda params: count_rows(desk_rows(_filter_of(params))),
        rows=_rows,
    )


def _filter_of(params: Params) -> DeskFilter:
    return read_filter(params.asked("show", "exam", "search"))


def _rows(params: Params, zone: str) -> Iterator[Sequence[Cell]]:
    for one in stream_rows(desk_rows(_filter_of(params)).options(selectinload(Counsellor.services))):
        yield (
            one.name,
            one.title,
            standing_of(one).value,
            one.email,
            one.phone,
            ", ".join(exam_label(exam) for exam in one.exam_types),
            ", ".join(one.languages),
            one.experience,
            one.students_guided,
            one.rating,
            one.review_count,
            rupees_cell(one.hourly_rate),
            sum(service.is_active for service in one.services),
            one.display_order,
            "yes" if one.is_featured else "no",
            moment_cell(one.applied_at, zone),
            moment_cell(one.deactivated_at, zone),
            one.deactivated_reason,
        )
