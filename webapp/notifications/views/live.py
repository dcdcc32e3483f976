"""The bell: how many lines are unread, and whether that has changed since the page was made.

An open page asks every few seconds (static/js/live.js). The answer is one Redis GET: whose page it
is stands in the signed cookie, so neither the account nor the inbox is read.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Response, g, request, session
from flask_login import current_user

from webapp.core import live
from webapp.core.access import allow
from webapp.core.htmx import render
from webapp.core.pieces import ALL, kept, know, live_key, rows_key
from webapp.core.urls import path_of
from webapp.notifications.queries import count_unread
from webapp.notifications.queries.inbox import MOST_COUNTED
from webapp.notifications.services import inbox_key
from webapp.notifications.views.blueprint import blueprint

EVENT = "inbox-changed"


@dataclass(frozen=True, slots=True)
class Bell:
    """What the bell shows, and the address that tells whether it is still so."""

    unread: int
    label: str
    live_url: str


def bell() -> Bell:
    """Return the bell of the person signed in: one count, once a request.

    The version is read before the count: what comes in between is asked for again.
    """
    if "bell" not in g:
        person, watched = current_user.id, live_key(inbox_key(current_user.public_id))
        rows = [watched, rows_key("users", person)]
        know(*rows, ALL)  # one question, of which the version is answered as well
        version = live.version(inbox_key(current_user.public_id))
        unread = kept("unread", (person,), rows, lambda: count_unread(person), now=g.now)
        label = f"{MOST_COUNTED - 1}+" if unread >= MOST_COUNTED else str(unread)
        g.bell = Bell(unread, label, f"{path_of('notifications.live')}?v={version}")
    found: Bell = g.bell
    return found


def unread_count() -> int:
    """Return how many lines the person signed in has not read (100 at most); 0 for a visitor, unasked."""
    return bell().unread if current_user.is_authenticated else 0


@blueprint.get("/live/inbox", endpoint="live")
@allow("public")
def ask() -> Response:
    """Answer 204: with the event to fire when the inbox changed since ``v``, bare when it did not."""
    answer = Response(status=204)
    answer.headers["Cache-Control"] = "no-store"
    public_id, _, _ = str(session.get("_user_id", "")).rpartition(".")
    if public_id:
        version = live.version(inbox_key(public_id))
        if version and version != request.args.get("v", ""):
            answer.headers["HX-Trigger"] = EVENT
    return answer


@blueprint.get("/inbox/count")
@allow("signed_in")
def count() -> Response:
    """Return the bell's number, to be spoken when something is unread."""
    return render("notifications/_count.html", speak=True)
