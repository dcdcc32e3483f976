"""The way out of a mail: no sign-in, one button, and the one-click POST of mail programs (RFC 8058)."""

from __future__ import annotations

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.errors import NotFound
from webapp.core.htmx import render, see_other
from webapp.extensions import csrf
from webapp.notifications.queries import still_wanted
from webapp.notifications.services import set_mail
from webapp.notifications.unsubscribing import read_mail_key
from webapp.notifications.views.blueprint import blueprint

ONE_CLICK = "One-Click"


@blueprint.get("/unsubscribe/<key>")
@allow("public")
def unsubscribe(key: str) -> Response:
    """Show the button: mail scanners follow links, and a GET changes nothing."""
    try:
        kind = read_mail_key(key).kind
    except NotFound as error:
        return _dead(error)
    return render("notifications/unsubscribe.html", kind=kind, key=key, on=still_wanted(key))


@blueprint.post("/unsubscribe/<key>")
@csrf.exempt  # type: ignore[untyped-decorator]  # the key permits it: a mail program has seen no page
@allow("public")
def unsubscribe_now(key: str) -> BaseResponse:
    """Switch this kind of mail off, or with ``again`` on; a mail program is answered without a redirect."""
    try:
        with transaction():
            set_mail(key=key, enabled="again" in request.form)
    except NotFound as error:
        return _dead(error)
    if request.form.get("List-Unsubscribe") == ONE_CLICK:
        return Response("You get no more mail of this kind.\n", mimetype="text/plain")
    return see_other(url_for("notifications.unsubscribe", key=key))


def _dead(error: NotFound) -> Response:
    return render("notifications/unsubscribe_dead.html", message=error.message, status=error.http_status)
