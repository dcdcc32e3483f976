"""One lead: its page, and what is written on its timeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Response, g, request
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.viewer import viewer
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import InvalidState, ValidationFailed
from webapp.core.htmx import is_htmx
from webapp.inquiries.services import add_note, log_call, write_mail
from webapp.inquiries.views.answers import answer_composed, answer_saved, show_lead
from webapp.inquiries.views.desk import blueprint


@blueprint.get("/admin/leads/<public_id>")
@allow("admin")
def detail(public_id: str) -> Response:
    """Show a lead: facts, timeline, what can be done. For htmx, ``back`` says which list it is opened beside."""
    return show_lead(public_id, back=request.args.get("back") if is_htmx() else None)


@blueprint.post("/admin/leads/<public_id>/note")
@allow("admin")
def note(public_id: str) -> BaseResponse:
    """Write a note that only admins see."""
    return _compose(public_id, "note", ("text",), add_note, "The note is kept.")


@blueprint.post("/admin/leads/<public_id>/call")
@allow("admin")
def call(public_id: str) -> BaseResponse:
    """Write down how a call went."""
    return _compose(public_id, "call", ("outcome", "text"), log_call, "The call is written down.")


@blueprint.post("/admin/leads/<public_id>/mail")
@allow("admin")
def mail(public_id: str) -> BaseResponse:
    """Send a mail to the person who asked."""
    return _compose(public_id, "mail", ("subject", "text"), write_mail, "The mail is on its way.")


def _compose(public_id: str, kind: str, names: tuple[str, ...], write: Callable[..., Any], said: str) -> BaseResponse:
    typed = {name: request.form.get(name, "") for name in names}
    try:
        with transaction():
            write(actor=viewer(), inquiry_id=public_id, now=g.now, **typed)
    except (ValidationFailed, InvalidState) as error:
        wrong = error.fields or {"text": error.message}
        return answer_composed(public_id, {"kind": kind, "wrong": wrong, **typed}, status=error.http_status)
    return answer_saved(public_id, said)
