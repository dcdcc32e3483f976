"""An open picker asks whether its counsellor's time has changed. One Redis GET; no database, no session."""

from __future__ import annotations

import re

from flask import Response, request

from webapp.bookings.views.blueprint import blueprint
from webapp.core import live
from webapp.core.access import allow

_ID = re.compile(r"counsellor_[A-Za-z0-9_-]{1,29}")
EVENT = "slots-changed"


@blueprint.get("/live/slots/<public_id>", endpoint="live")
@allow("public")
def ask(public_id: str) -> Response:
    """Answer 204: with the event to fire when the version is not ``v``, bare when it still is."""
    answer = Response(status=204)
    answer.headers["Cache-Control"] = "no-store"
    if _ID.fullmatch(public_id):
        version = live.version(live_key(public_id))
        if version and version != request.args.get("v", ""):
            answer.headers["HX-Trigger"] = EVENT
    return answer


def live_key(public_id: str) -> str:
    """The key whose version tells that a counsellor's time changed."""
    return f"slots:{public_id}"
