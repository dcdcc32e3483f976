"""The private calendar feed: its address is made, shown once and closed on a page; the feed itself needs no login."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, flash, g, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from webapp.accounts.feed_keys import renew_feed_key, revoke_feed_key, user_of_feed_key
from webapp.accounts.viewer import viewer
from webapp.config import Settings
from webapp.core import once
from webapp.core.access import allow
from webapp.core.db import transaction
from webapp.core.htmx import render, see_other
from webapp.dashboards.calendar.feed import feed_text

blueprint = Blueprint("calendar", __name__)
KIND = "feed_key"


@blueprint.get("/account/calendar")
@allow("student", "counsellor")
def page() -> Response:
    """Show whether there is a feed; right after its making also its address."""
    return _page(once.take(KIND, viewer().public_id))


@blueprint.post("/account/calendar")
@allow("student", "counsellor")
def renew() -> BaseResponse:
    """Make an address; an older one stops working at once."""
    with transaction():
        key = renew_feed_key(actor=viewer())
    if not once.put_by(KIND, viewer().public_id, key):
        return _page(key)
    return see_other(url_for("calendar.page"))


@blueprint.post("/account/calendar/off")
@allow("student", "counsellor")
def revoke() -> BaseResponse:
    """Close the feed."""
    with transaction():
        revoke_feed_key(actor=viewer())
    flash("The address opens nothing any more.", "ok")
    return see_other(url_for("calendar.page"))


@blueprint.get("/feed/<key>.ics")
@allow("public")
def feed(key: str) -> Response:
    """Answer with the calendar of whoever the key belongs to; an unknown key is as absent as any page."""
    text = feed_text(user_of_feed_key(key), _settings(), g.now)
    answer = Response(text, content_type="text/calendar; charset=utf-8")
    answer.headers["Content-Disposition"] = 'inline; filename="sessions.ics"'
    answer.headers["X-Robots-Tag"] = "noindex"
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _page(key: str | None) -> Response:
    address = f"{_settings().base_url}{url_for('calendar.feed', key=key)}" if key else ""
    answer = render(
        "dashboards/calendar/page.html",
        address=address,
        webcal=f"webcal{address.removeprefix(urlsplit(address).scheme)}" if address else "",
        is_on=viewer().feed_key_hash is not None,
    )
    if address:
        answer.headers["Cache-Control"] = "no-store"
    return answer


def _settings() -> Settings:
    return cast(Settings, current_app.config["SETTINGS"])
