"""Asking students for another time: choosing the sessions, saying why, taking it back."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.models import Role
from webapp.accounts.viewer import viewer
from webapp.bookings.forms import OfferForm
from webapp.bookings.models import CounsellingSession
from webapp.bookings.queries import get_session_for
from webapp.bookings.queries.sessions import movable_sessions
from webapp.bookings.services import offer_another_time, withdraw_offer
from webapp.bookings.views.blueprint import blueprint
from webapp.bookings.views.layouts import layout_for_viewer
from webapp.bookings.views.sessions import refused
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, NotFound
from webapp.core.htmx import render, see_other
from webapp.counsellors.queries import counsellor_of

MOST_NAMED = 100


@blueprint.get("/counsellor/sessions/offer")
@allow("counsellor", "admin")
def offer() -> Response:
    """List the sessions ahead to choose from; those named by ``session`` are chosen. An admin sees only these."""
    named = request.args.getlist("session")[:MOST_NAMED]
    return _show(OfferForm(formdata=None), named)


@blueprint.post("/counsellor/sessions/offer")
@allow("counsellor", "admin")
def offer_now() -> BaseResponse:
    """Ask the students of the chosen sessions for another time."""
    form, chosen = OfferForm(), request.form.getlist("session")[: MOST_NAMED + 1]
    if not form.validate_on_submit():
        return _show(form, chosen, status=422)
    try:
        with transaction():
            asked = offer_another_time(actor=viewer(), session_ids=chosen, message=form.message.data or "", now=g.now)
            number = len(asked)
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        return _show(form, chosen, status=error.http_status, problem=error.message)
    flash(f"{number} {'student is' if number == 1 else 'students are'} asked to choose another time.", "ok")
    admin = viewer().role is Role.ADMIN
    return see_other(url_for("bookings.admin_sessions" if admin else "bookings.counsellor_sessions"))


@blueprint.post("/counsellor/sessions/<public_id>/withdraw-offer")
@allow("counsellor", "admin")
def withdraw(public_id: str) -> BaseResponse:
    """Take the question back: the session stays at its time."""
    try:
        with transaction():
            withdraw_offer(actor=viewer(), session_id=public_id, now=g.now)
    except DomainError as error:
        return refused(public_id, error)
    flash("Taken back. The session stays at its time, and the student is told.", "ok")
    return see_other(url_for("bookings.detail", public_id=public_id))


def _show(form: OfferForm, chosen: Sequence[str], *, status: int = 200, problem: str = "") -> Response:
    return render(
        "bookings/offer.html",
        status=status,
        sessions=_choice(chosen),
        chosen=set(chosen),
        form=form,
        problem=problem,
        layout=layout_for_viewer(),
        by_admin=viewer().role is Role.ADMIN,
    )


def _choice(chosen: Sequence[str]) -> list[CounsellingSession]:
    if viewer().role is not Role.ADMIN:
        ahead = movable_sessions(counsellor_of(viewer()).id, g.now)
        return sorted(ahead, key=lambda one: one.public_id not in chosen)  # those that were chosen come first
    found = [get_session_for(viewer(), session_id) for session_id in dict.fromkeys(chosen)]
    return [one for one in found if one.status == "scheduled" and one.starts_at > g.now]
