"""How the desk answers when one lead was changed, or could not be: in the row, in the drawer, or on its page."""

from __future__ import annotations

from typing import Any

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.core.htmx import is_htmx, render, see_other
from webapp.inquiries import queries
from webapp.inquiries.desk_url import Place, place_from
from webapp.inquiries.views.desk import Tried, desk_context, lead_context, show_table

ROW, DRAWER, PAGE = "row", "drawer", "page"


def standing() -> tuple[str, Place]:
    """Return where the form stood ("row", "drawer" or "page"), and the list behind it."""
    at = request.form.get("at", PAGE)
    return at if at in (ROW, DRAWER) else PAGE, place_from(request.form.get("back"), me=viewer().public_id)


def answer_saved(public_id: str, said: str = "Saved.") -> BaseResponse:
    """Show a lead as it is now where it was changed."""
    at, place = standing()
    if is_htmx():
        return in_place(public_id, at, place, said=said)
    flash(said, "ok")
    if at == PAGE:
        return see_other(url_for("leads.detail", public_id=public_id))
    return see_other(place.url)


def answer_tried(public_id: str, tried: Tried, *, status: int) -> BaseResponse:
    """Show a lead as it is now, with what somebody wanted to choose still chosen."""
    at, place = standing()
    if is_htmx():
        return in_place(public_id, at, place, status=status, tried={public_id: tried})
    if at == DRAWER:
        return show_table(place, {}, status=status, tried={public_id: tried})
    return show_lead(public_id, status=status, tried={public_id: tried})  # it may have left the list meanwhile


def answer_composed(public_id: str, compose: dict[str, Any], *, status: int) -> BaseResponse:
    """Show a lead with a note, a call or a mail that could not be kept; nothing typed is lost."""
    at, place = standing()
    if is_htmx():
        return in_place(public_id, at, place, status=status, compose=compose)
    if at == DRAWER:
        return show_table(place, {}, status=status, compose=compose)
    return show_lead(public_id, status=status, compose=compose)


def in_place(public_id: str, at: str, place: Place, *, status: int = 200, **more: Any) -> Response:
    """Answer htmx: the row (and the drawer, where it shows this lead), or the drawer and its row."""
    lead = queries.inquiry_for(viewer(), public_id)
    beside = at != PAGE and place.opened == public_id
    context = desk_context(place) | {"tickets": queries.ticket_numbers([lead.person_id]), "lead": lead, "tried": {}}
    if at != ROW or beside:
        context |= {"detail": lead_context(lead), "at": DRAWER if at != PAGE else PAGE}
    name = "inquiries/desk/_row_answer.html" if at == ROW else "inquiries/desk/_detail_answer.html"
    return render(name, status=status, beside=beside, **{**context, **more})


def show_lead(public_id: str, *, status: int = 200, back: str | None = None, **more: Any) -> Response:
    """Render a lead's own page, or for htmx what the drawer (where ``back`` is the list's place) or the page shows."""
    lead = queries.inquiry_for(viewer(), public_id)
    place = place_from(back, me=viewer().public_id)
    return render(
        "inquiries/desk/detail.html",
        "inquiries/desk/_detail.html",
        status=status,
        detail=lead_context(lead),
        at=PAGE if back is None else DRAWER,
        **{**desk_context(place), "tried": {}, "now": g.now, **more},
    )
