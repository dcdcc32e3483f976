"""The desk's list of leads, its board, and whether others have changed anything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Blueprint, Response, current_app, g, request, url_for

from webapp.accounts.models import User
from webapp.accounts.viewer import viewer
from webapp.core import live
from webapp.core.access import allow
from webapp.core.htmx import is_htmx, render
from webapp.inquiries import presenters, queries
from webapp.inquiries.desk_url import Place, place_from, read_place
from webapp.inquiries.models import Exam, Inquiry
from webapp.inquiries.queries import Late, Part, Sort
from webapp.inquiries.queries.filters import NOBODY
from webapp.inquiries.rules import EXAM_LABELS, STATUS_LABELS
from webapp.inquiries.rules.states import FARTHEST_FOLLOW_UP
from webapp.inquiries.services import LIVE_KEY

blueprint = Blueprint("leads", __name__)
EVENT = "leads-changed"
STATUS_CHOICES = [
    (Part.OPEN, "Open"), *((Part(one.value), words) for one, words in STATUS_LABELS.items()), (Part.ALL, "All"),
]  # fmt: skip
LATE_CHOICES = [
    (Late.ANY, "Anything overdue"),
    (Late.FOLLOW_UP, "Follow-up overdue"),
    (Late.ANSWER, "Answer overdue"),
]
SORT_CHOICES = [
    (Sort.NEWEST, "Newest first"),
    (Sort.OLDEST, "Oldest first"),
    (Sort.FOLLOW_UP, "Follow-up first"),
    (Sort.FOLLOW_UP_LAST, "Follow-up last"),
]
EXAM_CHOICES = [(one, EXAM_LABELS[one]) for one in Exam]


@dataclass(slots=True)
class Tried:
    """What somebody chose in a row that could not be saved: it stays chosen, with the reason beside it."""

    status: str = ""
    assignee: str = ""
    follow_up_on: str = ""
    title: str = ""
    changes: list[tuple[str, str]] = field(default_factory=list)


@blueprint.get("/admin/leads")
@allow("admin")
def table() -> Response:
    """List leads by filter, a page at a time; ``open`` shows one of them beside the list."""
    place, wrong = read_place(request.args, me=viewer().public_id)
    return show_table(place, wrong, status=422 if wrong else 200)


def show_table(
    place: Place, wrong: Mapping[str, str], *, status: int = 200, tried: Mapping[str, Tried] | None = None, **more: Any
) -> Response:
    """Render the table; htmx gets the list alone and the address that stands for it."""
    context = list_context(place, wrong) | {"tried": tried or {}} | more
    if not is_htmx():
        context |= {"stats": queries.lead_stats(g.now), "detail": opened(place)}
    answer = render("inquiries/desk/table.html", "inquiries/desk/_list.html", status=status, **context)
    if is_htmx() and request.method == "GET":
        answer.headers["HX-Push-Url"] = place.url
    return answer


def list_context(place: Place, wrong: Mapping[str, str]) -> dict[str, Any]:
    """Return what the list shows: some eight statements, however many leads there are."""
    version = live.version(LIVE_KEY)  # before the rows: what changes meanwhile is seen later
    page = queries.lead_rows(place.filters, now=g.now, after=place.after, before=place.before)
    count = queries.lead_count(place.filters, now=g.now)
    number = f"{count.number:,}{'+' if count.more else ''}"
    return desk_context(place) | {
        "wrong": wrong,
        "page": page,
        "count_words": f"{number} {'lead' if number == '1' else 'leads'}",
        "order_words": dict(SORT_CHOICES)[place.filters.sort],
        "tickets": queries.ticket_numbers([lead.person_id for lead in page.items]),
        "views": queries.views_of(viewer()),
        "news_url": url_for("leads.news", since=g.now.isoformat(), v=version, back=place.back),
        "live_url": url_for("leads.live_version", v=version),
    }


def desk_context(place: Place) -> dict[str, Any]:
    """Return what every part of the desk needs."""
    people = queries.desk_people()
    return {
        "place": place,
        "filters": place.filters,
        "people": people,
        "me": viewer(),
        "today": queries.today_of(g.now),
        "words": presenters,
        "tags": filter_tags(place, dict(people)),
        "base": url_for("leads.table"),
        "sources": queries.lead_sources(),
        "choices": {"status": STATUS_CHOICES, "late": LATE_CHOICES, "sort": SORT_CHOICES, "exam": EXAM_CHOICES},
        "last_day": queries.today_of(g.now) + FARTHEST_FOLLOW_UP,
    }


def filter_tags(place: Place, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (words, address without it) for every part of the filter that is on."""
    filters = place.filters
    said = {
        "q": f"“{filters.q}”",
        "status": f"Status: {dict(STATUS_CHOICES)[filters.status]}",
        "exam": f"Exam: {EXAM_LABELS[filters.exam]}" if filters.exam else "",
        "assignee": f"Assignee: {_assignee_words(filters.assignee, names)}" if filters.assignee else "",
        "source": f"Source: {presenters.source_words(filters.source)}",
        "from": f"From {presenters.short_day(filters.since)}" if filters.since else "",
        "to": f"To {presenters.short_day(filters.until)}" if filters.until else "",
        "overdue": dict(LATE_CHOICES)[filters.late] if filters.late else "",
        "sort": dict(SORT_CHOICES)[filters.sort],
    }
    on = filters.asked()
    if place.board:
        on.pop("status", None)
    return [(said[name], place.without(name)) for name in on]


def _assignee_words(assignee: str, names: Mapping[str, str]) -> str:
    if assignee == NOBODY:
        return "nobody yet"
    return names.get(assignee) or queries.user_name(assignee) or "somebody unknown"


def opened(place: Place) -> dict[str, Any] | None:
    """Return what the drawer shows, None where no lead is open."""
    if not place.opened:
        return None
    return lead_context(queries.inquiry_for(viewer(), place.opened))


def lead_context(lead: Inquiry) -> dict[str, Any]:
    """Return one lead with what stands around it; two statements."""
    return {
        "lead": lead,
        "lines": presenters.timeline(queries.timeline_of(lead), lead),
        "user_url": account_url(lead.converted_user),
        "others": queries.tickets_of_person(lead),
    }


def account_url(user: User | None) -> str:
    """Return the page of an account, which a floor above this one has; "" without either."""
    known = user is not None and "people.person" in current_app.view_functions
    return url_for("people.person", public_id=user.public_id) if user is not None and known else ""


@blueprint.get("/admin/leads/board")
@allow("admin")
def board() -> Response:
    """Show the leads of a filter in columns by status."""
    place, wrong = read_place(request.args, me=viewer().public_id, board=True)
    return show_board(place, wrong, status=422 if wrong else 200)


def show_board(
    place: Place, wrong: Mapping[str, str], *, status: int = 200, problem: str = "", said: str = ""
) -> Response:
    """Render the board; htmx gets its columns alone, and reads out what was ``said``."""
    version = live.version(LIVE_KEY)
    answer = render(
        "inquiries/desk/board.html",
        "inquiries/desk/_board.html",
        status=status,
        wrong=wrong,
        problem=problem,
        said=said,
        columns=queries.board_columns(place.filters, now=g.now),
        labels=STATUS_LABELS,
        news_url=url_for("leads.news", since=g.now.isoformat(), v=version, back=place.back),
        live_url=url_for("leads.live_version", v=version),
        **desk_context(place),
    )
    if is_htmx() and request.method == "GET":
        answer.headers["HX-Push-Url"] = place.url
    return answer


@blueprint.get("/live/leads")
@allow("admin")
def live_version() -> Response:
    """Answer 204: with the event to fire when leads have changed since ``v``, bare when they have not."""
    answer = Response(status=204)
    answer.headers["Cache-Control"] = "no-store"
    version = live.version(LIVE_KEY)
    if version and version != request.args.get("v", ""):
        answer.headers["HX-Trigger"] = EVENT
    return answer


@blueprint.get("/admin/leads/news")
@allow("admin")
def news() -> Response:
    """Say what others did since a page was made, with the way to see it; nothing of the page itself changes."""
    version = live.version(LIVE_KEY)
    since = _instant(request.args.get("since", ""))
    place = place_from(request.args.get("back"), me=viewer().public_id)
    found = queries.news_since(since, viewer_id=viewer().id)
    return render(
        "inquiries/desk/_news.html",
        news=found,
        place=place,
        news_url=url_for("leads.news", since=since.isoformat(), v=version, back=place.back),
        live_url=url_for("leads.live_version", v=version),
    )


def _instant(text: str) -> dt.datetime:
    """Return the instant a page was made at; the present for anything else, as nobody did anything since then."""
    try:
        found = dt.datetime.fromisoformat(text[:40])
    except ValueError:
        return _now()
    return found if found.tzinfo is not None else _now()


def _now() -> dt.datetime:
    now: dt.datetime = g.now
    return now
