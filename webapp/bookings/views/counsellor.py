"""Sessions and requests from a counsellor's side, and the admin's list of all sessions."""

from __future__ import annotations

from flask import Response, flash, g, render_template, request, url_for
from htmx_flask import make_response
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer, viewer_zone
from webapp.bookings.forms import DeclineForm
from webapp.bookings.permissions import can_answer
from webapp.bookings.picker_url import read_date
from webapp.bookings.queries import get_session_for, sessions_of_counsellor
from webapp.bookings.queries.lists import counsellor_names, search_sessions, waiting_requests
from webapp.bookings.rules import SessionStatus
from webapp.bookings.services import accept_session, decline_session
from webapp.bookings.views.blueprint import blueprint
from webapp.bookings.views.lists import list_sessions, read_filter
from webapp.bookings.views.sessions import refused, show_session
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound
from webapp.core.htmx import htmx_target, is_htmx, render, see_other
from webapp.core.pagination import read_page
from webapp.counsellors.queries import counsellor_of

REQUESTS = "requests"
TABS = (REQUESTS, "upcoming", "past")
ANSWERED = "session-answered"
SHOWN_STATES = [status for status in SessionStatus if status is not SessionStatus.HELD]


@blueprint.get("/counsellor/sessions")
@allow("counsellor")
def counsellor_sessions() -> Response:
    """List the counsellor's sessions: ``show`` requests, upcoming (default) or past."""
    me, show = counsellor_of(viewer()), request.args.get("show", "")
    waiting = waiting_requests(me.id, g.now)
    asked = REQUESTS if show == REQUESTS else read_filter(show).value
    part = read_filter(None if asked == REQUESTS else asked)
    page = sessions_of_counsellor(me, part, read_page(request.args.get("page")), now=g.now)
    listing = list_sessions(page, asked, url_for("bookings.counsellor_sessions"), now=g.now, tabs=TABS)
    return render(
        "bookings/counsellor_sessions.html",
        "bookings/_counsellor_list.html",
        listing=listing,
        requests=waiting,
    )


@blueprint.post("/counsellor/sessions/<public_id>/accept")
@allow("counsellor", "admin")
def accept(public_id: str) -> BaseResponse:
    """Confirm a request: in place for htmx from a list of requests, else on to the session's page."""
    try:
        with transaction():
            session = accept_session(actor=viewer(), session_id=public_id, now=g.now)
            who = session.student.name
    except DomainError as error:
        return _not_answered(public_id, error)
    return _answered(public_id, f"Accepted. {who} is told by mail.")


@blueprint.get("/counsellor/sessions/<public_id>/decline")
@allow("counsellor", "admin")
def decline(public_id: str) -> Response:
    """Ask for the reason on a page of its own."""
    session = get_session_for(viewer(), public_id)
    if not can_answer(viewer(), session, g.now):
        return show_session(session, status=409, problem="This request can't be answered any more.")
    return show_session(session, "decline")


@blueprint.post("/counsellor/sessions/<public_id>/decline")
@allow("counsellor", "admin")
def decline_now(public_id: str) -> BaseResponse:
    """Decline a request with a reason; the student's session comes back."""
    form = DeclineForm()
    session = get_session_for(viewer(), public_id)
    if not form.validate_on_submit():
        return show_session(session, "decline", partial="_decline_form", status=422, decline_form=form)
    try:
        with transaction():
            session = decline_session(actor=viewer(), session_id=public_id, reason=form.reason.data or "", now=g.now)
            who = session.student.first_name
    except DomainError as error:
        return _not_answered(public_id, error)
    return _answered(public_id, f"Declined. {who} is told why, and the session came back.")


def _answered(public_id: str, words: str) -> BaseResponse:
    flash(words, "ok")
    if is_htmx() and _from_list():
        return _requests_again()
    return see_other(url_for("bookings.detail", public_id=public_id))


def _not_answered(public_id: str, error: DomainError) -> BaseResponse:
    if isinstance(error, NotFound) or not (is_htmx() and _from_list()):
        return refused(public_id, error)
    return _requests_again(error.http_status, error.message)


def _from_list() -> bool:
    return htmx_target() == "requests"


def _requests_again(status: int = 200, problem: str = "") -> Response:
    """Answer with the list of waiting requests as it is now, and tell the page that one was answered."""
    me = counsellor_of(viewer())
    html = render_template(
        "bookings/_requests.html", requests=waiting_requests(me.id, g.now), problem=problem, after_answer=True
    )
    answer: Response = make_response(html, status, trigger=ANSWERED)
    return answer


@blueprint.get("/admin/sessions")
@allow("admin")
def admin_sessions() -> Response:
    """List everybody's sessions, by ``status``, ``date`` and ``counsellor``."""
    asked = {name: request.args.get(name, "").strip()[:40] for name in ("status", "date", "counsellor")}
    status = SessionStatus(asked["status"]) if asked["status"] in SHOWN_STATES else None
    date = read_date(asked["date"])
    page = search_sessions(
        status=status,
        date=date,
        zone=viewer_zone(),
        counsellor_id=asked["counsellor"],
        page=read_page(request.args.get("page")),
    )
    listing = list_sessions(
        page,
        "",
        url_for("bookings.admin_sessions"),
        now=g.now,
        tabs=(),
        asked={name: value for name, value in asked.items() if value},
    )
    return render(
        "bookings/admin_sessions.html",
        "bookings/_admin_list.html",
        status=422 if asked["date"] and date is None else 200,
        listing=listing,
        asked=asked,
        states=SHOWN_STATES,
        counsellors=counsellor_names(),
        bad_date=bool(asked["date"]) and date is None,
    )
