"""What a person wants to be told, and how: one form for every kind and channel."""

from __future__ import annotations

from typing import cast

from flask import Response, current_app, flash, request, url_for
from flask_login import current_user
from werkzeug.wrappers import Response as BaseResponse

from webapp.config import Settings
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import ValidationFailed
from webapp.core.htmx import render, see_other
from webapp.notifications.kinds import Way
from webapp.notifications.presenters import WAY_LABELS, sections_for
from webapp.notifications.queries import preferences_of
from webapp.notifications.services import save_preferences
from webapp.notifications.views.blueprint import blueprint, reader


@blueprint.get("/account/notifications")
@allow("signed_in")
def preferences() -> Response:
    """Show what is on and what is off."""
    return _page()


@blueprint.post("/account/notifications")
@allow("signed_in")
def save() -> BaseResponse:
    """Keep what is ticked."""
    pairs = [(kind, way) for kind, _, way in (value.partition(":") for value in request.form.getlist("want"))]
    try:
        with transaction():
            save_preferences(reader=reader(), ways=_ways(), wanted=pairs)
    except ValidationFailed as error:
        return _page(problem=error.message, status=error.http_status)
    flash("Saved. This holds from the next message on.", "ok")
    return see_other(url_for("notifications.preferences"))


def _ways() -> list[Way]:
    settings = cast(Settings, current_app.config["SETTINGS"])
    return [Way.INBOX, Way.MAIL, *([Way.WHATSAPP] if settings.sends_whatsapp else [])]


def _page(*, problem: str = "", status: int = 200) -> Response:
    ways = _ways()
    return render(
        "notifications/preferences.html",
        sections=sections_for(current_user.role.value, preferences_of(current_user.id), ways),
        ways=[WAY_LABELS[way] for way in ways],
        needs_phone=Way.WHATSAPP in ways and not current_user.phone,
        problem=problem,
        status=status,
    )
