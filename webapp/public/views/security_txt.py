"""Where to report a hole: security.txt (RFC 9116)."""

from __future__ import annotations

import datetime as dt
from typing import cast

from flask import Response, current_app, g, make_response, url_for

from webapp.config import Settings
from webapp.core.access import allow
from webapp.core.times import iso_z
from webapp.public.views.blueprint import absolute, blueprint

GOOD_FOR = dt.timedelta(days=180)  # the RFC wants less than a year


@blueprint.get("/.well-known/security.txt")
@allow("public")
def security_txt() -> Response:
    """Answer whom to write to, and until when that holds: half a year from today, computed."""
    settings = cast(Settings, current_app.config["SETTINGS"])
    until = g.now.replace(hour=0, minute=0, second=0, microsecond=0) + GOOD_FOR
    lines = [
        f"Contact: {settings.security_contact_uri}",
        f"Expires: {iso_z(until)}",
        "Preferred-Languages: en",
        f"Canonical: {absolute(url_for('public.security_txt'))}",
    ]
    answer = make_response("\n".join([*lines, ""]))
    answer.mimetype = "text/plain"
    answer.headers["Cache-Control"] = "public, max-age=86400"
    return answer
