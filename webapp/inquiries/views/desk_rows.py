"""What is done in the list and on the board: a row's choices, many rows at once, moving a card, saved views."""

from __future__ import annotations

import datetime as dt
from typing import Any

from flask import flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import Conflict, DomainError, Forbidden, InvalidState, NotFound, ValidationFailed
from webapp.core.htmx import is_htmx, see_other
from webapp.inquiries.desk_url import LEAD_ID, Place, place_from
from webapp.inquiries.forms_desk import read_version
from webapp.inquiries.models import InquiryStatus
from webapp.inquiries.rules import STATUS_LABELS
from webapp.inquiries.services import StaleVersion, bulk_assign, bulk_status, move_on_board
from webapp.inquiries.services.choices import save_choices
from webapp.inquiries.services.lead_views import delete_view, save_view
from webapp.inquiries.views.answers import answer_saved, answer_tried
from webapp.inquiries.views.desk import Tried, blueprint, show_board, show_table

NAMES = ("status", "assignee", "follow_up_on")
KEEP = "keep"  # a bulk select that is left alone
NOBODY = "nobody"
CONVERTED = InquiryStatus.CONVERTED.value
MOST_AT_ONCE = 200


def place_here() -> Place:
    """Return where the form stood."""
    return place_from(request.form.get("back"), me=viewer().public_id)


@blueprint.post("/admin/leads/<public_id>/row")
@allow("admin")
def save_row(public_id: str) -> BaseResponse:
    """Save what was chosen in a row, in the drawer or on a lead's page: only what differs from what was shown there."""
    typed = {name: request.form.get(name, "").strip()[:60] for name in NAMES}
    tried = Tried(typed["status"], typed["assignee"], typed["follow_up_on"])
    changed = {name: value for name, value in typed.items() if value != request.form.get(f"was_{name}")}
    if changed.get("status") == CONVERTED:
        return see_other(url_for("leads.convert", public_id=public_id, back=place_here().back))
    try:
        choices = _read(changed)
        with transaction():
            version = read_version(request.form.get("version"))
            save_choices(actor=viewer(), inquiry_id=public_id, version=version, now=g.now, choices=choices)
    except (NotFound, Forbidden):
        raise
    except DomainError as error:
        tried.title = " ".join(error.fields.values()) or error.message
        if isinstance(error, StaleVersion):
            tried.title = f"{error.by or 'Somebody'} changed this lead meanwhile. Your choice is kept, not saved."
            tried.changes = error.changes
        return answer_tried(public_id, tried, status=error.http_status)
    return answer_saved(public_id)


def _read(changed: dict[str, str]) -> dict[str, Any]:
    """Read a follow-up's day. ValidationFailed if it is none."""
    choices: dict[str, Any] = dict(changed)
    if text := changed.get("follow_up_on"):
        try:
            choices["follow_up_on"] = dt.date.fromisoformat(text)
        except ValueError:
            raise ValidationFailed(fields={"follow_up_on": "Choose a day."}) from None
    elif "follow_up_on" in changed:
        choices["follow_up_on"] = None
    return choices


@blueprint.post("/admin/leads/bulk")
@allow("admin")
def bulk() -> BaseResponse:
    """Give the ticked leads to somebody, set their status, or both: all of them or none."""
    place, ids = place_here(), request.form.getlist("lead")[:MOST_AT_ONCE]
    assignee, status = request.form.get("assignee", KEEP), request.form.get("status", KEEP)
    if not ids or (assignee == KEEP and status == KEEP):
        flash("Nothing was changed: tick leads, and choose what to do with them.", "warn")
        return see_other(place.url)
    if not all(LEAD_ID.fullmatch(one) for one in ids):
        raise NotFound("One of these leads does not exist. Nothing was changed.")
    try:
        with transaction():
            done = _bulk(ids, assignee, status)
    except ValidationFailed as error:
        return show_table(place, error.fields, status=error.http_status, ticked=ids)
    flash(" ".join(done), "ok")
    return see_other(place.url)


def _bulk(ids: list[str], assignee: str, status: str) -> list[str]:
    """Change the leads and return what became of it, in sentences."""
    said = []
    if assignee != KEEP:
        to = None if assignee == NOBODY else assignee
        said.append(_told(bulk_assign(actor=viewer(), inquiry_ids=ids, assignee_id=to, now=g.now), ids, "assigned"))
    if status != KEEP:
        number = bulk_status(actor=viewer(), inquiry_ids=ids, status=status, now=g.now)
        said.append(_told(number, ids, f"set to {STATUS_LABELS[InquiryStatus(status)].lower()}"))
    return said


def _told(number: int, ids: list[str], what: str) -> str:
    rest = len(set(ids)) - number
    words = f"{number} {'lead' if number == 1 else 'leads'} {what}."
    return f"{words} {rest} stayed as {'it was' if rest == 1 else 'they were'}." if rest else words


@blueprint.post("/admin/leads/<public_id>/move")
@allow("admin")
def move(public_id: str) -> BaseResponse:
    """Put a card into the column ``to``: before another card, at the end, or (nothing said) on top of it."""
    place, was = place_here(), request.form.get("was", "")
    status = request.form.get("to", was)
    if status == CONVERTED != was:
        return see_other(url_for("leads.convert", public_id=public_id, back=place.back))
    before = request.form.get("before", public_id)  # before itself: where the change of column puts it, on top
    try:
        with transaction():
            moved = move_on_board(
                actor=viewer(),
                inquiry_id=public_id,
                status=status,
                before_id=before if LEAD_ID.fullmatch(before) else None,
                version=read_version(request.form.get("version")),
                now=g.now,
            )
    except (Conflict, InvalidState, ValidationFailed) as error:
        problem = " ".join(error.fields.values()) or error.message
        return show_board(place, {}, status=error.http_status, problem=problem)
    if not is_htmx():
        return see_other(place.url)
    return show_board(place, {}, said=f"{moved.name} is in {STATUS_LABELS[moved.status]} now")


@blueprint.post("/admin/leads/views")
@allow("admin")
def keep_view() -> BaseResponse:
    """Keep the filter one looks at under a name."""
    place, name = place_here(), request.form.get("name", "")
    try:
        with transaction():
            kept = save_view(actor=viewer(), name=name, filters=place.filters).name
    except DomainError as error:
        if isinstance(error, Forbidden):
            raise
        return show_table(
            place, {}, status=error.http_status, view_name=name, view_error=" ".join(error.fields.values())
        )
    flash(f"“{kept}” is kept among your views.", "ok")
    return see_other(Place(place.filters).url)


@blueprint.post("/admin/leads/views/<public_id>/delete")
@allow("admin")
def drop_view(public_id: str) -> BaseResponse:
    """Take one's own view away; the leads stay as they are."""
    place = place_here()
    with transaction():
        name = delete_view(actor=viewer(), view_id=public_id)
    flash(f"“{name}” is no longer among your views.", "ok")
    return see_other(place.first_page)
