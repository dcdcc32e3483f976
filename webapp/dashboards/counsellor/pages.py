"""A counsellor's week, figures and students."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from urllib.parse import urlencode

from flask import Response, g, request, url_for

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.availability.queries import editable_counsellor
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries.students import history_with, promises_with, student_of_counsellor, students_of
from webapp.bookings.session_cards import State, how, state_of
from webapp.core.access import allow
from webapp.core.errors import NotFound
from webapp.core.htmx import is_htmx, render
from webapp.core.pagination import read_page
from webapp.core.times import zone_label
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import counsellor_of, is_applicant
from webapp.dashboards.counsellor.figures import figures_page
from webapp.dashboards.counsellor.views import NO_PROFILE, blueprint
from webapp.dashboards.counsellor.week import week_page
from webapp.dashboards.words import counted, hours_words

WEEK, WEEK_PART = "dashboards/counsellor/week.html", "dashboards/counsellor/_weekcal.html"
LONGEST_SEARCH = 80


@dataclass(frozen=True, slots=True)
class Meeting:
    """One session in a student's history."""

    session: CounsellingSession
    state: State
    how: str


def with_profile(view: Callable[[Counsellor], Response]) -> Callable[[], Response]:
    """Give a view the viewer's profile; an account that has none yet is told so."""

    @wraps(view)
    def look() -> Response:
        try:
            counsellor = counsellor_of(viewer())
        except NotFound:
            return render(NO_PROFILE)
        if is_applicant(counsellor):
            return render(NO_PROFILE, counsellor=counsellor)
        return view(counsellor)

    return look


@blueprint.get("/counsellor/week")
@allow("counsellor")
@with_profile
def week(counsellor: Counsellor) -> Response:
    """Show one's own week."""
    return _week(counsellor, url_for("counsellor.week"), url_for("availability.edit"))


@blueprint.get("/admin/counsellors/<public_id>/week")
@allow("admin")
def week_of(public_id: str) -> Response:
    """Show a counsellor's week to an admin."""
    counsellor = editable_counsellor(viewer(), public_id)
    here = url_for("counsellor.week_of", public_id=public_id)
    edit = url_for("availability.edit_for", public_id=public_id)
    return _week(counsellor, here, edit, who=counsellor.name)


def _week(counsellor: Counsellor, path: str, edit_url: str, *, who: str = "") -> Response:
    asked = request.args
    page = week_page(counsellor, week=asked.get("week"), day=asked.get("day"), path=path, zone=viewer_zone(), now=g.now)
    return render(
        WEEK,
        WEEK_PART,
        week=page,
        edit_url=edit_url,
        who=who,
        layout="layouts/admin.html" if who else "layouts/counsellor.html",
        nav="counsellors" if who else "week",
        is_part=is_htmx(),
    )


@blueprint.get("/counsellor/figures")
@allow("counsellor")
@with_profile
def figures(counsellor: Counsellor) -> Response:
    """Show one's sessions, ratings and earnings in numbers."""
    zone = viewer_zone()
    return render(
        "dashboards/counsellor/figures.html",
        counsellor=counsellor,
        page=figures_page(counsellor, zone=zone, now=g.now),
        zone_name=zone_label(g.now, zone),
        hours=hours_words,
    )


@blueprint.get("/counsellor/students")
@allow("counsellor")
@with_profile
def students(counsellor: Counsellor) -> Response:
    """List everybody one has had a session with."""
    search, path = request.args.get("q", "")[:LONGEST_SEARCH].strip(), url_for("counsellor.students")
    found = students_of(counsellor.id, search=search, page=read_page(request.args.get("page")), now=g.now)
    return render(
        "dashboards/counsellor/students.html",
        "dashboards/counsellor/_student_list.html",
        page=found,
        search=search,
        path=path,
        url_for_page=lambda number: f"{path}?{urlencode({'q': search, 'page': number})}",
    )


@blueprint.get("/counsellor/students/<public_id>")
@allow("counsellor")
def student(public_id: str) -> Response:
    """Show what one has had with a student: sessions, notes, promises."""
    counsellor = counsellor_of(viewer())
    user = student_of_counsellor(counsellor, public_id)
    path = url_for("counsellor.student", public_id=public_id)
    page = history_with(counsellor.id, user.id, read_page(request.args.get("page")))
    return render(
        "dashboards/counsellor/student.html",
        student=user,
        lead=f"{counted(page.total, 'session')} booked with you",
        rows=[Meeting(one, state_of(one, g.now), how(one)) for one in page.items],
        page=page,
        promises=promises_with(counsellor.id, user.id),
        url_for_page=lambda number: f"{path}?page={number}",
    )
