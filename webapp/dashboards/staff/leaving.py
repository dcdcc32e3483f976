"""The page on which a counsellor is deactivated, with every session ahead; and the way back."""

from __future__ import annotations

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.forms import show_errors
from webapp.accounts.viewer import viewer
from webapp.bookings.rules import SessionStatus
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import DomainError, ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.counsellors.models import Counsellor
from webapp.counsellors.queries import counsellor_for, standing_of
from webapp.counsellors.rules import Standing
from webapp.dashboards.staff.blueprint import blueprint
from webapp.dashboards.staff.forms import LeaveForm
from webapp.dashboards.staff.queries import assigned_to, packages_only_with, sessions_ahead
from webapp.dashboards.staff.services import (
    Decision,
    Leaving,
    ListChanged,
    deactivate_counsellor,
    reactivate_counsellor,
)
from webapp.dashboards.words import counted

PAGE, PART = "dashboards/staff/deactivate.html", "dashboards/staff/_deactivate.html"
CHOICE = "choice-"


@blueprint.get("/admin/counsellors/<public_id>/deactivate")
@allow("admin")
def deactivate(public_id: str) -> BaseResponse:
    """Show what deactivating means: sessions, requests, packages."""
    counsellor = counsellor_for(viewer(), public_id)
    if standing_of(counsellor) is not Standing.ACTIVE:
        return see_other(url_for("staff.edit", public_id=public_id))
    form = LeaveForm(formdata=None)
    form.message.data = (
        f"{counsellor.name} does not counsel here any more. We are sorry for the change; "
        "your session is back in your package, and the others are glad to see you."
    )
    return _ask(counsellor, form, {})


@blueprint.post("/admin/counsellors/<public_id>/deactivate")
@allow("admin")
def carry_out(public_id: str) -> BaseResponse:
    """Deactivate a counsellor and carry out what was decided."""
    form, chosen = LeaveForm(), _chosen()
    every, listed = request.form.get("every", ""), request.form.getlist("listed")
    decided = dict.fromkeys(listed, every) if every in list(Decision) else chosen
    try:
        with transaction():
            done = deactivate_counsellor(
                actor=viewer(),
                counsellor_id=public_id,
                reason=form.reason.data or "",
                message=form.message.data or "",
                listed=listed,
                decisions=decided,
                now=g.now,
            )
            words = _sum_up(done)
    except (ListChanged, ValidationFailed) as error:
        show_errors(form, {name: text for name, text in error.fields.items() if name in form})
        changed = isinstance(error, ListChanged)
        counsellor = counsellor_for(viewer(), public_id)
        return _ask(counsellor, form, chosen, error=error, changed=changed, listed=listed)
    flash(words, "ok")
    return see_other(url_for("staff.edit", public_id=public_id))


def _chosen() -> dict[str, str]:
    """The choices of the page by session."""
    known = [one.value for one in Decision]
    return {
        name.removeprefix(CHOICE): value
        for name, value in request.form.items()
        if name.startswith(CHOICE) and value in known
    }


def _sum_up(done: Leaving) -> str:
    parts = [
        f"{counted(number, *nouns)} {what}"
        for number, nouns, what in (
            (done.cancelled, ("session",), "cancelled"),
            (done.kept, ("session",), "kept"),
            (done.declined, ("request",), "declined"),
            (done.released, ("package",), "set free"),
        )
        if number
    ]
    return f"{done.counsellor.name} is deactivated. {', '.join(parts) + '.' if parts else 'No sessions were ahead.'}"


def _ask(
    counsellor: Counsellor,
    form: LeaveForm,
    chosen: dict[str, str],
    *,
    error: DomainError | None = None,
    changed: bool = False,
    listed: list[str] | None = None,
) -> Response:
    ahead = sessions_ahead(counsellor.id, g.now)
    return render(
        PAGE,
        PART,
        status=error.http_status if error else 200,
        counsellor=counsellor,
        form=form,
        chosen=chosen,
        wrong=error.fields if error else {},
        changed=changed,
        fresh={one.public_id for one in ahead} - set(listed) if changed and listed is not None else set(),
        sessions=[one for one in ahead if one.status is SessionStatus.SCHEDULED],
        requests=[one for one in ahead if one.status is SessionStatus.REQUESTED],
        bound=assigned_to(counsellor.id),
        lonely=packages_only_with(counsellor.id),
        here=url_for("staff.carry_out", public_id=counsellor.public_id),
    )


@blueprint.post("/admin/counsellors/<public_id>/reactivate")
@allow("admin")
def reactivate(public_id: str) -> BaseResponse:
    """Show a counsellor again and let them sign in."""
    with transaction():
        name = reactivate_counsellor(actor=viewer(), counsellor_id=public_id, now=g.now).name
    flash(f"{name} is active again: the hours are on offer, and signing in works.", "ok")
    return see_other(url_for("staff.edit", public_id=public_id))
